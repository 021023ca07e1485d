"""The application: every page's routes behind one gate. A new page is a module with `ROUTES` and a line here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from ledger.errors import CropledgerError
from web import crop, history, image, live, refusals, seeing, select, steering
from web.office import Office, Place
from web.security import Gate, Rules
from web.workbench import Workbench

PAGES: tuple[tuple[BaseRoute, ...], ...] = (
    seeing.ROUTES, steering.ROUTES, crop.ROUTES, select.ROUTES, history.ROUTES, image.ROUTES, live.ROUTES,
)  # fmt: skip


def application(place: Place, rules: Rules) -> Starlette:
    """The pages of one home; what it opened is closed when it shuts down."""
    office = Office(place)
    bench = Workbench.of(office)

    @asynccontextmanager
    async def open_for_business(_: Starlette) -> AsyncIterator[None]:
        yield
        await bench.previews.close()
        office.close()

    static = Mount("/static", StaticFiles(directory=str(files("web") / "static")))
    app = Starlette(
        routes=[*(route for page in PAGES for route in page), static],
        middleware=[Middleware(Gate, rules=rules, refusal=refusals.turned_away)],
        exception_handlers={
            CropledgerError: refusals.told,
            HTTPException: refusals.not_here,
            Exception: refusals.bug,
        },
        lifespan=open_for_business,
    )
    app.state.office, app.state.rules, app.state.watch = office, rules, live.Watch(office)
    app.state.workbench = bench
    return app
