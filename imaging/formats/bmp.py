"""BMP: a header and rows; what the encoder would store with another depth is refused."""

import io
import struct
from typing import BinaryIO

from PIL import Image

from imaging.formats import pictures
from imaging.formats.header import Encoded, Header, Malformed, exactly
from imaging.pixels import Pixels, Strips
from ledger.values import PixelBox

NAME = "BMP"
_MODES = {1: "1", 4: "P;4", 8: "P", 16: "RGB;16", 24: "RGB", 32: "RGBX"}


def header(stream: BinaryIO) -> Header:
    """Read the file and bitmap headers; raises `Malformed`."""
    if exactly(stream, 14)[:2] != b"BM":
        raise Malformed("not a BMP file")
    (length,) = struct.unpack("<I", exactly(stream, 4))
    if length not in (12, 40, 52, 56, 64, 108, 124):
        raise Malformed(f"a bitmap header of {length} bytes")
    body = exactly(stream, length - 4)
    width, height, _, bits = struct.unpack_from("<HHHH" if length == 12 else "<iiHH", body)
    if bits not in _MODES or width < 1 or height == 0:
        raise Malformed(f"a bitmap of {width}x{height} with {bits} bits")
    return Header(NAME, _MODES[bits], width, abs(height), damage=_damage(length, bits, body))


def _damage(length: int, bits: int, body: bytes) -> str | None:
    if bits not in (1, 8, 24):
        return f"a BMP with {bits} bits per pixel: the encoder would store another depth"
    if length == 124 and struct.unpack_from("<I", body, 112)[0]:
        return "a BMP with a colour profile: the encoder cannot write one"
    return None


def region(stream: BinaryIO, found: Header, box: PixelBox) -> Pixels:  # noqa: ARG001  # the signature of every format
    """The box, in the stored frame, of a source."""
    return pictures.region(pictures.whole(stream), NAME, box)


def picture(raw: bytes) -> Image.Image:
    """All of it, to look at."""
    return pictures.opened(raw, NAME)


def read_back(stream: BinaryIO, found: Header) -> Strips:
    """All pixels of a crop."""
    return Strips.of(region(stream, found, PixelBox(0, 0, found.width_px, found.height_px)))


def encode(stream: BinaryIO, found: Header, cut: Pixels) -> Encoded:  # noqa: ARG001  # the signature of every format
    """The pixels with the source's resolution."""
    raw = pictures.whole(stream)
    with Image.open(io.BytesIO(raw), formats=[NAME]) as image:
        dpi = image.info.get("dpi", (0, 0))
    out = io.BytesIO()
    cut.picture().save(out, NAME, dpi=dpi)
    return Encoded((out.getvalue(),))


def metadata(stream: BinaryIO, width_px: int, height_px: int) -> object:  # noqa: ARG001  # the same
    """Depth, resolution and palette; equal for a source and its crop."""
    raw = pictures.whole(stream)
    found = header(io.BytesIO(raw))
    with Image.open(io.BytesIO(raw), formats=[NAME]) as image:
        image.load()
        # The encoder fills a short palette up with black: indices beyond it meant black before, too.
        colours = bytes(image.getpalette() or ()).ljust(3 * 256, b"\0")
        return found.mode, image.info.get("dpi"), colours
