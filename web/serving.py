"""Serving the pages: one server per home, its address, and its end."""

import asyncio
import contextlib
import socket
from collections.abc import Callable

import uvicorn
from attrs import frozen

from db.lock import held_while_alive
from ledger.errors import Busy, Invalid, Refused
from web.app import application
from web.office import Place
from web.security import Rules

SHORTEST_TOKEN = 12
END_S = 1
"""How long open streams have to end after Ctrl-C."""


@frozen
class Served:
    """Where a server is."""

    url: str
    """To be opened in a browser; with the token, where it asks for one."""
    may_write: bool


def serve(place: Place, rules: Rules, port: int, say: Callable[[Served], None]) -> None:
    """Serve until Ctrl-C; `say` is told the address once it answers.

    Raises `Invalid` for what cannot be listened on, `Refused` for the network without a token, and `Busy` where
    another server has this home or the port.
    """
    _check(rules)
    with held_while_alive(place.home.web_lock) as ours:
        if not ours:
            raise Busy(f"Another crop serve is open on {place.home.root}.", mend="Use that one, or stop it.")
        with contextlib.closing(_listening(rules.host, port)) as listening, contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(place, rules, listening, say))


def _check(rules: Rules) -> None:
    if rules.entry is not None and (len(rules.entry) < SHORTEST_TOKEN or not rules.entry.isascii()):
        raise Invalid(f"A token has at least {SHORTEST_TOKEN} plain characters.", mend="Or say: --token new")
    if not rules.on_loopback and rules.entry is None:
        raise Refused(
            f"On {rules.host} others can reach the pages, so they must ask for a token.", mend="Say: --token new"
        )


async def _serve(place: Place, rules: Rules, listening: socket.socket, say: Callable[[Served], None]) -> None:
    config = uvicorn.Config(
        application(place, rules), log_level="critical", access_log=False, server_header=False, proxy_headers=False,
        timeout_graceful_shutdown=END_S, ws="none",
    )  # fmt: skip
    server = uvicorn.Server(config)
    say(Served(_url(rules, listening), rules.may_write))
    await server.serve(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    try:
        [found, *_] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        listening = socket.socket(found[0], socket.SOCK_STREAM)
    except OSError as error:
        raise Invalid(f"There is no address {host}: {error.strerror}.") from error
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(found[4])
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise Busy(f"{host}:{port} cannot be listened on: {error.strerror}.", mend="Name another: --port N") from error
    return listening


def _url(rules: Rules, listening: socket.socket) -> str:
    port = listening.getsockname()[1]
    name = rules.host if rules.host not in {"0.0.0.0", "::"} else _address_outside()  # noqa: S104  # compared only
    url = f"http://{f'[{name}]' if ':' in name else name}:{port}/"
    return f"{url}?token={rules.entry}" if rules.entry else url


def _address_outside() -> str:
    """The address by which others reach this machine; nothing is sent to find it out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # reserved for documentation (RFC 5737)
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])
