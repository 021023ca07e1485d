"""Every attempt to execute a crop, and what came of it.

Starts and outcomes are rows of their own, and the view joins them: an attempt's number begins anew after a retry or
an undo, even within one run, so nothing in an outcome names its start but the order of the image's history.
"""

from collections.abc import Iterator
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.crops import CropExecuted, CropFailed, CropReleased, CropStarted, CropUndone
from ledger.values import Instant
from projections.cadence import QUARTER_S, Quarter
from projections.columns import codes
from projections.projection import Change, Projection, Put, Row, Table, View
from projections.reader import Projections

STARTS = Table("""
CREATE TABLE execution_starts ( -- One row per attempt that was started.
  position INTEGER NOT NULL PRIMARY KEY, -- position of the start in the ledger
  subject TEXT NOT NULL, -- the image
  run TEXT NOT NULL, -- the run that claimed the crop
  attempt INTEGER NOT NULL, -- which attempt, counted anew after a retry or an undo
  started_at TEXT NOT NULL, -- when (UTC)
  source TEXT NOT NULL, -- absolute path of the image
  source_bytes INTEGER NOT NULL, -- length of the image's file
  width_px INTEGER NOT NULL, -- width of the image as displayed, as found
  height_px INTEGER NOT NULL, -- height of the image as displayed, as found
  crop_width_px INTEGER NOT NULL, -- width of what was to be cut out
  crop_height_px INTEGER NOT NULL, -- height of what was to be cut out
  planned_output TEXT NOT NULL, -- absolute path the crop was to have
  warnings TEXT NOT NULL -- what was odd, a JSON list of codes such as dimension_drift
) STRICT
""")

OUTCOMES = Table("""
CREATE TABLE execution_outcomes ( -- One row per outcome: a crop executed, failed, released or undone.
  position INTEGER NOT NULL PRIMARY KEY, -- position of the outcome in the ledger
  subject TEXT NOT NULL, -- the image
  outcome TEXT NOT NULL, -- executed, failed, released or undone
  at TEXT NOT NULL, -- when (UTC)
  actor TEXT NOT NULL, -- who did it
  run TEXT, -- the run, except for an undo
  attempt INTEGER, -- which attempt; 0 if the crop could not even be claimed
  elapsed_ms REAL, -- from claim to commit on disk, if executed
  source TEXT, -- absolute path of the image that was executed, or that an undo brought back
  source_sha256 TEXT, -- sha256 of the image's file
  archive TEXT, -- absolute path of the original in the archive, if executed
  output TEXT, -- absolute path of the crop
  output_sha256 TEXT, -- sha256 of the crop's file
  output_bytes INTEGER, -- length of the crop's file
  whole INTEGER, -- 1 if the crop is the whole file, copied byte for byte; 0 if pixels were cut
  width_px INTEGER, -- width of the crop
  height_px INTEGER, -- height of the crop
  companions INTEGER NOT NULL, -- files that moved with it
  recovered INTEGER, -- 1 if a later run finished what an interrupted one had left
  reason TEXT, -- code of the failure
  message TEXT, -- the failure in words
  final INTEGER, -- 1 if the failed crop waits for a person, 0 if it is owed again
  warnings TEXT NOT NULL -- what was odd, a JSON list of codes
) STRICT
""")

