"""Changing pixels, and taking it back: run, undo."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk, operator
from commands.cli.inspecting import look_first
from commands.cli.options import ActorOption, DryRun, JsonFlag, ProjectOption
from commands.cli.output import emit, plural, progress, say, shown, warn
from commands.desk import Desk, correlation

if TYPE_CHECKING:
    from commands.running.runner import Done, Runner
    from commands.running.running import Summary
    from ledger.events.crops import CropUndone


class MissedOption(StrEnum):
    """What becomes of missed batches."""

    SKIP = "skip"
    SPREAD = "spread"


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(run)
    app.command()(undo)


def run(
    context: typer.Context,
    now: Annotated[bool, typer.Option("--now", help="At once and unpaced.")] = False,
    schedule: Annotated[bool, typer.Option("--schedule", help="By the planned days, batch by batch.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="With --now: at most so many crops.")] = None,
    project: Annotated[str | None, typer.Option(help="Only this project's crops.")] = None,
    days: Annotated[int, typer.Option(min=1, help="With --schedule: so many days.")] = 1,
    first: Annotated[str | None, typer.Option(help="With --schedule: the first of them; else today.")] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="With --schedule: yes, these days.")] = False,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="With --schedule: play the days on a virtual clock; change nothing.")
    ] = False,
    speed: Annotated[
        float, typer.Option(min=0.01, max=100_000, help="With --schedule: a clock so much faster, for a rehearsal.")
    ] = 1.0,
    missed: Annotated[
        MissedOption | None, typer.Option(help="With --schedule: what becomes of missed batches; else the setting.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Crops to write at once; as many as there are cores.")
    ] = 1,
    reencode: Annotated[
        bool, typer.Option("--reencode", help="Crop lossy WebP and AVIF, too: that encodes them once more.")
    ] = False,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Execute the crops that are owed.

    They are looked at first, as crop check does. Each is written, verified, then moved into place with its companions;
    originals go to the archive. What an interrupted run left is finished or cleared up first. Ctrl-C finishes the crop
    in hand and exits 130. Exit 1 if some failed; they stay in the queue with their reason.

    With --schedule, each batch waits for its time, breaks are breaks, and the run ends with the last day. What could
    not be executed in time is missed: left for another day, or spread over later batches, never caught up in a burst.
    A clock with another --speed begins just before the first batch that is open.

    \b
    Examples:
      crop run --now --dry-run
      crop run --now --limit 100
      crop run --now --workers 2
      crop run --schedule --days 3 --simulate
      crop run --schedule --days 3 --confirm
    """
    from ledger.errors import Invalid

    if now and schedule:
        raise Invalid("Now, or by schedule: one of the two.")
    if schedule and limit is not None:
        raise Invalid("A plan says how many crops: --limit goes with --now.")
    if not schedule and (confirm or simulate or first or missed or speed != 1 or days != 1):
        raise Invalid("These options are about planned days.", mend="Say --schedule, too")
    if not now and not schedule and not dry_run:
        how = "At once: crop run --now. As planned: crop run --schedule. To look first: crop run --dry-run"
        raise Invalid("Say how to run.", mend=how)
    with at_desk(context) as desk:
        desk.workers, desk.reencode = workers, reencode
        _able(desk)
        if schedule:
            from commands.cli.following import Orders, run_by_schedule

            policy = missed.value if missed else None
            orders = Orders(project, days, first, confirm, dry_run, simulate, speed, policy, as_json)
            code = run_by_schedule(desk, orders)
        elif dry_run:
            code = _preview(desk, limit, project, as_json=as_json)
        else:
            code = _execute(desk, limit, project, as_json=as_json)
    if code:
        raise typer.Exit(code)


def _able(desk: Desk) -> None:
    """Raise `Invalid` if the settings ask for what this machine has no library for."""
    if desk.settings.jpeg == "lossless":
        from imaging.ladder import turbojpeg
        from ledger.errors import Invalid

        if turbojpeg() is None:
            how = "Install it: pip install 'cropledger[fast]'. Or set jpeg to \"exact\"."
            raise Invalid('The setting jpeg = "lossless" needs libturbojpeg, which is not here.', mend=how)


