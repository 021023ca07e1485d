"""Which format a file is, what its header says and what its pixels are, with every fault turned into one error.

Hostile and broken files make decoders raise nearly anything. Here is the one place that knows their exceptions.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol

from attrs import evolve
from PIL import Image

from imaging import vips
from imaging.formats import avif, bmp, jpeg, png, tiff, webp
from imaging.formats.header import MAX_PIXELS, Encoded, Header, Malformed, animated
from imaging.formats.png_chunks import SIGNATURE
from imaging.pixels import Pixels, Strips
from imaging.problems import Unusable
from ledger.values import MAX_SIDE_PX, PixelBox

# What Pillow only warns about (a truncated read, a bomb) must stop us. Set for its modules once: the alternative,
# a context around each call, is not safe with threads.
warnings.filterwarnings("error", category=UserWarning, module=r"PIL(\.|\Z)")
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

FAULTS = (
    OSError, SyntaxError, ValueError, EOFError, ArithmeticError, LookupError, TypeError, AttributeError, RuntimeError,
    AssertionError, MemoryError, struct.error, zlib.error, Warning, Image.DecompressionBombError, Malformed,
    vips.Unread,
)  # fmt: skip
"""All that decoders and encoders are known to raise on bad bytes."""


class Format(Protocol):
    """What each module in `imaging.formats` offers."""

    NAME: str

    def header(self, stream: BinaryIO) -> Header:
        """Facts from the first bytes."""

    def region(self, stream: BinaryIO, found: Header, box: PixelBox) -> Pixels:
        """The pixels of a box, in the stored frame, of a source."""

    def picture(self, raw: bytes) -> Image.Image:
        """All of it as Pillow shows it, to look at; where Pillow keeps fewer bits, so does this."""

    def read_back(self, stream: BinaryIO, found: Header) -> Strips:
        """The pixels of a crop; where there is a choice, not by the library that encoded them."""

    def encode(self, stream: BinaryIO, found: Header, cut: Pixels) -> Encoded:
        """A file of the source's kind around other pixels."""

    def metadata(self, stream: BinaryIO, width_px: int, height_px: int) -> object:
        """All but the pixels, as it must read in a crop of this size; equal for a source and its crop."""


_BY_START: tuple[tuple[bytes, Format], ...] = (
    (SIGNATURE, png),
    (b"\xff\xd8\xff", jpeg),
    (b"BM", bmp),
    (b"II*\0", tiff),
    (b"MM\0*", tiff),
    (b"II+\0", tiff),
    (b"MM\0+", tiff),
)


_BRANDS = {
    b"heic": "a HEIC", b"heix": "a HEIC", b"mif1": "a HEIF",
    b"jxl ": "a JPEG XL",
}  # fmt: skip
"""What ISO media files say of themselves (ISO/IEC 14496-12, 4.3)."""


def format_of(start: bytes, name: str) -> Format:
    """The format by the file's first bytes, never by its name; raises `Unusable` for any other."""
    for signature, module in _BY_START:
        if start.startswith(signature):
            return module
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return webp
    if start[4:8] == b"ftyp" and start[8:12] == b"avis":
        raise Unusable(f"{name} is an animated AVIF, which is not supported.", reason="animated")
    if start[4:8] == b"ftyp" and start[8:12] == b"avif":
        return avif
    if start[4:8] == b"ftyp" and (kind := _BRANDS.get(start[8:12])):
        raise Unusable(f"{name} is {kind}, which is not supported.", reason="unsupported")
    if start[:4] == b"GIF8":
        raise Unusable(f"{name} is a GIF, which is not supported.", reason="unsupported")
    if not start:
        raise Unusable(f"{name} is empty.", reason="unreadable")
    raise Unusable(f"{name} is not a PNG, JPEG, WebP, AVIF, TIFF or BMP image.", reason="unreadable")


