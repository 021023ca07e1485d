"""When people sat at which directory, and what they decided there.

Sittings are started and ended by events. One without an end, because of a crash, ends with the last thing that was done
in it. What a sitting adds up to (work time, pace) is asked with the idle threshold, which is a setting: a gap counts as
work up to it. Runners do not sit.
"""

from collections.abc import Iterator
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.crops import CropRecorded
from ledger.events.event import Event
from ledger.events.groups import GroupRejected, ImageChosen
from ledger.events.images import ImageKept, ImageSkipped
from ledger.events.sittings import SittingEnded, SittingStarted
from ledger.values import Instant
from projections.columns import split
from projections.projection import Change, Projection, Put, Row, Set, Table, View
from projections.reader import Projections

SAT = Table("""
CREATE TABLE sittings ( -- One row per sitting of a person in a directory.
  subject TEXT NOT NULL, -- that person's sittings in that directory
  sitting INTEGER NOT NULL, -- which of them: the version of its start
  who TEXT NOT NULL, -- the person
  directory TEXT NOT NULL, -- canonical absolute path of the directory at that time
  directory_subject TEXT NOT NULL, -- the directory, wherever it is now
  project TEXT, -- the project that was worked on
  started_at TEXT NOT NULL, -- when it started (UTC)
  ended_at TEXT, -- when it ended (UTC); empty while nobody has ended it
  interrupted INTEGER, -- 1 if nobody ended it: a crash, found by the next start
  PRIMARY KEY (subject, sitting)
) STRICT
""")

MADE = Table("""
CREATE TABLE decisions_made ( -- One row per decision that a person ever made about an image, also those replaced later.
  position INTEGER NOT NULL PRIMARY KEY, -- position of the decision in the ledger
  who TEXT NOT NULL, -- the person
  directory TEXT NOT NULL, -- directory of the image at that time
  project TEXT NOT NULL, -- project of the image
  image TEXT NOT NULL, -- the image; of a group that was rejected, its first
  kind TEXT NOT NULL, -- crop, skip, keep or choose
  correlation TEXT NOT NULL, -- the request that began it: a choice skips the other images of its group
  at TEXT NOT NULL -- when (UTC)
) STRICT
""")

# `{sat}` narrows which people's sittings in which directories, `{span}` when: SQLite carries neither in from outside.
_STEPS = """
WITH bounded AS (
  SELECT * FROM (
    SELECT subject, sitting, who, directory, started_at, ended_at,
           min(coalesce(ended_at, '9999'), coalesce(lead(started_at) OVER own, '9999')) AS until
    FROM sittings WHERE {sat} WINDOW own AS (PARTITION BY subject ORDER BY sitting)
  ) WHERE {span}
), steps AS (
  SELECT subject, sitting, 0 AS part, started_at AS at, NULL AS image FROM bounded
  UNION ALL
  SELECT subject, sitting, 1, made.at, made.image FROM bounded JOIN decisions_made AS made
    ON made.directory = bounded.directory AND made.who = bounded.who AND made.at BETWEEN started_at AND until
  UNION ALL
  SELECT subject, sitting, 2, ended_at, NULL FROM bounded WHERE ended_at IS NOT NULL
)
SELECT subject, sitting, at, image,
       86400 * (julianday(at) - julianday(lag(at) OVER (PARTITION BY subject, sitting ORDER BY at, part))) AS gap_s
FROM steps ORDER BY subject, sitting, at, part
"""

STEPS = View(f"""
CREATE VIEW sitting_steps ( -- What was done in each sitting, in order: its start, the decisions, its end.
  subject, -- that person's sittings in that directory
  sitting, -- which of them
  at, -- when (UTC)
  image, -- the image that was decided about; empty for start and end
  gap_s -- seconds since the step before; empty for the start
) AS
{_STEPS.format(sat="TRUE", span="TRUE")}
""")


def started(event: SittingStarted, entry: Entry) -> Iterator[Change]:
    """A person sits there from now on."""
    yield Put(
        "sittings",
        {
            "subject": entry.subject, "sitting": entry.version, "who": entry.actor, "directory": event.directory,
            "directory_subject": event.directory_subject, "project": event.project, "started_at": entry.occurred_at,
            "ended_at": None, "interrupted": None,
        },
    )  # fmt: skip


def ended(event: SittingEnded, entry: Entry) -> Iterator[Change]:
    """They got up."""
    values: Row = {"ended_at": event.ended_at, "interrupted": int(event.interrupted)}
    yield Set("sittings", (entry.subject, event.sitting), values)


KINDS: dict[type[Event], str] = {
    CropRecorded: "crop", ImageSkipped: "skip", ImageKept: "keep", ImageChosen: "choose", GroupRejected: "choose",
}  # fmt: skip


