"""PNG's rows to its compressed stream and back: filter, deflate; inflate, unfilter (PNG specification, 9 and 10).

Only two of the five filters are written: none, for palettes and samples below a byte, and "up", the difference to the
byte above. Reading back knows these two, so that it is code of its own and not the encoder run backwards by a library.

A strip of rows at a time goes through all of it while it is in the processor's cache. The deflater forgets what it saw
at the end of a strip (a full flush, RFC 1951 and zlib's manual), and a strip's bytes are an IDAT chunk: so each chunk
can be inflated alone, and the pixels of a crop are never held twice. To every other reader it is one stream.
"""

import zlib
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, cast

from PIL import Image, ImageChops

from imaging.formats.header import Malformed
from imaging.ladder import Fast
from imaging.pixels import Pixels, bits, stride

if TYPE_CHECKING:
    from numpy import uint8
    from numpy.typing import NDArray

_STRIP = 1 << 18
_NONE, _UP = 0, 2
_ISAL_LEVEL = 2
"""As quick as its level 1, and a quarter of a percent smaller; 3 makes enlarged pictures larger."""
_HEADER, _CHECKSUM = 2, 4
"""Bytes before and behind the deflated strips (RFC 1950)."""
_LAST = b"\3\0"
"""An empty block that ends a deflate stream (RFC 1951, 3.2.6)."""


class Unfamiliar(Exception):
    """A well-formed stream that was not written here."""


def compressed(pixels: Pixels, fast: Fast | None) -> Iterator[bytes]:
    """The bodies of the IDAT chunks."""
    deflater = _deflater(pixels, fast)
    for strip in _filtered(pixels, fast):
        yield deflater.compress(strip) + deflater.flush(zlib.Z_FULL_FLUSH)
    yield deflater.flush()


class Deflater(Protocol):
    """What zlib and ISA-L have in common."""

    def compress(self, content: bytes, /) -> bytes:
        """What is ready of the compressed stream."""

    def flush(self, how: int = zlib.Z_FINISH, /) -> bytes:
        """The rest of it, or of what was given so far."""


def _deflater(pixels: Pixels, fast: Fast | None) -> Deflater:
    if not _is_photographic(pixels.mode):
        return zlib.compressobj()  # small, and level 1 would cost a palette picture a third of its size
    return cast("Deflater", fast.isal.compressobj(_ISAL_LEVEL)) if fast else zlib.compressobj(1)


def _is_photographic(mode: str) -> bool:
    return bits(mode) >= 8 and not mode.startswith("P")


def _filtered(pixels: Pixels, fast: Fast | None) -> Iterator[bytes]:
    """The rows with their filters in front, a strip at a time."""
    rows = _rows_in_strip(pixels.stride)
    view = memoryview(pixels.samples)
    for top in range(0, pixels.height_px, rows):
        begin, end = top * pixels.stride, min(top + rows, pixels.height_px) * pixels.stride
        above = view[begin - pixels.stride : begin] if top else bytes(pixels.stride)
        if not _is_photographic(pixels.mode):
            yield _plain(view[begin:end], pixels.stride)
        elif fast:
            yield _up_in_numpy(view[begin:end], above, pixels.stride, fast.numpy)
        else:
            yield _up_in_pillow(view[begin:end], above, pixels.stride)


def _plain(strip: memoryview, width: int) -> bytes:
    return b"".join(b"\0" + strip[place : place + width] for place in range(0, len(strip), width))


def _up_in_numpy(strip: memoryview, above: memoryview | bytes, width: int, np: ModuleType) -> bytes:
    rows = np.frombuffer(strip, np.uint8).reshape(-1, width)
    out = np.empty((len(rows), width + 1), np.uint8)
    out[:, 0] = _UP
    np.subtract(rows[0], np.frombuffer(above, np.uint8), out=out[0, 1:])
    np.subtract(rows[1:], rows[:-1], out=out[1:, 1:])
    return out.data  # type: ignore[no-any-return]  # a buffer, which is all that a deflater asks for


