"""WebP: lossless stays lossless; a lossy one can only be encoded again, which is said."""

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image

from imaging import ladder, vips
from imaging.formats import ifd, pictures
from imaging.formats.header import Encoded, Header, Malformed, animated, exactly
from imaging.pixels import Pixels, Strips
from ledger.values import PixelBox

NAME = "WEBP"
_NOISE = 6.0
_KEPT = (b"ICCP", b"EXIF", b"XMP ")
_STRUCTURE = (b"VP8X", b"VP8 ", b"VP8L", b"ALPH")


def header(stream: BinaryIO) -> Header:
    """Read the chunks' names and the frame's size; raises `Malformed` or `Unusable`."""
    size, mode, lossless, turn = (0, 0), "RGB", False, 1
    for name, length in _walk(stream):
        if name in (b"ANIM", b"ANMF"):
            raise animated("an animated WebP")
        if name in (b"VP8 ", b"VP8L"):
            size, alpha = _frame(name, exactly(stream, min(length, 10)))
            lossless = name == b"VP8L"
            mode = "RGBA" if alpha or mode == "RGBA" else "RGB"
        elif name == b"ALPH":
            mode = "RGBA"
        elif name == b"EXIF":
            turn = ifd.orientation(_bare(exactly(stream, length)))
    if size == (0, 0):
        raise Malformed("it has no frame")
    return Header(NAME, mode, *size, turn, lossless=lossless, noise=0.0 if lossless else _NOISE)


def _walk(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Each chunk's name and length, with the stream at its body."""
    riff, total, webp = struct.unpack("<4sI4s", exactly(stream, 12))
    if riff != b"RIFF" or webp != b"WEBP":
        raise Malformed("not a WebP file")
    place, end = 12, 8 + total
    while place + 8 <= end:
        name, length = struct.unpack("<4sI", exactly(stream, 8))
        if place + 8 + length > end:
            raise Malformed(f"chunk {name!r} is longer than the file")
        yield name, length
        # The last byte is read, not skipped to: a seek beyond the end succeeds and a truncated file would pass.
        place += 8 + length + (length & 1)
        stream.seek(place - 1)
        exactly(stream, 1)


def _frame(name: bytes, start: bytes) -> tuple[tuple[int, int], bool]:
    if name == b"VP8L" and len(start) >= 5 and start[0] == 0x2F:
        (bits,) = struct.unpack("<I", start[1:5])
        return ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1), bool(bits >> 28 & 1)
    if name == b"VP8 " and len(start) >= 10 and start[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", start[6:10])
        return (width & 0x3FFF, height & 0x3FFF), False
    raise Malformed("its frame has no header")


def chunks(stream: BinaryIO) -> list[tuple[bytes, bytes]]:
    """All chunks of a file as name and body."""
    stream.seek(0)
    return [(name, exactly(stream, length)) for name, length in _walk(stream)]


def region(stream: BinaryIO, found: Header, box: PixelBox) -> Pixels:  # noqa: ARG001  # the signature of every format
    """The box, in the stored frame, of a source."""
    return pictures.region(pictures.whole(stream), NAME, box)


def picture(raw: bytes) -> Image.Image:
    """All of it, to look at."""
    return pictures.opened(raw, NAME)


def read_back(stream: BinaryIO, found: Header) -> Strips:
    """The pixels of a crop, which Pillow wrote."""
    fast, size = ladder.fast(), (found.width_px, found.height_px)
    if fast:
        try:
            return vips.strips(fast, stream, found.mode, size)
        except vips.Unread:
            pass  # whether the file is to blame, Pillow says
    return Strips.of(region(stream, found, PixelBox(0, 0, *size)))


def encode(stream: BinaryIO, found: Header, cut: Pixels) -> Encoded:
    """A WebP of the same kind of these pixels, with profile, EXIF and XMP."""
    carried = metadata(stream, cut.width_px, cut.height_px)
    names = {name for name, _ in chunks(stream)}
    warnings: tuple[str, ...] = () if found.lossless else ("generation_loss",)
    if names - set(_KEPT) - set(_STRUCTURE):
        warnings += ("chunk_dropped",)
    out = io.BytesIO()
    cut.picture().save(
        out,
        NAME,
        lossless=found.lossless,
        quality=80 if found.lossless else 95,
        alpha_quality=100,
        exact=True,  # colour under transparent pixels is kept too
        method=4,
        icc_profile=carried.get(b"ICCP", b""),
        exif=carried.get(b"EXIF", b""),
        xmp=carried.get(b"XMP ", b""),
    )
    return Encoded((out.getvalue(),), warnings)


def metadata(stream: BinaryIO, width_px: int, height_px: int) -> dict[bytes, bytes]:
    """Profile, EXIF and XMP as they must read in a crop of this size; equal for a source and its crop."""
    kept = {name: body for name, body in chunks(stream) if name in _KEPT}
    if b"EXIF" in kept:
        kept[b"EXIF"] = ifd.resized(_bare(kept[b"EXIF"]), width_px, height_px)
    return kept


def _bare(exif: bytes) -> bytes:
    # Some writers put JPEG's marker in front of the block; the format wants the block alone.
    return exif[6:] if exif.startswith(b"Exif\0\0") else exif
