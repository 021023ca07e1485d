"""The days ahead: schedule build, show, check, list, cancel."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk, operator
from commands.cli.options import ActorOption, DryRun, JsonFlag, ReasonOption
from commands.cli.output import emit, plural, say, shown, table, warn
from commands.cli.pacing import ZoneOption, measured, zone_of
from commands.desk import Desk, correlation

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from commands.planning.plan import Method
    from commands.planning.policy import Policy
    from commands.planning.scheduling import Planned, Wish
    from ledger.events.schedules import SchedulePlanned

schedule = typer.Typer(help="Plan the days on which recorded crops are executed.", no_args_is_help=True)

ProjectOnly = Annotated[str | None, typer.Option(help="Only this project's crops.")]
PolicyOption = Annotated[
    Path | None, typer.Option("--policy", help="A JSON or TOML file whose settings hold for this call.")
]


class MethodOption(StrEnum):
    """How work is made out of history."""

    BLOCKS = "block-bootstrap"
    HOURS = "hour-bootstrap"
    POISSON = "poisson"


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.add_typer(schedule, name="schedule")


@schedule.command("build")
def build(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=366, help="So many days, one after the other.")] = 1,
    start: Annotated[
        str | None, typer.Option(help="The first day, or when its first batch is wanted; else from now on.")
    ] = None,
    tz: ZoneOption = None,
    project: ProjectOnly = None,
    seed: Annotated[int, typer.Option(min=0, help="What chance begins with; another seed is another plan.")] = 1,
    method: Annotated[
        MethodOption | None,
        typer.Option(help="How work is made out of history; else whole bursts, if there is enough."),
    ] = None,
    policy: PolicyOption = None,
    actor: ActorOption = None,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Plan days of work from the rhythm of past work.

    Every batch of every day gets its instant, with the breaks that people take, or that the settings ask for. No more
    is planned than is pending, less a margin. A day that was planned before gets this plan instead. Writes
    data/ai_data/crop_schedule/YYYYMMDD.json and data/daily_summaries/crop_schedule_preview_YYYY-MM-DD.md below home.

    \b
    Examples:
      crop schedule build --days 3 --start 2025-10-27T09:00:00 --tz America/Los_Angeles
      crop schedule build --days 5 --seed 7 --dry-run
    """
    from commands.exporting.schedule_files import export_days
    from commands.planning.scheduling import plan, record, require_numpy

    require_numpy()
    with at_desk(context) as desk:
        zone, holds = zone_of(desk, tz), _policy(desk, policy)
        wish = _wish(desk, days, start, zone, holds, seed, project, method)
        position = desk.ledger.head().position
        rhythm = measured(desk, project, str(zone))
        if not rhythm.days and project is not None:
            rhythm = measured(desk, None, str(zone))
            warn(f"Note: there is no history of {project}; planned from that of all projects.")
        planned = plan(wish, rhythm.days, desk.projections, position)
        _tell(planned, as_json=as_json)
        if dry_run:
            return
        outcome = record(planned, desk.ledger, operator(actor), correlation(), desk.now)
        _caught_up(desk)
        dates = [(wish.start + timedelta(days=number)).isoformat() for number in range(days)]
        written = export_days(desk.projections, desk.ledger, desk.home, dates)
        if not as_json:
            _tell_recorded([entry.event for entry in outcome.entries], outcome.unchanged)
            for file in written:
                say(f"  {shown(file)}")
            if planned.plans:
                whose = f" --project {project}" if project else ""
                say(f"To follow it: crop run --schedule{whose} --first {planned.plans[0].date} --days {days} --confirm")


def _policy(desk: Desk, file: Path | None) -> "Policy":
    from commands.planning.policy import Policy
    from configs.settings import load

    return Policy.of(load(desk.home.config, *([file] if file else [])))


def _wish(
    desk: Desk,
    days: int,
    start: str | None,
    zone: "ZoneInfo",
    policy: "Policy",
    seed: int,
    project: str | None,
    method: MethodOption | None,
) -> "Wish":
    from commands.planning.scheduling import Wish

    how: Method | None = method.value if method else None
    if start is None:
        now = desk.now.astimezone(zone)
        return Wish(now.date(), days, zone, policy, seed, project, how, not_before=now)
    day, begins = _start(start, zone)
    return Wish(day, days, zone, policy, seed, project, how, begins=begins)


