"""libturbojpeg: cuts a JPEG without decoding it, and is a second decoder where libvips is not installed.

The library is called directly: what wraps it for Python would stop every other thread meanwhile. Its interface is that
of turbojpeg.h, version 2, which version 3 has as well; systems of the last years ship the one or the other.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

from imaging import ladder
from imaging.formats.header import Malformed
from imaging.pixels import Pixels, stride
from imaging.problems import Unusable
from ledger.values import PixelBox

MEND = "Install libturbojpeg with the system's packages (Debian, Ubuntu: apt install libturbojpeg0)."

_CROP, _PROGRESSIVE, _COPY_NONE = 4, 32, 64  # TJXOPT_...
# TJFLAG_...: a progressive file of a few kilobytes can ask for minutes of decoding, unless its scans are limited.
_ACCURATE, _STOP_ON_WARNING, _LIMIT_SCANS = 4096, 8192, 32768
_STRICT = _STOP_ON_WARNING | _LIMIT_SCANS
_FORMATS = {"RGB": 0, "L": 6, "CMYK": 11}  # TJPF_...
_TAIL = "extraneous bytes before marker 0xd9"
_INVERTED = bytes(range(255, -1, -1))


class _Region(ctypes.Structure):
    _fields_ = (("x", ctypes.c_int), ("y", ctypes.c_int), ("w", ctypes.c_int), ("h", ctypes.c_int))


class _Transform(ctypes.Structure):
    _fields_ = (
        ("region", _Region), ("operation", ctypes.c_int), ("options", ctypes.c_int),
        ("passed_on", ctypes.c_void_p), ("custom_filter", ctypes.c_void_p),
    )  # fmt: skip


def cut(raw: bytearray, box: PixelBox, *, progressive: bool, shortened: bool = False) -> bytes:
    """The box, whose left and top lie on the grid, without any of the source's segments.

    `shortened` says that the frame claims fewer rows than the scan behind it holds. Raises `Malformed`, or `Unusable`
    (`unsupported`) where no libturbojpeg is installed.
    """
    library = ladder.turbojpeg()
    if library is None:
        raise Unusable("cutting a JPEG without loss needs libturbojpeg", reason="unsupported", mend=MEND)
    width, height = box.right - box.left, box.bottom - box.top
    options = _CROP | _COPY_NONE | (_PROGRESSIVE if progressive else 0)
    wish = _Transform(_Region(box.left, box.top, width, height), 0, options, None, None)
    out, size = ctypes.POINTER(ctypes.c_ubyte)(), ctypes.c_ulong(0)
    place = (ctypes.c_ubyte * len(raw)).from_buffer(raw)
    with _handle(library, library.tjInitTransform) as handle:
        try:
            failed = library.tjTransform(
                handle, place, ctypes.c_ulong(len(raw)), 1, ctypes.byref(out), ctypes.byref(size), ctypes.byref(wish),
                _LIMIT_SCANS if shortened else _STRICT,
            )  # fmt: skip
            _raise_if(failed and not (shortened and _only_tail_is_left(library, handle)), library, handle)
            return ctypes.string_at(out, size.value)
        finally:
            library.tjFree(out)


def _only_tail_is_left(library: ctypes.CDLL, handle: ctypes.c_void_p) -> bool:
    # It tells the first thing that it found wrong, or what it gave up for: so nothing in the rows before was wrong.
    return _TAIL in _words(library, handle)


def decoded(library: ctypes.CDLL, raw: bytes, mode: str, size: tuple[int, int]) -> Pixels:
    """All pixels of a JPEG of this mode and size; raises `Malformed`."""
    width, height = size
    samples = bytearray(stride(mode, width) * height)
    place = (ctypes.c_ubyte * len(samples)).from_buffer(samples)
    with _handle(library, library.tjInitDecompress) as handle:
        _check_size(library, handle, raw, size)
        failed = library.tjDecompress2(
            handle, raw, ctypes.c_ulong(len(raw)), place, width, stride(mode, width), height, _FORMATS[mode],
            _STRICT | _ACCURATE,
        )  # fmt: skip
        _raise_if(failed, library, handle)
    # Four inks are stored the other way round, as everybody does since Adobe did.
    return Pixels(mode, *size, samples.translate(_INVERTED) if mode == "CMYK" else samples)


def _check_size(library: ctypes.CDLL, handle: ctypes.c_void_p, raw: bytes, size: tuple[int, int]) -> None:
    # The decoder would scale a picture of another size to fit.
    width, height, sampling, colours = (ctypes.c_int(0) for _ in range(4))
    failed = library.tjDecompressHeader3(
        handle, raw, ctypes.c_ulong(len(raw)), *map(ctypes.byref, (width, height, sampling, colours))
    )
    _raise_if(failed, library, handle)
    if (width.value, height.value) != size:
        raise Malformed(f"libturbojpeg sees {width.value}x{height.value}")


def _raise_if(failed: int, library: ctypes.CDLL, handle: ctypes.c_void_p) -> None:
    if failed:
        raise Malformed(_words(library, handle))


def _words(library: ctypes.CDLL, handle: ctypes.c_void_p) -> str:
    said: bytes = library.tjGetErrorStr2(handle)
    return said.decode(errors="replace")


@contextmanager
def _handle(library: ctypes.CDLL, begin: "ctypes._NamedFuncPointer") -> Iterator[ctypes.c_void_p]:
    begin.restype = ctypes.c_void_p
    library.tjGetErrorStr2.restype = ctypes.c_char_p
    address = begin()
    if not address:
        raise MemoryError
    handle = ctypes.c_void_p(address)
    try:
        yield handle
    finally:
        library.tjDestroy(handle)
