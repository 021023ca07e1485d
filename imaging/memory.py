"""Memory that a crop needed is the system's again when the crop is done, not kept for the next one.

Once it has freed a large block, glibc takes the next ones out of its own store, and keeps twice as much of that as the
block was (mallopt(3), M_MMAP_THRESHOLD): the pixels of one crop would stay beside the coefficients of the next.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc alone; others do without


@contextmanager
def given_back() -> Iterator[None]:
    """What was freed inside the block is given back after it; a few milliseconds for a large image."""
    try:
        yield
    finally:
        if _trim is not None:
            _trim(0)
