"""Evidence of crops made elsewhere, with a box or without. Absence is not evidence: nothing here is filled in."""

from collections.abc import Iterator
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.history import HistoryCompleted, HistoryImported
from ledger.events.imports import MarkImported
from projections.columns import codes, split
from projections.projection import Change, Projection, Put, Table, View
from projections.reader import Projections
from projections.tellings import CROP_TELLINGS, TOLD_AGAIN

# No positions in here: the same files brought in in another order give the same rows.
MADE = Table("""
CREATE TABLE imported_crops ( -- One row per rectangle or absence of one that a source gives for a crop made elsewhere.
  project TEXT NOT NULL, -- the project
  filename TEXT NOT NULL, -- name of the image
  cropped_at TEXT NOT NULL, -- when it was cropped (UTC)
  id TEXT NOT NULL, -- id of the evidence, derived from what it says
  subject TEXT NOT NULL, -- the image
  x1 REAL, -- left edge of the box, as a fraction of the width; empty if unknown
  y1 REAL, -- top edge, as a fraction of the height
  x2 REAL, -- right edge, as a fraction of the width
  y2 REAL, -- bottom edge, as a fraction of the height
  width_px INTEGER, -- width of the image; empty if unknown
  height_px INTEGER, -- height of the image; empty if unknown
  warnings TEXT NOT NULL, -- what was odd about the rectangle, a JSON list of codes
  imported_by TEXT NOT NULL, -- the import that brought it
  PRIMARY KEY (project, filename, cropped_at, id)
) STRICT, WITHOUT ROWID
""")

PLACES = Table("""
CREATE TABLE imported_places ( -- One row per source of a crop made elsewhere that says where the image lay.
  project TEXT NOT NULL, -- the project
  filename TEXT NOT NULL, -- name of the image
  cropped_at TEXT NOT NULL, -- when it was cropped (UTC)
  id TEXT NOT NULL, -- id of the evidence, derived from what it says
  directory TEXT NOT NULL, -- the image's directory as the source wrote it; empty where the source had a bare name
  stamp TEXT NOT NULL, -- the time as the source wrote it
  source TEXT NOT NULL, -- the layout it came from: crop_log_v1, crop_log_v2 ...
  group_id TEXT, -- the source's name for the set the image was chosen from
  session TEXT, -- the source's name for the run of its tool; not a sitting
  warnings TEXT NOT NULL, -- what was odd, a JSON list of codes
  PRIMARY KEY (project, filename, cropped_at, id)
) STRICT, WITHOUT ROWID
""")

WAITED = Table("""
CREATE TABLE imported_marks ( -- One row per crop that waited in another tool's queue, as a source tells of it.
  project TEXT NOT NULL, -- the project
  filename TEXT NOT NULL, -- name of the image
  marked_at TEXT NOT NULL, -- when it was marked (UTC)
  id TEXT NOT NULL, -- id of the evidence, derived from what it says
  directory TEXT NOT NULL, -- the image's directory as the source wrote it
  group_id TEXT, -- the group the image was chosen from, where the source names one
  PRIMARY KEY (project, filename, marked_at, id)
) STRICT, WITHOUT ROWID
""")

IMPORTED = View("""
CREATE VIEW imported_history ( -- Every crop made elsewhere, once, with what all sources together say of it.
  subject, -- the image
  project, -- its project
  directory, -- its directory as a source wrote it; empty where the sources had a bare name
  filename, -- its name
  cropped_at, -- when it was cropped, by the earliest source (UTC)
  stamp, -- the time as a source wrote it
  source, -- the layout it came from: crop_log_v1, crop_log_v2 ...
  x1, -- left edge of the box, as a fraction of the width; empty if unknown or in doubt
  y1, -- top edge, as a fraction of the height
  x2, -- right edge, as a fraction of the width
  y2, -- bottom edge, as a fraction of the height
  width_px, -- width of the image; empty if unknown
  height_px, -- height of the image; empty if unknown
  group_id, -- the source's name for the set the image was chosen from
  session, -- the source's name for the run of its tool; not a sitting
  warnings, -- what was odd, a JSON list of codes; conflict and recropped say why a box is in doubt
  imported_by -- the import that brought it
) AS
SELECT told.subject, project, iif(directory = '', coalesce(any_directory, ''), directory), filename,
       told.cropped_at, stamp, source, iif(doubt IS NULL, x1, NULL), iif(doubt IS NULL, y1, NULL),
       iif(doubt IS NULL, x2, NULL), iif(doubt IS NULL, y2, NULL), iif(doubt IS NULL, width_px, NULL),
       iif(doubt IS NULL, height_px, NULL),
       coalesce(group_id, any_group), session,
       CASE WHEN doubt IS NOT NULL THEN json_array(doubt)
            WHEN warnings <> '[]' THEN warnings
            WHEN coalesce(group_id, any_group) IS NULL THEN '["unknown_group"]' ELSE '[]' END,
       imported_by
FROM crop_tellings AS told
LEFT JOIN crops_told_again AS again ON again.subject = told.subject AND again.cropped_at = told.cropped_at
WHERE NOT waits AND coalesce(made_place, 1) = 1
""")