def _start(text: str, zone: "ZoneInfo") -> tuple[date, datetime | None]:
    """A day, and the instant where one was named; a wall time without an offset is one of the zone's clock."""
    from ledger.errors import Invalid

    try:
        moment = datetime.fromisoformat(text)
        if len(text) <= len("2025-10-27"):
            return moment.date(), None
    except ValueError as error:
        raise Invalid(f"Not a start: {text!r}.", mend="Like: --start 2025-10-27T09:00:00") from error
    if moment.utcoffset() is not None:
        return moment.astimezone(zone).date(), moment.astimezone(zone)
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        _ambiguous(text, zone, first, second)
    return first.date(), first


def _ambiguous(text: str, zone: "ZoneInfo", first: datetime, second: datetime) -> None:
    from datetime import UTC

    from ledger.errors import Invalid

    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != first.replace(tzinfo=None):
        raise Invalid(f"{text} does not exist in {zone}: the clock leaps over it.")
    raise Invalid(f"{text} comes twice in {zone}.", mend=f"Say {first.isoformat()} or {second.isoformat()}.")


def _caught_up(desk: Desk) -> None:
    from projections.catch_up import catch_up

    catch_up(desk.ledger, desk.store)


def _tell(planned: "Planned", *, as_json: bool) -> None:
    from commands.planning.dayfile import as_file
    from commands.planning.drawing import headline

    for each in planned.plans:
        if as_json:
            emit({**as_file(each), "warnings": each.warnings})
        else:
            say(headline(each))
    if as_json:
        return
    for warning in dict.fromkeys(warning for each in planned.plans for warning in each.warnings):
        warn(f"Note: {warning}")
    if not planned.plans:
        warn("Nothing fits into these days.")
    say(f"{plural(planned.left, 'crop')} of the queue left for later.")


def _tell_recorded(events: list[object], unchanged: int) -> None:
    from ledger.events.schedules import SchedulePlanned

    plans = [event for event in events if isinstance(event, SchedulePlanned)]
    again = sum(event.supersedes is not None for event in plans)
    already = f", {plural(unchanged, 'day')} planned so already" if unchanged else ""
    instead = f", {again} in place of an earlier plan" if again else ""
    gone = len(events) - len(plans)
    emptied = f"; the plans of {plural(gone, 'day')} cancelled, as nothing is left for them" if gone else ""
    say(f"Planned {plural(len(plans), 'day')}{instead}{already}{emptied}.")


