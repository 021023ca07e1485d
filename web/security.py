"""The gate before every page: who may ask, from where, and what may be changed.

Against another site in the same browser: only known host names are answered (a name that was rebound to this machine
is not), and a write needs this page's origin and a token that only this page was given. Against others on the network:
a server that is not on loopback asks for the token it was started with, and is read-only unless told otherwise.
"""

import hmac
import ipaddress
import secrets
import socket
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from attrs import Factory, frozen
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger.errors import Invalid

READING = frozenset({"GET", "HEAD"})
TOKEN_HEADER = "x-crop-token"  # noqa: S105  # the name of a header
COOKIE = "crop_entry"
LARGEST_BODY = 1024 * 1024
"""Bytes: thousands of marks fit, and nobody can fill the memory."""

SENT_WITH_EVERYTHING = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

Refusal = Callable[[Scope, int, str, str], Response]
"""Makes the answer to a request that is turned away: scope, HTTP status, what is wrong, what to do."""


def _new_token() -> str:
    return secrets.token_urlsafe(24)


@frozen
class Rules:
    """What a server lets in."""

    host: str
    """The address it listens on."""
    entry: str | None = None
    """The token that visitors must bring; none on loopback, unless one is asked for."""
    allow_write: bool = False
    """Whether marks are taken when it is not on loopback."""
    token: str = Factory(_new_token)
    """What a write must carry: made anew for every run, and given to this server's own pages."""

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)

    @property
    def may_write(self) -> bool:
        """Whether anything can be changed through it."""
        return self.on_loopback or self.allow_write

    def knows(self, name: str) -> bool:
        """Whether a request may call the server by this name: an address, which nobody can rebind, or its own name."""
        if is_loopback(name):
            return True
        return not self.on_loopback and (_is_address(name) or name == socket.gethostname().lower())


def is_loopback(name: str) -> bool:
    """Whether a host name or address is this very machine."""
    return name == "localhost" or (_is_address(name) and ipaddress.ip_address(name).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Gate:
    """The middleware: turns away what the rules do not let in, and adds the headers every answer carries."""

    def __init__(self, app: ASGIApp, rules: Rules, refusal: Refusal) -> None:
        """`refusal` makes the page for who is turned away."""
        self.app, self.rules, self.refusal = app, rules, refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = self._turned_away(scope) or self._let_in(scope)
        await (answer or self.app)(scope, _bounded(receive), _with_headers(send, _keeping(scope)))

    def _turned_away(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if not self.rules.knows(_host_name(headers)):
            return self.refusal(scope, 403, "This server is not called that.", "Use the address that crop serve says.")
        if self.rules.entry is not None and not self._has_entry(scope, headers):
            return self.refusal(scope, 401, "This server asks for its token.", "Use the link that crop serve says.")
        if scope["method"] in READING:
            return None
        why = self._why_no_write(headers)
        return self.refusal(scope, 403, why, "Nothing was recorded. Reload the page.") if why else None

    def _why_no_write(self, headers: Headers) -> str | None:
        if not self.rules.may_write:
            return "This server is read-only: it was started without --allow-write."
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            return "The request comes from another site."
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return "The request comes from another site."
        if not _same(headers.get(TOKEN_HEADER, ""), self.rules.token):
            return "The request does not carry this run's token."
        return None

    def _has_entry(self, scope: Scope, headers: Headers) -> bool:
        return _same(_cookie(headers), self.rules.entry or "") or _same(_asked_with(scope), self.rules.entry or "")

    def _let_in(self, scope: Scope) -> Response | None:
        """A first visit by the link: the token moves from the address, which is seen and kept, into a cookie."""
        if self.rules.entry is None or not _asked_with(scope) or scope["method"] != "GET":
            return None
        # One slash: `//elsewhere` in the Location would lead to another site.
        answer = RedirectResponse("/" + scope["path"].lstrip("/\\"), 303)
        answer.set_cookie(COOKIE, self.rules.entry, httponly=True, samesite="lax")
        return answer


def _same(given: str, wanted: str) -> bool:
    """Compare without telling by the time it takes how much was right."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def _host_name(headers: Headers) -> str:
    """The name in the one Host header; empty where there is none, several, or none that can be read."""
    given = headers.getlist("host")
    try:
        return str(urlsplit(f"//{given[0]}").hostname or "") if len(given) == 1 else ""
    except ValueError:
        return ""


def _cookie(headers: Headers) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return str(morsel.value) if morsel else ""


def _asked_with(scope: Scope) -> str:
    return QueryParams(scope.get("query_string", b"")).get("token", "")


def _bounded(receive: Receive) -> Receive:
    """The request's body, refused once it is too long."""
    length = 0

    async def bounded() -> Message:
        nonlocal length
        message = await receive()
        length += len(message.get("body", b""))
        if length > LARGEST_BODY:
            raise Invalid(f"The request is longer than {LARGEST_BODY} bytes.")
        return message

    return bounded


def _keeping(scope: Scope) -> str:
    """What a browser may keep: modules and styles, if it asks whether they changed; pages never."""
    return "no-cache" if scope["path"].startswith("/static/") else "no-store"


def _with_headers(send: Send, keeping: str) -> Callable[[Any], Awaitable[None]]:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SENT_WITH_EVERYTHING.items():
                headers[name] = value
            headers.setdefault("Cache-Control", keeping)
        await send(message)

    return sending
