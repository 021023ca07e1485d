"""PNG's rows to its compressed stream and back: filter, deflate; inflate, unfilter (PNG specification, 9 and 10).

Only two of the five filters are written: none, for palettes and samples below a byte, and "up", the difference to the
byte above. Reading back knows these two, so that it is code of its own and not the encoder run backwards by a library.
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

_STRIP = 1 << 20
_IDAT_MIN = 1 << 18
_NONE, _UP = 0, 2


class Unfamiliar(Exception):
    """A well-formed stream that was not written here."""


def compressed(pixels: Pixels, fast: Fast | None) -> Iterator[bytes]:
    """The bodies of the IDAT chunks."""
    deflater = _deflater(pixels, fast)
    gathered: list[bytes] = []
    for strip in _filtered(pixels, fast):
        gathered.append(deflater.compress(strip))
        if sum(map(len, gathered)) >= _IDAT_MIN:
            yield b"".join(gathered)
            gathered = []
    yield b"".join((*gathered, deflater.flush()))


class Deflater(Protocol):
    """What zlib and ISA-L have in common."""

    def compress(self, content: bytes, /) -> bytes:
        """What is ready of the compressed stream."""

    def flush(self) -> bytes:
        """The rest of it."""


def _deflater(pixels: Pixels, fast: Fast | None) -> Deflater:
    if not _is_photographic(pixels.mode):
        return zlib.compressobj()  # small, and level 1 would cost a palette picture a third of its size
    return cast("Deflater", fast.isal.compressobj(1)) if fast else zlib.compressobj(1)


def _is_photographic(mode: str) -> bool:
    return bits(mode) >= 8 and not mode.startswith("P")


def _filtered(pixels: Pixels, fast: Fast | None) -> Iterator[bytes]:
    """The rows with their filters in front, a strip of about a megabyte at a time."""
    rows = max(1, _STRIP // (pixels.stride + 1))
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


def uncompressed(bodies: Iterable[bytes], mode: str, size: tuple[int, int], fast: Fast) -> Pixels:
    """The pixels in IDAT bodies that `compressed` made; raises `Malformed`, or `Unfamiliar`."""
    width = stride(mode, size[0])
    wanted = (width + 1) * size[1]
    try:
        raw = fast.deflate.zlib_decompress(b"".join(bodies), wanted)
    except fast.deflate.DeflateError as error:
        raise Malformed(f"its compressed pixels are damaged ({error})") from error
    if len(raw) != wanted:
        raise Malformed(f"it holds {len(raw)} bytes of pixels, not {wanted}")
    return Pixels(mode, *size, _unfiltered(raw, width, fast.numpy))


def _unfiltered(raw: bytearray, width: int, np: ModuleType) -> memoryview:
    """The rows without their filters, moved together in place: a second copy would be the largest thing in memory."""
    kinds = set(raw[:: width + 1])
    if kinds not in ({_NONE}, {_UP}):
        raise Unfamiliar
    flat: NDArray[uint8] = np.frombuffer(raw, np.uint8)
    above = np.zeros(width, np.uint8)
    for number in range(len(raw) // (width + 1)):  # each row needs the one above: a call per row costs next to nothing
        row = flat[number * width : (number + 1) * width]
        filtered = flat[number * (width + 1) + 1 : (number + 1) * (width + 1)]
        if kinds == {_UP}:
            np.add(above, filtered, out=row)
            above = row
        else:
            row[:] = filtered
    return memoryview(raw)[: len(raw) - len(raw) // (width + 1)]