def read_header(stream: BinaryIO, name: str) -> Header:
    """The header of an open file at its beginning; raises `Unusable` for what cannot be an image of ours."""
    stream.seek(0)
    start = stream.read(16)
    stream.seek(0)
    if start[:4] == b"GIF8" and _moves(stream):
        raise _named(animated("an animated GIF"), name)
    module = format_of(start, name)
    try:
        header = module.header(stream)
    except Unusable as refusal:
        raise _named(refusal, name) from refusal
    except FAULTS as error:
        raise _unreadable(name, module.NAME, error) from error
    return _sane(header, name)


def _moves(stream: BinaryIO) -> bool:
    try:
        with Image.open(stream, formats=["GIF"]) as image:
            return bool(getattr(image, "is_animated", False))
    except FAULTS:
        return False


def _sane(header: Header, name: str) -> Header:
    if header.width_px < 1 or header.height_px < 1:
        raise Unusable(f"{name} claims {header.width_px}x{header.height_px} pixels.", reason="unreadable")
    claimed = f"{name} claims {header.width_px}x{header.height_px} pixels"
    if header.width_px * header.height_px > MAX_PIXELS:
        raise Unusable(f"{claimed}; the limit is {MAX_PIXELS:,}.", reason="too_large")
    if max(header.width_px, header.height_px) > MAX_SIDE_PX:
        raise Unusable(f"{claimed}; no side may be longer than {MAX_SIDE_PX:,}.", reason="too_large")
    return header


def decode(stream: BinaryIO, name: str) -> tuple[Header, Pixels]:
    """Header and all pixels, in the stored frame; raises `Unusable`."""
    header = read_header(stream, name)
    return header, region(stream, header, PixelBox(0, 0, header.width_px, header.height_px), name)


def picture(raw: bytes, name: str) -> Image.Image:
    """A whole image to look at, in the stored frame; raises `Unusable`."""
    header = read_header(io.BytesIO(raw), name)
    with _naming(header, name):
        return format_of(raw[:16], name).picture(raw)


def region(stream: BinaryIO, header: Header, box: PixelBox, name: str) -> Pixels:
    """The pixels of a box in the stored frame; raises `Unusable`. The header was checked before."""
    with _naming(header, name):
        pixels = format_at(stream, name).region(stream, header, box)
    if pixels.size != (box.dimensions.width_px, box.dimensions.height_px):
        raise Unusable(f"{name} decodes to another size than it claims.", reason="unreadable")
    return pixels


def read_back(stream: BinaryIO, header: Header, name: str) -> Strips:
    """The pixels of a crop, by another library than wrote it where there is one; raises `Unusable`.

    So does each strip when it is asked for.
    """
    with _naming(header, name):
        strips = format_at(stream, name).read_back(stream, header)
    return evolve(strips, each=_each(strips, header, name))


def _each(strips: Strips, header: Header, name: str) -> Iterator[Pixels]:
    left = strips.height_px
    while True:
        with _naming(header, name):
            strip = next(strips.each, None)
        if strip is None:
            break
        left -= strip.height_px
        yield strip
    if left:
        raise Unusable(f"{name} decodes to another size than it claims.", reason="unreadable")


@contextmanager
def _naming(header: Header, name: str) -> Iterator[None]:
    try:
        yield
    except FAULTS as error:
        raise _unreadable(name, header.format, error) from error


def format_at(stream: BinaryIO, name: str) -> Format:
    """The format of an open file."""
    stream.seek(0)
    return format_of(stream.read(16), name)


def _named(refusal: Unusable, name: str) -> Unusable:
    return Unusable(f"{name}: {refusal.message}.", reason=refusal.reason, mend=refusal.mend)


def _unreadable(name: str, format_name: str, error: BaseException) -> Unusable:
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return Unusable(f"{name}: {error}", reason="too_large")
    if isinstance(error, MemoryError):
        return Unusable(f"{name} needs more memory than there is.", reason="too_large", transient=True)
    return Unusable(
        f"{name} cannot be read as {format_name}: {str(error) or type(error).__name__}.", reason="unreadable"
    )
