"""TIFF: one page, pixels through Pillow, every tag that does not describe the pixels' layout carried over as it was.

Pillow's own tag writer changes types and drops sub-directories. So it writes a bare file, and a directory made of its
layout tags and the source's other tags is put behind it.
"""

import io
import struct
from typing import BinaryIO

from attrs import frozen
from PIL import Image

from imaging.formats import ifd, pictures
from imaging.formats.header import Encoded, Header, Malformed, animated
from imaging.pixels import Pixels, Strips
from imaging.problems import Unusable
from ledger.values import PixelBox

NAME = "TIFF"
_BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PREDICTOR, _SUB_IFDS, _EXTRA, _FORMAT = (
    0x102, 0x103, 0x106, 0x115, 0x13D, 0x14A, 0x152, 0x153,
)  # fmt: skip
_WIDTH, _HEIGHT, _XMP, _DNG, _INTEROP_IFD = 0x100, 0x101, 0x2BC, 0xC612, 0xA005
_LAYOUT = frozenset(
    (254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 284, 288, 289, 292, 293, 317, 322, 323,
     324, 325, 330, 338, 339, 340, 341, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532)
)  # fmt: skip
_ENCODER = {
    1: "raw", 2: "tiff_ccitt", 3: "group3", 4: "group4", 5: "tiff_lzw", 8: "tiff_adobe_deflate", 32773: "packbits",
    32946: "tiff_adobe_deflate",
}  # fmt: skip
_DIRECTORIES = (ifd.EXIF_IFD, ifd.GPS_IFD, _INTEROP_IFD)
_MODES = {(0, 1): "L", (1, 1): "L", (2, 3): "RGB", (3, 1): "P", (5, 4): "CMYK", (1, 2): "LA", (2, 4): "RGBA"}
_ASSOCIATED_ALPHA = 1


def header(stream: BinaryIO) -> Header:
    """Read the first directory; raises `Malformed` or `Unusable`."""
    raw = stream.read()
    if raw[:4] in (b"II+\0", b"MM\0+"):
        raise Unusable("this is a BigTIFF, which is not supported", reason="unsupported")
    block = ifd.parse(raw)
    tags, following = block.first()
    if following:
        raise animated("a TIFF with several pages")
    if _DNG in tags:
        raise Unusable("this is a camera raw file (DNG), not a developed image", reason="unsupported")
    width, height = block.number(tags, _WIDTH), block.number(tags, _HEIGHT)
    if not width or not height:
        raise Malformed("it states no size")
    turn = block.number(tags, ifd.ORIENTATION) or 1
    orientation = turn if 1 <= turn <= 8 else 1
    return Header(NAME, _mode(block, tags), width, height, orientation, damage=_damage(block, tags))


def _mode(block: ifd.Block, tags: dict[int, ifd.Entry]) -> str:
    samples, depth = block.number(tags, _SAMPLES) or 1, block.number(tags, _BITS) or 1
    name = _MODES.get((block.number(tags, _PHOTOMETRIC) or 0, samples), f"{samples} samples")
    if depth == 8:
        return name
    return {"L": {1: "1", 16: "I;16", 32: "I"}.get(depth, f"L;{depth}")}.get(name, f"{name};{depth}")


def _damage(block: ifd.Block, tags: dict[int, ifd.Entry]) -> str | None:
    if (code := block.number(tags, _COMPRESSION) or 1) not in _ENCODER:
        return f"a TIFF with compression {code}: only lossless kinds the encoder can write are kept"
    if (photometric := block.number(tags, _PHOTOMETRIC) or 0) not in (0, 1, 2, 3, 5):
        return f"a TIFF with colour space {photometric}: the encoder would store another one"
    if _EXTRA in tags and _ASSOCIATED_ALPHA in tuple(block.value(tags[_EXTRA])):
        return "a TIFF with premultiplied alpha: the decoder would divide and round it"
    if _SUB_IFDS in tags:
        return "a TIFF with further images in sub-directories: a crop would lose them"
    if (depth := block.number(tags, _BITS) or 1) > 8 and (block.number(tags, _SAMPLES) or 1) > 1:
        return f"a TIFF with {depth} bits per colour: the decoder would silently keep 8"
    return None


def region(stream: BinaryIO, found: Header, box: PixelBox) -> Pixels:  # noqa: ARG001  # the signature of every format
    """The box, in the stored frame, of a source."""
    return pictures.region(_without_orientation(pictures.whole(stream)), NAME, box)


def picture(raw: bytes) -> Image.Image:
    """All of it, to look at."""
    return pictures.opened(_without_orientation(raw), NAME)


def read_back(stream: BinaryIO, found: Header) -> Strips:
    """All pixels of a crop."""
    return Strips.of(region(stream, found, PixelBox(0, 0, found.width_px, found.height_px)))


