"""What a model learns from: one row per crop that a person marked and that still stands.

Withdrawn marks vanish, a new mark replaces the one before it. What runners do changes nothing here: that a crop was
executed, failed or undone says nothing about where a person wanted it.
"""

from collections.abc import Iterator
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.crops import CropRecorded, CropWithdrawn
from ledger.events.history import HistoryImported
from projections.columns import split
from projections.projection import Change, Drop, Projection, Put, Table, View
from projections.reader import Projections

PEOPLE = ("operator:", "import:")
"""Whose marks are human: operators', and those that operators made in the tools before this one."""

TRAINING_CROPS = Table("""
CREATE TABLE training_crops ( -- One row per image with a mark that stands.
  subject TEXT NOT NULL PRIMARY KEY, -- the image
  project TEXT NOT NULL, -- its project
  filename TEXT NOT NULL, -- name of the image
  x1 REAL NOT NULL, -- left edge of the box, as a fraction of the width
  y1 REAL NOT NULL, -- top edge, as a fraction of the height
  x2 REAL NOT NULL, -- right edge, as a fraction of the width
  y2 REAL NOT NULL, -- bottom edge, as a fraction of the height
  width_px INTEGER NOT NULL, -- width of the image as displayed
  height_px INTEGER NOT NULL, -- height of the image as displayed
  marked_at TEXT NOT NULL, -- when it was marked (UTC)
  position INTEGER NOT NULL -- position of the mark in the ledger
) STRICT
""")

IMPORTED_CROPS = Table("""
CREATE TABLE imported_training_crops ( -- One row per imported crop whose box and image size are known.
  position INTEGER NOT NULL PRIMARY KEY, -- position of the evidence in the ledger
  subject TEXT NOT NULL, -- the image
  project TEXT NOT NULL, -- its project
  filename TEXT NOT NULL, -- name of the image
  x1 REAL NOT NULL, -- left edge of the box, as a fraction of the width
  y1 REAL NOT NULL, -- top edge, as a fraction of the height
  x2 REAL NOT NULL, -- right edge, as a fraction of the width
  y2 REAL NOT NULL, -- bottom edge, as a fraction of the height
  width_px INTEGER NOT NULL, -- width of the image
  height_px INTEGER NOT NULL, -- height of the image
  marked_at TEXT NOT NULL -- when it was cropped (UTC)
) STRICT
""")

TRAINING_VIEW = View("""
CREATE VIEW training ( -- The training data, oldest first: its first nine columns are those of the exported CSV.
  timestamp, -- when the crop was marked (UTC)
  project_id, -- its project
  filename, -- name of the image, without a directory
  crop_x1, -- left edge of the box, as a fraction of the width
  crop_y1, -- top edge, as a fraction of the height
  crop_x2, -- right edge, as a fraction of the width
  crop_y2, -- bottom edge, as a fraction of the height
  width, -- width of the image in pixels
  height, -- height of the image in pixels
  origin, -- recorded here, or imported
  subject, -- the image
  position -- position of the mark in the ledger
) AS
SELECT marked_at, project, filename, x1, y1, x2, y2, width_px, height_px, 'recorded', subject, position
FROM training_crops
UNION ALL
SELECT marked_at, project, filename, x1, y1, x2, y2, width_px, height_px, 'imported', subject, position
FROM imported_training_crops
ORDER BY 1, 12
""")


def recorded(event: CropRecorded, entry: Entry) -> Iterator[Change]:
    """A person's mark stands in place of any mark before it; a mark that is nobody's leaves none."""
    if not entry.actor.startswith(PEOPLE):
        yield Drop("training_crops", entry.subject)
        return
    box, size = event.box, event.dimensions
    yield Put(
        "training_crops",
        {
            "subject": entry.subject, "project": event.project, "filename": split(event.path)[1],
            "x1": box.x1, "y1": box.y1, "x2": box.x2, "y2": box.y2,
            "width_px": size.width_px, "height_px": size.height_px,
            "marked_at": entry.occurred_at, "position": entry.position,
        },
    )  # fmt: skip


def withdrawn(_event: CropWithdrawn, entry: Entry) -> Iterator[Change]:
    """The person took the mark back."""
    yield Drop("training_crops", entry.subject)


def imported(event: HistoryImported, entry: Entry) -> Iterator[Change]:
    """A crop made elsewhere teaches something only with its box and the size it refers to."""
    box, size = event.box, event.dimensions
    if box is None or size is None:
        return
    yield Put(
        "imported_training_crops",
        {
            "position": entry.position, "subject": entry.subject, "project": event.project,
            "filename": split(event.path)[1], "x1": box.x1, "y1": box.y1, "x2": box.x2, "y2": box.y2,
            "width_px": size.width_px, "height_px": size.height_px, "marked_at": entry.occurred_at,
        },
    )  # fmt: skip


TRAINING = Projection(
    name="training",
    version=1,
    sentence="What a model learns from: one row per crop that a person marked and that still stands.",
    tables=(TRAINING_CROPS, IMPORTED_CROPS),
    views=(TRAINING_VIEW,),
    folds=MappingProxyType({CropRecorded: recorded, CropWithdrawn: withdrawn, HistoryImported: imported}),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class TrainingLine:
    """A row of the view `training`, as the exported CSV has it."""

    timestamp: str
    project_id: str
    filename: str
    crop_x1: float
    crop_y1: float
    crop_x2: float
    crop_y2: float
    width: int
    height: int


def training_lines(projections: Projections, *, project: str | None = None) -> list[TrainingLine]:
    """The training data, oldest first."""
    return projections.rows(
        TrainingLine, "FROM training WHERE :project IS NULL OR project_id = :project", {"project": project}
    )