SOURCES = View("""
CREATE VIEW history_sources ( -- What was imported, per project and layout.
  project, -- the project
  source, -- the layout
  crops, -- records of a crop
  with_box, -- of these, the ones whose box is known
  with_size, -- of these, the ones whose image size is known
  images, -- different images
  first_at, -- the earliest crop (UTC)
  last_at -- the latest crop (UTC)
) AS
SELECT project, source, count(*), count(x1), count(width_px), count(DISTINCT subject), min(cropped_at), max(cropped_at)
FROM imported_history GROUP BY project, source
""")


def imported(event: HistoryImported, entry: Entry) -> Iterator[Change]:
    """A crop, by what one source says of its rectangle."""
    box, size = event.box, event.dimensions
    directory, filename = split(event.path)
    yield Put(
        "imported_crops",
        {
            "project": event.project, "filename": filename, "cropped_at": entry.occurred_at, "id": entry.id,
            "subject": entry.subject,
            "x1": box.x1 if box else None, "y1": box.y1 if box else None,
            "x2": box.x2 if box else None, "y2": box.y2 if box else None,
            "width_px": size.width_px if size else None, "height_px": size.height_px if size else None,
            "warnings": codes(event.warnings), "imported_by": entry.actor,
        },
    )  # fmt: skip
    if directory or event.record is not None:  # in a ledger of the first days one event said it all
        yield _place(event, entry, filename, event.path)


def completed(event: HistoryCompleted, entry: Entry) -> Iterator[Change]:
    """Where its image lay, by what one source says."""
    yield _place(event, entry, event.filename, event.path)


def waited(event: MarkImported, entry: Entry) -> Iterator[Change]:
    """A crop that was in a queue; that its box was drawn is told like any other."""
    directory, filename = split(event.path)
    yield Put(
        "imported_marks",
        {
            "project": event.project, "filename": filename, "marked_at": entry.occurred_at, "id": entry.id,
            "directory": directory, "group_id": event.group,
        },
    )  # fmt: skip


def _place(event: HistoryImported | HistoryCompleted, entry: Entry, filename: str, path: str) -> Put:
    return Put(
        "imported_places",
        {
            "project": event.project, "filename": filename, "cropped_at": entry.occurred_at, "id": entry.id,
            "directory": split(path)[0], "stamp": event.stamp, "source": event.source,
            "group_id": event.group, "session": event.session, "warnings": codes(event.warnings),
        },
    )  # fmt: skip


HISTORY = Projection(
    name="history",
    version=4,
    sentence="Evidence of crops made elsewhere, with a box or without.",
    tables=(MADE, PLACES, WAITED),
    views=(CROP_TELLINGS, TOLD_AGAIN, IMPORTED, SOURCES),
    folds=MappingProxyType({HistoryImported: imported, HistoryCompleted: completed, MarkImported: waited}),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class HistorySource:
    """A row of the view `history_sources`."""

    project: str
    source: str
    crops: int
    with_box: int
    with_size: int
    images: int
    first_at: str
    last_at: str


def sources(projections: Projections) -> list[HistorySource]:
    """What was imported, per project and layout."""
    return projections.rows(HistorySource, "FROM history_sources ORDER BY project, source")


@frozen
class WaitingImage:
    """A name of images for which other tools' queues held marks."""

    project: str
    filename: str
    first_at: str
    """When the first was marked (UTC)."""


def waiting_images(projections: Projections) -> list[WaitingImage]:
    """The names for which other tools' queues held marks, whatever became of them."""
    return projections.rows(
        WaitingImage,
        "FROM (SELECT project, filename, min(marked_at) AS first_at FROM imported_marks GROUP BY project, filename)"
        " ORDER BY project, filename",
    )
