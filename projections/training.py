"""What a model learns from: one row per crop that a person marked and that still stands.

It has no rows of its own: a mark that stands is a decision, a crop made elsewhere is imported history, and this is
the view over both. Withdrawn marks vanish, a new mark replaces the one before it. What runners do changes nothing
here: that a crop was executed, failed or undone says nothing about where a person wanted it.
"""

from types import MappingProxyType

from attrs import frozen

from projections.projection import Projection, View
from projections.reader import Projections

# People are the operators, and those whose marks were imported from the tools before this one. A crop that a log tells
# of and a queue holds as well is one.
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
  position -- position of the mark in the ledger; empty for an imported one, which several sources may tell of
) AS
SELECT decided_at, project, filename, x1, y1, x2, y2, width_px, height_px, 'recorded', subject, position
FROM image_decisions
WHERE action <> 'reject' AND (decided_by LIKE 'operator:%' OR decided_by LIKE 'import:%')
UNION ALL
SELECT cropped_at, project, filename, x1, y1, x2, y2, width_px, height_px, 'imported', subject, NULL
FROM imported_history AS made WHERE x1 IS NOT NULL AND width_px IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM image_decisions AS owed
  WHERE owed.decided_by GLOB 'import:*'
    AND owed.filename = made.filename AND owed.project = made.project
    AND round(owed.x1 * owed.width_px) = round(made.x1 * made.width_px)
    AND round(owed.y1 * owed.height_px) = round(made.y1 * made.height_px)
    AND round(owed.x2 * owed.width_px) = round(made.x2 * made.width_px)
    AND round(owed.y2 * owed.height_px) = round(made.y2 * made.height_px))
ORDER BY 1, 2, 3, 12
""")

TRAINING = Projection(
    name="training",
    version=3,
    sentence="What a model learns from: one row per crop that a person marked and that still stands.",
    tables=(),
    views=(TRAINING_VIEW,),
    reads=("decisions", "history"),
    folds=MappingProxyType({}),
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
