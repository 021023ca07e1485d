"""Runs at work: status, pause, resume, stop."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from commands.cli.desk import at_desk, operator
from commands.cli.options import ActorOption, JsonFlag, ReasonOption
from commands.cli.output import emit, plural, say
from commands.desk import Desk, correlation

if TYPE_CHECKING:
    from commands.running.status import DayStatus, RunStatus, Status
    from commands.running.steering import Wish

RunArgument = Annotated[str | None, typer.Argument(help="Which run, where there are several.")]
ProjectOnly = Annotated[str | None, typer.Option(help="Only the run on this project.")]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(status)
    app.command()(pause)
    app.command()(resume)
    app.command()(stop)


def status(context: typer.Context, as_json: JsonFlag = False) -> None:
    """Say what runs, where in the plan, and what comes next.

    Which run is at work and how far it is, the next break, how long the queue lasts, and planned days that nobody
    follows. Only looks; a run does not notice.

    \b
    Examples:
      crop status
      crop status --json
    """
    from commands.running.status import status as asked

    with at_desk(context) as desk:
        found = asked(desk.ledger, desk.projections, desk.home, desk.now)
        if as_json:
            emit(found)
        else:
            _tell(found, desk.settings.zone)


def pause(
    context: typer.Context,
    run: RunArgument = None,
    project: ProjectOnly = None,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Have a run execute nothing until it is resumed.

    The crop in hand is finished. Batches that come due meanwhile are missed, not caught up in a burst.

    \b
    Example:
      crop pause --reason "the disk is being moved"
    """
    from commands.running import steering

    with at_desk(context) as desk:
        _steer(desk, steering.pause, "Paused", "To go on: crop resume", run, project, reason, actor, as_json=as_json)


def resume(
    context: typer.Context,
    run: RunArgument = None,
    project: ProjectOnly = None,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Have a paused run go on, from where its plan is now.

    \b
    Example:
      crop resume
    """
    from commands.running import steering

    with at_desk(context) as desk:
        _steer(desk, steering.resume, "Resumed", "", run, project, reason, actor, as_json=as_json)


def stop(
    context: typer.Context,
    run: RunArgument = None,
    project: ProjectOnly = None,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Have a run end after the crop in hand.

    What it has not executed stays in the queue; the next run goes on with it.

    \b
    Example:
      crop stop
    """
    from commands.running import steering

    with at_desk(context) as desk:
        _steer(desk, steering.stop, "Stopping", "", run, project, reason, actor, as_json=as_json)


def _steer(
    desk: Desk,
    wish: "Wish",
    word: str,
    then: str,
    run: str | None,
    project: str | None,
    reason: str | None,
    actor: str | None,
    *,
    as_json: bool,
) -> None:
    from commands.running.steering import living, steer

    told = steer(
        wish, living(desk.projections, desk.home, run=run, project=project), reason,
        ledger=desk.ledger, actor=operator(actor), correlation=correlation(), now=desk.now,
    )  # fmt: skip
    for each in told:
        if as_json:
            emit(each)
        else:
            already = "" if each.changed else " (it was so already)"
            say(f"{word} run {each.run}{already}.{f' {then}' if then else ''}")


def _tell(found: "Status", zone: ZoneInfo) -> None:
    for run in found.runs:
        _tell_run(run, zone)
    if not found.runs:
        say("No run is at work." + (_ended(found.last, zone) if found.last else ""))
    for day in found.coming:
        say(f"Planned, and nobody follows it: {_day(day)}")
    later = (
        f" By the plans {found.planned:,} of them are executed until {_at(found.ends_at, zone)}."
        if found.ends_at
        else ""
    )
    say(f"Queue: {plural(found.pending, 'crop')} waiting, {found.started:,} started, {found.failed:,} failed.{later}")
    if found.coming and not found.runs:
        whose = f" --project {found.coming[0].project}" if found.coming[0].project else ""
        say(f"To follow the plan: crop run --schedule{whose} --confirm")


def _tell_run(run: "RunStatus", zone: ZoneInfo) -> None:
    whose = run.project or "all projects"
    how = {"now": "unpaced", "schedule": "by schedule"}.get(run.mode, run.mode)
    fast = f", {run.speed:g} times as fast" if run.speed != 1 else ""
    say(f"Run {run.run} ({whose}, {how}{fast}) is {run.state} since {_at(run.since, zone)}; process {run.process}.")
    if run.message and run.state != "dead":
        say(f"  {run.message}")
    if run.state == "dead":
        say("  Its process is gone. The next run takes over: what it had begun is finished or cleared up.")
    for day in run.days:
        say(f"  {_day(day)}")
        if day.next_break_at and day.block is not None:
            there = ZoneInfo(day.timezone)
            span = f"{_clock(day.next_break_at, there)} to {_clock(day.next_break_ends_at, there)}"
            say(f"    next break: {day.next_break}, {span}")


def _day(day: "DayStatus") -> str:
    zone = ZoneInfo(day.timezone)
    missed = f", {plural(day.missed_crops, 'crop')} missed" if day.missed_crops else ""
    failed = f", {day.failed:,} failed" if day.failed else ""
    done = f"{day.date}: {day.executed:,} of {day.planned:,} crops executed{failed}{missed}"
    if day.block is None:
        return f"{done}; the day is done."
    return (
        f"{done}; stretch {day.block} of {day.blocks}, next batch {_clock(day.next_batch_at, zone)}, "
        f"ends {_clock(day.ends_at, zone)} ({day.timezone})."
    )


def _ended(run: "RunStatus", zone: ZoneInfo) -> str:
    how = f" The last one, {run.run}, {_ENDS.get(run.reason or '', run.reason)} at {_at(run.since, zone)}."
    return how + (f" {run.message}" if run.message else "")


_ENDS = {
    "finished": "finished", "stopped": "was stopped", "interrupted": "was interrupted",
    "failures": "ended after too many failures in a row", "lost": "was lost",
}  # fmt: skip


def _at(text: str | None, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%d %H:%M:%S}" if text else "?"


def _clock(text: str | None, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(text).astimezone(zone):%H:%M:%S}" if text else "?"
