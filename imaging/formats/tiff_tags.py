"""The tags of a TIFF, taken out of one file and put into another as they were.

Pillow's own tag writer changes types and drops sub-directories. So it writes a bare file, and a directory made of its
layout tags and the source's other tags is put behind it.
"""

import struct
from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from imaging.formats import ifd
from imaging.formats.header import Malformed

BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PREDICTOR, SUB_IFDS, EXTRA, FORMAT, PLANES = (
    0x102, 0x103, 0x106, 0x115, 0x13D, 0x14A, 0x152, 0x153, 0x11C,
)  # fmt: skip
WIDTH, HEIGHT, XMP, DNG, INTEROP_IFD = 0x100, 0x101, 0x2BC, 0xC612, 0xA005
SHORT, LONG = 3, 4
_LAYOUT = frozenset(
    (254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 277, 278, 279, 284, 288, 289, 292, 293, 317, 322, 323,
     324, 325, 330, 338, 339, 340, 341, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532)
)  # fmt: skip
_DIRECTORIES = (ifd.EXIF_IFD, ifd.GPS_IFD, INTEROP_IFD)


@frozen
class Tag:
    """One tag taken out of its block: its type and values, or the directory below it."""

    kind: int
    count: int
    content: "ifd.Value | dict[int, Tag]"


def carried(block: ifd.Block, tags: dict[int, ifd.Entry], width_px: int, height_px: int) -> dict[int, Tag]:
    """The tags that a crop of this size keeps, as they must read in it; equal for a source and its crop."""
    resized = ifd.Block(ifd.resized(block.raw, width_px, height_px), block.order)
    return {tag: _lifted(resized, tags, tag) for tag in sorted(tags) if tag not in _LAYOUT}


def _lifted(block: ifd.Block, tags: dict[int, ifd.Entry], tag: int) -> Tag:
    entry = tags[tag]
    if tag in _DIRECTORIES:
        below = block.sub(tags, tag)
        if set(below) & set(_DIRECTORIES) - {INTEROP_IFD}:
            raise Malformed("its directories stand in a circle")
        block.refuse_more_than_there_is(below)
        return Tag(4, 1, {name: _lifted(block, below, name) for name in sorted(below)})
    return Tag(entry.kind, entry.count, block.value(entry))


def spliced(encoded: bytes, kept: dict[int, Tag], layout: Mapping[int, Tag] = MappingProxyType({})) -> bytes:
    """The encoder's file with a new directory behind it: its own layout tags, or these, and the source's other tags."""
    block = ifd.parse(encoded)
    tags, _ = block.first()
    own = {tag: Tag(entry.kind, entry.count, block.value(entry)) for tag, entry in tags.items() if tag in _LAYOUT}
    out = bytearray(encoded)
    place = _append(out, {**own, **layout, **kept}, block.order)
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
