"""Steps of several crops side by side: what all of them need on the disk before they go on is waited for once.

Steps are a generator. It yields the files and directories that must be durable before its next step may be taken, and
returns its result. A disk that fails then says so where the steps wait.
"""

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TypeVar

from imaging import disk
from imaging.problems import Unusable

T = TypeVar("T")
Needed = frozenset[Path]
Steps = Generator[Needed, None, T]


def alone(steps: Steps[T]) -> T:
    """Take these steps to their end; raises what they raise."""
    [outcome] = together((steps,))
    if isinstance(outcome, Unusable):
        raise outcome
    return outcome


def together(crops: Iterable[Steps[T]]) -> list[T | Unusable]:
    """Take the steps of all to their ends: for each its result, or why it was refused, in order."""
    steps = list(crops)
    found: dict[int, T | Unusable] = {}
    going: dict[int, Needed] = dict.fromkeys(range(len(steps)), frozenset())
    while going:
        failed = _synced(frozenset[Path]().union(*going.values()))
        for number, needed in list(going.items()):
            why = next((failed[path] for path in needed if path in failed), None)
            try:
                going[number] = steps[number].throw(why) if why is not None else next(steps[number])
            except StopIteration as end:
                found[number] = end.value
            except Unusable as refusal:
                found[number] = refusal
            if number in found:
                del going[number]
    return [found[number] for number in range(len(steps))]


def _synced(needed: Needed) -> dict[Path, Unusable]:
    """Why each of those is not durable that cannot be made so."""
    failed = {}
    for path in sorted(needed):
        try:
            disk.sync(path)
        except Unusable as why:
            failed[path] = why
    return failed
