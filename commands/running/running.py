"""One run over the queue: clear up, claim, execute, until nothing is owed that can be done now."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from socket import gethostname
from types import FrameType

from attrs import define, field, frozen

from commands.decider import Request
from commands.handle import handle
from commands.running.attending import Attention
from commands.running.leases import begin, lock_of
from commands.running.runner import REFUSED, Done, Left, Runner
from commands.runs import EndRun, run_subject
from db.lock import held_while_alive
from imaging.zones import canonical
from ledger.errors import Conflict, CropledgerError
from ledger.events.crops import CropExecuted, CropFailed
from ledger.events.runs import RunEnded, RunStarted
from ledger.values import instant
from projections.catch_up import catch_up
from projections.queue import claimable, owed, sizes, stuck
from projections.reader import Projections
from projections.store import Store

PAGE = 500
"""How many owed crops are looked up at once."""


def run_now(
    runner: Runner, projections: Projections, store: Store, *, project: str | None, limit: int | None
) -> Iterator[Done]:
    """Execute what is owed, at once; yields how each attempt ended. Ctrl-C lets the crop in hand finish.

    Raises `Refused` where another run works on the same project.
    """
    sizes_now = sizes(projections, project=project)
    if not sizes_now.pending and not sizes_now.started:
        return
    with at_work(runner, RunStarted("now", project, os.getpid(), gethostname(), limit=limit)) as attention:
        runner.attend = partial(_wait_while_paused, runner, attention)
        runner.hold = partial(why_not, runner, attention)
        failures = Streak(runner.settings.stop_after_failures)
        for done in _whole_queue(runner, projections, store, project, limit):
            if failures.too_many_with(done):
                runner.stopped, runner.words = "failures", failures.words
            yield done
        end(runner)
        catch_up(runner.ledger, store)


def _wait_while_paused(runner: Runner, attention: Attention) -> None:
    attention.wait_while_paused(lambda: runner.stopping)
    why_not(runner, attention)


def why_not(runner: Runner, attention: Attention) -> str | None:
    """Why no crop may be begun now, if so: the run is to stop, or paused."""
    attention.listen()
    if attention.stop and not runner.stopping:
        runner.stopped = "stopped"
    return runner.stopped or ("paused" if attention.paused else None)


def _whole_queue(
    runner: Runner, projections: Projections, store: Store, project: str | None, limit: int | None
) -> Iterator[Done]:
    yield from recovered(runner, projections, store, project)
    yield from _all_owed(runner, projections, store, project, limit)


@contextmanager
def at_work(runner: Runner, start: RunStarted) -> Iterator[Attention]:
    """Hold the run's lease inside the block: its lock file, and `run.started` in the ledger; listens to signals."""
    with held_while_alive(lock_of(runner.home, runner.run)) as alive:
        if not alive:
            raise Conflict(f"A run named {runner.run} is at work already.")
        try:
            begin(runner.run, start, ledger=runner.ledger, home=runner.home, now=runner.now())
        except CropledgerError:
            lock_of(runner.home, runner.run).unlink()
            raise
        with _stopped_by_signals(runner):
            heard = runner.ledger.head().position
            yield Attention(runner.ledger, runner.run, heard, start.schedules)
        lock_of(runner.home, runner.run).unlink(missing_ok=True)  # nothing of this run is started any more


def end(runner: Runner) -> RunEnded:
    """Record that the run is over, and how."""
    ended = RunEnded(runner.stopped or "finished", runner.words)
    command = EndRun(run_subject(runner.run), ended)
    handle(Request(command, runner.actor, runner.run), ledger=runner.ledger, now=runner.now())
    return ended


@define
class Streak:
    """Failures in a row, and whether they are too many."""

    most: int
    """0: never too many."""
    length: int = 0
    last: str = ""

    def too_many_with(self, done: Done) -> bool:
        """Count one more attempt; whether so many failed in a row."""
        if isinstance(done.outcome, CropExecuted):
            self.length = 0
        elif isinstance(done.outcome, CropFailed) and done.outcome.reason != "interrupted":
            self.length, self.last = self.length + 1, done.outcome.message
        return bool(self.most) and self.length >= self.most

    @property
    def words(self) -> str:
        """What a person is told."""
        return f"{self.length} failures in a row; the last: {self.last}"


