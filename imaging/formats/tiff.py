"""TIFF: one page, every tag that does not describe the pixels' layout carried over as it was.

Pillow encodes the pixels (of 16-bit colour: see `imaging.formats.tiff_deep`); with the extra, libvips reads them back.
"""

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO

from attrs import evolve
from PIL import Image

from imaging import ladder, vips
from imaging.formats import ifd, pictures, tiff_deep, tiff_tags
from imaging.formats.header import Encoded, Header, Malformed, animated
from imaging.pixels import Pixels, Strips
from imaging.problems import Unusable
from ledger.values import PixelBox

NAME = "TIFF"
_ENCODER = {
    1: "raw", 2: "tiff_ccitt", 3: "group3", 4: "group4", 5: "tiff_lzw", 8: "tiff_adobe_deflate", 32773: "packbits",
    32946: "tiff_adobe_deflate",
}  # fmt: skip
_MODES = {(0, 1): "L", (1, 1): "L", (2, 3): "RGB", (3, 1): "P", (5, 4): "CMYK", (1, 2): "LA", (2, 4): "RGBA"}
_PIXEL_PARTS = ((0x111, 0x117), (0x144, 0x145))
"""Offsets and lengths of strips, and of tiles."""
_ASSOCIATED_ALPHA = 1
_BLACK_IS_ZERO = 1
_FLOAT = 3


def header(stream: BinaryIO) -> Header:
    """Read the first directory; raises `Malformed` or `Unusable`."""
    raw = stream.read()
    if raw[:4] in (b"II+\0", b"MM\0+"):
        raise Unusable("this is a BigTIFF, which is not supported", reason="unsupported")
    block = ifd.parse(raw)
    tags, following = block.first()
    if following:
        raise animated("a TIFF with several pages")
    if tiff_tags.DNG in tags:
        raise Unusable("this is a camera raw file (DNG), not a developed image", reason="unsupported")
    width, height = block.number(tags, tiff_tags.WIDTH), block.number(tags, tiff_tags.HEIGHT)
    if not width or not height:
        raise Malformed("it states no size")
    turn = block.number(tags, ifd.ORIENTATION) or 1
    orientation = turn if 1 <= turn <= 8 else 1
    mode = _mode(block, tags)
    _refuse_missing_pixels(block, tags)
    return Header(NAME, mode, width, height, orientation, damage=_damage(block, tags, mode))


def _refuse_missing_pixels(block: ifd.Block, tags: dict[int, ifd.Entry]) -> None:
    """Raise `Malformed` where a strip or tile of pixels, or the directory, ends behind the end of the file."""
    (begin,) = struct.unpack_from(f"{block.order}I", block.raw, 4)
    (entries,) = struct.unpack_from(f"{block.order}H", block.raw, begin)
    if len(block.raw) < begin + 2 + 12 * entries + 4:
        raise Malformed("it breaks off within its directory")
    block.refuse_more_than_there_is(tags)
    for offsets, lengths in _PIXEL_PARTS:
        if offsets in tags and lengths in tags:
            parts = zip(block.value(tags[offsets]), block.value(tags[lengths]), strict=False)
            needed = max((int(offset) + int(length) for offset, length in parts), default=0)
            if needed > len(block.raw):
                raise Malformed(f"it breaks off: it has {len(block.raw):,} of {needed:,} bytes")


def _mode(block: ifd.Block, tags: dict[int, ifd.Entry]) -> str:
    samples, depth = block.number(tags, tiff_tags.SAMPLES) or 1, block.number(tags, tiff_tags.BITS) or 1
    name = _MODES.get((block.number(tags, tiff_tags.PHOTOMETRIC) or 0, samples), f"{samples} samples")
    if depth == 8:
        return name
    if name == "L" and depth == 32:
        return "F" if block.number(tags, tiff_tags.FORMAT) == _FLOAT else "I"
    return {"L": {1: "1", 16: "I;16"}.get(depth, f"L;{depth}")}.get(name, f"{name};{depth}")


def _damage(block: ifd.Block, tags: dict[int, ifd.Entry], mode: str) -> str | None:
    if (code := block.number(tags, tiff_tags.COMPRESSION) or 1) not in _ENCODER:
        return f"a TIFF with compression {code}: only lossless kinds the encoder can write are kept"
    if (photometric := block.number(tags, tiff_tags.PHOTOMETRIC) or 0) not in (0, 1, 2, 3, 5):
        return f"a TIFF with colour space {photometric}: the encoder would store another one"
    if tiff_tags.EXTRA in tags and _ASSOCIATED_ALPHA in tuple(block.value(tags[tiff_tags.EXTRA])):
        return "a TIFF with premultiplied alpha: the decoder would divide and round it"
    if tiff_tags.SUB_IFDS in tags:
        return "a TIFF with further images in sub-directories: a crop would lose them"
    if (depth := block.number(tags, tiff_tags.BITS) or 1) > 8 and (block.number(tags, tiff_tags.SAMPLES) or 1) > 1:
        return tiff_deep.damage(block, tags, mode, depth)
    return None


def region(stream: BinaryIO, found: Header, box: PixelBox) -> Pixels:
    """The box, in the stored frame, of a source."""
    raw = _without_orientation(pictures.whole(stream))
    if found.mode in tiff_deep.MODES:
        return tiff_deep.region(raw, found.mode, box)
    return pictures.region(raw, NAME, box)


