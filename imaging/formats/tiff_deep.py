"""TIFF with 16 bits per colour, which Pillow would make 8: every bit through it by another way, or through libvips.

Compression works on bytes, so an encoder does not care what they mean: rows of 16-bit samples are encoded as rows of
grey bytes, and the directory then says what they are. To read them without libvips, the decoder runs twice, unpacking
the high bytes once and once the low ones.
"""

import io
import sys
from types import ModuleType

from PIL import Image

from imaging import ladder, vips
from imaging.formats import ifd
from imaging.formats.header import Malformed
from imaging.formats.tiff_tags import (
    BITS,
    EXTRA,
    FORMAT,
    LONG,
    PHOTOMETRIC,
    PLANES,
    PREDICTOR,
    SAMPLES,
    SHORT,
    WIDTH,
    Tag,
)
from imaging.pixels import Pixels, channels
from imaging.problems import Unusable
from ledger.values import PixelBox

MEND = "pip install 'cropledger[fast]'"
MODES = frozenset(("LA;16", "RGB;16", "RGBA;16", "CMYK;16"))
DIFFERENCED = 2
"""The predictor that stores the difference to the sample on the left (TIFF 6.0, section 14)."""
_OTHER_END = {"L": "B", "B": "L"}


def damage(block: ifd.Block, tags: dict[int, ifd.Entry], mode: str, depth: int) -> str | None:
    """Why a crop of a file with more than 8 bits per colour would lose something."""
    if mode not in MODES:
        return f"a TIFF with {depth} bits per colour: the decoder would silently keep 8"
    if block.number(tags, PLANES) not in (None, 1) or block.number(tags, FORMAT) not in (None, 1):
        return "a TIFF with 16 bits per colour in planes of their own, or in numbers below zero"
    if set(block.value(tags[BITS])) != {16}:
        return "a TIFF whose colours have different depths"
    return None


def region(raw: bytes, mode: str, box: PixelBox) -> Pixels:
    """The box, in the stored frame; the low byte of each sample stands first."""
    if fast := ladder.fast():
        try:
            return vips.region(fast, io.BytesIO(raw), mode, box, "little")
        except vips.Unread:
            pass  # whether the file is to blame, Pillow says
    if mode == "LA;16":
        raise Unusable("grey and alpha of 16 bits is not read without libvips", reason="unsupported", mend=MEND)
    high, low = (_bytes(raw, mode.partition(";")[0], box, low=low) for low in (False, True))
    both = bytearray(2 * len(high))
    both[::2], both[1::2] = low, high
    return Pixels(mode, box.dimensions.width_px, box.dimensions.height_px, bytes(both))


def _bytes(raw: bytes, name: str, box: PixelBox, *, low: bool) -> bytes:
    """One byte of every sample in the box, as Pillow unpacks it."""
    with Image.open(io.BytesIO(raw), formats=["TIFF"]) as image:
        if image.mode != name:
            raise Malformed(f"Pillow sees {image.mode}")
        image.tile = [tile._replace(args=_unpacking(tile.args, low=low)) for tile in image.tile]
        image.load()
        return image.crop((box.left, box.top, box.right, box.bottom)).tobytes()


def _unpacking(args: object, *, low: bool) -> tuple[object, ...]:
    """What a decoder is told, with another half of each sample to unpack."""
    if not isinstance(args, tuple):
        raise Malformed("Pillow reads it in a way of its own")
    rawmode, *rest = args
    return _half(rawmode, low=low), *rest


def _half(rawmode: str, *, low: bool) -> str:
    kind, _, order = rawmode.rpartition(";16")
    order = {"N": "L" if sys.byteorder == "little" else "B"}.get(order, order)
    return f"{kind};16{_OTHER_END[order] if low else order}"


def encoded(
    block: ifd.Block, tags: dict[int, ifd.Entry], cut: Pixels, compression: str, *, is_differenced: bool
) -> tuple[bytes, dict[int, Tag]]:
    """A file that holds the samples as grey bytes, and the tags that say what they are."""
    fast = ladder.fast()
    differenced = fast is not None and is_differenced  # without numpy it would take minutes, and is a few bytes
    samples = _differences(cut, fast.numpy) if fast and differenced else cut.samples
    out = io.BytesIO()
    Image.frombytes("L", (cut.stride, cut.height_px), samples).save(out, "TIFF", compression=compression)
    count = channels(cut.mode)
    layout = {
        WIDTH: Tag(LONG, 1, (cut.width_px,)),
        BITS: Tag(SHORT, count, (16,) * count),
        SAMPLES: Tag(SHORT, 1, (count,)),
        PLANES: Tag(SHORT, 1, (1,)),
        PREDICTOR: Tag(SHORT, 1, (DIFFERENCED if differenced else 1,)),
    }
    kept = {
        tag: Tag(tags[tag].kind, tags[tag].count, block.value(tags[tag])) for tag in (PHOTOMETRIC, EXTRA) if tag in tags
    }
    return out.getvalue(), layout | kept


def _differences(cut: Pixels, np: ModuleType) -> bytes:
    samples = np.frombuffer(cut.samples, "<u2").reshape(cut.height_px, cut.width_px, channels(cut.mode))
    out = samples.copy()
    out[:, 1:] -= samples[:, :-1]
    return out.tobytes()  # type: ignore[no-any-return]
