"""The pieces of a PNG file, checksums verified; pixels are passed over, or read piece by piece."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from attrs import frozen

from imaging import ladder
from imaging.formats.header import Malformed, exactly
from imaging.problems import Unusable

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")


@frozen
class Chunk:
    """A piece of a PNG file: a four-letter name and its bytes."""

    name: bytes
    body: bytes

    def __bytes__(self) -> bytes:
        checksum = ladder.crc32()(self.body, zlib.crc32(self.name))
        return struct.pack(">I", len(self.body)) + self.name + self.body + struct.pack(">I", checksum)


def walk(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Each chunk's name and length, with the stream at its body; ends after IEND."""
    exactly(stream, len(SIGNATURE))
    name = b""
    while name != b"IEND":
        length, name = struct.unpack(">I4s", exactly(stream, 8))
        _refuse_unknown(name)
        body = stream.tell()
        if not name.isalpha() or (body == len(SIGNATURE) + 8) != (name == b"IHDR"):
            raise Malformed(f"chunk {name!r} cannot stand at byte {body - 8}")
        yield name, length
        stream.seek(body + length)
        exactly(stream, 4)


def _refuse_unknown(name: bytes) -> None:
    if name == b"CgBI":
        raise Unusable("this is an Apple CgBI file, whose colours are stored in another way", reason="unsupported")
    if name[:1].isupper() and name not in _CRITICAL:
        raise Malformed(f"unknown critical chunk {name!r}")


def without_pixels(stream: BinaryIO) -> list[Chunk]:
    """All chunks; of the pixels only an empty one, to say where they stood."""
    stream.seek(0)
    found: list[Chunk] = []
    for name, length in walk(stream):
        if name != b"IDAT":
            found.append(_verified(stream, name, length))
        elif all(chunk.name != name for chunk in found):
            found.append(Chunk(name, b""))
    return found


def pixels(stream: BinaryIO) -> Iterator[bytes]:
    """The bodies of the IDAT chunks."""
    crc32 = ladder.crc32()
    stream.seek(0)
    for name, length in walk(stream):
        if name == b"IDAT":
            yield _verified(stream, name, length, crc32).body


def _verified(stream: BinaryIO, name: bytes, length: int, crc32: Callable[[bytes, int], int] = zlib.crc32) -> Chunk:
    body = exactly(stream, length)
    if exactly(stream, 4) != struct.pack(">I", crc32(body, zlib.crc32(name))):
        raise Malformed(f"the checksum of chunk {name.decode('ascii')} is wrong")
    return Chunk(name, body)


def chunks(raw: bytes) -> list[Chunk]:
    """All chunks of a file with their bodies."""
    stream = io.BytesIO(raw)
    return [_verified(stream, name, length) for name, length in walk(stream)]