def _without_orientation(raw: bytes) -> bytes:
    # Pillow turns a TIFF by its orientation on loading, so it must not see one.
    block = ifd.parse(raw)
    tags, _ = block.first()
    patched = bytearray(raw)
    if (turn := tags.get(ifd.ORIENTATION)) is not None and turn.kind == 3:
        struct.pack_into(block.order + "H", patched, turn.offset, 1)
    if (xmp := tags.get(_XMP)) is not None and xmp.kind in (1, 7):
        # Pillow falls back on the orientation that XMP states; viewers do not.
        patched[xmp.offset : xmp.offset + xmp.count] = b" " * len(patched[xmp.offset : xmp.offset + xmp.count])
    return bytes(patched)


def encode(stream: BinaryIO, found: Header, cut: Pixels) -> Encoded:  # noqa: ARG001  # the same
    """The pixels with the source's compression and tags; raises `Unusable` where the depth would change."""
    block = ifd.parse(pictures.whole(stream))
    tags, _ = block.first()
    compression = _ENCODER[block.number(tags, _COMPRESSION) or 1]
    predictor = block.number(tags, _PREDICTOR) if compression in ("tiff_lzw", "tiff_adobe_deflate") else None
    out = io.BytesIO()
    tiffinfo = {_PREDICTOR: predictor} if predictor == 2 and cut.mode in ("L", "RGB", "RGBA") else {}
    cut.picture().save(out, NAME, compression=compression, tiffinfo=tiffinfo)
    _same_layout(block, ifd.parse(out.getvalue()))
    return Encoded((_spliced(out.getvalue(), _carried(block, tags, cut.width_px, cut.height_px)),))


def metadata(stream: BinaryIO, width_px: int, height_px: int) -> object:
    """Every tag but the layout's as it must read in a crop of this size; equal for a source and its crop."""
    block = ifd.parse(pictures.whole(stream))
    return _carried(block, block.first()[0], width_px, height_px)


def _same_layout(source: ifd.Block, crop: ifd.Block) -> None:
    for tag, absent in ((_BITS, (1,)), (_SAMPLES, (1,)), (_FORMAT, (1,)), (_EXTRA, ())):
        had, has = (_uniform(block, tag, absent) for block in (source, crop))
        if had != has:
            why = f"the encoder would store {has} for tag {tag} of this TIFF, which is {had}"
            raise Unusable(why, reason="unsupported")


def _uniform(block: ifd.Block, tag: int, absent: tuple[int, ...]) -> tuple[int | float, ...]:
    entry = block.first()[0].get(tag)
    found = absent if entry is None else tuple(block.value(entry))
    # One value per sample or one for all: both are written.
    return found[:1] if tag in (_BITS, _FORMAT) else found


@frozen
class Tag:
    """One tag taken out of its block: its type and values, or the directory below it."""

    kind: int
    count: int
    content: "ifd.Value | dict[int, Tag]"


def _carried(block: ifd.Block, tags: dict[int, ifd.Entry], width_px: int, height_px: int) -> dict[int, Tag]:
    resized = ifd.Block(ifd.resized(block.raw, width_px, height_px), block.order)
    return {tag: _lifted(resized, tags, tag) for tag in sorted(tags) if tag not in _LAYOUT}


def _lifted(block: ifd.Block, tags: dict[int, ifd.Entry], tag: int) -> Tag:
    entry = tags[tag]
    if tag in _DIRECTORIES:
        below = block.sub(tags, tag)
        if set(below) & set(_DIRECTORIES) - {_INTEROP_IFD}:
            raise Malformed("its directories stand in a circle")
        return Tag(4, 1, {name: _lifted(block, below, name) for name in sorted(below)})
    return Tag(entry.kind, entry.count, block.value(entry))


def _spliced(encoded: bytes, carried: dict[int, Tag]) -> bytes:
    """The encoder's file with a new directory behind it: its own layout tags and the source's other tags."""
    block = ifd.parse(encoded)
    tags, _ = block.first()
    own = {tag: Tag(entry.kind, entry.count, block.value(entry)) for tag, entry in tags.items() if tag in _LAYOUT}
    out = bytearray(encoded)
    place = _append(out, {**own, **carried}, block.order)
    struct.pack_into(block.order + "I", out, 4, place)
    return bytes(out)


def _append(out: bytearray, tags: dict[int, Tag], order: str) -> int:
    """Write a directory behind the file, its long values and sub-directories before it; returns where it stands."""
    rows = [
        struct.pack(order + "HHI", tag, one.kind, one.count) + _place(out, one, order)
        for tag, one in sorted(tags.items())
    ]
    out.extend(b"\0" * (len(out) & 1))  # directories begin on an even byte
    place = len(out)
    out.extend(struct.pack(order + "H", len(rows)) + b"".join(rows) + b"\0\0\0\0")
    return place


def _place(out: bytearray, tag: Tag, order: str) -> bytes:
    """The four bytes that stand in the row: the value itself if it fits, else where it was put."""
    if isinstance(tag.content, dict):
        return struct.pack(order + "I", _append(out, tag.content, order))
    packed = ifd.packed(tag.kind, tag.content, order)
    if len(packed) <= 4:
        return packed.ljust(4, b"\0")
    out.extend(b"\0" * (len(out) & 1))
    place = len(out)
    out.extend(packed)
    return struct.pack(order + "I", place)
