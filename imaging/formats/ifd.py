"""The directory structure that TIFF files and EXIF blocks share: read a tag, or change a size in place.

Changing numbers in place keeps every other byte as it was: maker notes hold absolute offsets that a rewrite breaks.
"""

import struct
from collections.abc import Iterator
from typing import Literal

from attrs import frozen

from imaging.formats.header import Malformed

ORIENTATION = 0x0112
EXIF_IFD, GPS_IFD = 0x8769, 0x8825
_WIDTH, _HEIGHT = 0x0100, 0x0101
_PIXEL_X, _PIXEL_Y = 0xA002, 0xA003

_FORMATS = {1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 6: "b", 7: "s", 8: "h", 9: "i", 10: "ii", 11: "f", 12: "d"}
_SHORT, _LONG = 3, 4
_MAX_ENTRIES = 4096

Value = bytes | tuple[int | float, ...]


@frozen
class Entry:
    """One tag: where its values lie in the block and how to read them."""

    tag: int
    kind: int
    count: int
    offset: int


@frozen
class Block:
    """A TIFF or EXIF block: its bytes and their order."""

    raw: bytes
    order: Literal["<", ">"]

    def directory(self, offset: int) -> tuple[dict[int, Entry], int]:
        """The entries of the directory at this offset, and the offset of the next directory (0: none)."""
        (count,) = self._unpack("H", offset)
        if not 0 < count <= _MAX_ENTRIES:
            raise Malformed(f"a directory of {count} tags")
        entries = {entry.tag: entry for entry in self._entries(offset + 2, count)}
        end = offset + 2 + 12 * count
        return entries, self._unpack("I", end)[0] if end + 4 <= len(self.raw) else 0

    def first(self) -> tuple[dict[int, Entry], int]:
        """The first directory and the offset of the one after it."""
        return self.directory(self._unpack("I", 4)[0])

    def sub(self, entries: dict[int, Entry], tag: int) -> dict[int, Entry]:
        """The directory a tag points to; empty where there is no such tag."""
        offset = self.number(entries, tag)
        return {} if offset is None else self.directory(offset)[0]

    def number(self, entries: dict[int, Entry], tag: int) -> int | None:
        """The tag's first value as a whole number; None where it is absent or not one."""
        entry = entries.get(tag)
        if entry is None or entry.kind not in (_SHORT, _LONG) or entry.count < 1:
            return None
        return int(self._unpack(_FORMATS[entry.kind], entry.offset)[0])

    def value(self, entry: Entry) -> Value:
        """All values of a tag: bytes for text and raw data, numbers otherwise."""
        code = _FORMATS[entry.kind]
        if code == "s":
            return bytes(self._unpack(f"{entry.count}s", entry.offset)[0])
        # As a number before the code: a few damaged bytes can count to four billion.
        return self._unpack(f"{len(code) * entry.count}{code[0]}", entry.offset)

    def refuse_more_than_there_is(self, entries: dict[int, Entry]) -> None:
        """Raise `Malformed` where values lie outside the block, or are so many that they must share its bytes."""
        sizes = {tag: struct.calcsize("=" + _FORMATS[entry.kind]) * entry.count for tag, entry in entries.items()}
        if any(entry.offset + sizes[tag] > len(self.raw) for tag, entry in entries.items()):
            raise Malformed("a tag points outside its block")
        if sum(sizes.values()) > len(self.raw):
            raise Malformed("its tags hold more than there is")

    def _entries(self, offset: int, count: int) -> Iterator[Entry]:
        for place in range(offset, offset + 12 * count, 12):
            tag, kind, values = self._unpack("HHI", place)
            if kind not in _FORMATS:
                continue  # the specification: readers skip types they do not know
            long = struct.calcsize("=" + _FORMATS[kind]) * values > 4
            start = self._unpack("I", place + 8)[0] if long else place + 8
            yield Entry(tag, kind, values, start)

    def _unpack(self, code: str, offset: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(self.order + code, self.raw, offset)
        except struct.error as error:
            raise Malformed("a tag points outside its block") from error


def packed(kind: int, value: Value, order: str) -> bytes:
    """Values of a tag as bytes in this order."""
    if isinstance(value, bytes):
        return value
    code = _FORMATS[kind]
    return struct.pack(order + code * (len(value) // len(code)), *value)


def parse(raw: bytes) -> Block:
    """Read the byte order; raises `Malformed` for what is no TIFF or EXIF block."""
    if raw[:4] == b"II*\0":
        return Block(raw, "<")
    if raw[:4] == b"MM\0*":
        return Block(raw, ">")
    raise Malformed("not an EXIF block")


def orientation(raw: bytes) -> int:
    """The orientation an EXIF block asks for; 1 where it says nothing that can be understood, as viewers do."""
    try:
        block = parse(raw)
        found = block.number(block.first()[0], ORIENTATION)
    except Malformed:
        return 1
    return found if found is not None and 1 <= found <= 8 else 1


def resized(raw: bytes, width_px: int, height_px: int) -> bytes:
    """The EXIF block with the pixel sizes it states changed in place, all other bytes as they were."""
    try:
        block = parse(raw)
        top, _ = block.first()
        below = block.sub(top, EXIF_IFD)
    except Malformed:
        return raw  # a block nobody can read states no size
    patched = bytearray(raw)
    for entry, pixels in (
        (top.get(_WIDTH), width_px), (top.get(_HEIGHT), height_px),
        (below.get(_PIXEL_X), width_px), (below.get(_PIXEL_Y), height_px),
    ):  # fmt: skip
        if entry is not None and entry.count == 1 and entry.kind in (_SHORT, _LONG):
            code = block.order + _FORMATS[entry.kind]
            # A crop is never larger than its source, so the number always fits where the larger one stood.
            struct.pack_into(code, patched, entry.offset, min(pixels, 0xFFFF) if entry.kind == _SHORT else pixels)
    return bytes(patched)
