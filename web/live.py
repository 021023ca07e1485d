"""What happens, as it happens: one stream of server-sent events per page.

The id of every message is a position in the ledger. A page that comes back says the last one it saw, and is told what
followed: nothing is missed and nothing comes twice, whoever wrote it: this server, the command line or a runner.
The form is that of the HTML standard, section "Server-sent events".
"""

import asyncio
from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from commands.desk import Desk
from commands.telling import gist
from ledger.entry import Entry
from ledger.errors import Busy, Invalid
from web.office import Office
from web.pages import office

AT_ONCE = 200
"""Entries in one message."""

QUIET_S = 15
"""A sign of life after this long, so that neither side takes the other for gone."""

STREAMS = 64
"""Pages that may listen at once."""


class Watch:
    """Knows the ledger's head while anybody listens, by looking some fifty times a second."""

    def __init__(self, office: Office) -> None:
        """Nothing is watched yet."""
        self._office = office
        self._position = 0
        self._moved = asyncio.Event()
        self._listeners = 0
        self._looking: asyncio.Task[None] | None = None

    def require_room(self) -> None:
        """Raise `Busy` where as many pages listen as may: before the answer begins, for then it is too late."""
        if self._listeners >= STREAMS:
            raise Busy(f"{STREAMS} pages listen already.", mend="Close some of them.")

    async def stream(self, after: int) -> AsyncIterator[bytes]:
        """Messages with what stands behind position `after`, for ever."""
        self._listen()
        try:
            yield b"retry: 1000\n\n"
            while True:
                moved = self._moved  # taken before asking, so that what comes while asking is not slept through
                entries = await self._office.read(lambda desk, since=after: _behind(desk, since))  # type: ignore[misc]
                if entries:
                    after = entries[-1].position
                    yield _message(entries)
                    continue
                try:
                    await asyncio.wait_for(moved.wait(), QUIET_S)
                except TimeoutError:
                    yield b": nothing new\n\n"
        finally:
            self._leave()

    def _listen(self) -> None:
        self._listeners += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    def _leave(self) -> None:
        self._listeners -= 1
        if not self._listeners and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look(self) -> None:
        while True:
            head = await self._office.look(self._position)
            if head.position > self._position:
                self._position = head.position
                self._moved.set()
                self._moved = asyncio.Event()


def _behind(desk: Desk, after: int) -> list[Entry]:
    return desk.ledger.read(after, AT_ONCE)


def _message(entries: list[Entry]) -> bytes:
    told = [
        {
            "position": entry.position, "type": entry.event.TYPE, "subject": entry.subject, "actor": entry.actor,
            "at": entry.recorded_at, "gist": gist(entry.event),
        }
        for entry in entries
    ]  # fmt: skip
    return b"id: %d\nevent: entries\ndata: %s\n\n" % (entries[-1].position, msgspec.json.encode(told))


async def live(request: Request) -> Response:
    """The stream: behind the `Last-Event-ID`, else behind `?after=`, else from now on."""
    given = request.headers.get("last-event-id") or request.query_params.get("after")
    if given is not None and not (given.isascii() and given.isdigit() and len(given) < 19):
        raise Invalid(f"A position in the ledger is a number, not {given!r}.")
    after = int(given) if given else (await office(request).read(lambda desk: desk.ledger.head())).position
    watch: Watch = request.app.state.watch
    watch.require_room()
    return StreamingResponse(watch.stream(after), media_type="text/event-stream")


ROUTES = (Route("/live", live),)