def recovered(runner: Runner, projections: Projections, store: Store, project: str | None) -> Iterator[Done]:
    """What dead runs had begun, finished or cleared up: at once, in a break as well, since files may lie half moved."""
    catch_up(runner.ledger, store)
    yield from runner.recover(crop.subject for crop in stuck(projections) if project in {None, crop.project})


def _all_owed(
    runner: Runner, projections: Projections, store: Store, project: str | None, limit: int | None
) -> Iterator[Done]:
    """What waits, place by place; what comes back to an earlier place meanwhile (an undo) is for the next run."""
    place, left = 0, limit
    while not runner.stopping and left != 0:
        catch_up(runner.ledger, store)
        most = PAGE if left is None else min(left, PAGE)
        page = owed(projections, project=project, status="pending", after=place, limit=most)
        if not page:
            return
        place = page[-1].position
        left = None if left is None else left - len(page)
        yield from runner.execute([crop.subject for crop in page])


@contextmanager
def _stopped_by_signals(runner: Runner) -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        if runner.stopped == "interrupted":
            raise KeyboardInterrupt  # the second time: now. Safe as well, as a kill is
        runner.stopped = "interrupted"

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@frozen
class Preview:
    """What a run would do with one crop."""

    path: str
    output: str | None
    dimensions: str
    companions: int
    warnings: tuple[str, ...]
    problem: str | None


def preview(runner: Runner, projections: Projections, *, project: str | None, limit: int | None) -> Iterator[Preview]:
    """What a run would do now; reads images, writes nothing."""
    now = instant(runner.now())
    for crop in claimable(projections, now, project=project, limit=-1 if limit is None else limit):
        image = runner.image(crop.subject)
        if image.status != "pending" or image.crop is None:
            continue
        try:
            started = runner.planned(image.crop, image.attempts + 1)
        except REFUSED as why:
            yield Preview(crop.path, None, "", 0, (), str(why))
            continue
        taken = Path(started.output).exists()
        yield Preview(
            crop.path,
            started.output,
            str(started.pixel_box.dimensions),
            len(started.companions),
            started.warnings,
            f"{started.output} exists already." if taken else None,
        )


def owed_beside(projections: Projections) -> Callable[[Path], frozenset[Path]]:
    """Which images of a directory are owed crops of their own, asked once per directory."""
    known: dict[Path, frozenset[Path]] = {}

    def beside(directory: Path) -> frozenset[Path]:
        if directory not in known:
            known[directory] = frozenset(canonical(crop.path) for crop in owed(projections, directory=str(directory)))
        return known[directory]

    return beside


@define
class Summary:
    """Counts of one run."""

    executed: int = 0
    failed: int = 0
    recovered: int = 0
    retried: int = 0
    warned: int = 0
    begun: float = field(factory=time.monotonic)

    def add(self, done: Done) -> None:
        """Count one attempt."""
        outcome = done.outcome
        if isinstance(outcome, CropExecuted):
            self.executed += 1
            self.recovered += outcome.recovered
            self.warned += bool(outcome.warnings)
        elif isinstance(outcome, CropFailed):
            self.failed += outcome.final
            self.recovered += outcome.reason == "interrupted"
            self.retried += not outcome.final
        elif isinstance(outcome, Left):
            self.failed += 1

    def any(self) -> bool:
        """Whether there was anything to do."""
        return bool(self.executed or self.failed or self.recovered or self.retried)

    def seconds(self) -> float:
        """Wall time so far."""
        return time.monotonic() - self.begun

    def counts(self) -> dict[str, float]:
        """For programs."""
        return {
            "executed": self.executed,
            "failed": self.failed,
            "recovered": self.recovered,
            "retried": self.retried,
            "warned": self.warned,
            "seconds": round(self.seconds(), 3),
        }
