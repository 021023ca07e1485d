"""What models suggested and people decided, one row per group: here, and with the tools before this one.

What operators decide here goes before what was imported. Of several imported records of one group, one with a
decision goes before one without; what it lacks is taken from the others. No fold knows of another record, so the
order in which they were brought in makes no difference.
"""

from collections.abc import Iterator
from types import MappingProxyType

import msgspec
from attrs import frozen

from ledger.entry import Entry
from ledger.events.imports import DecisionImported
from ledger.values import Box, Suggestion
from projections.columns import codes, stem
from projections.decisions import matches
from projections.projection import Change, Projection, Put, Table, View
from projections.reader import Projections

IMPORTED_DECISIONS = Table("""
CREATE TABLE imported_decisions ( -- One row per record of a decision or suggestion by another tool.
  id TEXT NOT NULL PRIMARY KEY, -- id of the evidence, derived from what it says
  project TEXT NOT NULL, -- its project
  group_id TEXT, -- its group; empty where the source names only an image
  source TEXT NOT NULL, -- the layout it came from: decision_sidecar or decisions_database
  name TEXT, -- name of the sidecar's file
  stamp TEXT, -- when it was decided (UTC), where the source says
  directory TEXT, -- its directory, as the source wrote it
  batch INTEGER, -- the source's number of the batch
  images TEXT NOT NULL, -- names of the images, a JSON list
  suggested_index INTEGER, -- which image the model would choose, from 0
  suggested TEXT, -- the box the model would crop to, a JSON list of fractions
  score REAL, -- the model's score
  chosen_index INTEGER, -- which image the person chose, from 0; empty where the person chose none
  action TEXT, -- approve, crop or reject; empty where nobody had decided
  accepted INTEGER, -- 1 if the person took the suggested box, where the source says
  box TEXT, -- the box the person made it, a JSON list of fractions
  cropped_stamp TEXT, -- when that was made (UTC)
  crop_match INTEGER, -- 1 if every edge of it is within 0.05 of the suggestion
  width_px INTEGER, -- width of the image, as the source has it
  height_px INTEGER, -- height of the image, as the source has it
  warnings TEXT NOT NULL, -- what was odd, a JSON list of codes
  record TEXT NOT NULL -- the record as it was written
) STRICT
""")

SUGGESTED_IMAGES = Table("""
CREATE TABLE suggested_images ( -- One row per image for which another tool had a suggestion.
  project TEXT NOT NULL, -- its project
  stem TEXT NOT NULL, -- its name without the extension, which its sidecar shares
  id TEXT NOT NULL, -- the imported decision
  filename TEXT, -- its name, where the source names it
  group_id TEXT, -- its group
  x1 REAL NOT NULL, -- left edge of the suggested box, as a fraction of the width
  y1 REAL NOT NULL, -- its top edge
  x2 REAL NOT NULL, -- its right edge
  y2 REAL NOT NULL, -- its bottom edge
  score REAL, -- the model's score
  stamp TEXT, -- when it was decided (UTC), where the source says
  PRIMARY KEY (project, stem, id)
) STRICT, WITHOUT ROWID
""")


def _number(column: str) -> str:
    """A fraction as the shortest text that reads back as the same number; SQLite's own JSON keeps 15 digits."""
    cases = "".join(
        f" WHEN CAST(printf('%.{digits}g', {column}) AS REAL) = {column} THEN printf('%.{digits}g', {column})"
        for digits in (15, 16)
    )
    return f"CASE{cases} ELSE printf('%!.17g', {column}) END"


def _list(prefix: str) -> str:
    edges = " || ', ' || ".join(_number(f"{prefix}{edge}") for edge in ("x1", "y1", "x2", "y2"))
    return f"'[' || {edges} || ']'"