EXECUTIONS_VIEW = View("""
CREATE VIEW executions ( -- Every attempt with what came of it, oldest first; also failures to claim at all.
  subject, -- the image
  run, -- the run
  attempt, -- which attempt, counted anew after a retry or an undo; 0 if the crop could not even be claimed
  status, -- executed, failed, released (given back untouched), undone (taken back later) or started (no outcome)
  source, -- absolute path of the image
  output, -- absolute path of the crop
  started_at, -- when it started (UTC)
  finished_at, -- when it was executed or failed (UTC)
  undone_at, -- when it was taken back (UTC)
  elapsed_ms, -- from claim to commit on disk, if executed
  source_bytes, -- length of the image's file
  source_width_px, -- width of the image as displayed, as found
  source_height_px, -- height of the image as displayed, as found
  output_sha256, -- sha256 of the crop's file
  output_bytes, -- length of the crop's file
  width_px, -- width of the crop
  height_px, -- height of the crop
  companions, -- files that moved with it
  recovered, -- 1 if a later run finished what an interrupted one had left
  drift, -- 1 if the image's size had changed since it was marked
  reason, -- code of the failure
  message, -- the failure in words
  final, -- 1 if the failed crop waits for a person, 0 if it is owed again
  warnings, -- what was odd, a JSON list of codes
  position -- position of the start in the ledger; of the failure, if there was no start
) AS
SELECT start.subject, start.run, start.attempt,
       CASE WHEN undo.position IS NOT NULL THEN 'undone' ELSE coalesce(outcome.outcome, 'started') END,
       start.source, coalesce(outcome.output, start.planned_output), start.started_at, outcome.at, undo.at,
       outcome.elapsed_ms, start.source_bytes, start.width_px, start.height_px, outcome.output_sha256,
       outcome.output_bytes, outcome.width_px, outcome.height_px, outcome.companions, outcome.recovered,
       instr(start.warnings || coalesce(outcome.warnings, ''), '"dimension_drift"') > 0,
       outcome.reason, outcome.message, outcome.final,
       CASE WHEN outcome.outcome = 'executed' THEN outcome.warnings ELSE start.warnings END, start.position
FROM execution_starts AS start
LEFT JOIN execution_outcomes AS outcome ON outcome.position = (
  SELECT min(position) FROM execution_outcomes WHERE subject = start.subject AND position > start.position)
-- What comes next after an executed crop can only be its undo.
LEFT JOIN execution_outcomes AS undo ON outcome.outcome = 'executed' AND undo.position = (
  SELECT min(position) FROM execution_outcomes WHERE subject = start.subject AND position > outcome.position)
UNION ALL
SELECT subject, run, attempt, outcome, NULL, NULL, NULL, at, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       companions, NULL, 0, reason, message, final, warnings, position
FROM execution_outcomes WHERE outcome = 'failed' AND attempt = 0
ORDER BY 25
""")

RUNS = View("""
CREATE VIEW runs ( -- What each run did.
  run, -- the run
  first_at, -- its first attempt (UTC)
  last_at, -- its latest outcome (UTC)
  attempts, -- attempts started, without those given back untouched
  executed, -- crops executed, including those undone since
  failed, -- attempts that failed, and crops that could not be claimed
  undone, -- crops taken back since
  unfinished, -- attempts without an outcome
  elapsed_ms, -- time spent on the crops executed
  output_bytes -- length of all crops executed
) AS
SELECT run, min(coalesce(started_at, finished_at)), max(finished_at),
       count(*) FILTER (WHERE attempt > 0 AND status <> 'released'),
       count(*) FILTER (WHERE status IN ('executed', 'undone')), count(*) FILTER (WHERE status = 'failed'),
       count(*) FILTER (WHERE status = 'undone'), count(*) FILTER (WHERE status = 'started'),
       round(sum(elapsed_ms), 3), sum(output_bytes)
FROM executions GROUP BY run
""")


def started(event: CropStarted, entry: Entry) -> Iterator[Change]:
    """An attempt begins."""
    size, box = event.dimensions, event.pixel_box
    yield Put(
        "execution_starts",
        {
            "position": entry.position, "subject": entry.subject, "run": event.run, "attempt": event.attempt,
            "started_at": entry.occurred_at, "source": event.source, "source_bytes": event.size_bytes,
            "width_px": size.width_px, "height_px": size.height_px,
            "crop_width_px": box.right - box.left, "crop_height_px": box.bottom - box.top,
            "planned_output": event.output, "warnings": codes(event.warnings),
        },
    )  # fmt: skip


def executed(event: CropExecuted, entry: Entry) -> Iterator[Change]:
    """The attempt succeeded."""
    size = event.output_dimensions
    yield Put(
        "execution_outcomes",
        {
            "position": entry.position, "subject": entry.subject, "outcome": "executed",
            "at": entry.occurred_at, "actor": entry.actor, "run": event.run, "attempt": event.attempt,
            "elapsed_ms": event.elapsed_ms, "source": event.source, "source_sha256": event.source_sha256,
            "archive": event.archive, "output": event.output, "output_sha256": event.output_sha256,
            "output_bytes": event.output_size_bytes,
            # Where the bytes were kept whole there are no pixels of their own to have a hash.
            "whole": int(event.pixels_sha256 is None), "width_px": size.width_px, "height_px": size.height_px,
            "companions": len(event.companions), "recovered": int(event.recovered),
            "reason": None, "message": None, "final": None, "warnings": codes(event.warnings),
        },
    )  # fmt: skip


def failed(event: CropFailed, entry: Entry) -> Iterator[Change]:
    """The attempt came to nothing, or there was none because the crop could not be claimed."""
    yield Put(
        "execution_outcomes",
        _NOTHING
        | {
            "position": entry.position, "subject": entry.subject, "outcome": "failed",
            "at": entry.occurred_at, "actor": entry.actor, "run": event.run, "attempt": event.attempt,
            "reason": event.reason, "message": event.message, "final": int(event.final),
        },
    )  # fmt: skip


