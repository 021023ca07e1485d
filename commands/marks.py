"""Marks on their way into the ledger: from an option on the command line, or from a file of JSON lines."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from attrs import field, frozen

from commands.quarantine import SetAside
from commands.reading import Lines, Record, lines
from imaging.read import observe
from ledger.errors import Invalid
from ledger.values import Box, Dimensions, Instant, PixelBox, Suggestion, instant, parse_instant

LAYOUT = "pending_queue"
"""The name of the form that `pending.jsonl` has."""


@frozen
class Mark:
    """A box that somebody drew on an image."""

    project: str
    path: str
    """The image, absolute."""
    box: Box
    dimensions: Dimensions | None = None
    """The size the marker says the image had, as displayed; checked against the file."""
    group: str | None = None
    suggestion: Suggestion | None = None
    at: Instant | None = None
    """When it was drawn; now, if unknown."""
    utc_offset_s: int | None = None
    """Offset from UTC, in seconds, that the time was given with."""
    origin: Record | None = field(default=None, eq=False)
    """The line it came from, if it came from a file."""


@frozen
class Rejected:
    """A line that is no mark, and why."""

    origin: Record
    why: SetAside


def marks_from(stream: Lines, project: str | None = None) -> Iterator[Mark | Rejected]:
    """Every line of a file in the pending-queue form; blank lines are none. `project` is that of lines without one."""
    for record in lines(stream):
        if not record.raw.strip():
            continue
        try:
            yield _mark(record, project)
        except SetAside as why:
            yield Rejected(record, why)
        except Invalid as why:
            yield Rejected(record, SetAside("box", why.message))


def _mark(record: Record, project: str | None) -> Mark:
    fields = _fields(record)
    at, offset = _time(fields)
    return Mark(
        project=_text(fields, "project_id", project),
        path=_path(fields),
        box=_box(fields.get("crop_norm")),
        dimensions=_dimensions(fields.get("width"), fields.get("height")),
        group=fields.get("group_id") and _text(fields, "group_id"),
        at=at,
        utc_offset_s=offset,
        origin=record,
    )


def _fields(record: Record) -> Mapping[str, Any]:
    if not record.whole:
        raise SetAside("too_long", "the line is too long to be a mark")
    try:
        return msgspec.json.decode(record.raw, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SetAside("json", f"not a JSON object: {error}") from error


def _text(fields: Mapping[str, Any], name: str, otherwise: str | None = None) -> str:
    value = fields.get(name)
    if value is None and otherwise:
        return otherwise
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise SetAside("field", f"{name} is a text, not {value!r}")
    return value


def _path(fields: Mapping[str, Any]) -> str:
    directory, filename = _text(fields, "dir"), _text(fields, "filename")
    if not Path(directory).is_absolute():
        raise SetAside("path", f"dir is an absolute path, not {directory!r}")
    if Path(filename).name != filename:
        raise SetAside("path", f"filename is a name without a directory, not {filename!r}")
    return str(Path(directory) / filename)


def _box(edges: object) -> Box:
    if not isinstance(edges, list) or len(edges) != 4:
        raise SetAside("box", f"crop_norm is four numbers, not {edges!r}")
    return Box(*edges)


def _dimensions(width: object, height: object) -> Dimensions | None:
    # A writer that did not know the size wrote 0 or null: then the file alone says how large the image is.
    if width in {None, 0} and height in {None, 0}:
        return None
    if not isinstance(width, int) or not isinstance(height, int):
        raise SetAside("size", f"width and height are whole numbers of pixels, not {width!r} and {height!r}")
    return Dimensions(width, height)


def _time(fields: Mapping[str, Any]) -> tuple[Instant | None, int | None]:
    stamp = fields.get("created_at")
    if stamp is None:
        return None, None
    if not isinstance(stamp, str):
        raise SetAside("time", f"created_at is a time, not {stamp!r}")
    try:
        return instant(parse_instant(stamp)), offset_of(stamp)
    except Invalid as error:
        raise SetAside("time", error.message) from error


def box_on(path: Path, box: str | None, pixels: str | None) -> Box:
    """The box that was given in either way; raises `Invalid` unless it was exactly one of them."""
    if (box is None) == (pixels is None):
        raise Invalid("Give the box once: --box x1,y1,x2,y2 or --pixels left,top,right,bottom.")
    if box is not None:
        return Box.parse(box)
    try:
        left, top, right, bottom = (int(edge) for edge in str(pixels).split(","))
    except ValueError as error:
        raise Invalid(f"--pixels takes four whole numbers left,top,right,bottom, not {pixels!r}.") from error
    return PixelBox(left, top, right, bottom).normalise(observe(path).dimensions)


def offset_of(at: str) -> int | None:
    """The offset from UTC, in seconds, that a time was written with."""
    offset = datetime.fromisoformat(at).utcoffset()
    return None if offset is None else round(offset.total_seconds())
