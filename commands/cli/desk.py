"""The desk of one command line: whose it is, and the paths it was given."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from commands.desk import Desk
from configs.home import Home


@contextmanager
def at_desk(context: typer.Context) -> Iterator[Desk]:
    """The desk for one command."""
    home = context.obj
    assert isinstance(home, Home)  # noqa: S101  # set by the application's callback, always
    desk = Desk(home)
    try:
        yield desk
    finally:
        desk.close()


def operator(actor: str | None) -> str:
    """The actor that was named (`NAME` or `kind:NAME`), else the one in `CROP_OPERATOR`, else the login name."""
    from ledger.values import Actor

    name = actor or os.environ.get("CROP_OPERATOR") or _login()
    return str(Actor.parse(name if ":" in name else f"operator:{name}"))


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its user
        return f"uid-{os.getuid()}"


def given_path(path: Path) -> Path:
    """A path as it was given, made absolute without following links."""
    return path.expanduser().absolute()
