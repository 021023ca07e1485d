"""Which library does which step of a crop, the best first; the one place that knows what is installed.

| step                       | with the extra `fast`                      | with Pillow alone                          |
|----------------------------|--------------------------------------------|--------------------------------------------|
| pixels of the box (PNG)    | libvips, row by row down to the box's end  | Pillow, the whole image                    |
| filter (PNG)               | "up" in numpy                              | "up" in Pillow's channel arithmetic        |
| deflate (PNG)              | ISA-L, level 2                             | zlib, level 1                              |
| read back (PNG)            | libdeflate and numpy                       | Pillow                                     |
| pixels of the box (JPEG)   | libvips                                    | Pillow                                     |
| encode (JPEG)              | Pillow                                     | Pillow                                     |
| read back (JPEG)           | libvips                                    | libturbojpeg, where there is one; Pillow   |
| cut without decoding (JPEG)| libturbojpeg, the system's; or refused     | the same                                   |
| encode (TIFF, WebP, BMP)   | Pillow                                     | Pillow                                     |
| read back (TIFF, WebP)     | libvips                                    | Pillow                                     |
| read back (BMP)            | code of our own                            | the same                                   |
| pixels of the box (AVIF)   | Pillow (dav1d)                             | the same                                   |
| encode (AVIF)              | lossless: libvips (aom); lossy: Pillow     | lossless: refused; lossy: Pillow (aom)     |
| read back (AVIF)           | Pillow (dav1d)                             | the same                                   |

With the extra nothing is read back by the code that wrote it: Pillow and libvips carry their own builds of libtiff,
libwebp and libjpeg-turbo behind code of their own; AVIF is encoded by aom and decoded by dav1d. Without it that holds
for PNG, BMP, AVIF and mostly JPEG; Pillow reads its TIFF and WebP afresh. The extra's four libraries count as one rung:
with one missing, Pillow does everything. Where libvips refuses a file, Pillow is asked as well before the file is.

Palettes and samples of less than a byte are decoded by Pillow on both rungs: libvips would unfold them. "Up" alone,
rather than the best filter for each row, is what makes low levels enough: on photographs the result is within an eighth
of the default's size, for a tenth of its time. See docs/decisions/0008-the-ladder-of-the-crop-engine.md.
"""

import ctypes
import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from ctypes.util import find_library
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from attrs import frozen

FAST_ALLOWED = True
"""For tests: the other rung has to pass them as well."""


@frozen
class Fast:
    """The extra's libraries; all four or none."""

    vips: ModuleType
    numpy: Any
    isal: ModuleType
    deflate: ModuleType


def fast() -> Fast | None:
    """The quick rung, where it is installed."""
    return _imported() if FAST_ALLOWED else None


def crc32() -> Callable[[bytes, int], int]:
    """The checksum of PNG's chunks, continued from another; libdeflate's takes an eighth of zlib's time."""
    libraries = fast()
    return libraries.deflate.crc32 if libraries else zlib.crc32


@cache
def turbojpeg() -> ctypes.CDLL | None:
    """libturbojpeg from 2.1 on, the system's or one in a wheel that somebody installed; None where there is none."""
    spec = find_spec("turbojpeg")
    places = [spec.origin] if spec is not None and spec.origin else []
    bundled = [path for place in places for path in Path(place).parent.glob("turbojpeg.libs/libturbojpeg*")]
    for name in (find_library("turbojpeg"), *map(str, bundled)):
        with suppress(OSError):
            if name and hasattr(library := ctypes.CDLL(name), "tjDecompressHeader3"):
                return library
    return None


@cache
def _imported() -> Fast | None:
    # Threads are ours (crop run --workers): libvips' own would only add to them. Its warnings are ours to tell.
    os.environ.setdefault("VIPS_CONCURRENCY", "1")
    os.environ.setdefault("VIPS_WARNING", "0")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's algebra, which nothing here uses, spins otherwise
    try:
        import deflate
        import numpy as np
        import pyvips
        from isal import isal_zlib
    except (ImportError, OSError):  # OSError: a wheel whose shared library this machine cannot load
        return None
    pyvips.cache_set_max(0)  # it would take a file for the one it read before under the same name
    return Fast(pyvips, np, isal_zlib, deflate)
