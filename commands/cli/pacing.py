"""The rhythm of human work: cadence."""

from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk
from commands.cli.options import JsonFlag
from commands.cli.output import emit, plural, say, shown, table
from commands.desk import Desk

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from commands.planning.cadence import Cadence
    from commands.planning.rhythm import Rhythm

ZoneOption = Annotated[str | None, typer.Option(help="The zone of work; else the setting timezone.")]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(cadence)


def cadence(
    context: typer.Context,
    project: Annotated[str | None, typer.Option(help="Only this project's history.")] = None,
    since: Annotated[str | None, typer.Option(help="Only from this time on, with its zone.")] = None,
    until: Annotated[str | None, typer.Option(help="Only before this time, with its zone.")] = None,
    tz: ZoneOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the rhythm of past human work.

    Batches, the time between them, sittings, breaks, active hours, and the pace by weekday and hour, measured on what
    people recorded or what was imported; never on what a runner executed. Also what the history is too short to say.
    Writes data/dashboard_cache/pattern_analysis.json below home.

    \b
    Examples:
      crop cadence --tz America/New_York
      crop cadence --project mojo1 --since 2025-10-08T00:00:00-04:00 --json
    """
    from commands.planning.rhythm import export_cadence

    with at_desk(context) as desk:
        rhythm = measured(desk, project, tz, since, until)
        written = export_cadence(rhythm.cadence, desk.home)
        if as_json:
            from attrs import asdict

            emit(asdict(rhythm.cadence))
        else:
            _print(rhythm.cadence)
            say(f"All of it: {shown(written)}")


def measured(
    desk: Desk, project: str | None, tz: str | None, since: str | None = None, until: str | None = None
) -> "Rhythm":
    """The rhythm that the options mean."""
    from commands.planning.rhythm import Span, rhythm_of
    from ledger.values import parse_instant

    span = Span(
        project,
        parse_instant(since).timestamp() if since else None,
        parse_instant(until).timestamp() if until else None,
    )
    projections, lunch = desk.projections, desk.settings.lunch_window_local
    return rhythm_of(projections, span, zone_of(desk, tz), lunch=lunch, position=desk.ledger.head().position)


def zone_of(desk: Desk, name: str | None) -> "ZoneInfo":
    """The zone that was named, else the one in the settings; raises `Invalid`."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from ledger.errors import Invalid

    try:
        return ZoneInfo(name) if name else desk.settings.zone
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Invalid(f"No such time zone: {name!r}.", mend="Like: --tz America/New_York") from error


def _print(found: "Cadence") -> None:
    if found.batches:
        for line in _summary(found):
            say(line)
        say()
        say(table(("hour", "days", "crops", "crops per active hour", "between batches", "leans on"), _hours(found)))
    if found.unsupported:
        say()
        say("What this history does not say:")
        for sentence in found.unsupported:
            say(f"  - {sentence}")


def _summary(found: "Cadence") -> list[str]:
    shares = ", ".join(f"{share:.1%} of {size}" for size, share in found.batch_sizes.items())
    through = ", ".join(f"from {part.from_min} min {part.crops_per_active_hour:.0f}" for part in found.through_sitting)
    gap, sitting, pause = found.gap_s, found.sitting_min, found.break_min
    figures = f"burstiness {found.burstiness:.2f}, memory {found.memory:.2f}, Fano factor {found.fano_5_min:.2f}"
    begin, end = _clock(found.day_start_hour.median), _clock(found.day_end_hour.median)
    return [
        f"{plural(found.crops, 'crop')} on {plural(found.days, 'working day')} ({found.timezone}).",
        f"Batches: {found.batches:,}; {shares}.",
        f"Between batches: median {gap.median:.1f} s, half of them {gap.p25:.1f} to {gap.p75:.1f} s ({figures}).",
        f"Pace: {found.crops_per_active_hour:.0f} crops per active hour, {found.active_hours:.1f} active hours.",
        f"Crops per active hour through a sitting: {through}.",
        f"Sittings: {found.sittings}; median {sitting.median:.0f} minutes and {found.sitting_crops.median:.0f} crops.",
        f"Breaks inside days: {pause.count}; median {pause.median:.0f} minutes, mean {pause.mean:.0f}.",
        f"Days: from {begin} to {end} (medians), {found.day_active_hours.median:.1f} active hours.",
    ]


def _hours(found: "Cadence") -> list[tuple[object, ...]]:
    """The hours of the day, over all weekdays: what was seen, and how much of the pace is borrowed."""
    rows: list[tuple[object, ...]] = []
    for hour in range(24):
        cells = [bucket for bucket in found.buckets if bucket.hour == hour and bucket.days]
        if cells:
            crops, minutes = sum(cell.crops for cell in cells), sum(cell.active_min for cell in cells)
            own = sum(cell.own for cell in cells) / len(cells)
            pool = sum(cell.of_pool for cell in cells) / len(cells)
            pace = f"{crops / minutes * 60:.0f}" if minutes else ""
            gap = f"{sum(cell.gap_s for cell in cells) / len(cells):.0f} s"
            leans = f"{own:.0%} own, {1 - own - pool:.0%} this hour, {pool:.0%} all"
            rows.append((f"{hour:02d}:00", sum(cell.days for cell in cells), crops, pace, gap, leans))
    return rows


def _clock(hour: float) -> str:
    minutes = round(hour * 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
