"""`/`: where everything stands."""

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.cli.desk import Desk
from projections.progress import DirectoryProgress, progress
from projections.queue import QueueSizes, sizes
from web.pages import office, page


@frozen
class Standing:
    """What the page shows."""

    position: int
    queue: QueueSizes
    directories: list[DirectoryProgress]


def standing(desk: Desk) -> Standing:
    """Where everything stands; the position is taken first, so that the live stream tells all that came later."""
    position = desk.ledger.head().position
    return Standing(position, sizes(desk.projections), progress(desk.projections))


async def overview(request: Request) -> Response:
    """The page."""
    now = await office(request).read(standing)
    return page(request, "seeing.html", title="Overview", position=now.position, now=now)


ROUTES = (Route("/", overview),)
