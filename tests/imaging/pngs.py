"""PNG files written by hand, so that no encoder under test has a part in them."""

import struct
import zlib

from imaging.formats.png_chunks import SIGNATURE


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def png_of(width, height, depth, colour, pixel, *, interlaced=False, extra=b""):
    """A PNG written here, pixel by pixel; Adam7 as in the specification, 8.2."""
    passes = PASSES if interlaced else ((0, 0, 1, 1),)
    rows = b"".join(
        b"\0" + b"".join(pixel(x, y) for x in range(left, width, across))
        for left, top, across, down in passes
        if left < width
        for y in range(top, height, down)
    )
    ihdr = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    return SIGNATURE + ihdr + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
