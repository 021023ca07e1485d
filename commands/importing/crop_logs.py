"""The layouts of crop logs: one row's fields -> evidence of a crop, or the reason it is none. Pure.

A row is recognised by its own shape, not by the header above it: rows of other layouts occur under the same header.

- v1: session, set, directory, image count, chosen index and path, rectangle, time, then four fields per image.
- v2: time, project, file name, rectangle as fractions, width, height.

What a row claims is taken or it is not; nothing is put in its place. A row that tells when and what was cropped, but
whose rectangle and size do not go together, is still evidence of a crop: accepted, box unknown, with a warning.
"""

import math
import re
from collections.abc import Sequence

from attrs import evolve as changed

from commands.importing.facts import (
    PLACEHOLDER,
    SIZE_CONTRADICTED,
    SIZE_UNKNOWN,
    UNKNOWN,
    Crop,
    Reading,
    Told,
    checked_box,
    file_name,
    project_of,
)
from commands.importing.quarantine import SetAside
from commands.importing.times import STAMP, read_time
from ledger.errors import Invalid
from ledger.values import MAX_SIDE_PX, Box, Dimensions, PixelBox

V1, V2 = "crop_log_v1", "crop_log_v2"

_V1_NAMES = (
    "session_id", "set_id", "directory", "image_count", "chosen_index", "chosen_path",
    "crop_x1", "crop_y1", "crop_x2", "crop_y2", "timestamp",
)  # fmt: skip
V2_NAMES = ("timestamp", "project_id", "filename", "crop_x1", "crop_y1", "crop_x2", "crop_y2", "width", "height")

_ASPECT_SLACK_PX = 2.0  # both sides of the rectangle were rounded to whole pixels, each by up to one


def is_header(fields: Sequence[str]) -> bool:
    """Whether this is the header of a known layout, wherever in the file it stands."""
    return tuple(fields[:11]) == _V1_NAMES or tuple(fields) == V2_NAMES


def layout_of(fields: Sequence[str]) -> str:
    """The layout that the fields have the shape of."""
    if len(fields) == len(V2_NAMES) and STAMP.match(fields[0]) and not any(map(_clearly_other, fields[3:])):
        return V2
    if len(fields) > len(_V1_NAMES) and STAMP.match(fields[10]) and _COUNT.match(fields[3]):
        return V1
    return UNKNOWN


def _clearly_other(text: str) -> bool:
    """Whether a field where a number belongs is neither one nor a damaged one: another layout has nine fields too."""
    return bool(text) and not any(character.isdigit() for character in text)


def read(fields: Sequence[str], text: str, told: Told, *, ended: bool = True) -> Reading:
    """What a row of either layout says; `ended` is false for a last line without its end. Raises `SetAside`."""
    return _crop(fields, text, told, ended=ended).reading()


def _crop(fields: Sequence[str], text: str, told: Told, *, ended: bool) -> Crop:
    layout = layout_of(fields)
    if layout == V1:
        return _read_v1(fields, text, told)
    if layout == V2:
        if not ended:
            raise SetAside("torn", "the last line has no end, so its height may be cut short")
        return _read_v2(fields, text, told)
    raise SetAside("unknown_layout", f"{len(fields)} fields that are not a row of any layout known here")


# -- v1 ---------------------------------------------------------------------------------------------------------


def _read_v1(fields: Sequence[str], text: str, told: Told) -> Crop:
    session, group, path = fields[0], fields[1], fields[5]
    frame = _chosen_frame(fields)
    file_name(path)
    crop = Crop(
        project_of(None, told), path, fields[10], read_time(fields[10], told.tz), V1,
        group=group or None, session=session or None, record=text,
    )  # fmt: skip
    return _with_rectangle(crop, _rectangle(fields[6:10]), frame)


def _chosen_frame(fields: Sequence[str]) -> Dimensions | None:
    """The size of the chosen image; None where the source wrote 0 or nothing."""
    count, chosen, path = _whole(fields[3]), _whole(fields[4]), fields[5]
    images = [tuple(fields[at : at + 4]) for at in range(len(_V1_NAMES), len(fields), 4)]
    if not 0 <= chosen < count:
        raise SetAside("chosen", f"image {chosen} was chosen of {count}")
    if any(cell for image in images[count:] for cell in image):
        raise SetAside("fields", f"the row goes on behind its {count} images")
    if chosen >= len(images) or images[chosen][0] != path:
        raise SetAside("chosen", f"the chosen path {path!r} is not that of image {chosen}")
    sizes = [_frame(image) for image in images[:count]]
    return sizes[chosen]


