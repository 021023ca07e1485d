"""Many files looked at: one after the other, or by a few threads where that is quicker.

Handing a look to a thread costs about half a millisecond of everybody's time, for the threads of Python take turns at
each call of the system. A header in the disk's cache is read in less, so threads would take three times as long; where
the disk is slow, or whole contents are hashed, they pay. The first few looks tell, and then each few dozen: a tree may
begin with what was read lately and go on with what was not.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

LOOKING = 4
"""Threads, where there are any; all the while they wait for the disk, or hash, the others go on."""

FIRST = 8
"""Looks after which one is judged for the first time."""

LATER = 64
"""Looks between one judgement and the next."""

LONG_S = 0.001
"""How long a look takes on average that a thread is worth."""

Thing = TypeVar("Thing")
Seen = TypeVar("Seen")


def looks(look: Callable[[Thing], Seen], things: Iterable[Thing]) -> Iterator[Seen]:
    """What is seen of each thing, in their order."""
    remaining, count = iter(things), FIRST
    while True:
        done, took_s = 0, 0.0
        for thing in islice(remaining, count):
            began = time.perf_counter()
            seen = look(thing)
            done, took_s = done + 1, took_s + time.perf_counter() - began
            yield seen
        if done < count:
            return
        if took_s >= count * LONG_S:
            break
        count = LATER
    with ThreadPoolExecutor(LOOKING) as threads:
        yield from threads.map(look, remaining)