AI_DECISIONS = View(f"""
CREATE VIEW ai_decisions ( -- One row per group with a suggestion or a decision, in the columns of the older tools.
  group_id, -- the group
  timestamp, -- when it was decided (UTC); empty where no source says
  project_id, -- its project
  directory, -- its directory
  batch_number, -- the number of the batch, for imported groups
  images, -- names of its images, a JSON list
  ai_selected_index, -- which image the model would choose, from 0
  ai_crop_coords, -- the box the model would crop to, a JSON list of fractions
  ai_confidence, -- the model's score, from 0 to 1
  user_selected_index, -- which image the person chose, from 0; empty where the person chose none
  user_action, -- approve, crop or reject; empty where nobody has decided
  ai_crop_accepted, -- 1 if the person took the suggested box as it was, 0 if not
  final_crop_coords, -- the box the person made it, a JSON list of fractions
  crop_timestamp, -- when that was made (UTC)
  image_width, -- width of the chosen image in pixels
  image_height, -- height of the chosen image in pixels
  selection_match, -- 1 if the person chose the image the model would, 0 if another
  crop_match -- 1 if every edge of the final box is within 0.05 of the suggestion, 0 if not
) AS
WITH ranked AS (
  SELECT *, row_number() OVER (PARTITION BY project, group_id
      ORDER BY action IS NULL, source, stamp IS NULL, stamp DESC, id) AS rank,
    row_number() OVER (PARTITION BY project, group_id ORDER BY suggested IS NULL, action IS NULL, source, id) AS model
  FROM imported_decisions WHERE group_id IS NOT NULL
), theirs AS (
  SELECT decided.project, decided.group_id, decided.stamp, decided.directory, decided.batch,
         iif(decided.images = '[]', model.images, decided.images) AS images,
         coalesce(decided.suggested_index, model.suggested_index) AS suggested_index, model.suggested,
         coalesce(decided.score, model.score) AS score,
         decided.chosen_index, decided.action, coalesce(decided.accepted, model.accepted) AS accepted,
         decided.box, decided.cropped_stamp, decided.width_px, decided.height_px,
         CASE WHEN decided.suggested IS model.suggested THEN decided.crop_match
              WHEN decided.box IS NOT NULL AND model.suggested IS NOT NULL THEN (
                SELECT max(round(abs(final.value - proposed.value), 12)) <= 0.05
                FROM json_each(decided.box) AS final JOIN json_each(model.suggested) AS proposed USING (key)) END
           AS crop_match
  FROM ranked AS decided JOIN ranked AS model
    ON model.project = decided.project AND model.group_id = decided.group_id AND model.model = 1
  WHERE decided.rank = 1
), chosen AS (
  SELECT *, row_number() OVER (PARTITION BY project, group_id
      ORDER BY action = 'reject', decided_at DESC, subject) AS rank
  FROM decisions WHERE group_id IS NOT NULL
), ours AS (
  SELECT chosen.*, (SELECT json_group_array(filename) FROM (SELECT filename FROM image_decisions AS one
    WHERE one.project = chosen.project AND one.group_id = chosen.group_id ORDER BY filename)) AS images
  FROM chosen WHERE rank = 1
), named AS (
  SELECT ours.*, theirs.batch, theirs.suggested_index, coalesce(theirs.score, ours.suggestion_score) AS score,
         CASE WHEN EXISTS (SELECT 1 FROM json_each(theirs.images) WHERE value = ours.filename) THEN theirs.images
              ELSE ours.images END AS all_images,
         CASE WHEN ours.suggested_x1 IS NULL THEN theirs.suggested ELSE {_list("ours.suggested_")} END AS suggested
  FROM ours LEFT JOIN theirs ON theirs.project = ours.project AND theirs.group_id = ours.group_id
)
SELECT group_id, decided_at, project, directory, batch, all_images, suggested_index, suggested, score,
       CASE WHEN action <> 'reject' THEN (SELECT key FROM json_each(all_images) WHERE value = filename) END, action,
       CASE WHEN suggested_x1 IS NOT NULL AND action <> 'reject'
            THEN x1 = suggested_x1 AND y1 = suggested_y1 AND x2 = suggested_x2 AND y2 = suggested_y2 END,
       CASE WHEN x1 IS NOT NULL THEN {_list("")} END, CASE WHEN x1 IS NOT NULL THEN decided_at END, width_px, height_px,
       CASE WHEN action <> 'reject' AND suggested_index IS NOT NULL
            THEN (SELECT key FROM json_each(all_images) WHERE value = filename) = suggested_index END,
       crop_match
FROM named
UNION ALL
SELECT group_id, stamp, project, directory, batch, images, suggested_index, suggested, score, chosen_index, action,
       accepted, box, cropped_stamp, width_px, height_px, chosen_index = suggested_index, crop_match
FROM theirs WHERE NOT EXISTS (
  SELECT 1 FROM image_decisions AS own WHERE own.project = theirs.project AND own.group_id = theirs.group_id)
ORDER BY 3, 1
""")

