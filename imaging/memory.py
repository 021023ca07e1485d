"""Memory that was freed is the system's again, before something needs nearly all that there may be.

Once it has freed a large block, glibc takes the next ones out of its own store, and keeps twice as much of that as the
block was (mallopt(3), M_MMAP_THRESHOLD): the pixels of one crop would stay beside the coefficients of the next. Asked
for after every crop it would cost a twentieth of the time: the next one has to be given its pages again.
"""

import ctypes

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc alone; others do without


def give_back() -> None:
    """Give back what was freed; a few milliseconds where it is much."""
    if _trim is not None:
        _trim(0)
