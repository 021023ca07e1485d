"""What was decided about each image, and how it compares with what a model had suggested."""

from collections.abc import Iterator
from decimal import Decimal
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.crops import CropRecorded, CropWithdrawn
from ledger.events.images import ImageKept, ImageRestored, ImageSkipped
from ledger.values import Box
from projections.columns import split
from projections.projection import Change, Drop, Projection, Put, Row, Table, View
from projections.reader import Projections

MATCH_TOLERANCE = 0.05
"""A suggestion matches when every edge lies within this of the final one, inclusive."""

FULL_FRAME_TOLERANCE = 0.02
"""A box that covers the image to within this on every edge approves the image as it is."""

IMAGE_DECISIONS = Table("""
CREATE TABLE image_decisions ( -- One row per image with a decision that stands: a box, kept whole, or a skip.
  subject TEXT NOT NULL PRIMARY KEY, -- the image
  project TEXT NOT NULL, -- its project
  group_id TEXT, -- the group it was chosen from; empty if unknown
  directory TEXT NOT NULL, -- canonical absolute path of its directory when that was decided
  filename TEXT NOT NULL, -- its name then
  action TEXT NOT NULL, -- crop; approve: kept, or the box is the full frame within 2 %; or reject: skipped
  decided_at TEXT NOT NULL, -- when (UTC)
  decided_by TEXT NOT NULL, -- by whom
  position INTEGER NOT NULL, -- position of the deciding event in the ledger
  x1 REAL, -- left edge of the final box, as a fraction of the width
  y1 REAL, -- top edge, as a fraction of the height
  x2 REAL, -- right edge, as a fraction of the width
  y2 REAL, -- bottom edge, as a fraction of the height
  width_px INTEGER, -- width of the image as displayed
  height_px INTEGER, -- height of the image as displayed
  suggested_x1 REAL, -- left edge of the suggested box
  suggested_y1 REAL, -- its top edge
  suggested_x2 REAL, -- its right edge
  suggested_y2 REAL, -- its bottom edge
  suggestion_score REAL, -- the model's score, from 0 to 1
  suggestion_model TEXT, -- the model
  crop_match INTEGER, -- 1 if every edge is within 0.05 of the suggestion, 0 if not, empty without a suggestion
  reason TEXT -- why it was kept or skipped
) STRICT
""")

DECISIONS_VIEW = View("""
CREATE VIEW decisions ( -- The decisions that stand, oldest first.
  project, -- the project
  group_id, -- the group the image was chosen from; empty if unknown
  directory, -- the directory where it is now
  filename, -- its name there
  action, -- crop, approve or reject
  decided_at, -- when (UTC)
  decided_by, -- by whom
  x1, -- left edge of the final box, as a fraction of the width
  y1, -- top edge, as a fraction of the height
  x2, -- right edge, as a fraction of the width
  y2, -- bottom edge, as a fraction of the height
  width_px, -- width of the image as displayed
  height_px, -- height of the image as displayed
  suggested_x1, -- left edge of the suggested box
  suggested_y1, -- its top edge
  suggested_x2, -- its right edge
  suggested_y2, -- its bottom edge
  suggestion_score, -- the model's score, from 0 to 1
  suggestion_model, -- the model
  crop_match, -- 1 if every edge is within 0.05 of the suggestion, 0 if not, empty without a suggestion
  reason, -- why it was kept or skipped
  subject, -- the image
  position -- position of the deciding event in the ledger
) AS
SELECT decision.project, group_id, place.directory, place.filename, action, decided_at, decided_by, x1, y1, x2, y2,
       width_px, height_px, suggested_x1, suggested_y1, suggested_x2, suggested_y2, suggestion_score, suggestion_model,
       crop_match, reason, subject, decision.position
FROM image_decisions AS decision JOIN decided_images AS place USING (subject) ORDER BY decision.position
""")

SUGGESTION_ACCURACY = View("""
CREATE VIEW suggestion_accuracy ( -- How often the final box was the suggested one, per project and model.
  project, -- the project
  model, -- the model, empty if unknown
  suggested, -- decisions with a box for which there was a suggestion
  matched, -- of these, the ones with every edge within 0.05
  percent_matched, -- their share
  mean_score -- mean of the model's scores, where it gave one
) AS
SELECT project, suggestion_model, count(*), sum(crop_match), round(100.0 * sum(crop_match) / count(*), 1),
       round(avg(suggestion_score), 4)
FROM image_decisions WHERE crop_match IS NOT NULL GROUP BY project, suggestion_model
""")


def matches(final: Box, suggested: Box) -> bool:
    """Whether every edge is within 0.05 of the suggestion, inclusive, compared as the decimals people see."""
    return (
        _near(final.x1, suggested.x1)
        and _near(final.y1, suggested.y1)
        and _near(final.x2, suggested.x2)
        and _near(final.y2, suggested.y2)
    )


