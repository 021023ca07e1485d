"""How a page is drawn: templates with what all of them need, and JSON for programs."""

from functools import cache
from typing import Any, TypeVar

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ledger.errors import Invalid
from web.office import Office
from web.security import Rules

T = TypeVar("T")

NAVIGATION: tuple[tuple[str, str], ...] = (
    ("/", "Overview"),
    ("/select", "Choose"),
    ("/crop", "Mark"),
    ("/events", "History"),
)
"""Address and name of the pages that every page leads to."""


@cache
def templates() -> Environment:
    """The templates; everything that is put into them is escaped, and a name they do not know is an error."""
    made = Environment(
        loader=PackageLoader("web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["cell"] = cell
    return made


def cell(value: object) -> str:
    """A value of a table, for people: numbers with their thousands, nothing for what is not known."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def office(request: Request) -> Office:
    """What the pages work with."""
    found: Office = request.app.state.office
    return found


def rules(request: Request) -> Rules:
    """What this server lets in."""
    found: Rules = request.app.state.rules
    return found


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401
    """A page from a template; `position` among the values is the ledger's head that it shows."""
    text = templates().get_template(template).render(
        navigation=NAVIGATION, here=request.url.path, token=rules(request).token, may_write=rules(request).may_write,
        **values,
    )  # fmt: skip
    return HTMLResponse(text, status)


def as_json(value: object, status: int = 200) -> Response:
    """A value for programs and for the page's own modules; attrs values become objects."""
    return Response(msgspec.json.encode(value, enc_hook=str), status, media_type="application/json")


async def body(request: Request, into: type[T]) -> T:
    """The request's JSON as a value of a class; raises `Invalid` and says what cannot be read."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Invalid("A request that changes something is JSON (content-type application/json).")
    try:
        return msgspec.json.decode(await request.body(), type=into)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Invalid(f"The request cannot be read: {error}.") from error
