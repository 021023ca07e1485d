"""Runs as they live, and what became of the plans they followed: planned and actual, batch by batch."""

from collections.abc import Iterator
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.crops import CropFailed, CropStarted
from ledger.events.runs import (
    BatchBegun,
    BatchesMissed,
    BatchOverran,
    BlockBegun,
    ClockJumped,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopRequested,
)
from projections.columns import codes, uncoded
from projections.projection import Change, Projection, Put, Row, Set
from projections.reader import Projections
from projections.run_tables import (
    ACTUAL_BATCHES,
    ACTUAL_BLOCKS,
    ACTUAL_DAYS,
    BATCHES,
    BLOCKS,
    CLAIMS,
    NOTES,
    STATES,
    SUMS,
)


def started(event: RunStarted, entry: Entry) -> Iterator[Change]:
    """The run is at work."""
    yield Put(
        "run_states",
        {
            "run": _run(entry), "mode": event.mode, "project": event.project,
            "schedules": codes(event.schedules), "missed": event.missed, "speed": event.speed,
            "process": event.process, "host": event.host, "started_at": entry.occurred_at, "status": "running",
            "changed_at": entry.occurred_at, "reason": None, "message": None, "position": entry.position,
        },
    )  # fmt: skip


def _run(entry: Entry) -> str:
    return entry.subject.split("/")[1]


def _state(entry: Entry, status: str, reason: str | None, message: str | None = None) -> Set:
    values: Row = {"status": status, "changed_at": entry.occurred_at, "reason": reason, "message": message}
    return Set("run_states", _run(entry), values)


def paused(event: RunPaused, entry: Entry) -> Iterator[Change]:
    """The run waits for a person."""
    yield _state(entry, "paused", event.reason, event.message)


def resumed(event: RunResumed, entry: Entry) -> Iterator[Change]:
    """The run goes on."""
    yield _state(entry, "running", None, event.reason)


def stop_requested(event: RunStopRequested, entry: Entry) -> Iterator[Change]:
    """The run ends after the crop in hand."""
    yield _state(entry, "stopping", None, event.reason)


def ended(event: RunEnded, entry: Entry) -> Iterator[Change]:
    """The run is over."""
    yield _state(entry, "ended", event.reason, event.message)


def block_begun(event: BlockBegun, entry: Entry) -> Iterator[Change]:
    """What was seen before a stretch of work."""
    yield Put(
        "run_blocks",
        {
            "position": entry.position, "run": _run(entry), "plan": event.plan, "block": event.block,
            "at": entry.occurred_at, "crops": event.crops, "waiting": event.waiting,
            "missing_files": event.missing_files, "needed_bytes": event.needed_bytes,
            "free_bytes": event.free_bytes, "problems": codes(event.problems),
        },
    )  # fmt: skip


def batch_begun(event: BatchBegun, entry: Entry) -> Iterator[Change]:
    """The batch is no longer open."""
    yield Put(
        "run_batches",
        {
            "plan": event.plan, "batch": event.batch, "run": _run(entry), "status": "begun",
            "begun_at": entry.occurred_at, "late_s": event.late_s, "crops": event.crops, "carried": event.carried,
            "passed": 0, "reason": None, "id": entry.id,
        },
    )  # fmt: skip


def missed(event: BatchesMissed, entry: Entry) -> Iterator[Change]:
    """None of these batches will be begun."""
    for batch in range(event.first, event.last + 1):
        first = batch == event.first
        yield Put(
            "run_batches",
            {
                "plan": event.plan, "batch": batch, "run": _run(entry), "status": "missed", "begun_at": None,
                "late_s": None, "crops": event.crops if first else 0, "carried": 0,
                "passed": event.carried if first else 0, "reason": event.reason, "id": None,
            },
        )  # fmt: skip


def claimed(event: CropStarted | CropFailed, entry: Entry) -> Iterator[Change]:
    """A crop of a batch: what follows from a batch names it as its cause."""
    claimed_before = isinstance(event, CropFailed) and event.attempt > 0
    if entry.causation is not None and not claimed_before:
        yield Put("run_claims", {"position": entry.position, "subject": entry.subject, "batch_id": entry.causation})


def overran(event: BatchOverran, entry: Entry) -> Iterator[Change]:
    """A batch took longer than there was time for."""
    yield Put(
        "run_notes",
        {
            "position": entry.position, "run": _run(entry), "at": entry.occurred_at, "kind": "overran",
            "plan": event.plan, "batch": event.batch, "seconds": event.over_s, "what": event.into,
        },
    )  # fmt: skip


