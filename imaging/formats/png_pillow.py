"""PNG pixels through Pillow, every bit of them: for all that the quick decoder does not read.

Pillow keeps 8 bits of a 16-bit sample. The filters, though, work on bytes, so a decoder does not care what they mean:
grey of 16 bits is read as grey and alpha of 8, grey and alpha of 16 as four channels; for colour, which no 8-bit kind
is as wide as, the decoder runs twice, once unpacking the high bytes and once the low ones.
"""

import io

from PIL import Image

from imaging.formats.png_chunks import Chunk
from imaging.pixels import Pixels, bits
from ledger.values import PixelBox

_TWINS = {"I;16": (4, "LA"), "LA;16": (6, "RGBA")}
"""8-bit colour types with as many bytes a pixel."""


def region(bare: bytes, mode: str, box: PixelBox) -> Pixels:
    """The box, in the stored frame, of a PNG that holds size, palette and pixels only."""
    size = box.dimensions.width_px, box.dimensions.height_px
    if mode in _TWINS:
        colour, name = _TWINS[mode]
        samples = _cut(_as_eight_bits(bare, colour), box).tobytes("raw", name)
    elif bits(mode) == 16:
        samples = _interleaved(*(_cut(bare, box, f"{mode}{order}").tobytes() for order in "BL"))
    else:
        picture = _cut(bare, box)
        samples = picture.tobytes("raw", "1" if picture.mode == "1" else mode)
    return Pixels(mode, *size, samples)


def _cut(png: bytes, box: PixelBox, unpacked: str | None = None) -> Image.Image:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        if unpacked is not None:
            image.tile = [tile._replace(args=unpacked) for tile in image.tile]
        image.load()
        return image.crop((box.left, box.top, box.right, box.bottom))


def _as_eight_bits(png: bytes, colour: int) -> bytes:
    ihdr = Chunk(b"IHDR", png[16:24] + bytes((8, colour)) + png[26:29])
    return png[:8] + bytes(ihdr) + png[33:]


def _interleaved(high: bytes, low: bytes) -> bytes:
    both = bytearray(2 * len(high))
    both[::2], both[1::2] = high, low
    return bytes(both)
