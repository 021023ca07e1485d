"""What several sources together say of each crop made elsewhere, and which of them tell of the same one.

Sources agree on the image, and differ in how much they know, and in the time: a log has when a crop was marked, a
queue when it was queued. A crop is told again where another layout has the same rectangle, to the pixel, on the same
image of the same size: then it is one crop, and its earliest time counts, for nobody queues or notes what was not
marked yet. The second such crop in one layout is told again by the second in another; one layout alone never tells
twice of one crop at two times, so two rows of a log are two crops.
"""

from projections.projection import View


def _tellings(which: str) -> str:
    """SQL for what is told of the images that a condition on project and file name leaves."""
    # Of several rectangles for one crop the one with a size counts. Two that differ by more than a twentieth of a pixel
    # leave the box unknown. So does a rectangle of a v1 log that fits into what an earlier crop left of the same file,
    # while its size is still the one from before: its tool saved over the file and went on naming the first size.
    return f"""
WITH ranked AS (
  SELECT *, row_number() OVER (
    PARTITION BY project, filename, cropped_at ORDER BY width_px IS NULL, x1 IS NULL, id) AS rank
  FROM imported_crops WHERE {which}
), best AS (
  SELECT *, CASE WHEN EXISTS (
    SELECT 1 FROM imported_crops AS other
    WHERE other.project = ranked.project AND other.filename = ranked.filename
      AND other.cropped_at = ranked.cropped_at AND other.x1 IS NOT NULL AND ranked.x1 IS NOT NULL
      AND (other.width_px <> ranked.width_px OR other.height_px <> ranked.height_px
        OR max(abs(other.x1 - ranked.x1), abs(other.x2 - ranked.x2)) > coalesce(0.05 / ranked.width_px, 0.00001)
        OR max(abs(other.y1 - ranked.y1), abs(other.y2 - ranked.y2)) > coalesce(0.05 / ranked.height_px, 0.00001))
  ) THEN 'conflict' WHEN EXISTS (
    SELECT 1 FROM imported_crops AS cut
    WHERE cut.project = ranked.project AND cut.filename = ranked.filename AND cut.cropped_at < ranked.cropped_at
      AND cut.width_px = ranked.width_px AND cut.height_px = ranked.height_px
      AND round((cut.x2 - cut.x1) * cut.width_px) * round((cut.y2 - cut.y1) * cut.height_px)
        < cut.width_px * cut.height_px
      AND round(ranked.x2 * ranked.width_px) <= round((cut.x2 - cut.x1) * cut.width_px)
      AND round(ranked.y2 * ranked.height_px) <= round((cut.y2 - cut.y1) * cut.height_px)
      AND EXISTS (SELECT 1 FROM imported_places AS saved WHERE saved.project = cut.project
        AND saved.filename = cut.filename AND saved.cropped_at = cut.cropped_at AND saved.source = 'crop_log_v1')
      AND EXISTS (SELECT 1 FROM imported_places AS named WHERE named.project = cut.project
        AND named.filename = cut.filename AND named.cropped_at = ranked.cropped_at AND named.source = 'crop_log_v1')
  ) THEN 'recropped' END AS doubt, EXISTS (
    SELECT 1 FROM imported_marks AS mark WHERE mark.project = ranked.project AND mark.filename = ranked.filename
      AND mark.marked_at = ranked.cropped_at) AS queued
  FROM ranked WHERE rank = 1
), told AS (
  SELECT *, row_number() OVER (
    PARTITION BY project, filename, cropped_at ORDER BY directory = '', group_id IS NULL, source, id) AS rank,
    max(source <> 'crop_log_v2') OVER (PARTITION BY project, filename, cropped_at) AS made
  FROM imported_places WHERE {which}
)
SELECT best.subject, best.project, coalesce(told.directory, '') AS directory, best.filename, best.cropped_at,
       coalesce(told.stamp, best.cropped_at) AS stamp,
       coalesce(told.source, iif(queued, 'queue', 'crop_log_v2')) AS source, x1, y1, x2, y2, width_px, height_px,
       iif(doubt IS NULL, round(x1 * width_px), NULL) AS left_px,
       iif(doubt IS NULL, round(y1 * height_px), NULL) AS top_px,
       iif(doubt IS NULL, round(x2 * width_px), NULL) AS right_px,
       iif(doubt IS NULL, round(y2 * height_px), NULL) AS bottom_px,
       doubt, queued AND told.made IS NOT 1 AS waits, told.group_id, told.session, best.warnings, best.imported_by
FROM best LEFT JOIN told ON told.project = best.project AND told.filename = best.filename
  AND told.cropped_at = best.cropped_at AND told.rank = 1"""


