"""Files of boxes that hold images as items (ISO/IEC 14496-12 and 23008-12): taken apart, and put together anew.

A box is a length, a name and a body. Items are byte ranges; properties describe them, references relate them.
"""

import struct
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

from imaging.formats.header import Malformed

_MAX_BOXES = 4096
_MIME = b"mime"


@frozen
class Item:
    """An image, or what is said about one."""

    kind: bytes
    """Four letters: `av01`, `grid`, `Exif`, `mime`."""
    content: bytes
    properties: tuple[tuple[bytes, bool], ...] = ()
    """Whole boxes, each with whether a reader must understand it; their order is that of applying them."""
    content_type: bytes = b""
    """Of a `mime` item."""

    def property(self, name: bytes) -> bytes | None:
        """The body of its first property of this name."""
        return next((whole[8:] for whole, _ in self.properties if whole[4:8] == name), None)


@frozen
class Reference:
    """`thmb`, `auxl`, `cdsc` ...: what one item is to others."""

    kind: bytes
    origin: int
    targets: tuple[int, ...]


@frozen
class Container:
    """A file of items."""

    brand: bytes
    """The whole `ftyp` box."""
    primary: int
    items: Mapping[int, Item]
    references: tuple[Reference, ...] = ()
    names: frozenset[bytes] = field(default=frozenset())
    """Of all boxes at the top."""


def boxes(raw: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Name, and begin and end of the body, of each box in a range."""
    place, end = start, len(raw) if end is None else end
    for _ in range(_MAX_BOXES):
        if place == end:
            return
        length, name = _unpack(">I4s", raw, place)
        body = place + 8
        if length == 1:
            (length,) = _unpack(">Q", raw, body)
            body += 8
        stop = place + length if length else end
        if not body <= stop <= end:
            raise Malformed(f"box {name!r} is longer than what it stands in")
        yield name, body, stop
        place = stop
    raise Malformed("it has too many boxes")


def box(name: bytes, body: bytes) -> bytes:
    """A whole box."""
    return struct.pack(">I", len(body) + 8) + name + body


def parse(raw: bytes) -> Container:
    """Take a whole file apart; raises `Malformed`."""
    top = {name: (begin, end) for name, begin, end in boxes(raw)}
    if b"meta" not in top or b"ftyp" not in top:
        raise Malformed("it has no items")
    begin, end = top[b"meta"]
    meta = {name: (start, stop) for name, start, stop in boxes(raw, begin + 4, end)}
    for name in (b"pitm", b"iloc", b"iinf", b"iprp"):
        if name not in meta:
            raise Malformed(f"it has no box {name!r}")
    version, place = raw[meta[b"pitm"][0]], meta[b"pitm"][0] + 4
    (primary,) = _unpack(">I" if version else ">H", raw, place)
    contents = dict(_contents(raw, *meta[b"iloc"], meta.get(b"idat", (0, 0))))
    properties = _properties(raw, *meta[b"iprp"])
    items = {
        number: Item(kind, contents.get(number, b""), properties.get(number, ()), content_type)
        for number, kind, content_type in _infos(raw, *meta[b"iinf"])
    }
    if primary not in items:
        raise Malformed("its main image is missing")
    references = tuple(_references(raw, *meta[b"iref"])) if b"iref" in meta else ()
    start, stop = top[b"ftyp"]
    return Container(raw[start - 8 : stop], primary, MappingProxyType(items), references, frozenset(top))


def _contents(raw: bytes, begin: int, end: int, idat: tuple[int, int]) -> Iterator[tuple[int, bytes]]:
    reader = _Reader(raw[begin:end])
    version = reader.number(4) >> 24
    sizes = reader.number(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(_few(reader.number(4 if version == 2 else 2))):
        number = reader.number(4 if version == 2 else 2)
        method = reader.number(2) & 15 if version else 0
        source, base = reader.number(2), reader.number(base_size)
        if source or method > 1:
            raise Malformed("an item lies outside the file")
        pieces = []
        for _ in range(_few(reader.number(2))):
            reader.number(index_size if version else 0)
            start, length = base + reader.number(offset_size), reader.number(length_size)
            origin, limit = idat if method else (0, len(raw))
            if not length or origin + start + length > limit:
                raise Malformed("an item reaches beyond the file")
            pieces.append(raw[origin + start : origin + start + length])
        yield number, b"".join(pieces)


def _infos(raw: bytes, begin: int, end: int) -> Iterator[tuple[int, bytes, bytes]]:
    version = raw[begin]
    for name, start, stop in boxes(raw, begin + (8 if version else 6), end):
        if name != b"infe" or raw[start] not in (2, 3):
            raise Malformed("an item of an older form")
        number, _, kind = _unpack(">HH4s" if raw[start] == 2 else ">IH4s", raw, start + 4)
        words = raw[start + (12 if raw[start] == 2 else 14) : stop].split(b"\0")
        yield number, kind, words[1] if kind == _MIME and len(words) > 1 else b""


def _properties(raw: bytes, begin: int, end: int) -> dict[int, tuple[tuple[bytes, bool], ...]]:
    inside = [(name, start, stop) for name, start, stop in boxes(raw, begin, end)]
    spans = [span for name, start, stop in inside if name == b"ipco" for span in boxes(raw, start, stop)]
    known = [box(name, raw[start:stop]) for name, start, stop in spans]
    found: dict[int, tuple[tuple[bytes, bool], ...]] = {}
    for name, start, stop in inside:
        if name == b"ipma":
            found.update(_associations(_Reader(raw[start:stop]), known))
    return found


def _associations(reader: "_Reader", known: list[bytes]) -> Iterator[tuple[int, tuple[tuple[bytes, bool], ...]]]:
    start = reader.number(4)
    wide = 4 if start >> 24 else 2
    size = 2 if start & 1 else 1
    for _ in range(_few(reader.number(4))):
        number = reader.number(wide)
        chosen = []
        for _ in range(reader.number(1)):
            entry = reader.number(size)
            essential, index = entry >> (8 * size - 1), entry & ((1 << (8 * size - 1)) - 1)
            if index > len(known):
                raise Malformed("a property is missing")
            if index:
                chosen.append((known[index - 1], bool(essential)))
        yield number, tuple(chosen)


def _references(raw: bytes, begin: int, end: int) -> Iterator[Reference]:
    wide = 4 if raw[begin] else 2
    for kind, start, stop in boxes(raw, begin + 4, end):
        reader = _Reader(raw[start:stop])
        origin = reader.number(wide)
        yield Reference(kind, origin, tuple(reader.number(wide) for _ in range(_few(reader.number(2)))))


def _few(count: int) -> int:
    if count > _MAX_BOXES:
        raise Malformed("it claims too many items")
    return count


class _Reader:
    """Numbers one after the other."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._place = raw, 0

    def number(self, size: int) -> int:
        """The next one, of so many bytes."""
        found = self._raw[self._place : self._place + size]
        if len(found) != size:
            raise Malformed("a box ends too early")
        self._place += size
        return int.from_bytes(found, "big")


def _unpack(code: str, raw: bytes, place: int) -> tuple[Any, ...]:
    try:
        return struct.unpack_from(code, raw, place)
    except struct.error as error:
        raise Malformed("a box ends too early") from error
