"""What the formats have in common whose pixels Pillow reads."""

import io
from typing import BinaryIO

from PIL import Image

from imaging.pixels import Pixels
from ledger.values import PixelBox


def whole(stream: BinaryIO) -> bytes:
    """All bytes of an open file."""
    stream.seek(0)
    return stream.read()


def opened(raw: bytes, name: str) -> Image.Image:
    """The whole image, decoded."""
    with Image.open(io.BytesIO(raw), formats=[name]) as image:
        image.load()
        return image


def region(raw: bytes, name: str, box: PixelBox) -> Pixels:
    """The box, in the stored frame."""
    return Pixels.of(opened(raw, name).crop((box.left, box.top, box.right, box.bottom)))
