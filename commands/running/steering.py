"""Pause, resume and stop: a person's wish, as an event that the run notices."""

from collections.abc import Callable
from datetime import datetime

from attrs import frozen

from commands.decider import Command, Request
from commands.handle import handle
from commands.running.leases import lives
from commands.runs import PauseRun, ResumeRun, StopRun
from configs.home import Home
from ledger.errors import NotFound
from ledger.events.runs import RunPaused
from ledger.log import Ledger
from projections.reader import Projections
from projections.runs import RunState, open_runs


@frozen
class Steered:
    """A run that was told something, and whether that was new to it."""

    run: str
    changed: bool


def pause(subject: str, reason: str | None) -> Command:
    """Execute nothing until resumed."""
    return PauseRun(subject, RunPaused("asked", reason))


def resume(subject: str, reason: str | None) -> Command:
    """Go on."""
    return ResumeRun(subject, reason)


def stop(subject: str, reason: str | None) -> Command:
    """End after the crop in hand."""
    return StopRun(subject, reason)


Wish = Callable[[str, str | None], Command]
"""`pause`, `resume` or `stop`: from a run's subject and a reason to the command."""


def living(
    projections: Projections, home: Home, *, run: str | None = None, project: str | None = None
) -> list[RunState]:
    """The runs at work, narrowed as asked; raises `NotFound` where there is none."""
    known = open_runs(projections)
    wanted = [each for each in known if run in {None, each.run} and project in {None, each.project}]
    alive = [each for each in wanted if lives(home, each.run)]
    if not alive and wanted:
        raise NotFound(f"Run {wanted[-1].run} has died.", mend="The next run takes over: crop run --now")
    if not alive:
        which = f" named {run}" if run else f" on project {project}" if project else ""
        raise NotFound(f"No run{which} is at work.", mend="See: crop status")
    return alive


def steer(
    wish: Wish, runs: list[RunState], reason: str | None, *, ledger: Ledger, actor: str, correlation: str, now: datetime
) -> list[Steered]:
    """Tell these runs; one that has ended meanwhile raises what its history says."""
    outcomes = [
        handle(Request(wish(each.subject, reason), actor, correlation), ledger=ledger, now=now) for each in runs
    ]
    return [Steered(each.run, bool(outcome.entries)) for each, outcome in zip(runs, outcomes, strict=True)]
