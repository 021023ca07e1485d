"""Marks on their way into the ledger: from an option on the command line, or from a file of JSON lines."""

from datetime import datetime
from pathlib import Path

from attrs import field, frozen

from commands.importing.reading import Record
from imaging.read import observe
from ledger.errors import Invalid
from ledger.values import Box, Dimensions, Instant, PixelBox, Suggestion


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
    warnings: tuple[str, ...] = ()
    """What is odd about it but allowed."""
    origin: Record | None = field(default=None, eq=False)
    """The line it came from, if it came from a file."""


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
