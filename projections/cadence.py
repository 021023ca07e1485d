"""When people marked crops: one row per crop that a person made, and the batches and sittings they fall into.

Only human work counts: marks by operators, and evidence of crops that people made in the tools before this one. What
a runner or a suggester wrote is not here at all. Whoever plans from these rows can therefore never learn from the
plan's own execution.
"""

from collections.abc import Iterator
from datetime import datetime
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.crops import CropRecorded
from ledger.events.history import OUTPUT_DIRECTORY, HistoryCompleted, HistoryImported
from projections.columns import split
from projections.projection import Change, Projection, Put, Table, View
from projections.reader import Projections

PEOPLE = ("operator:", "import:")
"""Whose entries are evidence of human work: operators', and what operators did in the tools before this one."""

# Without positions, so that evidence comes to the same rows in whatever order it is brought in.
HUMAN_MARKS = Table("""
CREATE TABLE human_marks ( -- One row per crop that a person marked, here or elsewhere, and place it is known by.
  subject TEXT NOT NULL, -- the image
  at_s REAL NOT NULL, -- when it was marked, seconds since 1970 (UTC)
  placed INTEGER NOT NULL, -- 1 where the directory is known, 0 for evidence without one
  id TEXT NOT NULL, -- id of the mark or of the evidence
  at TEXT NOT NULL, -- when it was marked (UTC)
  who TEXT NOT NULL, -- the operator, or the import that knows of it
  project TEXT NOT NULL, -- the project
  directory TEXT NOT NULL, -- the image's directory as it was written then
  session TEXT, -- the source's name for the run of its tool: a local time in some layouts; empty for marks made here
  PRIMARY KEY (subject, at_s, placed, id)
) STRICT, WITHOUT ROWID
""")

HUMAN_CROPS = View("""
CREATE VIEW human_crops ( -- Every crop that a person marked, here or elsewhere, once.
  subject, -- the image
  who, -- the operator, or the import that knows of it
  project, -- the project
  directory, -- the image's directory as it was written then; empty if unknown
  at_s, -- when it was marked, seconds since 1970 (UTC)
  session -- the source's name for the run of its tool; empty for marks made here
) AS
SELECT subject, who, project, directory, at_s, session FROM human_marks AS mark
WHERE NOT EXISTS (
  SELECT 1 FROM human_marks AS other WHERE other.subject = mark.subject AND other.at_s = mark.at_s
    AND (other.placed, other.id) > (mark.placed, mark.id))
  AND (subject, at) NOT IN (SELECT subject, cropped_at FROM crops_told_again WHERE place > 1)
""")

BATCHES = View("""
CREATE VIEW human_batches ( -- Crops of one submit: under 1 s apart, in one directory, three at most.
  who, -- who made it; over nine crops within one submit's time were read from a file, and are left out
  project, -- the project
  directory, -- the directory
  crops, -- crops in it, 1 to 3
  started_at, -- its first crop (UTC)
  ended_at, -- its last crop (UTC)
  started_s, -- its first crop, seconds since 1970
  ended_s -- its last crop, seconds since 1970
) AS
WITH ordered AS (
  SELECT subject, who, project, directory, at_s,
         at_s - lag(at_s) OVER person < 1.0 AND lag(directory) OVER person = directory
           AND lag(project) OVER person = project AS near
  FROM human_crops WINDOW person AS (PARTITION BY who ORDER BY at_s, directory, subject)
), clustered AS (
  SELECT *, sum(near IS NOT 1)
    OVER (PARTITION BY who ORDER BY at_s, directory, subject ROWS UNBOUNDED PRECEDING) AS cluster
  FROM ordered
), placed AS (
  SELECT *, row_number() OVER (PARTITION BY who, cluster ORDER BY at_s, directory, subject) - 1 AS place,
         count(*) OVER (PARTITION BY who, cluster) AS together
  FROM clustered
)
SELECT who, project, directory, count(*), strftime('%Y-%m-%dT%H:%M:%fZ', min(at_s), 'unixepoch'),
       strftime('%Y-%m-%dT%H:%M:%fZ', max(at_s), 'unixepoch'), min(at_s), max(at_s)
FROM placed WHERE together <= 9 GROUP BY who, cluster, place / 3
""")

SITTINGS = View("""
CREATE VIEW human_sittings ( -- Batches without a gap over 10 minutes between them, per person.
  who, -- who sat there
  started_at, -- its first batch (UTC)
  ended_at, -- the end of its last batch (UTC)
  minutes, -- from the first batch to the end of the last
  batches, -- batches in it
  crops, -- crops in it
  active_s, -- seconds at work: gaps between batches under 5 minutes
  pause_before_min -- minutes since this person's sitting before; empty for the first
) AS
WITH spaced AS (
  SELECT *, started_s - lag(ended_s) OVER (PARTITION BY who ORDER BY started_s, project, directory) AS gap_s
  FROM human_batches
), numbered AS (
  SELECT *, sum(gap_s IS NULL OR gap_s > 600) OVER (PARTITION BY who ORDER BY started_s, project, directory) AS sitting
  FROM spaced
)
SELECT who, min(started_at), max(ended_at), round((max(ended_s) - min(started_s)) / 60, 1), count(*), sum(crops),
       round(coalesce(sum(gap_s) FILTER (WHERE gap_s < 300), 0), 1),
       round(max(gap_s) FILTER (WHERE gap_s > 600) / 60, 1)
FROM numbered GROUP BY who, sitting ORDER BY 2
""")

