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

    The next thing is asked for in this thread, and only once a hand is free for it; then the hand has it before what is
    finished is handed over, so that no hand waits for whoever takes it. What `work` raises comes out here; what is in
    other hands then is finished first.
    """
    if hands == 1:
        for thing in things:
            yield thing, work(thing)
        return
    with ThreadPoolExecutor(hands, thread_name_prefix="crop") as pool:
        going: dict[Future[Outcome], Thing] = {}
        finished: list[tuple[Thing, Future[Outcome]]] = []
        for thing in things:
            going[pool.submit(work, thing)] = thing
            yield from _handed_over(finished)
            finished = _finished(going) if len(going) == hands else []
        yield from _handed_over(finished)
        while going:
            yield from _handed_over(_finished(going))


def _finished(going: dict[Future[Outcome], Thing]) -> list[tuple[Thing, Future[Outcome]]]:
    done, _ = wait(going, return_when=FIRST_COMPLETED)
    return [(going.pop(future), future) for future in done]


def _handed_over(finished: list[tuple[Thing, Future[Outcome]]]) -> Iterator[tuple[Thing, Outcome]]:
    return ((thing, future.result()) for thing, future in finished)