def jumped(event: ClockJumped, entry: Entry) -> Iterator[Change]:
    """The clock jumped, or the machine slept."""
    yield Put(
        "run_notes",
        {
            "position": entry.position, "run": _run(entry), "at": entry.occurred_at, "kind": "clock_jumped",
            "plan": None, "batch": None, "seconds": event.by_s, "what": None,
        },
    )  # fmt: skip


RUN_LIVES = Projection(
    name="runs",
    version=5,
    sentence="Runs as they live, and what became of the plans they followed.",
    tables=(STATES, BLOCKS, BATCHES, CLAIMS, NOTES),
    views=(ACTUAL_BATCHES, ACTUAL_BLOCKS, ACTUAL_DAYS),
    indexes=("CREATE INDEX run_claims_by_batch ON run_claims (batch_id)",),
    reads=("executions", "schedules"),
    folds=MappingProxyType(
        {
            RunStarted: started,
            RunPaused: paused,
            RunResumed: resumed,
            RunStopRequested: stop_requested,
            RunEnded: ended,
            BlockBegun: block_begun,
            BatchBegun: batch_begun,
            BatchesMissed: missed,
            BatchOverran: overran,
            ClockJumped: jumped,
            CropStarted: claimed,
            CropFailed: claimed,
        }
    ),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class RunState:
    """A row of the table `run_states`."""

    run: str
    mode: str
    project: str | None
    schedules: str
    missed: str | None
    speed: float
    process: int
    host: str
    started_at: str
    status: str
    changed_at: str
    reason: str | None
    message: str | None

    @property
    def subject(self) -> str:
        """Its subject in the ledger."""
        return f"run/{self.run}"

    @property
    def days(self) -> tuple[str, ...]:
        """Subjects of the planned days it follows."""
        return uncoded(self.schedules)


def open_runs(projections: Projections) -> list[RunState]:
    """The runs that have not said that they ended, the oldest first; a dead one is among them until the next begins."""
    return projections.rows(RunState, "FROM run_states WHERE status <> 'ended' ORDER BY position")


def last_run(projections: Projections) -> RunState | None:
    """The run that began last."""
    return projections.row(RunState, "FROM run_states ORDER BY position DESC")


@frozen
class ActualBatch:
    """A row of the view `actual_batches`."""

    block: int
    batch: int
    at: str
    planned: int
    status: str
    reason: str | None
    run: str | None
    begun_at: str | None
    late_s: float | None
    claimed: int
    carried: int
    executed: int
    failed: int
    again: int


def actual_batches(projections: Projections, plan: int) -> list[ActualBatch]:
    """Every batch of a plan (by its position in the ledger) with what became of it, in order."""
    return projections.rows(ActualBatch, "FROM actual_batches WHERE plan = :plan ORDER BY batch", {"plan": plan})


def settled(projections: Projections, plan: int) -> frozenset[int]:
    """The batches of a plan that were begun or missed."""
    rows = projections.rows(_Settled, "FROM run_batches WHERE plan = :plan", {"plan": plan})
    return frozenset(row.batch for row in rows)


@frozen
class _Settled:
    batch: int


def unfinished(projections: Projections, plan: int) -> int:
    """Crops of a plan that batches still to come have to take over.

    Those that a batch claimed and did not settle (it was interrupted, or they are to be tried again) and those that
    missed batches passed on; less what batches took over since.
    """
    [found] = projections.rows(
        _Unfinished,
        "FROM (SELECT coalesce(sum(CASE status WHEN 'begun' THEN asked - executed - failed - carried"
        " WHEN 'missed' THEN passed - asked + planned ELSE 0 END), 0) AS crops"
        " FROM actual_batches WHERE plan = :plan)",
        {"plan": plan},
    )
    return max(0, found.crops)


@frozen
class _Unfinished:
    crops: int


@frozen
class Actual:
    """Planned and actual of a day, or of one of its blocks (0: the whole day)."""

    block: int
    batches: int
    planned: int
    begun: int
    missed: int
    missed_crops: int
    executed: int
    failed: int
    again: int
    late_max_s: float | None
    first_at: str | None
    last_at: str | None


def actual_blocks(projections: Projections, plan: int) -> list[Actual]:
    """Planned and actual for each stretch of work of a plan, in order."""
    # The view narrowed before it sums: SQLite does not carry a condition through a GROUP BY.
    return projections.rows(
        Actual,
        f"FROM (SELECT block, {SUMS} FROM (SELECT * FROM actual_batches WHERE plan = :plan) GROUP BY block"
        " ORDER BY block)",
        {"plan": plan},
    )


def actual_day(projections: Projections, plan: int) -> Actual | None:
    """Planned and actual of a whole plan."""
    return projections.row(
        Actual, f"FROM (SELECT 0 AS block, {SUMS} FROM actual_batches WHERE plan = :plan)", {"plan": plan}
    )
