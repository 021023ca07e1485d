"""Queues of crops -> crops that wait, or crops that were made. Pure: whether an image is still there is seen later.

- `pending_queue`: one crop per line, as `crop export queue` writes it. In a file called `processed...` the crops of
  the same form have been made.
- `crop_queue`: one batch per line, with a status; its crops wait unless the batch is completed.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath

from commands.importing.facts import QUEUE, Crop, Fact, Reading, Told, evidence_subject, project_of
from commands.importing.fields import Fields
from commands.importing.mark_lines import LAYOUT as PENDING
from commands.importing.mark_lines import mark_of
from commands.importing.quarantine import SetAside
from commands.importing.times import is_local, read_time
from commands.recording.marks import Mark, offset_of
from ledger.errors import Invalid
from ledger.events.imports import OperationImported
from ledger.values import Box, Dimensions, PixelBox

BATCHES = "crop_queue"
_STATUSES = ("pending", "processing", "completed", "failed")
_SAME = 0.6  # pixels: the writer rounded the one from the other


def is_pending_line(record: Mapping[str, object]) -> bool:
    """Whether an object is a crop in the form of `pending.jsonl`."""
    return "crop_norm" in record


def read_pending_line(record: Mapping[str, object], text: str, told: Told) -> Reading:
    """A crop that waits, or was made; raises `SetAside`."""
    mark = mark_of(record, told.project)
    if not told.name.startswith("processed"):
        return Reading(at=mark.at, boxes=1, owed=(mark,), source=QUEUE, text=text)
    if mark.at is None:
        raise SetAside("time", "created_at is missing, so when it was cropped is not known")
    stamp = str(record["created_at"])
    return Crop(
        mark.project, mark.path, stamp, mark.at, PENDING, mark.box, mark.dimensions, mark.group, record=text
    ).reading(PENDING)  # fmt: skip


def is_batch(record: Mapping[str, object]) -> bool:
    """Whether an object is a batch of `crop_queue.jsonl`."""
    return "batch_id" in record and "crops" in record


def read_batch(record: Mapping[str, object], text: str, told: Told) -> Reading:
    """The crops of a batch, waiting or made, and what became of it; raises `SetAside`."""
    fields = Fields(record)
    status = fields.required("status")
    if status not in _STATUSES:
        raise SetAside("fields", f"status is one of {', '.join(_STATUSES)}, not {status!r}")
    stamp = fields.required("timestamp_queued")
    at = read_time(stamp, told.tz)
    crops = [_crop(each, fields, text, told) for each in fields.objects("crops")]
    if status == "completed":
        made = [crop.reading(BATCHES) for crop in crops]
        facts = tuple(fact for each in made for fact in each.facts)
        odd = tuple(warning for each in made for warning in each.warnings)
        return Reading((*facts, _outcome(fields, text, told)), at, odd, len(crops))
    offset = None if is_local(stamp) else offset_of(stamp)
    owed = tuple(
        Mark(crop.project, crop.path, _known(crop.box), crop.dimensions, at=at, utc_offset_s=offset) for crop in crops
    )
    facts = (_outcome(fields, text, told),) if status == "failed" else ()
    return Reading(facts, at, (), len(crops), owed, QUEUE)


def _known(box: Box | None) -> Box:
    if box is None:
        raise SetAside("box", "a crop that waits has no rectangle that could be carried out")
    return box


def _crop(crop: Fields, batch: Fields, text: str, told: Told) -> Crop:
    path = crop.required("source_path")
    if not PurePosixPath(path).is_absolute() and ":" not in path[:2]:
        raise SetAside("path", f"source_path is absolute, not {path!r}")
    stamp = batch.required("timestamp_queued")
    frame = crop.dimensions("image_width", "image_height")
    return Crop(
        project_of(batch.text("project_id"), told), path, stamp, read_time(stamp, told.tz), BATCHES,
        _box(crop, frame), frame, session=batch.text("session_id"), record=text,
    )  # fmt: skip


def _box(crop: Fields, frame: Dimensions | None) -> Box | None:
    """The rectangle, in fractions; where both forms are there they have to agree."""
    box, edges = crop.box("crop_rect_normalized"), crop.values.get("crop_rect")
    if edges is None or frame is None:
        return box
    try:
        pixels = PixelBox(*(_whole(edge) for edge in edges)) if isinstance(edges, list) else None
        same = None if pixels is None else pixels.normalise(frame)
    except (Invalid, TypeError) as error:
        raise SetAside("box", f"crop_rect: {error}") from error
    if same is None:
        raise SetAside("box", f"crop_rect is a list of four whole numbers, not {edges!r}")
    if box is not None and not _agree(box, same, frame):
        raise SetAside("box", f"crop_rect is {same}, crop_rect_normalized is {box}")
    return same


def _whole(edge: object) -> int:
    if isinstance(edge, bool) or not isinstance(edge, int | float) or edge != edge // 1:
        raise SetAside("box", f"crop_rect holds whole numbers, not {edge!r}")
    return int(edge)


def _agree(one: Box, other: Box, frame: Dimensions) -> bool:
    across = max(abs(one.x1 - other.x1), abs(one.x2 - other.x2)) * frame.width_px
    down = max(abs(one.y1 - other.y1), abs(one.y2 - other.y2)) * frame.height_px
    return max(across, down) <= _SAME


def _outcome(batch: Fields, text: str, told: Told) -> Fact:
    """That the old tool carried the batch out, or failed to."""
    stamp = batch.text("timestamp_processed") or batch.required("timestamp_queued")
    at = read_time(stamp, told.tz)
    event = OperationImported(
        source=BATCHES, kind="batch_" + batch.required("status"), stamp=stamp, session=batch.text("session_id"),
        project=batch.text("project_id") or told.project, operation="crop", count=len(batch.objects("crops")),
        notes=batch.text("error"), record=text,
    )  # fmt: skip
    return Fact(evidence_subject("batch", batch.required("batch_id"), stamp), event, at, f"import:{BATCHES}")
