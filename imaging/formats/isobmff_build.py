"""A file of items put together: the boxes that say where each is and what it is, then the items."""

import struct

from imaging.formats.isobmff import Container, Item, Reference, box

_HANDLER = bytes(4) + b"pict" + bytes(13)
_OFFSETS_AND_LENGTHS_OF_FOUR_BYTES = 0x4400
_MIME = b"mime"


def built(container: Container) -> bytes:
    """The whole file; its items may have any numbers below 65,536."""
    # Offsets are numbers of a fixed length, so the boxes are as long with any; the second time they are right.
    front = len(_front(container, 0))
    content = b"".join(item.content for item in container.items.values())
    return _front(container, front + 8) + box(b"mdat", content)


def _front(container: Container, start: int) -> bytes:
    meta = (
        _full(b"hdlr", _HANDLER),
        _full(b"pitm", struct.pack(">H", container.primary)),
        _full(b"iloc", _places(container, start)),
        _full(b"iinf", struct.pack(">H", len(container.items)) + _infos(container)),
        box(b"iprp", _properties(container)),
        _full(b"iref", b"".join(map(_reference, container.references))) if container.references else b"",
    )
    return container.brand + _full(b"meta", b"".join(meta))


def _full(name: bytes, body: bytes, version: int = 0) -> bytes:
    return box(name, bytes((version, 0, 0, 0)) + body)


def _places(container: Container, start: int) -> bytes:
    rows = [struct.pack(">HH", _OFFSETS_AND_LENGTHS_OF_FOUR_BYTES, len(container.items))]
    for number, item in container.items.items():
        rows.append(struct.pack(">HHHII", number, 0, 1, start, len(item.content)))
        start += len(item.content)
    return b"".join(rows)


def _infos(container: Container) -> bytes:
    return b"".join(_info(number, item) for number, item in container.items.items())


def _info(number: int, item: Item) -> bytes:
    words = b"\0" + (item.content_type + b"\0" if item.kind == _MIME else b"")
    return _full(b"infe", struct.pack(">HH", number, 0) + item.kind + words, version=2)


def _properties(container: Container) -> bytes:
    known: list[bytes] = []
    rows = []
    for number, item in container.items.items():
        if not item.properties:
            continue
        entries = []
        for whole, essential in item.properties:
            if whole not in known:
                known.append(whole)
            entries.append(essential << 15 | known.index(whole) + 1)
        rows.append(struct.pack(f">HB{len(entries)}H", number, len(entries), *entries))
    associations = b"\0\0\0\1" + struct.pack(">I", len(rows)) + b"".join(rows)  # flag 1: indices of two bytes
    return box(b"ipco", b"".join(known)) + box(b"ipma", associations)


def _reference(one: Reference) -> bytes:
    return box(one.kind, struct.pack(f">HH{len(one.targets)}H", one.origin, len(one.targets), *one.targets))