def picture(raw: bytes) -> Image.Image:
    """All of it, to look at."""
    return pictures.opened(_without_orientation(raw), NAME)


def read_back(stream: BinaryIO, found: Header) -> Strips:
    """The pixels of a crop, which Pillow wrote."""
    raw, fast = pictures.whole(stream), ladder.fast()
    if fast:
        try:
            return _by_vips(raw, found, fast)
        except vips.Unread:
            pass  # whether the file is to blame, Pillow says
    return Strips.of(region(io.BytesIO(raw), found, PixelBox(0, 0, found.width_px, found.height_px)))


def _by_vips(raw: bytes, found: Header, fast: ladder.Fast) -> Strips:
    size, order = (found.width_px, found.height_px), ifd.parse(raw).order
    if found.mode == "P":  # libvips would look the colours up
        strips = vips.strips(fast, io.BytesIO(_as_grey(raw)), "L", size)
        return Strips("P", *size, _renamed(strips, "P"))
    if found.mode == "1":  # and makes bytes of bits
        strips = vips.strips(fast, io.BytesIO(raw), "L", size)
        return Strips("1", *size, map(_packed, strips.each))
    if found.mode == "I;16" and order == ">":
        strips = vips.strips(fast, io.BytesIO(raw), found.mode, size, "big")
        return Strips("I;16B", *size, _renamed(strips, "I;16B"))
    return vips.strips(fast, io.BytesIO(raw), found.mode, size, "little")


def _renamed(strips: Strips, mode: str) -> Iterator[Pixels]:
    return (evolve(strip, mode=mode) for strip in strips.each)


def _packed(strip: Pixels) -> Pixels:
    return Pixels.of(strip.picture().convert("1", dither=Image.Dither.NONE))


def _as_grey(raw: bytes) -> bytes:
    return _patched(raw, {tiff_tags.PHOTOMETRIC: _BLACK_IS_ZERO})


def _without_orientation(raw: bytes) -> bytes:
    # Pillow turns a TIFF by its orientation on loading, so it must not see one.
    block = ifd.parse(raw)
    tags, _ = block.first()
    patched = bytearray(_patched(raw, {ifd.ORIENTATION: 1}))
    if (xmp := tags.get(tiff_tags.XMP)) is not None and xmp.kind in (1, 7):
        # Pillow falls back on the orientation that XMP states; viewers do not.
        patched[xmp.offset : xmp.offset + xmp.count] = b" " * len(patched[xmp.offset : xmp.offset + xmp.count])
    return bytes(patched)


def _patched(raw: bytes, numbers: dict[int, int]) -> bytes:
    """The file with other numbers in tags that hold a short one."""
    block = ifd.parse(raw)
    tags, _ = block.first()
    patched = bytearray(raw)
    for tag, number in numbers.items():
        if (entry := tags.get(tag)) is not None and entry.kind == tiff_tags.SHORT:
            struct.pack_into(block.order + "H", patched, entry.offset, number)
    return bytes(patched)


def encode(stream: BinaryIO, found: Header, cut: Pixels) -> Encoded:
    """The pixels with the source's compression and tags; raises `Unusable` where the depth would change."""
    block = ifd.parse(pictures.whole(stream))
    tags, _ = block.first()
    kept = tiff_tags.carried(block, tags, cut.width_px, cut.height_px)
    compression = _ENCODER[block.number(tags, tiff_tags.COMPRESSION) or 1]
    predictor = block.number(tags, tiff_tags.PREDICTOR) if compression in ("tiff_lzw", "tiff_adobe_deflate") else None
    if found.mode in tiff_deep.MODES:
        bare, layout = tiff_deep.encoded(
            block, tags, cut, compression, is_differenced=predictor == tiff_deep.DIFFERENCED
        )
        return Encoded((tiff_tags.spliced(bare, kept, layout),))
    out = io.BytesIO()
    tiffinfo = {tiff_tags.PREDICTOR: predictor} if predictor == 2 and cut.mode in ("L", "RGB", "RGBA") else {}
    cut.picture().save(out, NAME, compression=compression, tiffinfo=tiffinfo)
    _same_layout(block, ifd.parse(out.getvalue()))
    return Encoded((tiff_tags.spliced(out.getvalue(), kept),))


def metadata(stream: BinaryIO, width_px: int, height_px: int) -> object:
    """Every tag but the layout's as it must read in a crop of this size; equal for a source and its crop."""
    block = ifd.parse(pictures.whole(stream))
    return tiff_tags.carried(block, block.first()[0], width_px, height_px)


def _same_layout(source: ifd.Block, crop: ifd.Block) -> None:
    for tag, absent in (
        (tiff_tags.BITS, (1,)), (tiff_tags.SAMPLES, (1,)), (tiff_tags.FORMAT, (1,)), (tiff_tags.EXTRA, ()),
    ):  # fmt: skip
        had, has = (_uniform(block, tag, absent) for block in (source, crop))
        if had != has:
            why = f"the encoder would store {has} for tag {tag} of this TIFF, which is {had}"
            raise Unusable(why, reason="unsupported")


def _uniform(block: ifd.Block, tag: int, absent: tuple[int, ...]) -> tuple[int | float, ...]:
    entry = block.first()[0].get(tag)
    found = absent if entry is None else tuple(block.value(entry))
    # One value per sample or one for all: both are written.
    return found[:1] if tag in (tiff_tags.BITS, tiff_tags.FORMAT) else found
