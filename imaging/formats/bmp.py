"""BMP: a header and rows; what the encoder would store with another depth is refused."""

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO

from attrs import evolve
from PIL import Image

from imaging.formats import pictures
from imaging.formats.ending import refuse_shorter
from imaging.formats.header import MAX_PIXELS, Encoded, Header, Malformed, exactly
from imaging.pixels import Pixels, Strips, stride
from ledger.values import PixelBox

NAME = "BMP"
_ROWS = 256
_RUN_LENGTHS = (1, 2)
"""The compressions whose rows have no fixed length."""
_MODES = {1: "1", 4: "P;4", 8: "P", 16: "RGB;16", 24: "RGB", 32: "RGBX"}


def header(stream: BinaryIO) -> Header:
    """Read the file and bitmap headers; raises `Malformed`."""
    name, begins = struct.unpack("<2s8xI", exactly(stream, 14))
    if name != b"BM":
        raise Malformed("not a BMP file")
    (length,) = struct.unpack("<I", exactly(stream, 4))
    if length not in (12, 40, 52, 56, 64, 108, 124):
        raise Malformed(f"a bitmap header of {length} bytes")
    body = exactly(stream, length - 4)
    width, height, _, bits = struct.unpack_from("<HHHH" if length == 12 else "<iiHH", body)
    if bits not in _MODES or width < 1 or height == 0:
        raise Malformed(f"a bitmap of {width}x{height} with {bits} bits")
    packed = length > 12 and struct.unpack_from("<I", body, 12)[0] in _RUN_LENGTHS
    if not packed and width * abs(height) <= MAX_PIXELS:  # what is too large is told as that
        refuse_shorter(stream, begins + (width * bits + 31) // 32 * 4 * abs(height))
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
    """The pixels of a crop, which Pillow wrote: by the format's definition, row by row from the last to the first."""
    stream.seek(10)
    start, length = struct.unpack("<II", exactly(stream, 8))
    *_, compression, _, _, _, colours = struct.unpack("<iiHHIIiiI", exactly(stream, 32))
    if compression:
        raise Malformed("its rows are compressed")
    stream.seek(14 + length)
    mode = "L" if found.mode == "P" and _is_grey(exactly(stream, 4 * (colours or 256))) else found.mode
    return Strips(mode, found.width_px, found.height_px, _rows(stream, start, evolve(found, mode=mode)))


def _is_grey(palette: bytes) -> bool:
    """Whether each index is its own brightness; Pillow calls that grey."""
    return all(palette[place : place + 3] == bytes((place // 4,)) * 3 for place in range(0, len(palette), 4))


def _rows(stream: BinaryIO, start: int, found: Header) -> Iterator[Pixels]:
    length = stride(found.mode, found.width_px)
    padded = (length + 3) // 4 * 4
    for below in range(found.height_px, 0, -_ROWS):
        count = min(_ROWS, below)
        stream.seek(start + (below - count) * padded)
        flat = exactly(stream, count * padded)
        rows = (flat[place : place + length] for place in range((count - 1) * padded, -1, -padded))
        samples = bytearray(b"".join(rows))
        if found.mode == "RGB":
            samples[::3], samples[2::3] = samples[2::3], samples[::3]
        yield Pixels(found.mode, found.width_px, count, samples)


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
