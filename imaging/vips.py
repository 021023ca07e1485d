"""Decode with libvips: row by row, no further down than the box needs, in little memory."""

import io
import os
import sys
from typing import Any, BinaryIO

from imaging.ladder import Fast
from imaging.pixels import Pixels, bits, channels
from ledger.values import PixelBox

# By default what is missing of a file is filled up with grey.
_STRICT = {"access": "sequential", "fail_on": "warning"}


class Unread(Exception):
    """libvips cannot read it, or not as what it is; the next rung may."""


def region(fast: Fast, stream: BinaryIO, mode: str, box: PixelBox) -> Pixels:
    """The box, in the stored frame, as samples of this mode; raises `Unread`."""
    try:
        image: Any = _opened(fast, stream)
        if (image.bands, image.format) != (channels(mode), "ushort" if bits(mode) == 16 else "uchar"):
            raise Unread(f"libvips sees {image.bands} bands of {image.format}")
        cut = image.crop(box.left, box.top, box.dimensions.width_px, box.dimensions.height_px)
        if bits(mode) == 16 and sys.byteorder == "little":
            cut = cut.byteswap()
        samples = memoryview(cut.write_to_memory()).cast("B")
    except fast.vips.Error as error:
        raise Unread(" ".join(str(error).split())) from error
    finally:
        _resync(stream)
    return Pixels(mode, box.dimensions.width_px, box.dimensions.height_px, samples)


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