STARTS = View("""
CREATE VIEW tool_starts ( -- When a tool started, by its own clock, and its first crop: evidence of a zone.
  session, -- the source's name for the run: a local time in some layouts
  first_s -- its first crop, seconds since 1970 (UTC)
) AS
SELECT session, min(at_s) FROM human_crops WHERE session IS NOT NULL GROUP BY session
""")


def recorded(event: CropRecorded, entry: Entry) -> Iterator[Change]:
    """An operator's mark is a crop of that moment, whatever becomes of it later.

    That an import put a mark of another tool into the queue is no work; that somebody made that mark is evidence.
    """
    if entry.by_a_person:
        yield _row(entry, event.project, event.path, None, placed=True)


def imported(event: HistoryImported, entry: Entry) -> Iterator[Change]:
    """A crop made elsewhere, at the time it was made."""
    # A file, or a log without coordinates, knows when it was last written, which need not be when a person worked.
    no_time = "box_unknown" in event.warnings or event.source == OUTPUT_DIRECTORY
    if entry.actor.startswith(PEOPLE) and not no_time:
        yield _row(entry, event.project, event.path, event.session, placed=bool(split(event.path)[0]))


def completed(event: HistoryCompleted, entry: Entry) -> Iterator[Change]:
    """Where the image of a crop made elsewhere lay, and in which run of the tool."""
    if entry.actor.startswith(PEOPLE) and event.source == "crop_log_v1":
        yield _row(entry, event.project, event.path, event.session, placed=True)


def _row(entry: Entry, project: str, path: str, session: str | None, *, placed: bool) -> Put:
    at_s = datetime.fromisoformat(entry.occurred_at).timestamp()
    return Put(
        "human_marks",
        {
            "subject": entry.subject, "at_s": at_s, "placed": int(placed), "id": entry.id, "at": entry.occurred_at,
            "who": entry.actor,
            "project": project, "directory": split(path)[0], "session": session,
        },
    )  # fmt: skip


CADENCE = Projection(
    name="cadence",
    version=5,
    sentence="When people marked crops: what the rhythm of their work is measured on. No runner's work is in it.",
    tables=(HUMAN_MARKS,),
    views=(HUMAN_CROPS, BATCHES, SITTINGS, STARTS),
    reads=("history",),
    folds=MappingProxyType({CropRecorded: recorded, HistoryImported: imported, HistoryCompleted: completed}),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class HumanCrop:
    """A row of the view `human_crops`, as far as the rhythm needs it."""

    who: str
    project: str
    directory: str
    at_s: float


@frozen
class ToolStart:
    """A row of the view `tool_starts`."""

    session: str
    first_s: float


def human_crops(
    projections: Projections,
    *,
    project: str | None = None,
    since_s: float | None = None,
    until_s: float | None = None,
) -> list[HumanCrop]:
    """The crops people marked in a project (in all, if none is named) in a span of time, each person's in order.

    `commands.planning.cadence.batches` makes batches of these in one pass. The view `human_batches` says the same in
    SQL; for 1,000,000 crops the pass takes 3 s, the view's window functions 10 s.
    """
    return projections.rows(
        HumanCrop,
        "FROM human_crops WHERE (:project IS NULL OR project = :project) AND (:since IS NULL OR at_s >= :since) "
        "AND (:until IS NULL OR at_s < :until) ORDER BY who, at_s, directory, subject",
        {"project": project, "since": since_s, "until": until_s},
    )


def tool_starts(projections: Projections) -> list[ToolStart]:
    """What tools said of their own clocks."""
    return projections.rows(ToolStart, "FROM tool_starts ORDER BY first_s")


@frozen
class Quarter:
    """What happened in one quarter of an hour: small enough that every zone's hours are made of whole ones."""

    start_s: int
    crops: int


QUARTER_S = 900


def marked_quarters(
    projections: Projections,
    *,
    project: str | None = None,
    since_s: float | None = None,
    until_s: float | None = None,
) -> list[Quarter]:
    """How many crops people marked, by the quarters in which they marked any, in order."""
    return projections.rows(
        Quarter,
        f"FROM (SELECT CAST(at_s / {QUARTER_S} AS INTEGER) * {QUARTER_S} AS start_s, count(*) AS crops FROM human_crops"
        " WHERE (:project IS NULL OR project = :project) AND (:since IS NULL OR at_s >= :since)"
        " AND (:until IS NULL OR at_s < :until) GROUP BY 1) ORDER BY start_s",
        {"project": project, "since": since_s, "until": until_s},
    )
