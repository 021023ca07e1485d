"""Cut a JPEG without decoding it: whole blocks of coefficients are taken over as they are, by libturbojpeg.

The library is called directly rather than through the module of the wheel that brings it, which would stop every other
thread meanwhile. Its interface is that of turbojpeg.h, version 3.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

from imaging import ladder
from imaging.formats.header import Malformed
from imaging.problems import Unusable
from ledger.values import PixelBox

MEND = "pip install 'cropledger[fast]', or the system's libturbojpeg from version 3 on."

_TRANSFORM = 2  # TJINIT_TRANSFORM
_CROP, _PROGRESSIVE, _COPY_NONE = 4, 32, 64  # TJXOPT_...
_STOP_ON_WARNING, _SCAN_LIMIT = 0, 13  # TJPARAM_...
_MOST_SCANS = 500
"""A progressive file of a few kilobytes can ask for minutes of decoding."""


class _Region(ctypes.Structure):
    _fields_ = (("x", ctypes.c_int), ("y", ctypes.c_int), ("w", ctypes.c_int), ("h", ctypes.c_int))


class _Transform(ctypes.Structure):
    _fields_ = (
        ("region", _Region), ("operation", ctypes.c_int), ("options", ctypes.c_int),
        ("passed_on", ctypes.c_void_p), ("custom_filter", ctypes.c_void_p),
    )  # fmt: skip


def cut(raw: bytes, box: PixelBox, *, progressive: bool) -> bytes:
    """The box, whose left and top lie on the grid, without any of the source's segments.

    Raises `Malformed`, or `Unusable` (`unsupported`) where no libturbojpeg is installed.
    """
    library = ladder.turbojpeg()
    if library is None:
        raise Unusable("cutting a JPEG without loss needs libturbojpeg", reason="unsupported", mend=MEND)
    width, height = box.right - box.left, box.bottom - box.top
    options = _CROP | _COPY_NONE | (_PROGRESSIVE if progressive else 0)
    wish = _Transform(_Region(box.left, box.top, width, height), 0, options, None, None)
    out, size = ctypes.POINTER(ctypes.c_ubyte)(), ctypes.c_size_t(0)
    with _handle(library) as handle:
        failed = library.tj3Transform(
            handle, raw, ctypes.c_size_t(len(raw)), 1, ctypes.byref(out), ctypes.byref(size), ctypes.byref(wish)
        )
        try:
            if failed:
                raise Malformed(library.tj3GetErrorStr(handle).decode(errors="replace"))
            return ctypes.string_at(out, size.value)
        finally:
            library.tj3Free(out)


@contextmanager
def _handle(library: ctypes.CDLL) -> Iterator[ctypes.c_void_p]:
    library.tj3Init.restype = ctypes.c_void_p
    library.tj3GetErrorStr.restype = ctypes.c_char_p
    address = library.tj3Init(_TRANSFORM)
    if not address:
        raise MemoryError
    handle = ctypes.c_void_p(address)
    try:
        library.tj3Set(handle, _STOP_ON_WARNING, 1)
        library.tj3Set(handle, _SCAN_LIMIT, _MOST_SCANS)
        yield handle
    finally:
        library.tj3Destroy(handle)
