"""Previews of images: made in the background, a few at a time, and kept in home by the hash of what they show.

Decoding happens in processes of its own (`web.preview_worker`), so that no file, however hostile, reaches the server.
"""

import asyncio
import heapq
import os
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import TypeVar

from attrs import define, field

from imaging.problems import Unusable
from web.preview_process import Made, PreviewProcess

AT_ONCE = 2
"""Decoding processes."""

SHOWN, AHEAD = 0, 1
"""What is about to be shown comes before what will be shown some time."""

_START, _END = b"\xff\xd8", b"\xff\xd9"  # of a JPEG; what lacks one of them was cut off by a power failure
_PRUNE_EVERY = 200

T = TypeVar("T")
_Wanted = tuple[int, int, str, Path]  # urgency, order, sha256, path


@define
class Shelf:
    """The previews on disk, by sha256 of the image; the least recently used ones make room."""

    folder: Path
    limit_bytes: int
    _written: int = 0

    def get(self, sha256: str) -> bytes | None:
        """A preview that was made before."""
        place = self._place(sha256)
        try:
            jpeg = place.read_bytes()
            if jpeg.startswith(_START) and jpeg.endswith(_END):
                os.utime(place)
                return jpeg
        except OSError:  # not there, or not to be had: it is only a copy, and can be made again
            return None
        return None

    def has(self, sha256: str) -> bool:
        """Whether there is one, as far as a glance tells."""
        return self._place(sha256).exists()

    def put(self, made: Made) -> None:
        """Keep a preview."""
        place = self._place(made.sha256)
        temporary = place.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(made.jpeg)
            temporary.replace(place)
        except OSError:  # a full disk costs time, as the preview is made again, and nothing else
            temporary.unlink(missing_ok=True)
            return
        if self._written % _PRUNE_EVERY == 0:
            self.prune()
        self._written += 1

    def prune(self) -> None:
        """Remove the least recently used until the rest is within the limit."""
        found = [(state.st_mtime_ns, state.st_size, path) for path, state in _files(self.folder)]
        excess = sum(size for _, size, _ in found) - self.limit_bytes
        for _, size, path in sorted(found):
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= size

    def _place(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / f"{sha256[2:]}.jpg"


def _files(folder: Path) -> list[tuple[Path, os.stat_result]]:
    found = []
    for path in folder.glob("*/*"):
        try:
            found.append((path, path.stat()))
        except FileNotFoundError:  # another look removed it
            continue
    return found


@define(eq=False)
class Previews:
    """Makes what is asked for, the most urgent first. Used on one event loop; close it at the end."""

    shelf: Shelf
    at_once: int = AT_ONCE
    _wanted: list[_Wanted] = field(factory=list)
    _futures: dict[str, asyncio.Future[Made]] = field(factory=dict)
    _processes: list[PreviewProcess] = field(factory=list)
    _idle: list[PreviewProcess] = field(factory=list)
    _busy: set[asyncio.Task[None]] = field(factory=set)
    _making: set[str] = field(factory=set)
    _threads: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(AT_ONCE + 1, "web-preview"))
    _order: Iterator[int] = field(factory=count)

    async def of(self, path: Path, sha256: str) -> bytes:
        """The preview of an image that had this hash when it was last seen; raises `Unusable`.

        If it holds something else by now, its preview shows that; the hash in the mark then says that it does not fit.
        """
        found = await self._in_thread(self.shelf.get, sha256)
        return found if found is not None else (await asyncio.shield(self._ask(path, sha256, SHOWN))).jpeg

    def ahead(self, path: Path, sha256: str) -> None:
        """Make a preview when there is nothing more urgent to do, unless there is one."""
        if not self.shelf.has(sha256):
            self._ask(path, sha256, AHEAD)

    async def close(self) -> None:
        """End the processes; what is still wanted is not made."""
        self._wanted.clear()
        for future in self._futures.values():
            future.cancel()
        for process in self._processes:
            process.kill()  # a thread that waits for its answer goes on at once
        await asyncio.gather(*self._busy, return_exceptions=True)
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.close()

    def _ask(self, path: Path, sha256: str, urgency: int) -> asyncio.Future[Made]:
        future = self._futures.get(sha256)
        if future is None:
            future = self._futures[sha256] = asyncio.get_running_loop().create_future()
            # Where nobody waits for it, an error is nobody's: who asks for the image later is told.
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
        # Asked for again it stands in the queue twice, the second time perhaps further ahead; it is made once.
        heapq.heappush(self._wanted, (urgency, next(self._order), sha256, path))
        if len(self._busy) < self.at_once:
            task = asyncio.create_task(self._work())
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)
        return future

    async def _work(self) -> None:
        """Make what is wanted, one after the other, until nothing is."""
        process = self._idle.pop() if self._idle else self._another()
        try:
            while self._wanted:
                *_, sha256, path = heapq.heappop(self._wanted)
                future = self._futures.get(sha256)
                if future is not None and sha256 not in self._making:
                    await self._make(process, path, sha256, future)
        finally:
            self._idle.append(process)

    def _another(self) -> PreviewProcess:
        self._processes.append(PreviewProcess())
        return self._processes[-1]

    async def _make(self, process: PreviewProcess, path: Path, sha256: str, future: asyncio.Future[Made]) -> None:
        self._making.add(sha256)
        try:
            made = await self._in_thread(self._made, process, path)
        except Unusable as why:
            if not future.done():
                future.set_exception(why)
        else:
            if not future.done():
                future.set_result(made)
        finally:
            self._making.discard(sha256)
            self._futures.pop(sha256, None)

    def _made(self, process: PreviewProcess, path: Path) -> Made:
        made = process.make(path)
        self.shelf.put(made)
        return made

    async def _in_thread(self, work: Callable[..., T], *given: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)
