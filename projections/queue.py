"""The queue: one row per image whose crop was ever recorded, and the view of the crops that are owed.

A crop's place is the position of its standing recording. Marking an image again takes a new place, at the end;
a failure, a retry or an undo keeps the place it had.
"""

from collections.abc import Iterator
from datetime import timedelta
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.crops import (
    CropExecuted,
    CropFailed,
    CropRecorded,
    CropReleased,
    CropRetried,
    CropStarted,
    CropUndone,
    CropWithdrawn,
)
from ledger.events.images import ImageRelocated
from ledger.values import Instant, instant, parse_instant
from projections.columns import codes, split
from projections.projection import Change, Drop, Projection, Put, Row, Set
from projections.queue_tables import OWED, QUEUE_CROPS, QUEUE_LINES, STUCK
from projections.reader import Projections


def recorded(event: CropRecorded, entry: Entry) -> Iterator[Change]:
    """The box is owed, at the end of the queue; whatever came before on this image no longer counts."""
    box, size = event.box, event.dimensions
    directory, filename = split(event.path)
    yield Put(
        "queue_crops",
        {
            "subject": entry.subject, "project": event.project,
            "directory": directory, "filename": filename, "group_id": event.group,
            "x1": box.x1, "y1": box.y1, "x2": box.x2, "y2": box.y2,
            "width_px": size.width_px, "height_px": size.height_px,
            "sha256": event.sha256, "size_bytes": event.size_bytes,
            "warnings": codes(event.warnings),
            "marked_at": entry.occurred_at, "marked_by": entry.actor,
            "position": entry.position, "version": entry.version,
            "status": "pending", "run": None, "attempt": 0, "started_at": None, "finished_at": None, "output": None,
            "retry_at": None, "failed_at": None, "failed_reason": None, "failed_message": None,
        },
    )  # fmt: skip


def withdrawn(_event: CropWithdrawn, entry: Entry) -> Iterator[Change]:
    """Nothing is owed any more; the row stays, for the story. What an import takes back had only been elsewhere."""
    if entry.by_an_import:
        yield Drop("queue_crops", entry.subject)
    else:
        yield Set("queue_crops", entry.subject, {"status": "withdrawn"})


def started(event: CropStarted, entry: Entry) -> Iterator[Change]:
    """A run is at work on it. An earlier failure stays visible until there is an outcome."""
    yield Set(
        "queue_crops",
        entry.subject,
        {"status": "started", "run": event.run, "attempt": event.attempt, "started_at": entry.occurred_at},
    )


def executed(event: CropExecuted, entry: Entry) -> Iterator[Change]:
    """The crop exists; earlier failures are history."""
    yield Set(
        "queue_crops",
        entry.subject,
        {
            "status": "executed", "finished_at": entry.occurred_at, "output": event.output,
            "retry_at": None, "failed_at": None, "failed_reason": None, "failed_message": None,
        },
    )  # fmt: skip


def failed(event: CropFailed, entry: Entry) -> Iterator[Change]:
    """It waits for a person if that was final, and otherwise for its next try; the reason is kept either way."""
    yield Set(
        "queue_crops",
        entry.subject,
        {
            "status": "failed" if event.final else "pending", "run": event.run, "attempt": event.attempt,
            "retry_at": None if event.final else retry_at(event, entry.occurred_at), "failed_at": entry.occurred_at,
            "failed_reason": event.reason, "failed_message": event.message,
        },
    )  # fmt: skip


def retry_at(event: CropFailed, failed_at: Instant) -> Instant | None:
    """When a failed attempt may be tried again; None for at once."""
    if event.retry_after_s is None:
        return None
    return instant(parse_instant(failed_at) + timedelta(seconds=event.retry_after_s))


def released(event: CropReleased, entry: Entry) -> Iterator[Change]:
    """The claim is taken back: owed as before it, in its old place."""
    yield Set("queue_crops", entry.subject, {"status": "pending", "attempt": event.attempt - 1})


def retried(_event: CropRetried, entry: Entry) -> Iterator[Change]:
    """A person says it should work now: owed again, in its old place, with a clean slate."""
    yield Set("queue_crops", entry.subject, _OWED_AGAIN)


def undone(event: CropUndone, entry: Entry) -> Iterator[Change]:
    """The original is back: owed again, in its old place, with a clean slate."""
    directory, filename = split(event.source)
    yield Set("queue_crops", entry.subject, _OWED_AGAIN | {"directory": directory, "filename": filename})


def relocated(event: ImageRelocated, entry: Entry) -> Iterator[Change]:
    """The crop is owed where the file is now."""
    if event.marked:
        directory, filename = split(event.path)
        yield Set("queue_crops", entry.subject, {"directory": directory, "filename": filename})


_OWED_AGAIN: Row = {
    "status": "pending", "run": None, "attempt": 0, "started_at": None, "finished_at": None, "output": None,
    "retry_at": None, "failed_at": None, "failed_reason": None, "failed_message": None,
}  # fmt: skip