def _up_in_pillow(strip: memoryview, above: memoryview | bytes, width: int) -> bytes:
    # Bytes as a grey picture: subtracting modulo 256 the picture one row higher is the filter.
    size = width, len(strip) // width
    rows = Image.frombytes("L", size, bytes(strip))
    higher = Image.frombytes("L", size, bytes(above) + bytes(strip[: len(strip) - width]))
    out = Image.new("L", (width + 1, size[1]), _UP)
    out.paste(ImageChops.subtract_modulo(rows, higher), (1, 0))
    return out.tobytes()


def _rows_in_strip(width: int) -> int:
    return max(1, _STRIP // (width + 1))


def uncompressed(bodies: Iterable[bytes], mode: str, size: tuple[int, int], fast: Fast) -> Iterator[Pixels]:
    """The pixels in IDAT bodies that `compressed` made, strip by strip; raises `Malformed`, or `Unfamiliar`.

    `Unfamiliar` is raised before the first strip is handed out, or never.
    """
    width, height = stride(mode, size[0]), size[1]
    above, checksum, left = fast.numpy.zeros(width, fast.numpy.uint8), 1, height
    rest = _without_header(iter(bodies))
    while left:
        rows = min(_rows_in_strip(width), left)
        flat = _inflated(next(rest, b""), rows * (width + 1), fast.deflate, is_first=left == height)
        checksum = fast.deflate.adler32(flat, checksum)
        samples = _unfiltered(flat, width, above, fast.numpy, is_first=left == height)
        above = samples[-1]
        left -= rows
        yield Pixels(mode, size[0], rows, samples.reshape(-1).data)
    _check_end(b"".join(rest), checksum, fast.deflate)


def _check_end(tail: bytes, checksum: int, deflate: ModuleType) -> None:
    if tail[-_CHECKSUM:] != checksum.to_bytes(_CHECKSUM, "big"):
        raise Malformed("the checksum of its pixels is wrong")
    try:
        more = deflate.deflate_decompress(tail[:-_CHECKSUM], 1)
    except deflate.DeflateError as error:
        raise Malformed(f"its compressed pixels have no end ({error})") from error
    if more:
        raise Malformed("more stands behind its pixels")


def _without_header(bodies: Iterator[bytes]) -> Iterator[bytes]:
    yield next(bodies, b"")[_HEADER:]
    yield from bodies


def _inflated(body: bytes, length: int, deflate: ModuleType, *, is_first: bool) -> bytearray:
    """A strip's rows with their filters."""
    try:
        flat: bytearray = deflate.deflate_decompress(body + _LAST, length)
    except deflate.DeflateError as error:
        if is_first:
            raise Unfamiliar from error
        raise Malformed(f"its compressed pixels are damaged ({error})") from error
    if len(flat) != length:
        raise Unfamiliar if is_first else Malformed(f"a strip holds {len(flat)} bytes of pixels, not {length}")
    return flat


def _unfiltered(
    flat: bytearray, width: int, above: "NDArray[uint8]", np: ModuleType, *, is_first: bool
) -> "NDArray[uint8]":
    """The rows without their filters; each needs the one above, and a call per row costs next to nothing."""
    filtered: NDArray[uint8] = np.frombuffer(flat, np.uint8).reshape(-1, width + 1)
    kinds = set(flat[:: width + 1])
    if kinds not in ({_NONE}, {_UP}):
        raise Unfamiliar if is_first else Malformed("a strip is filtered in another way than the others")
    if kinds == {_NONE}:
        return np.ascontiguousarray(filtered[:, 1:])  # type: ignore[no-any-return]
    out: NDArray[uint8] = np.empty((len(filtered), width), np.uint8)
    for row, difference in zip(out, filtered[:, 1:], strict=True):
        np.add(difference, above, out=row)
        above = row
    return out
