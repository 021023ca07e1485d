"""Evidence of crops made elsewhere, with a box or without. Absence is not evidence: nothing here is filled in."""

from collections.abc import Iterator
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.history import HistoryImported
from projections.columns import codes, split
from projections.projection import Change, Projection, Put, Table, View
from projections.reader import Projections

IMPORTED = Table("""
CREATE TABLE imported_history ( -- One row per record of a crop made elsewhere.
  position INTEGER NOT NULL PRIMARY KEY, -- position of the evidence in the ledger
  subject TEXT NOT NULL, -- the image
  project TEXT NOT NULL, -- its project
  directory TEXT NOT NULL, -- its directory as the source wrote it; empty where the source had a bare name
  filename TEXT NOT NULL, -- its name
  cropped_at TEXT NOT NULL, -- when it was cropped (UTC)
  stamp TEXT NOT NULL, -- the time as the source wrote it
  source TEXT NOT NULL, -- the layout it came from: crop_log_v1, crop_log_v2 ...
  x1 REAL, -- left edge of the box, as a fraction of the width; empty if unknown
  y1 REAL, -- top edge, as a fraction of the height
  x2 REAL, -- right edge, as a fraction of the width
  y2 REAL, -- bottom edge, as a fraction of the height
  width_px INTEGER, -- width of the image; empty if unknown
  height_px INTEGER, -- height of the image; empty if unknown
  group_id TEXT, -- the source's name for the set the image was chosen from
  session TEXT, -- the source's name for the run of its tool; not a sitting
  warnings TEXT NOT NULL, -- what was odd, a JSON list of codes
  imported_by TEXT NOT NULL -- the import that brought it
) STRICT
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
    """One more piece of evidence."""
    box, size = event.box, event.dimensions
    directory, filename = split(event.path)
    yield Put(
        "imported_history",
        {
            "position": entry.position, "subject": entry.subject, "project": event.project,
            "directory": directory, "filename": filename, "cropped_at": entry.occurred_at, "stamp": event.stamp,
            "source": event.source,
            "x1": box.x1 if box else None, "y1": box.y1 if box else None,
            "x2": box.x2 if box else None, "y2": box.y2 if box else None,
            "width_px": size.width_px if size else None, "height_px": size.height_px if size else None,
            "group_id": event.group, "session": event.session,
            "warnings": codes(event.warnings), "imported_by": entry.actor,
        },
    )  # fmt: skip


HISTORY = Projection(
    name="history",
    version=1,
    sentence="Evidence of crops made elsewhere, with a box or without.",
    tables=(IMPORTED,),
    views=(SOURCES,),
    folds=MappingProxyType({HistoryImported: imported}),
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
