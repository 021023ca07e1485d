"""`/events`: what happened, in order."""

from zoneinfo import ZoneInfo

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.cli.desk import Desk
from commands.telling import gist
from ledger.entry import Entry
from ledger.values import parse_instant
from web.pages import office, page

SHOWN = 100


@frozen
class Line:
    """An entry as the page shows it."""

    position: int
    at: str
    type: str
    subject: str
    gist: str
    actor: str


def line(entry: Entry, zone: ZoneInfo) -> Line:
    """An entry in words, in the operator's zone."""
    at = f"{parse_instant(entry.occurred_at).astimezone(zone):%Y-%m-%d %H:%M:%S}"
    return Line(entry.position, at, entry.event.TYPE, entry.subject, gist(entry.event), entry.actor)


def latest(desk: Desk) -> tuple[int, list[Line]]:
    """The ledger's head, and the latest entries, the newest first."""
    position = desk.ledger.head().position
    entries = desk.ledger.read(max(position - SHOWN, 0), SHOWN)
    return position, [line(entry, desk.settings.zone) for entry in reversed(entries)]


async def events(request: Request) -> Response:
    """The page."""
    position, lines = await office(request).read(latest)
    return page(request, "events.html", title="History", position=position, lines=lines)


ROUTES = (Route("/events", events),)
