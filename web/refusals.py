"""Errors as pages: the classes' HTTP codes, what is wrong, and what to do about it."""

import sys

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from commands.bugs import note
from ledger.errors import ALL, CropledgerError
from web.pages import as_json, office, page

NOT_HERE = "The pages there are stand at the top."
WORDS = {404: "There is no such page.", 405: "That cannot be done with this page."}


async def told(request: Request, error: Exception) -> Response:
    """One of our own errors."""
    assert isinstance(error, CropledgerError)  # noqa: S101  # registered for nothing else
    name = next(known.__name__ for known in type(error).__mro__ if known in {*ALL, CropledgerError})
    return _answer(request, error.http_status, name, error.message, error.mend)


async def not_here(request: Request, error: Exception) -> Response:
    """An address or a method there is not."""
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for nothing else
    name = "NotFound" if error.status_code == 404 else "Invalid"
    words = WORDS.get(error.status_code, error.detail)
    return _answer(request, error.status_code, name, words, NOT_HERE)


async def bug(request: Request, error: Exception) -> Response:
    """Anything else: the traceback goes to the log, one line to the person."""
    log = office(request).place.home.errors
    print_to = note(log, f"{request.method} {request.url.path}", error)
    sys.stderr.write(f"A bug in cropledger: {type(error).__name__}: {error}. {print_to}\n")
    return _answer(request, 500, "CropledgerError", "This is a bug in cropledger.", print_to)


def turned_away(scope: Scope, status: int, message: str, mend: str) -> Response:
    """A request that the gate does not let in: as plain as can be, for it is not one of our pages that asks."""
    request = Request(scope)
    if _wants_json(request):
        return _as_json(status, "Refused", message, mend)
    return Response(f"{message} {mend}\n", status, media_type="text/plain")


def _answer(request: Request, status: int, name: str, message: str, mend: str | None) -> Response:
    if _wants_json(request):
        return _as_json(status, name, message, mend)
    return page(request, "refusal.html", status=status, code=status, name=name, message=message, mend=mend)


def _as_json(status: int, name: str, message: str, mend: str | None) -> Response:
    return as_json({"error": name, "message": message, "mend": mend}, status)


def _wants_json(request: Request) -> bool:
    return request.method not in {"GET", "HEAD"} or "application/json" in request.headers.get("accept", "")
