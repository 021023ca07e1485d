"""The plans of days: what holds, what it planned when, and how much of the queue it has taken."""

from collections.abc import Iterator
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.schedules import ScheduleCancelled, SchedulePlanned
from projections.projection import Change, Projection, Put, Set, Table, View
from projections.reader import Projections

DAYS = Table("""
CREATE TABLE schedule_days ( -- One row per day that was ever planned, with its latest plan.
  subject TEXT NOT NULL PRIMARY KEY, -- the day and whose crops
  date TEXT NOT NULL, -- the day, by the clock of the zone
  project TEXT, -- whose crops; empty for those of all projects
  timezone TEXT NOT NULL, -- the zone
  method TEXT NOT NULL, -- how work was made out of history
  seed INTEGER NOT NULL, -- what the chance in it began with
  position INTEGER NOT NULL, -- position of the latest plan in the ledger
  version INTEGER NOT NULL, -- its version in the day's history
  planned_at TEXT NOT NULL, -- when it was planned (UTC)
  planned_by TEXT NOT NULL, -- who planned it
  crops_max INTEGER NOT NULL, -- crops it might plan
  status TEXT NOT NULL -- planned or cancelled
) STRICT
""")

BLOCKS = Table("""
CREATE TABLE schedule_blocks ( -- One row per block of every plan, also of plans that were replaced.
  position INTEGER NOT NULL, -- position of the plan in the ledger
  number INTEGER NOT NULL, -- its place in the day, from 1
  kind TEXT NOT NULL, -- work or break
  start_at TEXT NOT NULL, -- when it begins (UTC)
  end_at TEXT NOT NULL, -- when it ends (UTC)
  reason TEXT, -- of a break: micro, coffee, lunch or away
  batches INTEGER NOT NULL, -- batches in it
  crops INTEGER NOT NULL, -- crops in it
  batch_size INTEGER NOT NULL, -- its largest batch
  PRIMARY KEY (position, number)
) STRICT
""")

BATCHES = Table("""
CREATE TABLE schedule_batches ( -- One row per batch of every plan, also of plans that were replaced.
  position INTEGER NOT NULL, -- position of the plan in the ledger
  number INTEGER NOT NULL, -- its place in the day, from 1
  block INTEGER NOT NULL, -- the block it is in
  at TEXT NOT NULL, -- when it is to be executed (UTC)
  local TEXT NOT NULL, -- the same instant by the clock of the zone
  crops INTEGER NOT NULL, -- how many crops
  PRIMARY KEY (position, number)
) STRICT
""")

SCHEDULES_VIEW = View("""
CREATE VIEW schedules ( -- The latest plan of every day, with its sums.
  date, -- the day, by the clock of the zone
  project, -- whose crops; empty for those of all projects
  timezone, -- the zone
  status, -- planned or cancelled
  starts_at, -- its first batch (UTC)
  ends_at, -- the end of its last block (UTC)
  work_blocks, -- stretches of work
  breaks, -- breaks between them
  batches, -- batches planned
  crops, -- crops planned
  crops_reserved, -- the same, each block counted as if its batches were as large as its largest
  method, -- how work was made out of history
  seed, -- what the chance in it began with
  planned_at, -- when it was planned (UTC)
  planned_by, -- who planned it
  position, -- position of the plan in the ledger
  subject -- the day and whose crops
) AS
SELECT date, project, timezone, status, min(start_at), max(end_at), count(*) FILTER (WHERE kind = 'work'),
       count(*) FILTER (WHERE kind = 'break'), coalesce(sum(batches), 0), coalesce(sum(crops), 0),
       coalesce(sum(batches * batch_size), 0), method, seed, planned_at, planned_by, position, subject
FROM schedule_days LEFT JOIN schedule_blocks USING (position) GROUP BY subject ORDER BY date, project
""")


def planned(event: SchedulePlanned, entry: Entry) -> Iterator[Change]:
    """The day has this plan now; an earlier one keeps its rows, for the story."""
    yield Put(
        "schedule_days",
        {
            "subject": entry.subject, "date": event.date, "project": event.project, "timezone": event.timezone,
            "method": event.method, "seed": event.seed, "position": entry.position, "version": entry.version,
            "planned_at": entry.occurred_at, "planned_by": entry.actor, "crops_max": event.crops_max,
            "status": "planned",
        },
    )  # fmt: skip
    place = 0
    for number, block in enumerate(event.blocks, 1):
        sizes = [batch.crops for batch in block.batches]
        yield Put(
            "schedule_blocks",
            {
                "position": entry.position, "number": number, "kind": block.kind, "start_at": block.start,
                "end_at": block.end, "reason": block.reason, "batches": len(sizes), "crops": sum(sizes),
                "batch_size": max(sizes, default=0),
            },
        )  # fmt: skip
        for batch in block.batches:
            place += 1
            yield Put(
                "schedule_batches",
                {
                    "position": entry.position, "number": place, "block": number, "at": batch.at,
                    "local": batch.local, "crops": batch.crops,
                },
            )  # fmt: skip


def cancelled(_event: ScheduleCancelled, entry: Entry) -> Iterator[Change]:
    """The day's plan no longer holds."""
    yield Set("schedule_days", entry.subject, {"status": "cancelled"})


SCHEDULES = Projection(
    name="schedules",
    version=1,
    sentence="The plans of days: work, breaks, and an instant for every batch.",
    tables=(DAYS, BLOCKS, BATCHES),
    views=(SCHEDULES_VIEW,),
    folds=MappingProxyType({SchedulePlanned: planned, ScheduleCancelled: cancelled}),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class Schedule:
    """A row of the view `schedules`."""

    date: str
    project: str | None
    timezone: str
    status: str
    starts_at: str | None
    ends_at: str | None
    work_blocks: int
    breaks: int
    batches: int
    crops: int
    crops_reserved: int
    method: str
    seed: int
    planned_at: str
    position: int
    subject: str


def schedules(projections: Projections, *, project: str | None = None) -> list[Schedule]:
    """The latest plan of every day, oldest day first; those of one project, if one is named."""
    return projections.rows(
        Schedule, "FROM schedules WHERE :project IS NULL OR project = :project", {"project": project}
    )


def schedule_of(projections: Projections, subject: str) -> Schedule | None:
    """The latest plan of one day."""
    return projections.row(Schedule, "FROM schedules WHERE subject = :subject", {"subject": subject})


@frozen
class Block:
    """A row of the table `schedule_blocks`."""

    number: int
    kind: str
    start_at: str
    end_at: str
    reason: str | None
    batches: int
    crops: int


def blocks(projections: Projections, position: int) -> list[Block]:
    """The blocks of the plan that stands at this position, in order."""
    return projections.rows(
        Block, "FROM schedule_blocks WHERE position = :position ORDER BY number", {"position": position}
    )


@frozen
class PlannedAt:
    """A row of the table `schedule_batches`."""

    at: str
    crops: int


def batches(projections: Projections, position: int) -> list[PlannedAt]:
    """The batches of the plan that stands at this position, in order."""
    return projections.rows(
        PlannedAt, "FROM schedule_batches WHERE position = :position ORDER BY number", {"position": position}
    )
