"""The server's desks: the ledger is read and written in threads of its own, never on the event loop.

A desk belongs to one thread, as SQLite's connections do. Several threads read, one writes: a long question does not
hold up a mark, and two marks of one browser are recorded in the order in which they came.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from attrs import frozen

from commands.desk import Desk
from configs.home import Home
from ledger.entry import Head
from projections.catch_up import catch_up

T = TypeVar("T")

READERS = 4
"""Questions answered at once."""

LOOK_S = 0.02
"""One look for new entries: within it the ledger is asked at once, and after 10 and 20 ms."""


@frozen
class Place:
    """What one server serves, to whom."""

    home: Home
    actor: str
    """Who marks here, unless the page says otherwise."""
    directories: tuple[Path, ...] = ()
    """The directories offered for marking; empty for all that are known."""
    project: str | None = None
    """The project of images that are marked here for the first time; else that of the manifest above them."""


class Office:
    """Desks for reading and one for writing, each in its own thread."""

    def __init__(self, place: Place) -> None:
        """Nothing is opened yet."""
        self.place = place
        self._readers = ThreadPoolExecutor(READERS, "web-read")
        self._writer = ThreadPoolExecutor(1, "web-write")
        self._watcher = ThreadPoolExecutor(1, "web-watch")
        self._aside = ThreadPoolExecutor(1, "web-aside")
        self._own = threading.local()
        self._opened: list[Desk] = []

    async def read(self, question: Callable[[Desk], T]) -> T:
        """Answer a question from projections that are caught up; raises what the question raises."""
        return await _in(self._readers, lambda: question(self._caught_up()))

    async def act(self, action: Callable[[Desk], T]) -> T:
        """Do something that records events, one at a time; it is in the ledger when this returns."""
        return await _in(self._writer, lambda: action(self._caught_up()))

    async def aside(self, work: Callable[[Desk], T]) -> T:
        """Do something that takes long before it records, such as reading a new directory; marks go on meanwhile."""
        return await _in(self._aside, lambda: work(self._caught_up()))

    async def look(self, after: int) -> Head:
        """The ledger's head, as soon as it is behind position `after`, or after a short while."""
        return await _in(self._watcher, lambda: self._desk().ledger.wait(after, LOOK_S))

    def close(self) -> None:
        """Let everything in hand end, then close the desks."""
        for threads in (self._watcher, self._readers, self._aside, self._writer):
            threads.shutdown()
        for desk in self._opened:
            desk.close()

    def _caught_up(self) -> Desk:
        desk = self._desk()
        catch_up(desk.ledger, desk.store)
        desk.now = datetime.now(UTC)
        return desk

    def _desk(self) -> Desk:
        desk: Desk | None = getattr(self._own, "desk", None)
        if desk is None:
            desk = self._own.desk = Desk(self.place.home)
            self._opened.append(desk)
        return desk


async def _in(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, work)
