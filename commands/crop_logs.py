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
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from attrs import evolve as changed

from commands.evidence import (
    PLACEHOLDER,
    SIZE_CONTRADICTED,
    SIZE_UNKNOWN,
    UNKNOWN,
    UNKNOWN_GROUP,
    V1,
    V2,
    Evidence,
    bare_name,
    boxless,
)
from commands.quarantine import SetAside
from ledger.errors import Invalid
from ledger.events.history import HistoryImported
from ledger.values import MAX_SIDE_PX, Box, Dimensions, Instant, PixelBox, instant

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
    if len(fields) == len(V2_NAMES) and _STAMP.match(fields[0]) and not any(map(_clearly_other, fields[3:])):
        return V2
    if len(fields) > len(_V1_NAMES) and _STAMP.match(fields[10]) and _COUNT.match(fields[3]):
        return V1
    return UNKNOWN


def _clearly_other(text: str) -> bool:
    """Whether a field where a number belongs is neither one nor a damaged one: another layout has nine fields too."""
    return bool(text) and not any(character.isdigit() for character in text)


def read(
    fields: Sequence[str], text: str, *, project: str | None, tz: ZoneInfo | None = None, ended: bool = True
) -> Evidence:
    """What the row is evidence of; raises `SetAside` where it breaks the rules of its layout."""
    layout = layout_of(fields)
    if layout == V1:
        return _read_v1(fields, text, project, tz)
    if layout == V2:
        if not ended:
            raise SetAside("torn", "the last line has no end, so its height may be cut short")
        return _read_v2(fields, text, project, tz)
    raise SetAside("unknown_layout", f"{len(fields)} fields that are not a row of any layout known here")


# -- v1 ---------------------------------------------------------------------------------------------------------


def _read_v1(fields: Sequence[str], text: str, project: str | None, tz: ZoneInfo | None) -> Evidence:
    if not project:
        raise SetAside("project", "the row names no project; say which one")
    session, group, path = fields[0], fields[1], fields[5]
    frame = _chosen_frame(fields)
    event = HistoryImported(
        project, path, V1, fields[10], group=group or None, session=session or None, record=text,
        warnings=() if group else (UNKNOWN_GROUP,),
    )  # fmt: skip
    evidence = Evidence(event, read_time(fields[10], tz), _bare_name(path))
    return _with_rectangle(evidence, _rectangle(fields[6:10]), frame)


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


def _with_rectangle(evidence: Evidence, edges: Sequence[float], frame: Dimensions | None) -> Evidence:
    """Pixels or fractions, told apart by their value: no crop of these tools was one pixel wide."""
    if max(edges) <= 1:
        return _with_fractions(evidence, _box(edges), frame)
    if any(edge != int(edge) for edge in edges):
        raise SetAside("box", f"the rectangle {edges} is neither whole pixels nor fractions")
    try:
        pixels = PixelBox(*map(int, edges))
    except Invalid as error:
        raise SetAside("box", str(error)) from error
    if frame is None:
        return boxless(evidence, SIZE_UNKNOWN)
    if not pixels.inside(frame) or not _same_shape(pixels, frame):
        return boxless(evidence, SIZE_CONTRADICTED)
    return _with_box(evidence, pixels.normalise(frame), frame)


def _with_fractions(evidence: Evidence, box: Box, frame: Dimensions | None) -> Evidence:
    if frame is None:
        whole = box == Box(0, 0, 1, 1)
        return boxless(evidence, PLACEHOLDER) if whole else _with_box(evidence, box, None, SIZE_UNKNOWN)
    try:
        pixels = box.denormalise(frame)
    except Invalid as error:
        raise SetAside("box", str(error)) from error
    if not _same_shape(pixels, frame):
        return boxless(evidence, SIZE_CONTRADICTED)
    return _with_box(evidence, box, frame)


def _with_box(evidence: Evidence, box: Box, frame: Dimensions | None, *warnings: str) -> Evidence:
    event = evidence.event
    return changed(evidence, event=changed(event, box=box, dimensions=frame, warnings=(*event.warnings, *warnings)))


def _same_shape(pixels: PixelBox, frame: Dimensions) -> bool:
    """The tool locked the crop's shape to the image's, so another shape gives a wrong size away."""
    width, height = pixels.right - pixels.left, pixels.bottom - pixels.top
    skew = abs(width * frame.height_px - height * frame.width_px)
    return skew <= _ASPECT_SLACK_PX * max(frame.width_px, frame.height_px)


# -- v2 ---------------------------------------------------------------------------------------------------------


def _read_v2(fields: Sequence[str], text: str, project: str | None, tz: ZoneInfo | None) -> Evidence:
    stamp, named, filename = fields[:3]
    owner = named or project
    if not owner:
        raise SetAside("project", "the row names no project; say which one")
    if _bare_name(filename) != filename:
        raise SetAside("filename", f"a file name without a directory belongs here, not {filename!r}")
    box = _box(_rectangle(fields[3:7]))
    frame = _dimensions(_whole(fields[7]), _whole(fields[8]))
    event = HistoryImported(owner, filename, V2, stamp, box, frame, record=text, warnings=(UNKNOWN_GROUP,))
    return Evidence(event, read_time(stamp, tz), filename)


# -- fields -----------------------------------------------------------------------------------------------------

# ASCII only, and no more digits than there can be: int() and float() also read other scripts' digits, 1_000 and nan.
_COUNT = re.compile(r"[0-9]{1,4}\Z")
_WHOLE = re.compile(r"([0-9]{1,9})(\.0{1,9})?\Z")
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,30})?(e-?[0-9]{1,3})?\Z", re.IGNORECASE)
_STAMP = re.compile(
    r"(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,6})?"
    r"(Z|[+-][01][0-9]:?[0-5][0-9])?\Z"
)


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


def _box(edges: Sequence[float]) -> Box:
    try:
        return Box(*edges)
    except Invalid as error:
        raise SetAside("box", str(error)) from error


def _dimensions(width: int, height: int) -> Dimensions:
    if not (1 <= width <= MAX_SIDE_PX and 1 <= height <= MAX_SIDE_PX):
        raise SetAside("size", f"an image is not {width} x {height} pixels")
    return Dimensions(width, height)


def _bare_name(path: str) -> str:
    name = bare_name(path)
    if not name or name in {".", ".."}:
        raise SetAside("filename", f"{path!r} names no file")
    return name


def read_time(stamp: str, tz: ZoneInfo | None) -> Instant:
    """The instant a stamp names; raises `SetAside` for a local time whose zone, or whose hour of two, is not known."""
    if _STAMP.match(stamp) is None:
        raise SetAside("time", f"not a time: {stamp!r}")
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError as error:
        raise SetAside("time", f"not a time: {stamp!r}") from error
    if moment.tzinfo is None:
        moment = _in_zone(moment, stamp, tz)
    return instant(moment)


def _in_zone(moment: datetime, stamp: str, tz: ZoneInfo | None) -> datetime:
    if tz is None:
        raise SetAside("zone", f"{stamp!r} is a local time; say in which zone")
    local = moment.replace(tzinfo=tz)
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise SetAside("zone", f"the clocks of {tz.key} changed at {stamp!r}: the hour was there twice, or never")
    return local.astimezone(UTC)