CROP_TELLINGS = View(f"""
CREATE VIEW crop_tellings ( -- Every crop that sources tell of at one instant, made or waiting, with all they say of it.
  subject, -- the image
  project, -- its project
  directory, -- its directory as a source wrote it; empty where the sources had a bare name
  filename, -- its name
  cropped_at, -- the time that the sources give (UTC)
  stamp, -- the time as a source wrote it
  source, -- the layout: crop_log_v1, crop_log_v2 ... or queue, where it was only ever seen waiting
  x1, -- left edge of the box, as a fraction of the width; empty if unknown
  y1, -- top edge, as a fraction of the height
  x2, -- right edge, as a fraction of the width
  y2, -- bottom edge, as a fraction of the height
  width_px, -- width of the image; empty if unknown
  height_px, -- height of the image; empty if unknown
  left_px, -- left edge in pixels; empty where the box is unknown or in doubt
  top_px, -- top edge in pixels
  right_px, -- right edge in pixels
  bottom_px, -- bottom edge in pixels
  doubt, -- why the box is in doubt: conflict or recropped; empty where it is not
  waits, -- 1 where a queue holds it and no source says that it was made
  group_id, -- the source's name for the set the image was chosen from
  session, -- the source's name for the run of its tool
  warnings, -- what was odd about the rectangle, a JSON list of codes
  imported_by -- the import that brought it
) AS {_tellings("TRUE")}
""")

_BOX = "project, filename, left_px, top_px, right_px, bottom_px, width_px, height_px"

# Few crops are told at two times: all the others are left out before anything is sorted.
_SEVERAL = """(project, filename) IN (
    SELECT later.project, later.filename FROM imported_crops AS later
    WHERE later.width_px IS NOT NULL AND EXISTS (
      SELECT 1 FROM imported_crops AS earlier
      WHERE earlier.project = later.project AND earlier.filename = later.filename
        AND earlier.cropped_at < later.cropped_at
        AND earlier.width_px = later.width_px AND earlier.height_px = later.height_px
        AND round(earlier.x1 * earlier.width_px) = round(later.x1 * later.width_px)
        AND round(earlier.y1 * earlier.height_px) = round(later.y1 * later.height_px)
        AND round(earlier.x2 * earlier.width_px) = round(later.x2 * later.width_px)
        AND round(earlier.y2 * earlier.height_px) = round(later.y2 * later.height_px)))"""

TOLD_AGAIN = View(f"""
CREATE VIEW crops_told_again ( -- Crops that layouts tell of at several times, each time with its place.
  subject, -- the image
  cropped_at, -- the time (UTC)
  place, -- 1 for the time that counts, 2 ... for those at which the same crop was told again
  made_place, -- the same among the times at which it is told to be made, or to wait
  any_directory, -- a directory that any of them knows
  any_group -- a set that any of them knows
) AS
WITH told AS (
{_tellings(_SEVERAL)}
), numbered AS (
  SELECT *, row_number() OVER (PARTITION BY {_BOX}, source ORDER BY cropped_at) AS telling
  FROM told WHERE left_px IS NOT NULL
)
SELECT subject, cropped_at, row_number() OVER (crop ORDER BY cropped_at, source),
       row_number() OVER (PARTITION BY {_BOX}, telling, waits ORDER BY cropped_at, source),
       max(directory) OVER crop, max(group_id) OVER crop
FROM numbered WINDOW crop AS (PARTITION BY {_BOX}, telling)
""")