AI_PERFORMANCE = View("""
CREATE VIEW ai_performance ( -- How often people took what models suggested, per project.
  project_id, -- the project
  total, -- groups that a person decided
  correct_selections, -- of these, where the person chose the image the model would
  correct_crops, -- of these, where every edge of the final box was within 0.05
  selection_accuracy, -- percentage of those with both choices known
  crop_accuracy -- percentage of those with both boxes known
) AS
SELECT project_id, count(*), coalesce(sum(selection_match), 0), coalesce(sum(crop_match), 0),
       round(100.0 * sum(selection_match) / count(selection_match), 1),
       round(100.0 * sum(crop_match) / count(crop_match), 1)
FROM ai_decisions WHERE user_action IS NOT NULL GROUP BY project_id
""")

INCOMPLETE_CROPS = View("""
CREATE VIEW incomplete_crops ( -- Groups that were to be cropped and have no final box.
  group_id, -- the group
  project_id, -- its project
  directory, -- its directory
  images, -- names of its images, a JSON list
  user_selected_index, -- which of them the person chose, from 0
  timestamp -- when it was decided (UTC)
) AS
SELECT group_id, project_id, directory, images, user_selected_index, timestamp
FROM ai_decisions WHERE user_action = 'crop' AND final_crop_coords IS NULL
""")

AI_MISTAKES = View("""
CREATE VIEW ai_mistakes ( -- Groups where the person chose another image than the model, or another box.
  group_id, -- the group
  project_id, -- its project
  directory, -- its directory
  images, -- names of its images, a JSON list
  ai_selected_index, -- which image the model would choose, from 0
  user_selected_index, -- which the person chose
  user_action, -- approve or crop
  ai_crop_coords, -- the box the model would crop to, a JSON list of fractions
  final_crop_coords, -- the box the person made it
  ai_confidence, -- the model's score
  selection_match, -- 0 if the person chose another image
  crop_match -- 0 if an edge is further than 0.05 away
) AS
SELECT group_id, project_id, directory, images, ai_selected_index, user_selected_index, user_action, ai_crop_coords,
       final_crop_coords, ai_confidence, selection_match, crop_match
FROM ai_decisions WHERE selection_match = 0 OR crop_match = 0
""")

_json = msgspec.json.Encoder().encode


def _edges(box: Box | None) -> str | None:
    return None if box is None else str([box.x1, box.y1, box.x2, box.y2])


def imported(event: DecisionImported, entry: Entry) -> Iterator[Change]:
    """What one record says; and, for each image it has a suggestion for, that suggestion."""
    suggestion, size = event.suggestion, event.dimensions
    match = int(matches(event.box, suggestion.box)) if event.box and suggestion else None
    yield Put(
        "imported_decisions",
        {
            "id": entry.id, "project": event.project, "group_id": event.group, "source": event.source,
            "name": event.name, "stamp": event.stamp, "directory": event.directory, "batch": event.batch,
            "images": _json(event.images).decode(), "suggested_index": event.suggested_index,
            "suggested": _edges(suggestion.box if suggestion else None),
            "score": suggestion.score if suggestion else None, "chosen_index": event.chosen_index,
            "action": event.action,
            "accepted": None if event.suggestion_accepted is None else int(event.suggestion_accepted),
            "box": _edges(event.box), "cropped_stamp": event.cropped_stamp, "crop_match": match,
            "width_px": size.width_px if size else None, "height_px": size.height_px if size else None,
            "warnings": codes(event.warnings), "record": event.record,
        },
    )  # fmt: skip
    if suggestion is not None:
        for shared, filename in _suggested(event):
            yield _suggestion(event, entry, suggestion, shared, filename)


