"""Several hands for one kind of work; what comes of it is handed over in the thread that asked."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Thing = TypeVar("Thing")
Outcome = TypeVar("Outcome")


def side_by_side(
    work: Callable[[Thing], Outcome], things: Iterable[Thing], hands: int
) -> Iterator[tuple[Thing, Outcome]]:
    """Each thing with what came of it, as they are finished.

    The next thing is asked for in this thread, and only once a hand is free for it. What `work` raises comes out here;
    what is in other hands then is finished first.
    """
    if hands == 1:
        for thing in things:
            yield thing, work(thing)
        return
    with ThreadPoolExecutor(hands, thread_name_prefix="crop") as pool:
        going: dict[Future[Outcome], Thing] = {}
        for thing in things:
            going[pool.submit(work, thing)] = thing
            if len(going) == hands:
                yield from _finished(going)
        while going:
            yield from _finished(going)


def _finished(going: dict[Future[Outcome], Thing]) -> Iterator[tuple[Thing, Outcome]]:
    done, _ = wait(going, return_when=FIRST_COMPLETED)
    for future in done:
        yield going.pop(future), future.result()