def _near(one: float, other: float) -> bool:
    apart = abs(one - other)
    if abs(apart - MATCH_TOLERANCE) > 1e-9:
        return apart < MATCH_TOLERANCE
    # On the boundary binary fractions lie: 0.65 - 0.60 is more than 0.05 to them, and exactly 0.05 to us.
    return abs(Decimal(str(one)) - Decimal(str(other))) <= Decimal(str(MATCH_TOLERANCE))


def is_full_frame(box: Box) -> bool:
    """Whether the box covers the image to within 2 % on every edge, inclusive."""
    least, most = FULL_FRAME_TOLERANCE, 1 - FULL_FRAME_TOLERANCE
    return box.x1 <= least and box.y1 <= least and box.x2 >= most and box.y2 >= most


def recorded(event: CropRecorded, entry: Entry) -> Iterator[Change]:
    """A box decides: a crop, or approval of the whole image."""
    box, size, suggestion = event.box, event.dimensions, event.suggestion
    suggested = suggestion.box if suggestion else None
    directory, filename = split(event.path)
    yield Put(
        "image_decisions",
        {
            "subject": entry.subject, "project": event.project, "group_id": event.group,
            "directory": directory, "filename": filename,
            "action": "approve" if is_full_frame(box) else "crop",
            "decided_at": entry.occurred_at, "decided_by": entry.actor, "position": entry.position,
            "x1": box.x1, "y1": box.y1, "x2": box.x2, "y2": box.y2,
            "width_px": size.width_px, "height_px": size.height_px,
            "suggested_x1": suggested.x1 if suggested else None, "suggested_y1": suggested.y1 if suggested else None,
            "suggested_x2": suggested.x2 if suggested else None, "suggested_y2": suggested.y2 if suggested else None,
            "suggestion_score": suggestion.score if suggestion else None,
            "suggestion_model": suggestion.model if suggestion else None,
            "crop_match": int(matches(box, suggested)) if suggested else None, "reason": None,
        },
    )  # fmt: skip


def skipped(event: ImageSkipped, entry: Entry) -> Iterator[Change]:
    """No crop: the image is rejected. There is no box, and nothing to compare a suggestion with."""
    directory, filename = split(event.path)
    yield Put(
        "image_decisions",
        _NO_BOX
        | {
            "subject": entry.subject, "project": event.project, "directory": directory, "filename": filename,
            "action": "reject", "decided_at": entry.occurred_at, "decided_by": entry.actor,
            "position": entry.position, "reason": event.reason,
        },
    )  # fmt: skip


def kept(event: ImageKept, entry: Entry) -> Iterator[Change]:
    """The image is approved as it is, without a box."""
    directory, filename = split(event.path)
    yield Put(
        "image_decisions",
        _NO_BOX
        | {
            "subject": entry.subject, "project": event.project, "group_id": event.group, "directory": directory,
            "filename": filename, "action": "approve", "decided_at": entry.occurred_at, "decided_by": entry.actor,
            "position": entry.position, "reason": event.reason,
        },
    )  # fmt: skip


def taken_back(_event: CropWithdrawn | ImageRestored, entry: Entry) -> Iterator[Change]:
    """The image is undecided again."""
    yield Drop("image_decisions", entry.subject)


_NO_BOX: Row = dict.fromkeys(IMAGE_DECISIONS.columns)

DECISIONS = Projection(
    name="decisions",
    version=4,
    sentence="What was decided about each image, and how it compares with what a model had suggested.",
    tables=(IMAGE_DECISIONS,),
    views=(DECISIONS_VIEW, SUGGESTION_ACCURACY),
    # The marks of other tools' queues, by name: for telling which of them a log tells of as well.
    indexes=(
        "CREATE INDEX decisions_of_imports ON image_decisions (filename, project) WHERE decided_by GLOB 'import:*'",
    ),
    reads=("progress",),
    folds=MappingProxyType(
        {
            CropRecorded: recorded,
            CropWithdrawn: taken_back,
            ImageSkipped: skipped,
            ImageKept: kept,
            ImageRestored: taken_back,
        }
    ),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class Decision:
    """A row of the view `decisions`."""

    project: str
    group_id: str | None
    directory: str
    filename: str
    action: str
    decided_at: str
    decided_by: str
    x1: float | None
    y1: float | None
    x2: float | None
    y2: float | None
    width_px: int | None
    height_px: int | None
    suggested_x1: float | None
    suggested_y1: float | None
    suggested_x2: float | None
    suggested_y2: float | None
    suggestion_score: float | None
    suggestion_model: str | None
    crop_match: int | None
    reason: str | None
    subject: str
    position: int


def decisions(projections: Projections, *, project: str | None = None) -> list[Decision]:
    """The decisions that stand, oldest first."""
    return projections.rows(
        Decision, "FROM decisions WHERE :project IS NULL OR project = :project", {"project": project}
    )


@frozen
class Accuracy:
    """A row of the view `suggestion_accuracy`."""

    project: str
    model: str | None
    suggested: int
    matched: int
    percent_matched: float
    mean_score: float | None


def accuracy(projections: Projections) -> list[Accuracy]:
    """How often the final box was the suggested one."""
    return projections.rows(Accuracy, "FROM suggestion_accuracy ORDER BY project, model")
