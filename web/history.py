"""`/events`: what happened, the newest first, narrowed by type, subject, actor, time, or what began it."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.browsing import Found, Wanted, latest
from commands.desk import Desk
from commands.telling import gist
from ledger.entry import Entry
from ledger.errors import Invalid
from ledger.events.catalogue import BY_TYPE
from ledger.values import Instant, instant, parse_instant
from web.charts import Column, Table
from web.pages import office, page
from web.tables import downloaded

SHOWN = 100
DOWNLOADED = 20_000
COLUMNS = (
    Column("position", "Position", number=True), Column("occurred_at", "When (UTC)"), Column("type", "Event"),
    Column("subject", "Subject"), Column("what", "What"), Column("actor", "Who"), Column("correlation", "Began with"),
)  # fmt: skip


@frozen
class Line:
    """An entry as the page shows it."""

    position: int
    at: str
    type: str
    subject: str
    address: str
    """Where its subject's story is."""
    gist: str
    actor: str
    correlation: str


def line(entry: Entry, zone: ZoneInfo) -> Line:
    """An entry in words, in the operator's zone."""
    at = f"{parse_instant(entry.occurred_at).astimezone(zone):%Y-%m-%d %H:%M:%S}"
    address = f"/{entry.subject}" if entry.subject.startswith("image/") else f"/events?subject={entry.subject}"
    words = _DEEP.sub("…/", gist(entry.event))
    return Line(entry.position, at, entry.event.TYPE, entry.subject, address, words, entry.actor, entry.correlation)


_DEEP = re.compile(r"(?<!\S)/(?:[^/\n]+/)+(?=[^/\n]+/[^/\n]+)")
"""The directories above an absolute path's last one: the same in every line, they would hide what differs."""


def wanted(asked: Mapping[str, str], zone: ZoneInfo) -> Wanted:
    """From an address; raises `Invalid`."""
    return Wanted(
        type=asked.get("type") or None,
        subject=asked.get("subject") or None,
        actor=asked.get("actor") or None,
        correlation=asked.get("correlation") or None,
        since=_midnight(asked.get("from"), zone, 0),
        until=_midnight(asked.get("to"), zone, 1),
    )


def _midnight(text: str | None, zone: ZoneInfo, later: int) -> Instant | None:
    if not text:
        return None
    try:
        return instant(datetime.combine(date.fromisoformat(text) + timedelta(days=later), time(0), zone))
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{text!r} is not a day.", mend="Write it like 2025-10-27.") from error


def _before(asked: Mapping[str, str]) -> int | None:
    text = asked.get("before")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid(f"A position in the ledger is a number, not {text!r}.")
    return int(text)


async def events(request: Request) -> Response:
    """The page, or with `?format=csv` or `json` its table."""
    asked = {name: value for name, value in request.query_params.items() if value}
    form = asked.get("format")

    def look(desk: Desk) -> tuple[int, ZoneInfo, Found]:
        zone, position = desk.settings.zone, desk.ledger.head().position
        limit = DOWNLOADED if form else SHOWN
        return position, zone, latest(desk.ledger, wanted(asked, zone), before=_before(asked), limit=limit)

    position, zone, found = await office(request).read(look)
    if form:
        return downloaded(_table(found), form)
    lines = [line(entry, zone) for entry in found.entries]
    return page(
        request, "events.html", title="History", position=position, lines=lines, asked=asked, types=sorted(BY_TYPE),
        older=request.url.include_query_params(before=found.before).query if found.before else None,
        further=found.before, query=request.url.query,
    )  # fmt: skip


def _table(found: Found) -> Table:
    rows = tuple(
        (entry.position, entry.occurred_at, entry.event.TYPE, entry.subject, gist(entry.event), entry.actor,
         entry.correlation) for entry in found.entries
    )  # fmt: skip
    return Table("events", "Events", COLUMNS, rows)


ROUTES = (Route("/events", events),)