def _preview(desk: Desk, limit: int | None, project: str | None, *, as_json: bool) -> int:
    from commands.running.running import preview

    count = problems = 0
    for each in preview(desk.runner(), desk.projections, project=project, limit=limit):
        count, problems = count + 1, problems + bool(each.problem)
        if as_json:
            emit(each)
        elif each.problem:
            say(f"would fail  {shown(each.path)}: {each.problem}")
        else:
            say(f"would write {shown(each.output or '')} ({each.dimensions}, {plural(each.companions, 'companion')})")
    if not as_json:
        say(f"{plural(count, 'crop')} would be tried, {problems} would fail. Nothing was changed.")
    return 1 if problems else 0


def _execute(desk: Desk, limit: int | None, project: str | None, *, as_json: bool) -> int:
    from commands.running.running import Summary, run_now
    from projections.queue import sizes

    runner = desk.runner()
    look_first(desk, runner, project, limit, as_json=as_json)
    waiting = sizes(desk.projections, project=project).pending
    total = waiting if limit is None else min(limit, waiting)
    summary = Summary()
    with progress("Executing", total) as bar:
        for done in run_now(runner, desk.projections, desk.store, project=project, limit=limit):
            summary.add(done)
            bar.advance(1)
            _tell(done, as_json=as_json)
    _conclude(desk, runner, summary, as_json=as_json)
    return 130 if runner.stopped == "interrupted" else int(bool(summary.failed))


def _tell(done: "Done", *, as_json: bool) -> None:
    from commands.running.runner import Left
    from ledger.events.crops import CropFailed

    if as_json:
        emit({"path": done.path, "type": done.outcome.TYPE, "outcome": done.outcome})
    elif isinstance(done.outcome, CropFailed):
        again = "" if done.outcome.final else " (will be tried again)"
        warn(f"{done.outcome.reason}: {done.outcome.message}{again}")
    elif isinstance(done.outcome, Left):
        warn(f"unfinished: {done.outcome.message} The next run finishes it.")


def _conclude(desk: Desk, runner: "Runner", summary: "Summary", *, as_json: bool) -> None:
    if as_json:
        emit({"run": runner.run, **summary.counts()})
        return
    if not summary.any():
        say("Nothing is owed. To see what was done: crop progress")
        return
    recovered = f", cleared up {summary.recovered} from an interrupted run" if summary.recovered else ""
    if runner.words:
        warn(f"Ended early: {runner.words} To go on: crop run --now")
    drifted = f", {summary.warned} with warnings" if summary.warned else ""
    say(
        f"Executed {summary.executed}, failed {summary.failed}{recovered}{drifted} in {summary.seconds():.1f} s. "
        f"Originals kept in {shown(desk.home.originals)}." + (" See: crop queue --failed" if summary.failed else "")
    )


def undo(
    context: typer.Context,
    images: Annotated[list[Path], typer.Argument(help="Images that were executed, by the path they had.")],
    project: ProjectOption = None,
    actor: ActorOption = None,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Put originals back, byte for byte.

    Their companions too; the crop is taken away, and owed again. A crop that was changed since, or an original whose
    place is taken, is refused and nothing moves.

    \b
    Example:
      crop undo photos/set_a/a.png
    """
    from commands.finding import subject_of
    from commands.recording.undoing import undo_crop, undoable
    from ledger.errors import CropledgerError

    failures: list[CropledgerError] = []
    with at_desk(context) as desk, progress("Restoring", len(images)) as bar:
        request = correlation()
        for image in images:
            try:
                subject = subject_of(image, project, desk.projections)
                if dry_run:
                    executed = undoable(subject, desk.ledger)
                    say(f"would restore {shown(executed.source)} and {plural(len(executed.companions), 'companion')}")
                else:
                    undone = undo_crop(
                        subject, ledger=desk.ledger, home=desk.home, zones=desk.zones, actor=operator(actor),
                        correlation=request, now=desk.now,
                    )  # fmt: skip
                    _tell_undone(undone, as_json=as_json)
            except CropledgerError as error:
                if len(images) == 1:
                    raise
                failures.append(error)
                warn(f"{type(error).__name__}: {error}")
            bar.advance(1)
    if failures:
        raise typer.Exit(1)


def _tell_undone(undone: "CropUndone", *, as_json: bool) -> None:
    if as_json:
        emit(undone)
    else:
        beside = f" and {plural(len(undone.companions), 'companion')}" if undone.companions else ""
        say(
            f"Restored {shown(undone.source)}{beside}, byte for byte (sha256 {undone.source_sha256[:8]}...). "
            "The crop is owed again."
        )