def decided(event: CropRecorded | ImageSkipped | ImageKept, entry: Entry) -> Iterator[Change]:
    """A person's decision, whatever becomes of it later; a program's is no work."""
    yield from _made(event, entry, split(event.path)[0], event.project, entry.subject)


def chosen(event: ImageChosen | GroupRejected, entry: Entry) -> Iterator[Change]:
    """A person's choice among the images of a group."""
    kept = event.chosen if isinstance(event, ImageChosen) else None
    image = next((each for each in event.images if each.name == kept), event.images[0])
    yield from _made(event, entry, event.directory, event.project, image.subject)


def _made(event: Event, entry: Entry, directory: str, project: str, image: str) -> Iterator[Change]:
    if entry.by_a_person:
        yield Put(
            "decisions_made",
            {
                "position": entry.position, "who": entry.actor, "directory": directory, "project": project,
                "image": image, "kind": KINDS[type(event)], "correlation": entry.correlation, "at": entry.occurred_at,
            },
        )  # fmt: skip


SITTINGS = Projection(
    name="sittings",
    version=3,
    sentence="When people sat at which directory, and what they decided there. No runner's work is in it.",
    tables=(SAT, MADE),
    views=(STEPS,),
    indexes=(
        "CREATE INDEX sittings_at ON sittings (directory_subject, started_at)",
        "CREATE INDEX decisions_made_at ON decisions_made (directory, who, at)",
        "CREATE INDEX decisions_made_when ON decisions_made (at)",
        "CREATE INDEX decisions_made_by_choice ON decisions_made (correlation) WHERE kind = 'choose'",
    ),
    reads=("directories",),
    folds=MappingProxyType(
        {
            SittingStarted: started,
            SittingEnded: ended,
            CropRecorded: decided,
            ImageSkipped: decided,
            ImageKept: decided,
            ImageChosen: chosen,
            GroupRejected: chosen,
        }
    ),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class Sitting:
    """One sitting, and what it adds up to."""

    subject: str
    sitting: int
    who: str
    directory: str
    """Where the directory is now."""
    project: str | None
    started_at: str
    ended_at: str | None
    """Empty while nobody has ended it."""
    interrupted: int | None
    """1 if nobody ended it: a crash, found by the next start."""
    last_at: str
    """When the last thing was done in it."""
    images: int
    """Different images decided about."""
    work_s: float
    """Seconds of work: the gaps between what was done, each counted up to the idle threshold."""


_BETWEEN = "(:until IS NULL OR started_at < :until) AND (:since IS NULL OR until >= :since)"

_WORKED = """
FROM (
  SELECT sat.subject AS subject, sat.sitting AS sitting, who, coalesce(place.directory, sat.directory) AS directory,
         project, started_at, ended_at, interrupted, max(step.at) AS last_at, count(DISTINCT step.image) AS images,
         round(total(min(step.gap_s, :idle_s)), 3) AS work_s
  FROM sittings AS sat
  JOIN ({steps}) AS step ON step.subject = sat.subject AND step.sitting = sat.sitting
  LEFT JOIN directory_whereabouts AS place ON place.subject = sat.directory_subject
  GROUP BY sat.subject, sat.sitting
)
WHERE (:directory IS NULL OR directory = :directory) AND (:who IS NULL OR who = :who)
  AND (:project IS NULL OR project IS NULL OR project = :project) AND (:since IS NULL OR last_at >= :since)
ORDER BY started_at DESC, sitting DESC LIMIT :limit
"""


def sittings(
    projections: Projections,
    *,
    idle_s: float,
    directory: str | None = None,
    project: str | None = None,
    who: str | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    limit: int | None = None,
) -> list[Sitting]:
    """The sittings, latest first, narrowed as asked; gaps count as work up to `idle_s` seconds.

    With `since` and `until` those of which a part lies between the two.
    """
    narrowed = (
        "(directory_subject IN (SELECT subject FROM directory_whereabouts WHERE directory = :directory)"
        " OR directory = :directory)"
    )
    return projections.rows(
        Sitting,
        _WORKED.format(steps=_STEPS.format(sat="TRUE" if directory is None else narrowed, span=_BETWEEN)),
        {
            "idle_s": idle_s, "directory": directory, "project": project, "who": who, "since": since, "until": until,
            "limit": -1 if limit is None else limit,
        },
    )  # fmt: skip


@frozen
class Step:
    """One thing done in a sitting, as the view `sitting_steps` has it, with who did it where."""

    who: str
    directory: str
    at: str
    image: str | None
    gap_s: float | None


def steps(projections: Projections) -> list[Step]:
    """Everything done in all sittings, in order of time."""
    return projections.rows(
        Step,
        "FROM (SELECT who, coalesce(place.directory, sat.directory) AS directory, at, image, gap_s FROM sitting_steps"
        " JOIN sittings AS sat USING (subject, sitting)"
        " LEFT JOIN directory_whereabouts AS place ON place.subject = sat.directory_subject) ORDER BY at",
    )