def _frame(image: Sequence[str]) -> Dimensions | None:
    width, height = (*image[2:4], "", "")[:2]
    sides = [_whole(side) if side else 0 for side in (width, height)]
    if 0 in sides:
        return None
    return _dimensions(*sides)


def _with_rectangle(crop: Crop, edges: Sequence[float], frame: Dimensions | None) -> Crop:
    """Pixels or fractions, told apart by their value: no crop of these tools was one pixel wide."""
    if max(edges) <= 1:
        return _with_fractions(crop, checked_box(edges), frame)
    if any(edge != int(edge) for edge in edges):
        raise SetAside("box", f"the rectangle {edges} is neither whole pixels nor fractions")
    try:
        pixels = PixelBox(*map(int, edges))
    except Invalid as error:
        raise SetAside("box", str(error)) from error
    if frame is None:
        return _boxless(crop, SIZE_UNKNOWN)
    if not pixels.inside(frame) or not _same_shape(pixels, frame):
        return _boxless(crop, SIZE_CONTRADICTED)
    return _with_box(crop, pixels.normalise(frame), frame)


def _with_fractions(crop: Crop, box: Box, frame: Dimensions | None) -> Crop:
    if frame is None:
        whole = box == Box(0, 0, 1, 1)
        return _boxless(crop, PLACEHOLDER) if whole else _with_box(crop, box, None, SIZE_UNKNOWN)
    try:
        pixels = box.denormalise(frame)
    except Invalid as error:
        raise SetAside("box", str(error)) from error
    if not _same_shape(pixels, frame):
        return _boxless(crop, SIZE_CONTRADICTED)
    return _with_box(crop, box, frame)


def _with_box(crop: Crop, box: Box, frame: Dimensions | None, *warnings: str) -> Crop:
    return changed(crop, box=box, dimensions=frame, warnings=warnings)


def _boxless(crop: Crop, warning: str) -> Crop:
    """The crop happened, its box is not known; a size in doubt is not claimed either. The record keeps both."""
    return changed(crop, warnings=(warning,))


def _same_shape(pixels: PixelBox, frame: Dimensions) -> bool:
    """The tool locked the crop's shape to the image's, so another shape gives a wrong size away."""
    width, height = pixels.right - pixels.left, pixels.bottom - pixels.top
    skew = abs(width * frame.height_px - height * frame.width_px)
    return skew <= _ASPECT_SLACK_PX * max(frame.width_px, frame.height_px)


# -- v2 ---------------------------------------------------------------------------------------------------------


def _read_v2(fields: Sequence[str], text: str, told: Told) -> Crop:
    stamp, named, filename = fields[:3]
    if file_name(filename) != filename:
        raise SetAside("filename", f"a file name without a directory belongs here, not {filename!r}")
    box = checked_box(_rectangle(fields[3:7]))
    frame = _dimensions(_whole(fields[7]), _whole(fields[8]))
    at = read_time(stamp, told.tz)
    # What the crop itself says is all that such a row can say, but for a time in another form.
    record = None if stamp == at else text
    return Crop(project_of(named, told), filename, stamp, at, V2, box, frame, record=record)


# -- fields -----------------------------------------------------------------------------------------------------

# ASCII only, and no more digits than there can be: int() and float() also read other scripts' digits, 1_000 and nan.
_COUNT = re.compile(r"[0-9]{1,4}\Z")
_WHOLE = re.compile(r"([0-9]{1,9})(\.0{1,9})?\Z")
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,30})?(e-?[0-9]{1,3})?\Z", re.IGNORECASE)


def _whole(text: str) -> int:
    match = _WHOLE.match(text)
    if match is None:
        raise SetAside("number", f"not a whole number: {text!r}")
    return int(match[1])


def _rectangle(cells: Sequence[str]) -> tuple[float, ...]:
    for cell in cells:
        if _NUMBER.match(cell) is None:
            raise SetAside("number", f"not a number: {cell!r}")
    edges = tuple(map(float, cells))
    if not all(map(math.isfinite, edges)):
        raise SetAside("number", f"not a rectangle: {edges}")
    return edges


def _dimensions(width: int, height: int) -> Dimensions:
    if not (1 <= width <= MAX_SIDE_PX and 1 <= height <= MAX_SIDE_PX):
        raise SetAside("size", f"an image is not {width} x {height} pixels")
    return Dimensions(width, height)
