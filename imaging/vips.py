"""Decode with libvips: row by row, no further down than the box needs, in little memory."""

import io
import os
import sys
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO, Literal

from imaging.ladder import Fast
from imaging.pixels import Pixels, Strips, bits, channels, stride
from ledger.values import PixelBox

# By default what is missing of a file is filled up with grey.
_STRICT = {"access": "sequential", "fail_on": "warning"}

_STRIP = 1 << 20
_FORMATS = {"I": ("int", "uint"), "F": ("float",)}
_BY_BITS = {8: ("uchar",), 16: ("ushort",)}

Order = Literal["little", "big"]
"""Which byte of a 16-bit sample stands first; PNG's is the high one."""


class Unread(Exception):
    """libvips cannot read it, or not as what it is; the next rung may."""


def region(fast: Fast, stream: BinaryIO, mode: str, box: PixelBox, order: Order = "big") -> Pixels:
    """The box, in the stored frame, as samples of this mode; raises `Unread`."""
    try:
        cut: Any = _as(mode, _opened(fast, stream), order)
        cut = cut.crop(box.left, box.top, box.dimensions.width_px, box.dimensions.height_px)
        samples = memoryview(cut.write_to_memory()).cast("B")
    except fast.vips.Error as error:
        raise _unread(error) from error
    finally:
        _resync(stream)
    return Pixels(mode, box.dimensions.width_px, box.dimensions.height_px, samples)


def strips(fast: Fast, stream: BinaryIO, mode: str, size: tuple[int, int], order: Order = "big") -> Strips:
    """All of a picture of this size; raises `Unread`, now or from a later strip.

    The stream must be left alone until all are read.
    """
    try:
        image: Any = _as(mode, _opened(fast, stream), order)
        if (image.width, image.height) != size:
            raise Unread(f"libvips sees {image.width}x{image.height}")
        each = _strips(fast, stream, mode, image)
        return Strips(mode, *size, chain((next(each),), each))
    except fast.vips.Error as error:
        raise _unread(error) from error


def _strips(fast: Fast, stream: BinaryIO, mode: str, image: Any) -> Iterator[Pixels]:  # noqa: ANN401  # pyvips has no types
    height = max(8, _STRIP // stride(mode, image.width) // 8 * 8)
    try:
        window = fast.vips.Region.new(image)
        for top in range(0, image.height, height):
            rows = min(height, image.height - top)
            yield Pixels(mode, image.width, rows, bytes(window.fetch(0, top, image.width, rows)))
    except fast.vips.Error as error:
        raise _unread(error) from error
    finally:
        _resync(stream)


def _as(mode: str, image: Any, order: Order) -> Any:  # noqa: ANN401  # pyvips has no types
    if image.bands != channels(mode) or image.format not in _FORMATS.get(mode, _BY_BITS.get(bits(mode), ())):
        raise Unread(f"libvips sees {image.bands} bands of {image.format}")
    return image.byteswap() if bits(mode) == 16 and sys.byteorder != order else image


def _unread(error: Exception) -> Unread:
    return Unread(" ".join(str(error).split()))


def _opened(fast: Fast, stream: BinaryIO) -> object:
    try:
        descriptor = stream.fileno()
    except (OSError, io.UnsupportedOperation):
        stream.seek(0)
        return fast.vips.Image.new_from_buffer(stream.read(), "", **_STRICT)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return fast.vips.Image.new_from_source(fast.vips.Source.new_from_descriptor(descriptor), "", **_STRICT)


def _resync(stream: BinaryIO) -> None:
    # libvips moved the descriptor behind Python's back; only seeking from the end makes Python look again.
    stream.seek(0, os.SEEK_END)
