"""Pause, resume and stop a run from the page: the same wishes as on the command line."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.desk import Desk, correlation
from commands.running import steering
from commands.running.steering import Steered, Wish
from ledger.errors import NotFound
from web.pages import as_json, body, office

WISHES: dict[str, Wish] = {"pause": steering.pause, "resume": steering.resume, "stop": steering.stop}


class Why(msgspec.Struct, forbid_unknown_fields=True):
    """Why, in the operator's words."""

    reason: str | None = None


async def steer(request: Request) -> Response:
    """Tell one run."""
    run, wish = request.path_params["run"], WISHES.get(request.path_params["wish"])
    if wish is None:
        raise NotFound(f"A run can be told to {', '.join(WISHES)}; nothing else.")
    why = await body(request, Why)
    actor = office(request).place.actor

    def tell(desk: Desk) -> list[Steered]:
        runs = steering.living(desk.projections, desk.home, run=run)
        return steering.steer(
            wish, runs, why.reason, ledger=desk.ledger, actor=actor, correlation=correlation(), now=desk.now
        )

    return as_json(await office(request).act(tell))


ROUTES = (Route("/runs/{run}/{wish}", steer, methods=["POST"]),)