def released(event: CropReleased, entry: Entry) -> Iterator[Change]:
    """The attempt did not take place."""
    yield Put(
        "execution_outcomes",
        _NOTHING
        | {
            "position": entry.position, "subject": entry.subject, "outcome": "released", "at": entry.occurred_at,
            "actor": entry.actor, "run": event.run, "attempt": event.attempt, "reason": event.reason,
        },
    )  # fmt: skip


def undone(event: CropUndone, entry: Entry) -> Iterator[Change]:
    """An executed crop was taken back."""
    yield Put(
        "execution_outcomes",
        _NOTHING
        | {
            "position": entry.position, "subject": entry.subject, "outcome": "undone",
            "at": entry.occurred_at, "actor": entry.actor, "source": event.source,
            "source_sha256": event.source_sha256, "output": event.output, "companions": len(event.companions),
        },
    )  # fmt: skip


_NOTHING: Row = dict.fromkeys(OUTCOMES.columns) | {"companions": 0, "warnings": "[]"}

EXECUTIONS = Projection(
    name="executions",
    version=3,
    sentence="Every attempt to execute a crop, and what came of it.",
    tables=(STARTS, OUTCOMES),
    views=(EXECUTIONS_VIEW, RUNS),
    indexes=("CREATE INDEX execution_outcomes_by_subject ON execution_outcomes (subject)",),
    folds=MappingProxyType(
        {
            CropStarted: started,
            CropExecuted: executed,
            CropFailed: failed,
            CropReleased: released,
            CropUndone: undone,
        }
    ),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class Execution:
    """A row of the view `executions`."""

    subject: str
    run: str
    attempt: int
    status: str
    source: str | None
    output: str | None
    started_at: str | None
    finished_at: str | None
    undone_at: str | None
    elapsed_ms: float | None
    source_bytes: int | None
    output_sha256: str | None
    output_bytes: int | None
    width_px: int | None
    height_px: int | None
    recovered: int | None
    drift: int
    reason: str | None
    message: str | None
    final: int | None
    warnings: str
    position: int


def executions(
    projections: Projections, *, run: str | None = None, subject: str | None = None, status: str | None = None
) -> list[Execution]:
    """The attempts, oldest first, narrowed as asked."""
    return projections.rows(
        Execution,
        "FROM executions WHERE (:run IS NULL OR run = :run) AND (:subject IS NULL OR subject = :subject)"
        " AND (:status IS NULL OR status = :status)",
        {"run": run, "subject": subject, "status": status},
    )


@frozen
class RunTotals:
    """A row of the view `runs`."""

    run: str
    first_at: str
    last_at: str | None
    attempts: int
    executed: int
    failed: int
    undone: int
    unfinished: int
    elapsed_ms: float | None
    output_bytes: int | None


def runs(projections: Projections) -> list[RunTotals]:
    """What each run did, the latest first."""
    return projections.rows(RunTotals, "FROM runs ORDER BY first_at DESC, run")


@frozen
class Executed:
    """When a crop was executed."""

    at: str
    elapsed_ms: float | None
    run: str | None


def executed_between(
    projections: Projections, since: Instant, until: Instant, *, project: str | None = None
) -> list[Executed]:
    """The crops that were executed in a span of time, in order; those undone since included."""
    return projections.rows(
        Executed,
        "FROM execution_outcomes AS done WHERE outcome = 'executed' AND at >= :since AND at < :until"
        " AND (:project IS NULL OR (SELECT project FROM queue_crops WHERE subject = done.subject) = :project)"
        " ORDER BY at, position",
        {"since": since, "until": until, "project": project},
    )


def executed_quarters(
    projections: Projections, since: Instant, until: Instant, *, project: str | None = None
) -> list[Quarter]:
    """How many crops were executed in a span of time, by the quarters of an hour in which any were, in order."""
    return projections.rows(
        Quarter,
        f"FROM (SELECT CAST(strftime('%s', at) AS INTEGER) / {QUARTER_S} * {QUARTER_S} AS start_s, count(*) AS crops"
        " FROM execution_outcomes AS done WHERE outcome = 'executed' AND at >= :since AND at < :until"
        " AND (:project IS NULL OR (SELECT project FROM queue_crops WHERE subject = done.subject) = :project)"
        " GROUP BY 1) ORDER BY start_s",
        {"since": since, "until": until, "project": project},
    )