@schedule.command("show")
def show(
    context: typer.Context,
    day: Annotated[str | None, typer.Argument(help="The day; else today, or the next one planned.")] = None,
    project: ProjectOnly = None,
    svg: Annotated[Path | None, typer.Option("--svg", help="Write a picture to this file.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Draw a planned day.

    Its work and breaks hour by hour, how the queue burns down, and where now is; planned and actual, once it was
    followed.

    \b
    Examples:
      crop schedule show
      crop schedule show 2025-10-27 --svg monday.svg
    """
    from commands.cli.comparing import actual_of, tell_actual
    from commands.planning.dayfile import as_file
    from commands.planning.drawing import lines
    from commands.planning.drawing import svg as drawn

    with at_desk(context) as desk:
        planned = _of_day(desk, day, project)
        if svg is not None:
            from commands.exporting.whole_files import written_whole

            with written_whole(svg.expanduser().absolute()) as stream:
                stream.write(drawn(planned, desk.now).encode())
        whole, blocks = actual_of(desk, planned)
        if as_json:
            emit({**as_file(planned), "actual": whole, "actual_blocks": blocks})
            return
        for line in lines(planned, desk.now):
            say(line)
        if whole is not None:
            tell_actual(whole, blocks, planned)
        for warning in planned.warnings:
            say(f"Note: {warning}")
        if svg is not None:
            say(f"Wrote {shown(svg)}.")


def _of_day(desk: Desk, day: str | None, project: str | None) -> "SchedulePlanned":
    from commands.planning.scheduling import standing
    from commands.schedules import schedule_subject
    from ledger.errors import NotFound
    from projections.schedules import schedules

    if day is not None:
        return standing(desk.ledger, schedule_subject(project, _day(day)))
    today = desk.now.astimezone(desk.settings.zone).date().isoformat()
    known = [each for each in schedules(desk.projections, project=project) if each.status == "planned"]
    if not known:
        raise NotFound("Nothing is planned.", mend="To plan: crop schedule build --days 3")
    nearest = next((each for each in known if each.date >= today), known[-1])
    return standing(desk.ledger, nearest.subject)


def _day(text: str) -> str:
    from ledger.errors import Invalid

    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise Invalid(f"Not a day: {text!r}.", mend="Like: 2025-10-27") from error


@schedule.command("check")
def check(
    context: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(help="Schedule files; else every plan that holds.")] = None,
    against_history: Annotated[
        bool, typer.Option("--against-history", help="Simulate days, and compare them with the history.")
    ] = False,
    days: Annotated[int, typer.Option(min=200, help="With --against-history: so many simulated days.")] = 200,
    method: Annotated[MethodOption, typer.Option(help="With --against-history: how.")] = MethodOption.BLOCKS,
    seed: Annotated[int, typer.Option(min=0, help="With --against-history: what chance begins with.")] = 1,
    project: ProjectOnly = None,
    tz: ZoneOption = None,
    policy: PolicyOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Check schedules: sorted, no overlaps, inside their day, no more than the queue.

    With --against-history, simulate days and compare gaps, breaks, time of day, burstiness, counts, memory, pace and
    batch sizes with those of the history; the bar for each is the history's own noise. Exit 1 if anything is wrong.

    \b
    Examples:
      crop schedule check monday.json
      crop schedule check --against-history --tz America/New_York
    """
    from commands.cli.checking import Trial, against, linted

    with at_desk(context) as desk:
        holds = _policy(desk, policy)
        if against_history:
            code = against(desk, Trial(holds, project, tz, days, seed, method.value), as_json=as_json)
        else:
            code = linted(desk, holds, files, project, as_json=as_json)
    if code:
        raise typer.Exit(code)


@schedule.command("list")
def list_(
    context: typer.Context,
    project: ProjectOnly = None,
    as_json: JsonFlag = False,
) -> None:
    """List every day that was planned.

    \b
    Example:
      crop schedule list --json
    """
    from projections.schedules import schedules

    with at_desk(context) as desk:
        known = schedules(desk.projections, project=project)
        if as_json:
            for each in known:
                emit(each)
        elif not known:
            say("Nothing is planned. To plan: crop schedule build --days 3")
        else:
            rows = [
                (each.date, each.project or "all", each.timezone, each.status, each.crops, each.batches,
                 each.work_blocks, each.method, each.seed, each.position)
                for each in known
            ]  # fmt: skip
            headers = ("day", "project", "zone", "status", "crops", "batches", "work", "method", "seed", "position")
            say(table(headers, rows))


@schedule.command("cancel")
def cancel(
    context: typer.Context,
    days: Annotated[list[str], typer.Argument(help="The days whose plan is to go.")],
    project: ProjectOnly = None,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Take back the plans of days; their files go, too.

    \b
    Example:
      crop schedule cancel 2025-10-27 --reason "out of office"
    """
    from commands.decider import Request
    from commands.exporting.schedule_files import export_days
    from commands.handle import handle
    from commands.schedules import CancelSchedule, schedule_subject

    with at_desk(context) as desk:
        dates, request_id = [_day(each) for each in days], correlation()
        cancelled = 0
        for each in dates:
            command = CancelSchedule(schedule_subject(project, each), reason)
            outcome = handle(Request(command, operator(actor), request_id), ledger=desk.ledger, now=desk.now)
            cancelled += len(outcome.entries)
        _ = desk.projections
        _caught_up(desk)
        export_days(desk.projections, desk.ledger, desk.home, dates)
        if as_json:
            emit({"cancelled": cancelled, "unchanged": len(dates) - cancelled})
        else:
            say(f"Cancelled the plans of {plural(cancelled, 'day')}.")
