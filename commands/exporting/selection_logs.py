"""The logs of choices that people's other programs read: choices with a crop, and choices without. Pure.

A choice with a crop is a row of the crop log's first layout, with the rectangle in pixels and as many images as the
largest group; a choice without one is a row of the selection log. A rejected group is in neither: nothing was chosen.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import PurePosixPath

from attrs import frozen

from ledger.values import Box, Dimensions
from projections.groups import KeptImage, SelectedImage

SELECTION_NAMES = ("session_id", "set_id", "chosen_path", "neg_paths", "timestamp")
CROP_NAMES = (
    "session_id", "set_id", "directory", "image_count", "chosen_index", "chosen_path",
    "crop_x1", "crop_y1", "crop_x2", "crop_y2", "timestamp",
)  # fmt: skip
_STAGES = {1.0: "stage1_generated", 1.5: "stage1.5_face_swapped", 2.0: "stage2_upscaled", 3.0: "stage3_enhanced"}
_COLUMNS_MIN = 2


@frozen
class Choice:
    """A group of which an image is kept, with the box that was marked on it, if one was."""

    images: Sequence[SelectedImage]
    kept: SelectedImage
    crop: KeptImage

    def path(self, image: SelectedImage) -> str:
        """Where the image was."""
        return str(PurePosixPath(image.directory, image.filename))


def choices(images: Iterable[SelectedImage], kept: Iterable[KeptImage]) -> list[Choice]:
    """The groups of which an image is kept, in the order in which they were decided."""
    crops = {each.position: each for each in kept}
    found = []
    for position, group in groupby(images, key=lambda image: image.position):
        members = list(group)
        chosen = [image for image in members if image.kept]
        if chosen:
            found.append(Choice(members, chosen[0], crops[position]))
    return found


def selection_csv(found: Iterable[Choice]) -> Iterator[bytes]:
    """The choices without a crop."""
    yield _line(SELECTION_NAMES)
    for choice in found:
        if choice.crop.x1 is None:
            others = [choice.path(image) for image in choice.images if not image.kept]
            kept = choice.kept
            yield _line((kept.correlation, kept.group_id, choice.path(kept), json.dumps(others), kept.decided_at))


def crop_csv(found: Sequence[Choice]) -> Iterator[bytes]:
    """The choices with a crop."""
    marked = [choice for choice in found if choice.crop.x1 is not None]
    most = max((len(choice.images) for choice in marked), default=_COLUMNS_MIN)
    images = (f"image_{at}_path,image_{at}_stage,width_{at},height_{at}".split(",") for at in range(most))
    yield _line((*CROP_NAMES, *(name for four in images for name in four)))
    for choice in marked:
        yield _line((*_rectangle(choice), *(cell for image in choice.images for cell in _image(choice, image))))


def _rectangle(choice: Choice) -> Iterator[object]:
    crop, kept = choice.crop, choice.kept
    assert crop.x1 is not None and crop.y1 is not None and crop.x2 is not None and crop.y2 is not None  # noqa: S101, PT018  # for the type checker: a box has four edges
    box = Box(crop.x1, crop.y1, crop.x2, crop.y2).denormalise(Dimensions(crop.width_px or 1, crop.height_px or 1))
    yield from (kept.correlation, kept.group_id, PurePosixPath(kept.directory).name, len(choice.images), kept.place)
    yield choice.path(kept)
    yield from (float(edge) for edge in (box.left, box.top, box.right, box.bottom))
    yield crop.marked_at


def _image(choice: Choice, image: SelectedImage) -> tuple[object, ...]:
    width, height = image.width_px, image.height_px
    if image.kept:
        width, height = choice.crop.width_px, choice.crop.height_px
    return choice.path(image), _STAGES.get(image.stage or 0.0, ""), width or "", height or ""


def _line(cells: Iterable[object]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(list(cells))
    return buffer.getvalue().encode()
