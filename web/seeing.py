"""`/`: where everything stands. `/tables/...`: every table of it, whole, for people and programs."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.crops import RetryCrop, WithdrawCrop
from commands.decider import Command
from commands.decider import Request as Asked
from commands.desk import Desk, correlation
from commands.handle import handle_many
from ledger.errors import Invalid, NotFound
from web.chosen import Chosen
from web.pages import as_json, body, office, page
from web.standing import AtOnce, Standing, at_once, standing
from web.tables import downloaded

SHOWN = {"directories": 12, "failures": 5, "sittings": 12}
"""How many rows of each stand on the page itself."""


async def overview(request: Request) -> Response:
    """The page."""
    now = await _standing(request)
    return page(
        request, "seeing.html", title="Overview", position=now.position, now=now, first=now.first, chosen=now.chosen,
        shown=SHOWN,
    )  # fmt: skip


async def quickly(request: Request) -> Response:
    """The part of the page that is quickly asked, to be shown before the rest."""
    asked = dict(request.query_params)

    def look(desk: Desk) -> AtOnce:
        return at_once(desk, Chosen.read(asked, desk.settings.zone, desk.now))

    first = await office(request).read(look)
    return page(request, "at_once.html", first=first, chosen=first.chosen, shown=SHOWN)


async def table(request: Request) -> Response:
    """One table, whole: as a page, or with `?format=csv` or `json` for programs."""
    now = await _standing(request)
    name = request.path_params["name"]
    found = now.tables.get(name)
    if found is None:
        raise NotFound(f"There is no table {name!r} of these days.", mend=f"There are: {', '.join(now.tables)}")
    if form := request.query_params.get("format"):
        return downloaded(found, form)
    return page(request, "table.html", title=found.title, position=now.position, table=found, chosen=now.chosen)


async def _standing(request: Request) -> Standing:
    asked = dict(request.query_params)

    def look(desk: Desk) -> Standing:
        return standing(desk, Chosen.read(asked, desk.settings.zone, desk.now))

    return await office(request).read(look)


class Subjects(msgspec.Struct, forbid_unknown_fields=True):
    """The images that something is to be done about."""

    subjects: Annotated[list[str], msgspec.Meta(min_length=1, max_length=10_000)]
    reason: str | None = None


async def retry(request: Request) -> Response:
    """Put failed crops back in the queue."""
    return await _each(request, RetryCrop)


async def withdraw(request: Request) -> Response:
    """Take back crops that are owed."""
    return await _each(request, WithdrawCrop)


async def _each(request: Request, command: Callable[[str, str | None], Command]) -> Response:
    wanted = await body(request, Subjects)
    strange = [subject for subject in wanted.subjects if not subject.startswith("image/")]
    if strange:
        raise Invalid(f"{strange[0]!r} is no image.")
    return as_json(await office(request).act(partial(_handled, office(request).place.actor, command, wanted)))


def _handled(actor: str, command: Callable[[str, str | None], Command], wanted: Subjects, desk: Desk) -> object:
    together = correlation()
    requests = [Asked(command(subject, wanted.reason), actor, together) for subject in wanted.subjects]
    outcome = handle_many(requests, ledger=desk.ledger, now=desk.now)
    if len(requests) == 1 and outcome.refused:
        raise outcome.refused[0][1]
    return {
        "recorded": len(outcome.entries),
        "unchanged": outcome.unchanged,
        "refused": [
            {"subject": wanted.subjects[index], "error": type(why).__name__, "message": str(why)}
            for index, why in outcome.refused
        ],
    }


ROUTES = (
    Route("/", overview),
    Route("/now", quickly),
    Route("/tables/{name}", table),
    Route("/crops/retry", retry, methods=["POST"]),
    Route("/crops/withdraw", withdraw, methods=["POST"]),
)