QUEUE = Projection(
    name="queue",
    version=3,
    sentence="Which crops are owed, in which order, and what became of those that were.",
    tables=(QUEUE_CROPS,),
    views=(OWED, STUCK, QUEUE_LINES),
    # The index holds what is owed and nothing else: claiming the next crops costs the same after a million executed.
    indexes=("CREATE INDEX queue_owed ON queue_crops (position) WHERE status IN ('pending', 'started', 'failed')",),
    folds=MappingProxyType(
        {
            CropRecorded: recorded,
            CropWithdrawn: withdrawn,
            CropStarted: started,
            CropExecuted: executed,
            CropFailed: failed,
            CropReleased: released,
            CropRetried: retried,
            CropUndone: undone,
            ImageRelocated: relocated,
        }
    ),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class OwedCrop:
    """A row of the view `queue`."""

    subject: str
    project: str
    path: str
    directory: str
    filename: str
    group_id: str | None
    x1: float
    y1: float
    x2: float
    y2: float
    width_px: int
    height_px: int
    sha256: str
    size_bytes: int
    warnings: str
    marked_at: str
    marked_by: str
    position: int
    version: int
    status: str
    run: str | None
    attempt: int
    started_at: str | None
    retry_at: str | None
    failed_at: str | None
    failed_reason: str | None
    failed_message: str | None


def owed(
    projections: Projections,
    *,
    project: str | None = None,
    directory: str | None = None,
    status: str | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[OwedCrop]:
    """The crops that are owed, in queue order, behind the place `after` and narrowed as asked."""
    return projections.rows(
        OwedCrop,
        "FROM queue WHERE position > :after AND (:project IS NULL OR project = :project)"
        " AND (:directory IS NULL OR directory = :directory) AND (:status IS NULL OR status = :status) LIMIT :limit",
        {
            "project": project, "directory": directory, "status": status, "after": after,
            "limit": -1 if limit is None else limit,
        },
    )  # fmt: skip


def claimable(projections: Projections, now: Instant, *, project: str | None = None, limit: int = 1) -> list[OwedCrop]:
    """The next crops a run may claim: pending, and not waiting for their next try."""
    return projections.rows(
        OwedCrop,
        "FROM queue WHERE status = 'pending' AND (retry_at IS NULL OR retry_at <= :now)"
        " AND (:project IS NULL OR project = :project) LIMIT :limit",
        {"now": now, "project": project, "limit": limit},
    )


@frozen
class StuckCrop:
    """A row of the view `stuck`."""

    subject: str
    project: str
    path: str
    run: str
    attempt: int
    started_at: str


def stuck(projections: Projections) -> list[StuckCrop]:
    """The crops that were started and have no outcome."""
    return projections.rows(StuckCrop, "FROM stuck")


@frozen
class QueueSizes:
    """How many crops are owed, by status."""

    pending: int
    started: int
    failed: int

    @property
    def owed(self) -> int:
        """All of them."""
        return self.pending + self.started + self.failed


def sizes(projections: Projections, *, project: str | None = None) -> QueueSizes:
    """How long the queue is."""
    [size] = projections.rows(
        QueueSizes,
        "FROM (SELECT count(*) FILTER (WHERE status = 'pending') AS pending,"
        " count(*) FILTER (WHERE status = 'started') AS started, count(*) FILTER (WHERE status = 'failed') AS failed"
        " FROM queue WHERE :project IS NULL OR project = :project)",
        {"project": project},
    )
    return size


@frozen
class QueueLine:
    """A row of the view `queue_lines`."""

    created_at: str
    project_id: str
    group_id: str | None
    filename: str
    dir: str
    width: int
    height: int
    x1: float
    y1: float
    x2: float
    y2: float


def pending_lines(projections: Projections) -> list[QueueLine]:
    """What `pending.jsonl` holds: the crops that are owed."""
    return projections.rows(QueueLine, "FROM queue_lines WHERE NOT executed")


def executed_lines(projections: Projections) -> list[QueueLine]:
    """What `processed.jsonl` holds: the crops that were executed."""
    return projections.rows(QueueLine, "FROM queue_lines WHERE executed")


@frozen
class Step:
    """How the number of crops owed changed within one minute, or one hour."""

    minute: str
    """Its minute; of an hour, the last."""
    marked: int
    executed: int


def steps(
    projections: Projections, since: Instant, until: Instant, *, project: str | None = None, hourly: bool = False
) -> list[Step]:
    """Minute by minute, what was marked and what was executed in a span of time, of the crops that still stand.

    With `hourly` it is hour by hour: of months there are more minutes than anything can show. A crop that was withdrawn
    is in neither; one that was marked again counts from its last mark.
    """
    return projections.rows(
        Step,
        "FROM (SELECT minute, sum(marked) AS marked, sum(executed) AS executed FROM ("
        " SELECT substr(marked_at, 1, :long) || :rest AS minute, 1 AS marked, 0 AS executed FROM queue_crops"
        " WHERE status <> 'withdrawn' AND marked_at >= :since AND marked_at < :until"
        " AND (:project IS NULL OR project = :project) UNION ALL"
        " SELECT substr(finished_at, 1, :long) || :rest, 0, 1 FROM queue_crops"
        " WHERE status = 'executed' AND finished_at >= :since AND finished_at < :until"
        " AND (:project IS NULL OR project = :project)) GROUP BY minute) ORDER BY minute",
        {
            "since": since, "until": until, "project": project, "long": 13 if hourly else 16,
            "rest": ":59" if hourly else "",
        },
    )  # fmt: skip
