"""What may happen to a run: started, paused, resumed, stopped, ended. One decider.

At most one run works on a project. That is a rule between runs: `commands.running.leases` keeps it, behind the write
lock.
"""

from collections.abc import Iterator

from attrs import evolve as changed
from attrs import frozen

from commands.decider import Command, Decider
from ledger.entry import Entry
from ledger.errors import Conflict, Damaged, Invalid, NotFound, Refused
from ledger.events.event import Event
from ledger.events.runs import (
    ClockJumped,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopRequested,
)

KIND = "run/"


def run_subject(run: str) -> str:
    """The subject of a run."""
    return KIND + run


def run_of(subject: str) -> str:
    """The name of a run, from its subject."""
    return subject.removeprefix(KIND)


@frozen
class Run:
    """What a run's history says."""

    started: RunStarted | None = None
    began: Entry | None = None
    paused: RunPaused | None = None
    stop: RunStopRequested | None = None
    ended: RunEnded | None = None

    @property
    def open(self) -> bool:
        """Whether it has started and not ended."""
        return self.started is not None and self.ended is None


def evolve(run: Run, entry: Entry) -> Run:
    """The run after one more entry; raises `Damaged` for one that could not have followed."""
    event = entry.event
    if isinstance(event, RunStarted) and run.started is None:
        return changed(run, started=event, began=entry)
    if run.open:
        moved = _moved(run, event)
        if moved is not None:
            return moved
    raise Damaged(f"Position {entry.position}: {event.TYPE} cannot follow here.", position=entry.position)


def _moved(run: Run, event: Event) -> Run | None:
    match event:
        case RunPaused() if run.paused is None:
            return changed(run, paused=event)
        case RunResumed() if run.paused is not None:
            return changed(run, paused=None)
        case RunStopRequested() if run.stop is None:
            return changed(run, stop=event)
        case RunEnded():
            return changed(run, ended=event)
        case ClockJumped():
            return run
    return None


@frozen
class StartRun:
    """Begin a run, under a name of its own."""

    subject: str
    start: RunStarted


@frozen
class PauseRun:
    """Execute nothing until the run is resumed."""

    subject: str
    pause: RunPaused


@frozen
class ResumeRun:
    """Go on."""

    subject: str
    reason: str | None = None


@frozen
class StopRun:
    """End after the crop in hand."""

    subject: str
    reason: str | None = None


@frozen
class NoteJump:
    """Note that the clock jumped."""

    subject: str
    jump: ClockJumped


@frozen
class EndRun:
    """Say that a run is over."""

    subject: str
    end: RunEnded


def decide(command: Command, run: Run) -> Iterator[Event]:
    """Answer any command about a run."""
    match command:
        case StartRun():
            return start(command, run)
        case PauseRun() | ResumeRun() | StopRun():
            return steer(command, run)
        case NoteJump():
            return jump(command, run)
        case EndRun():
            return end(command, run)
    raise Invalid(f"{type(command).__name__} is not a command about a run")


def start(command: StartRun, run: Run) -> Iterator[Event]:
    """A name is used for one run."""
    if run.started is None:
        yield command.start
    elif run.started != command.start:
        raise Conflict(f"There was a run {run_of(command.subject)} already.")


def steer(command: PauseRun | ResumeRun | StopRun, run: Run) -> Iterator[Event]:
    """Only a run that is open can be steered; what is so already is left so."""
    _require_open(command, run)
    if isinstance(command, PauseRun) and run.paused is None:
        yield command.pause
    elif isinstance(command, ResumeRun) and run.paused is not None:
        yield RunResumed(command.reason)
    elif isinstance(command, StopRun) and run.stop is None:
        yield RunStopRequested(command.reason)


def jump(command: NoteJump, run: Run) -> Iterator[Event]:
    """Only a run that is open has a clock."""
    _require_open(command, run)
    yield command.jump


def end(command: EndRun, run: Run) -> Iterator[Event]:
    """A run ends once; how is what was said first."""
    if run.started is None:
        raise NotFound(f"There is no run {run_of(command.subject)}.")
    if run.ended is None:
        yield command.end


def _require_open(command: Command, run: Run) -> None:
    if run.started is None:
        raise NotFound(f"There is no run {run_of(command.subject)}.", mend="See: crop status")
    if run.ended is not None:
        raise Refused(f"Run {run_of(command.subject)} is over: {run.ended.reason}.", mend="See: crop status")


RUNS = Decider(Run(), evolve, decide)
