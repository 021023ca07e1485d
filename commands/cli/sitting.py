"""Sitting down to a directory, getting up, and what sittings come to."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk, operator
from commands.cli.directories import DirectoryArgument, scanned
from commands.cli.options import ActorOption, JsonFlag, ProjectOption
from commands.cli.output import emit, fields, say, shown, table
from commands.desk import Desk, correlation

if TYPE_CHECKING:
    from projections.progress import DirectoryProgress
    from projections.sittings import Sitting

sittings_ = typer.Typer(help="Sit down to a directory, get up, and see what sittings come to.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.add_typer(sittings_, name="sitting")


@sittings_.command("start")
def start(
    context: typer.Context,
    directory: DirectoryArgument,
    project: ProjectOption = None,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Sit down to a directory: how far it is, and where to go on.

    The directory is scanned. A sitting of yours that was never ended ends with the last thing you did in it.

    \b
    Example:
      crop sitting start photos/set_a --project mojo
    """
    from commands.progress.sitting_down import greeting, sit_down
    from commands.recording.recording import Asked
    from projections.upcoming import next_images

    with at_desk(context) as desk:
        row = _row(desk, directory, project, actor)
        asked = Asked(operator(actor), correlation(), desk.now)
        idle_s = desk.settings.idle_threshold_s
        before = sit_down(row, asked, ledger=desk.ledger, projections=desk.projections, idle_s=idle_s)
        coming = next_images(desk.projections, row.directory, project=row.project)
        first = coming[0] if coming else None
        line = greeting(f"{shown(row.directory)}/", row, before, first, desk.now)
        if as_json:
            last = fields(before) if before else None
            emit({"greeting": line, "progress": fields(row), "last_sitting": last,
                  "next": fields(first) if first else None})  # fmt: skip
        else:
            say(line)


def _row(desk: Desk, directory: Path, project: str | None, actor: str | None) -> "DirectoryProgress":
    from commands.finding import only_project
    from ledger.errors import NotFound
    from projections.progress import progress

    place = str(scanned(desk, directory, actor).directory)
    of = project or only_project(desk.projections, place)
    rows = progress(desk.projections, directory=place, project=of)
    if not rows:
        raise NotFound(f"There is no image in {place}.")
    return rows[0]


@sittings_.command("end")
def end(
    context: typer.Context,
    directory: Annotated[Path | None, typer.Argument(help="The directory; all you sit at, if none is named.")] = None,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Get up: end the sittings that are open.

    \b
    Example:
      crop sitting end
    """
    from commands.progress.sitting_down import get_up
    from commands.recording.recording import Asked
    from imaging.zones import canonical

    with at_desk(context) as desk:
        place = str(canonical(directory)) if directory else None
        asked = Asked(operator(actor), correlation(), desk.now)
        open_ = [each for each in _sat(desk, place, asked.actor) if each.ended_at is None]
        for sitting in open_:
            get_up(sitting, asked, ledger=desk.ledger)
        desk.refresh()
        keys = {(each.subject, each.sitting) for each in open_}
        ended = [each for each in _sat(desk, place, asked.actor) if (each.subject, each.sitting) in keys]
        if as_json:
            for each in ended:
                emit(fields(each))
            return
        for each in ended:
            say(f"Got up from {shown(each.directory)}: {told(each)}.")
        if not ended:
            say("No sitting is open.")


def _sat(desk: Desk, directory: str | None, who: str | None) -> "list[Sitting]":
    from projections.sittings import sittings

    idle_s = desk.settings.idle_threshold_s
    return sittings(desk.projections, idle_s=idle_s, directory=directory, who=who)


def told(sitting: "Sitting") -> str:
    """What a sitting comes to, in half a line."""
    from commands.cli.output import plural
    from commands.progress.sitting_down import per_hour, span

    pace = per_hour(sitting.images, sitting.work_s)
    return f"{plural(sitting.images, 'image')} in {span(sitting.work_s)} of work" + (
        f", {pace:,.0f} an hour" if pace else ""
    )


@sittings_.command("list")
def list_(
    context: typer.Context,
    directory: Annotated[Path | None, typer.Argument(help="Only this directory.")] = None,
    per_day: Annotated[bool, typer.Option("--days", help="Per day and person instead.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many lines.")] = 20,
    as_json: JsonFlag = False,
) -> None:
    """List sittings, latest first: images, work time and pace; or days.

    Work time is the sum of the gaps between what was done, each counted up to the setting idle_threshold_s.

    \b
    Examples:
      crop sitting list photos/set_a
      crop sitting list --days
    """
    from imaging.zones import canonical

    with at_desk(context) as desk:
        place = str(canonical(directory)) if directory else None
        if per_day:
            _list_days(desk, place, limit, as_json=as_json)
            return
        found = _sat(desk, place, None)[:limit]
        if as_json:
            for each in found:
                emit(fields(each))
            return
        say(table(("started", "directory", "who", "project", "images", "work", "per hour", "ended"),
                  [_line(desk, each) for each in found]))  # fmt: skip


def _line(desk: Desk, sitting: "Sitting") -> tuple[object, ...]:
    from datetime import datetime

    from commands.progress.sitting_down import per_hour, span

    zone = desk.settings.zone
    started, last = (
        datetime.fromisoformat(at).astimezone(zone) for at in (sitting.started_at, sitting.ended_at or sitting.last_at)
    )
    how = "open" if sitting.ended_at is None else "interrupted" if sitting.interrupted else ""
    return (f"{started:%Y-%m-%d %H:%M}", shown(sitting.directory), sitting.who, sitting.project or "", sitting.images,
            span(sitting.work_s), per_hour(sitting.images, sitting.work_s), f"{last:%H:%M} {how}".strip())  # fmt: skip


def _list_days(desk: Desk, directory: str | None, limit: int, *, as_json: bool) -> None:
    from commands.progress.sitting_down import days, span
    from projections.sittings import steps

    done = [step for step in steps(desk.projections) if directory in {None, step.directory}]
    found = days(done, desk.settings.idle_threshold_s, desk.settings.zone)[:limit]
    if as_json:
        for each in found:
            emit(fields(each))
        return
    rows = [(each.day, each.who, each.images, span(each.work_s), each.per_hour) for each in found]
    say(table(("day", "who", "images", "work", "per hour"), rows))
