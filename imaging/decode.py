"""Which format a file is, what its header says and what its pixels are, with every fault turned into one error.

Hostile and broken files make decoders raise nearly anything. Here is the one place that knows their exceptions.
"""

import io
import struct
import warnings
import zlib
from typing import BinaryIO, Protocol

from PIL import Image

from imaging.formats import bmp, jpeg, png, tiff, webp
from imaging.formats.header import MAX_PIXELS, Header, Malformed, animated
from imaging.problems import Unusable

# What Pillow only warns about (a truncated read, a bomb) must stop us. Set for its modules once: the alternative,
# a context around each call, is not safe with threads.
warnings.filterwarnings("error", category=UserWarning, module=r"PIL(\.|\Z)")
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

FAULTS = (
    OSError, SyntaxError, ValueError, EOFError, ArithmeticError, LookupError, TypeError, AttributeError, RuntimeError,
    AssertionError, MemoryError, struct.error, zlib.error, Warning, Image.DecompressionBombError, Malformed,
)  # fmt: skip
"""All that decoders and encoders are known to raise on bad bytes."""


class Format(Protocol):
    """What each module in `imaging.formats` offers."""

    NAME: str

    def header(self, stream: BinaryIO) -> Header:
        """Facts from the first bytes."""

    def decode(self, raw: bytes) -> Image.Image:
        """The pixels, as stored."""

    def encode(self, raw: bytes, region: Image.Image) -> tuple[bytes, tuple[str, ...]]:
        """A file of the source's kind around other pixels, and the codes of what could not be kept."""

    def metadata(self, raw: bytes, width_px: int, height_px: int) -> object:
        """All but the pixels, as it must read in a crop of this size; equal for a source and its crop."""


_BY_START: tuple[tuple[bytes, Format], ...] = (
    (png.SIGNATURE, png),
    (b"\xff\xd8\xff", jpeg),
    (b"BM", bmp),
    (b"II*\0", tiff),
    (b"MM\0*", tiff),
    (b"II+\0", tiff),
    (b"MM\0+", tiff),
)


def format_of(start: bytes, name: str) -> Format:
    """The format by the file's first bytes, never by its name; raises `Unusable` for any other."""
    for signature, module in _BY_START:
        if start.startswith(signature):
            return module
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return webp
    if start[:4] == b"GIF8":
        raise Unusable(f"{name} is a GIF, which is not supported.", reason="unsupported")
    if not start:
        raise Unusable(f"{name} is empty.", reason="unreadable")
    raise Unusable(f"{name} is not a PNG, JPEG, WebP, TIFF or BMP image.", reason="unreadable")


def read_header(stream: BinaryIO, name: str) -> Header:
    """The header of an open file at its beginning; raises `Unusable` for what cannot be an image of ours."""
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
    if header.width_px * header.height_px > MAX_PIXELS:
        raise Unusable(
            f"{name} claims {header.width_px}x{header.height_px} pixels; the limit is {MAX_PIXELS:,}.",
            reason="too_large",
        )
    return header


def decode(raw: bytes, name: str) -> tuple[Header, Image.Image]:
    """Header and pixels, in the stored frame; raises `Unusable`. The header is checked before anything is decoded."""
    header = read_header(io.BytesIO(raw), name)
    module = format_of(raw[:16], name)
    try:
        pixels = module.decode(raw)
    except FAULTS as error:
        raise _unreadable(name, header.format, error) from error
    if pixels.size != (header.width_px, header.height_px):
        raise Unusable(f"{name} decodes to another size than it claims.", reason="unreadable")
    return header, pixels


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
