"""The way to a bench: the page of one directory, `?directory=ID`; else a choice of them, unless there is only one."""

from collections.abc import Callable, Mapping

import msgspec
from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from commands.desk import Desk
from web.offered import Directory
from web.pages import office, page
from web.workbench import Workbench


def workbench(request: Request) -> Workbench:
    """That of this server."""
    found: Workbench = request.app.state.workbench
    return found


@frozen
class Bench:
    """A page on which a directory is worked at."""

    template: str
    title: str
    words: str
    """What is said above the choice of directories."""
    far: Callable[[Workbench, Desk, Directory], str]
    """How far a directory is, for the choice."""
    setup: Callable[[Desk], Mapping[str, object]]
    """What the page is told of the settings."""


@frozen
class Choice:
    """A directory among those that can be chosen."""

    directory: Directory
    far: str


async def opened(request: Request, bench: Bench) -> Response:
    """The page, or the choice."""
    shared, asked = workbench(request), request.query_params

    def found(desk: Desk) -> tuple[list[Choice], Directory | None, int]:
        known, wanted = shared.offered.directories(desk), asked.get("directory")
        only = known[0] if len(known) == 1 else None
        chosen = shared.offered.directory(desk, wanted) if wanted else only
        choices = [] if chosen else [Choice(each, bench.far(shared, desk, each)) for each in known]
        return choices, chosen, desk.ledger.head().position

    choices, chosen, position = await office(request).read(found)
    if chosen is None:
        return page(
            request, "offered.html", title=bench.title, words=bench.words, choices=choices, position=position
        )  # fmt: skip
    settings = bench.setup(Desk(shared.office.place.home))
    setup = {"directory": chosen.id, "operator": asked.get("operator"), **settings}
    return page(
        request, bench.template, title=chosen.name, directory=chosen, position=position,
        setup=msgspec.json.encode(setup).decode(),
    )  # fmt: skip