def _suggested(event: DecisionImported) -> Iterator[tuple[str, str | None]]:
    """The image a suggestion is for; of a group it is the one the model would choose, and else nobody knows."""
    if event.images:
        index = 0 if len(event.images) == 1 else event.suggested_index
        if index is not None and index < len(event.images):
            yield stem(event.images[index]), event.images[index]
    elif event.name:
        yield stem(event.name), None


def _suggestion(
    event: DecisionImported, entry: Entry, suggestion: Suggestion, shared: str, filename: str | None
) -> Put:  # fmt: skip
    box = suggestion.box
    return Put(
        "suggested_images",
        {
            "project": event.project, "stem": shared, "id": entry.id, "filename": filename, "group_id": event.group,
            "x1": box.x1, "y1": box.y1, "x2": box.x2, "y2": box.y2, "score": suggestion.score, "stamp": event.stamp,
        },
    )  # fmt: skip


AI_DECISIONS_PROJECTION = Projection(
    name="ai_decisions",
    version=2,
    sentence="What models suggested and people decided, one row per group, here and with the tools before this one.",
    tables=(IMPORTED_DECISIONS, SUGGESTED_IMAGES),
    views=(AI_DECISIONS, AI_PERFORMANCE, INCOMPLETE_CROPS, AI_MISTAKES),
    reads=("decisions", "progress"),
    folds=MappingProxyType({DecisionImported: imported}),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class GroupDecision:
    """A row of the view `ai_decisions`."""

    group_id: str
    timestamp: str | None
    project_id: str
    directory: str | None
    batch_number: int | None
    images: str
    ai_selected_index: int | None
    ai_crop_coords: str | None
    ai_confidence: float | None
    user_selected_index: int | None
    user_action: str | None
    ai_crop_accepted: int | None
    final_crop_coords: str | None
    crop_timestamp: str | None
    image_width: int | None
    image_height: int | None
    selection_match: int | None
    crop_match: int | None


def group_decisions(projections: Projections, *, project: str | None = None) -> list[GroupDecision]:
    """The groups, by project and name."""
    return projections.rows(
        GroupDecision, "FROM ai_decisions WHERE :project IS NULL OR project_id = :project", {"project": project}
    )


@frozen
class Performance:
    """A row of the view `ai_performance`."""

    project_id: str
    total: int
    correct_selections: int
    correct_crops: int
    selection_accuracy: float | None
    crop_accuracy: float | None


def performance(projections: Projections) -> list[Performance]:
    """How often people took what models suggested."""
    return projections.rows(Performance, "FROM ai_performance ORDER BY project_id")


@frozen
class SuggestedImage:
    """A row of the table `suggested_images`."""

    project: str
    stem: str
    filename: str | None
    group_id: str | None
    x1: float
    y1: float
    x2: float
    y2: float
    score: float | None


def suggestion_for(projections: Projections, project: str, filename: str) -> SuggestedImage | None:
    """What another tool had suggested for an image; the latest, where there are several."""
    return projections.row(
        SuggestedImage,
        "FROM suggested_images WHERE project = :project AND stem = :stem AND (filename IS NULL OR filename = :filename)"
        " ORDER BY stamp IS NULL, stamp DESC, id",
        {"project": project, "stem": stem(filename), "filename": filename},
    )


@frozen
class SidecarKept:
    """A decision sidecar as it was written."""

    project: str
    name: str
    record: str
    id: str


def sidecars(projections: Projections, *, project: str | None = None) -> list[SidecarKept]:
    """Every imported sidecar, by its name."""
    return projections.rows(
        SidecarKept,
        "FROM imported_decisions WHERE source = 'decision_sidecar' AND name IS NOT NULL"
        " AND (:project IS NULL OR project = :project) ORDER BY project, name, id",
        {"project": project},
    )
