"""What runs, where in its plan, what comes next, and how long the queue still takes. Reads only."""

from collections.abc import Iterator
from datetime import datetime

from attrs import frozen

from commands.running.leases import lives
from configs.home import Home
from ledger.events.schedules import PlannedBatch, PlannedBlock, SchedulePlanned
from ledger.log import Ledger
from ledger.values import instant, parse_instant
from projections.queue import sizes
from projections.reader import Projections
from projections.runs import RunState, actual_day, last_run, open_runs, settled
from projections.schedules import Schedule, schedules


@frozen
class DayStatus:
    """Where a planned day is."""

    subject: str
    project: str | None
    date: str
    timezone: str
    block: int | None
    """The stretch of work that is at hand or comes next, from 1; None when nothing is left."""
    blocks: int
    """Stretches of work in the day."""
    batches: int
    settled: int
    """Batches that were begun or missed."""
    planned: int
    """Crops."""
    executed: int
    failed: int
    missed_crops: int
    open_crops: int
    """Crops of the batches that are still to come."""
    next_batch_at: str | None
    """(UTC)"""
    next_break: str | None
    """What the next break is: micro, coffee, lunch or away."""
    next_break_at: str | None
    next_break_ends_at: str | None
    ends_at: str | None
    """When the last stretch of work ends (UTC)."""


@frozen
class RunStatus:
    """A run, and where it is."""

    run: str
    state: str
    """`running`, `paused`, `stopping`, `dead` (its process is gone), or how it `ended`."""
    mode: str
    project: str | None
    process: int
    host: str
    speed: float
    started_at: str
    since: str
    """When it came to this state (UTC)."""
    reason: str | None
    message: str | None
    days: tuple[DayStatus, ...] = ()


@frozen
class Status:
    """Everything about runs that can be said now."""

    runs: tuple[RunStatus, ...]
    """Those that have not ended."""
    last: RunStatus | None
    """The one that began last, where none is at work."""
    pending: int
    """Crops of the queue that wait."""
    started: int
    failed: int
    planned: int
    """Crops that days still to come, or the rest of today, have planned."""
    ends_at: str | None
    """When, by these plans, the last of those is executed (UTC)."""
    coming: tuple[DayStatus, ...]
    """The planned days that still have something to do, and which no open run follows."""


def status(ledger: Ledger, projections: Projections, home: Home, now: datetime) -> Status:
    """How it is now; the projections are caught up already."""
    known = {each.subject: each for each in schedules(projections) if each.status == "planned"}
    open_ = open_runs(projections)
    runs = tuple(_of_run(each, known, ledger, projections, home) for each in open_)
    followed = {day.subject for run in runs for day in run.days}
    coming = [
        day_status(each, ledger, projections) for each in known.values()
        if each.subject not in followed and each.ends_at is not None and each.ends_at > instant(now)
    ]  # fmt: skip
    owed = sizes(projections)
    to_do = [day for day in (*(day for run in runs for day in run.days), *coming) if day.open_crops]
    last = last_run(projections)
    return Status(
        runs=runs,
        last=_of_run(last, known, ledger, projections, home) if last and not open_ else None,
        pending=owed.pending,
        started=owed.started,
        failed=owed.failed,
        planned=sum(day.open_crops for day in {day.subject: day for day in to_do}.values()),
        ends_at=max((day.ends_at for day in to_do if day.ends_at), default=None),
        coming=tuple(day for day in coming if day.open_crops),
    )


def _of_run(
    state: RunState, known: dict[str, Schedule], ledger: Ledger, projections: Projections, home: Home
) -> RunStatus:
    how = state.status if state.status == "ended" or lives(home, state.run) else "dead"
    days = (known[subject] for subject in state.days if subject in known)
    return RunStatus(
        run=state.run, state=how, mode=state.mode, project=state.project, process=state.process, host=state.host,
        speed=state.speed, started_at=state.started_at, since=state.changed_at, reason=state.reason,
        message=state.message, days=tuple(day_status(each, ledger, projections) for each in days),
    )  # fmt: skip


def day_status(day: Schedule, ledger: Ledger, projections: Projections) -> DayStatus:
    """Where a planned day is, by what was begun and missed, not by the clock: a run may be late or fast."""
    plan = _plan_at(ledger, day.position)
    done = settled(projections, day.position)
    work = [block for block in plan.blocks if block.kind == "work"]
    numbered = list(_numbered(work))
    left = [(block, batch) for number, block, batch in numbered if number not in done]
    actual = actual_day(projections, day.position)
    rest = _break_behind(plan, work[left[0][0] - 1]) if left else None
    return DayStatus(
        subject=day.subject, project=day.project, date=day.date, timezone=day.timezone,
        block=left[0][0] if left else None,
        blocks=len(work), batches=len(numbered), settled=len(done), planned=day.crops,
        executed=actual.executed if actual else 0, failed=actual.failed if actual else 0,
        missed_crops=actual.missed_crops if actual else 0, open_crops=sum(batch.crops for _, batch in left),
        next_batch_at=left[0][1].at if left else None, next_break=rest.reason if rest else None,
        next_break_at=rest.start if rest else None, next_break_ends_at=rest.end if rest else None,
        ends_at=work[-1].end if work else None,
    )  # fmt: skip


def _plan_at(ledger: Ledger, position: int) -> SchedulePlanned:
    [entry] = ledger.read(position - 1, 1)
    assert isinstance(entry.event, SchedulePlanned)  # noqa: S101  # the projection folded it from this very entry
    return entry.event


def _numbered(work: list[PlannedBlock]) -> Iterator[tuple[int, int, PlannedBatch]]:
    """(batch, stretch of work, the batch), both counted through the day from 1."""
    number = 0
    for block, stretch in enumerate(work, 1):
        for batch in stretch.batches:
            number += 1
            yield number, block, batch


def _break_behind(plan: SchedulePlanned, work: PlannedBlock) -> PlannedBlock | None:
    behind = [block for block in plan.blocks if block.kind == "break" and parse_instant(block.start) >= _end(work)]
    return behind[0] if behind else None


def _end(block: PlannedBlock) -> datetime:
    return parse_instant(block.end)
