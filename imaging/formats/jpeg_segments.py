"""The pieces of a JPEG file (ITU-T T.81, B.1.1): those before its pixels, and how often its pixels are gone over."""

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

from imaging.formats.header import Malformed, exactly
from imaging.problems import Unusable

MAX_SCANS = 500
"""Encoders write a dozen. A scan over the largest picture takes a few hundred bytes, and a decoder a twentieth of a
second: without a limit a small file asks for hours. It is libjpeg-turbo's own, for those who ask it for one."""

_EOI, _SOS = 0xD9, 0xDA
_RESTARTS = range(0xD0, 0xD8)
_WITHOUT_BODY = frozenset((0x01, *_RESTARTS))
_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])")
"""Among coded pixels; 0xFF and zero is one of their bytes there, and restarts are theirs, too."""

Segment = tuple[int, bytes]


def segments(stream: BinaryIO) -> Iterator[Segment]:
    """Marker and body of every segment before the pixels."""
    if exactly(stream, 2) != b"\xff\xd8":
        raise Malformed("not a JPEG file")
    while True:
        marker = _marker(stream)
        if marker == _EOI:
            raise Malformed("it ends before its pixels")
        if marker in _WITHOUT_BODY:
            continue
        (length,) = struct.unpack(">H", exactly(stream, 2))
        if length < 2:
            raise Malformed("a segment without length")
        yield marker, exactly(stream, length - 2)
        if marker == _SOS:
            return


def _marker(stream: BinaryIO) -> int:
    if exactly(stream, 1) != b"\xff":
        raise Malformed("a segment does not begin where the one before it ends")
    code = 0xFF
    while code == 0xFF:  # any number of fill bytes may stand before a marker
        code = exactly(stream, 1)[0]
    return code


def refuse_too_many_scans(stream: BinaryIO) -> None:
    """Raise `Unusable` (`too_large`) where more than `MAX_SCANS` go over the pixels; the stream is within the first."""
    begin = stream.tell()
    count, place, rest = 1, 0, stream.read()
    while (found := _MARKER.search(rest, place)) is not None and (marker := found[1][0]) != _EOI:
        count += marker == _SOS
        if count > MAX_SCANS:
            why = f"this is a JPEG of more than {MAX_SCANS} scans: it would take too long to decode"
            raise Unusable(why, reason="too_large")
        place = found.end() + int.from_bytes(rest[found.end() : found.end() + 2], "big")
    stream.seek(begin)
