"""What a record says, as events that are the same wherever and whenever the record is met. Pure.

A fact's id is derived from what it says, so the ledger holds each fact once, and the same set of facts whatever the
order and overlap of the files. Nothing here looks at other records: what several of them add up to (a size that one
copy lacks, a rectangle that refers to an earlier crop, two copies that disagree) is for the projections to say.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from attrs import Factory, field, frozen

from commands.importing.quarantine import SetAside
from commands.recording.marks import Mark
from ledger.codec import encode
from ledger.entry import derived_id
from ledger.errors import Invalid
from ledger.events.event import Event
from ledger.events.history import HistoryCompleted, HistoryImported
from ledger.events.imports import MarkImported
from ledger.values import Box, Dimensions, Instant, image_subject

CROP_LOG = "crop_log"
"""The source that a crop's event names, whichever layout told of it."""

QUEUE = "queue"
"""The source that waiting crops name, whichever queue told of them."""

UNKNOWN = "unknown"
"""The layout of what looks like none."""

SIZE_UNKNOWN = "size_unknown"
"""The source had no size for its rectangle (its writer wrote 0); another copy of the row may have it."""
SIZE_CONTRADICTED = "size_contradicted"
"""The rectangle leaves the image, or has another shape: the size is not that of the image it was drawn on."""
PLACEHOLDER = "placeholder"
"""A full frame whose writer did not know the image's size, so could not know the frame either."""
BOX_UNKNOWN = "box_unknown"
"""The source tells of a crop and has no rectangle."""
UNKNOWN_GROUP = "unknown_group"
"""The source names no set."""


@frozen
class Told:
    """What the importer was told, and what the file is."""

    project: str | None = None
    """The project of records that name none."""
    tz: ZoneInfo | None = None
    """The zone of local times."""
    name: str = ""
    """The file's bare name."""


def _id_of(fact: "Fact") -> str:
    return derived_id("fact", fact.subject, fact.event.TYPE, fact.at or "", encode(fact.event))


@frozen
class Fact:
    """One event about one subject, with when it happened and who says so."""

    subject: str
    event: Event
    at: Instant | None
    """When it happened; None where the source does not say, and it counts from when it was brought in."""
    actor: str
    id: str = field(init=False, default=Factory(_id_of, takes_self=True))
    """The same wherever the fact is met: derived from all of the above but who says so."""


@frozen
class Reading:
    """What one record means: facts, or a crop that may still be owed."""

    facts: tuple[Fact, ...] = ()
    at: Instant | None = None
    """When it happened, for the report."""
    warnings: tuple[str, ...] = ()
    """What is odd about it but allowed, for the report."""
    boxes: int = 0
    """How many boxes it holds."""
    owed: tuple[Mark, ...] = ()
    """Crops that wait to be executed, by this record."""
    source: str = ""
    """Who says so, for the crops that are owed."""
    text: str = ""
    """The record as it was written, where an export of our own queue may say the same."""


def evidence_subject(kind: str, *parts: str | None) -> str:
    """The subject of what is no image: a group, a session, a directory ... of another tool."""
    return "evidence/" + derived_id(kind, *(part or "" for part in parts))


def bare_name(path: str) -> str:
    """The last part of a path, whichever system wrote it."""
    return path.replace("\\", "/").rpartition("/")[2]


def file_name(path: str) -> str:
    """The last part of a path, which must be one; raises `SetAside`."""
    name = bare_name(path)
    if not name or name in {".", ".."}:
        raise SetAside("filename", f"{path!r} names no file")
    return name


def project_of(named: str | None, told: Told) -> str:
    """The project the record names, else the one the importer was told; raises `SetAside`."""
    project = named or told.project
    if not project:
        raise SetAside("project", "the record names no project; say which one (--project P)")
    return project


@frozen
class Crop:
    """A crop made elsewhere, as a record tells of it."""

    project: str
    path: str
    stamp: str
    at: Instant
    layout: str
    box: Box | None = None
    dimensions: Dimensions | None = None
    group: str | None = None
    session: str | None = None
    record: str | None = None
    warnings: tuple[str, ...] = ()
    """What is odd about its rectangle."""

    def reading(self, actor: str = CROP_LOG) -> Reading:
        """Its facts: the crop itself, and what this source alone says of it."""
        name = file_name(self.path)
        subject = image_subject(self.project, name)
        made = HistoryImported(self.project, name, CROP_LOG, self.at, self.box, self.dimensions, warnings=self.warnings)
        facts = [Fact(subject, made, self.at, f"import:{CROP_LOG}")]
        odd = () if self.group else (UNKNOWN_GROUP,)
        if self.record is not None or self.path != name or self.stamp != self.at:
            more = HistoryCompleted(
                self.project, name, self.path, self.layout, self.stamp, self.group, self.session, self.record, odd
            )
            facts.append(Fact(subject, more, self.at, f"import:{actor}"))
        boxes = int(self.box is not None)
        return Reading(tuple(facts), self.at, (*self.warnings, *odd), boxes)


def mark_subject(project: str, path: str) -> str:
    """The subject of the marks that other tools' queues hold on images of one name."""
    return evidence_subject("mark", project, bare_name(path))


def mark_facts(mark: Mark, source: str, seen: Dimensions | None = None) -> tuple[Fact, ...]:
    """That somebody drew this box, as for any crop made elsewhere, and, last, that it waited to be carried out.

    `seen` is the size of its image as it was found. Where the source has none, the crop is told with that one as well,
    for so it will stand in the training data; another source that has the size then says the same, early or late.
    """
    waits = MarkImported(
        mark.project, mark.path, mark.box, mark.at, mark.dimensions, mark.group, mark.suggestion, mark.utc_offset_s
    )
    fact = Fact(mark_subject(mark.project, mark.path), waits, mark.at, f"import:{source}")
    if mark.at is None:
        return (fact,)
    sizes = (mark.dimensions,) if mark.dimensions or seen is None else (None, seen)
    name, at = bare_name(mark.path), mark.at
    drawn = [Crop(mark.project, name, at, at, QUEUE, mark.box, size).reading().facts for size in sizes]
    return (*(each for facts in drawn for each in facts), fact)


def checked_box(edges: object, what: str = "the box") -> Box:
    """A box out of four numbers; raises `SetAside`."""
    if not isinstance(edges, list | tuple) or len(edges) != 4:
        raise SetAside("box", f"{what} is a list of four fractions, not {edges!r}")
    try:
        return Box(*edges)
    except Invalid as error:
        raise SetAside("box", f"{what}: {error}") from error


def epoch(seconds: object, what: str) -> datetime:
    """A moment out of seconds since 1970; raises `SetAside` for what is no such number."""
    from datetime import UTC

    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 4_102_444_800:
        raise SetAside("time", f"{what} is seconds since 1970, not {seconds!r}")
    return datetime.fromtimestamp(seconds, UTC)
