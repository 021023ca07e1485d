"""Whether a file goes on to its end, seen without decoding it: a copy that was broken off has a sound beginning.

PNG, WebP and AVIF state the length of each of their parts, and are walked through anyway. The others are asked here;
what decoders would refuse for being cut short is refused from a few bytes.
"""

import os
from typing import BinaryIO

from imaging.formats.header import Malformed

_TAIL = 4096
_BLOCK = 1 << 20
_END_OF_JPEG = b"\xff\xd9"


def refuse_jpeg_without_end(stream: BinaryIO) -> None:
    """Look for the end marker, from where the pixels begin: in the last bytes, and only if it is not there, in all.

    Within the pixels a 0xFF is always followed by something else (ITU-T T.81, B.1.1.5), but cameras and programs put
    much behind the marker: films, depth maps, zeros. Raises `Malformed`.
    """
    begin = stream.tell()
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(begin, size - _TAIL))
    if _END_OF_JPEG in stream.read():
        return
    stream.seek(begin)
    before = b""
    while block := stream.read(_BLOCK):
        if _END_OF_JPEG in before + block:
            return
        before = block[-1:]
    raise Malformed("it breaks off: its end marker is missing")


def refuse_shorter(stream: BinaryIO, needed: int) -> None:
    """Raise `Malformed` where a file has fewer bytes than its header tells of."""
    size = stream.seek(0, os.SEEK_END)
    if size < needed:
        raise Malformed(f"it breaks off: it has {size:,} of {needed:,} bytes")
