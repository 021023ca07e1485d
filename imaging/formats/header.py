"""What an image file's first bytes say, without decoding a pixel."""

from collections.abc import Iterable
from typing import BinaryIO

from attrs import frozen

from imaging.problems import Unusable

MAX_PIXELS = 300_000_000
"""An image with more pixels is refused from its header, before anything is decoded: a few bytes can claim gigabytes."""


@frozen
class Header:
    """Facts that a file claims about itself."""

    format: str
    """PNG, JPEG, WEBP, AVIF, TIFF or BMP."""
    mode: str
    """Colour and depth, such as `RGB`, `P;4`, `I;16`, `RGBA;16`."""
    width_px: int
    """Width as stored."""
    height_px: int
    """Height as stored."""
    orientation: int = 1
    """EXIF orientation, 1 to 8."""
    lossless: bool = True
    """Whether a pixel decodes to what was encoded."""
    noise: float = 0.0
    """Grey levels (root mean square) that one more encoding of a lossy file may add."""
    alpha_noise: float = 0.0
    """The same for its transparency, which most lossy formats keep as it is."""
    grid: tuple[int, int] = (1, 1)
    """Width and height of the blocks at whose edges the file can be cut without decoding it."""
    keyed: bool = False
    """Whether one colour stands for transparency, without a channel for it."""
    damage: str | None = None
    """Why a crop of this file would lose something; such a file can be looked at, not cropped."""


@frozen
class Encoded:
    """A file about to be written."""

    pieces: Iterable[bytes]
    """Its bytes in order; some are encoded while the ones before are written."""
    warnings: tuple[str, ...] = ()
    """The codes of what could not be kept."""


class Malformed(Exception):
    """The bytes are not what their format requires; the message says where."""


def animated(what: str) -> Unusable:
    """The refusal of a file that holds more than one image, by the name of what it is."""
    return Unusable(
        f"this is {what}: it holds more than one image, and a crop would keep only the first", reason="animated"
    )


def exactly(stream: BinaryIO, count: int) -> bytes:
    """The next `count` bytes; raises `Malformed` at the end of the file."""
    found = stream.read(count)
    if len(found) != count:
        raise Malformed("the file ends too early")
    return found
