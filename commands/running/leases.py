"""One run per project: who holds it, who died holding it, and who may begin.

Every run holds a lock file of its own (`home/runs/NAME.lock`) for as long as it lives; the kernel frees it whatever
the run dies of. Starters come one by one through the ledger's write lock and look at the lock files and at the
histories of the runs they belong to. So of two that race exactly one wins, and nobody has to clear up after the dead.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from attrs import frozen

from commands.decider import Request
from commands.handle import handle, replay
from commands.runs import RUNS, EndRun, Run, StartRun, run_subject
from configs.home import Home
from db.lock import is_held
from ledger.errors import Refused
from ledger.events.runs import RunEnded, RunStarted
from ledger.log import Ledger


def lock_of(home: Home, run: str) -> Path:
    """The file that a run holds locked while it lives."""
    home.runs.mkdir(parents=True, exist_ok=True)
    return home.runs / f"{Path(run).name}.lock"


def lives(home: Home, run: str) -> bool:
    """Whether the run's process is alive."""
    return is_held(home.runs / f"{Path(run).name}.lock")


def begin(run: str, start: RunStarted, *, ledger: Ledger, home: Home, now: datetime) -> None:
    """Record that this run begins; the caller holds its lock file already.

    Raises `Refused` and names the run that works on the same project; the end of one that died is recorded first.
    """
    actor = f"runner:{run}"
    with ledger.exclusive():
        for other in _others(run, ledger, home):
            if not _overlap(start.project, other.project):
                continue
            if lives(home, other.name):
                _refuse(other)
            lost = EndRun(run_subject(other.name), RunEnded("lost", f"Its process died; run {run} took over."))
            handle(Request(lost, actor, run), ledger=ledger, now=now)
        handle(Request(StartRun(run_subject(run), start), actor, run), ledger=ledger, now=now)


@frozen
class _Other:
    name: str
    project: str | None
    process: int
    host: str
    since: str


def _others(run: str, ledger: Ledger, home: Home) -> Iterator[_Other]:
    """The other runs that have begun and not ended, dead or alive."""
    for file in sorted(home.runs.glob("*.lock")):
        if file.stem == run or file.stem.startswith("undo-"):
            continue
        state, _ = replay(RUNS, ledger.history(run_subject(file.stem)))
        if isinstance(state, Run) and state.open and state.started and state.began:
            started = state.started
            yield _Other(file.stem, started.project, started.process, started.host, state.began.occurred_at)


def _overlap(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def _refuse(other: _Other) -> None:
    whose = f"project {other.project}" if other.project else "all projects"
    raise Refused(
        f"Run {other.name} is at work on {whose} (since {other.since}, process {other.process} on {other.host}).",
        mend="To see it: crop status. To end it: crop stop",
    )
