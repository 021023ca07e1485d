"""The pages in the browser: `crop serve`.

The floor above this one is opened from here and from nowhere else (the exception stands with its reason in the
contract of the floors): a command line has to begin what it serves.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk, given_path, operator
from commands.cli.options import ActorOption, JsonFlag, ProjectOption
from commands.cli.output import emit, say, shown

if TYPE_CHECKING:
    from commands.desk import Desk
    from web.serving import Served


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(serve)


def serve(
    context: typer.Context,
    directories: Annotated[
        list[Path] | None, typer.Argument(help="Directories whose images are offered for marking; else all known ones.")
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 is all of them.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes any that is free.")] = 8765,
    token: Annotated[
        str | None, typer.Option(help="What visitors must bring; `new` makes one. Needed beyond this machine.")
    ] = None,
    allow_write: Annotated[
        bool, typer.Option("--allow-write", help="Let visitors from other machines record, too.")
    ] = False,
    project: ProjectOption = None,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Open the pages: mark, look, control the runner.

    Runs until Ctrl-C. On this machine only, unless --host says otherwise; then a token is needed, and nothing can be
    changed unless --allow-write is given. The command line and runners may go on meanwhile.

    \b
    Examples:
      crop serve ~/photos/set_a --project spring
      crop serve --host 0.0.0.0 --token new
    """
    _require_extra()
    import secrets

    from web.office import Place
    from web.security import Rules
    from web.serving import Served
    from web.serving import serve as until_stopped

    entry = secrets.token_urlsafe(12) if token == "new" else token  # noqa: S105  # the word that asks for one
    with at_desk(context) as desk:
        _ = desk.store  # there is a ledger, and it can be read, before anybody is told an address
        offered = tuple(desk.zones.check(given_path(directory)) for directory in directories or ())
        place = Place(desk.home, operator(actor), offered, project)

    def told(served: Served) -> None:
        emit(served) if as_json else _say_where(served)

    until_stopped(place, Rules(host, entry, allow_write), port, told)
    if not as_json:
        say("Stopped. What was acknowledged is in the ledger.")


def write_html(
    desk: "Desk", file: Path, *, first: str | None, last: str | None, project: str | None, as_json: bool
) -> None:
    """What `crop report --html` does."""
    _require_extra()
    from web.report import write_report

    file = given_path(file)
    chosen = write_report(desk, file, first=first, last=last, project=project)
    if as_json:
        emit({"file": str(file), "from": str(chosen.first), "to": str(chosen.last), "project": chosen.project})
    else:
        say(f"Wrote {shown(file)}: {chosen.in_words}{f', {chosen.project}' if chosen.project else ''}.")


def _require_extra() -> None:
    from importlib.util import find_spec

    from ledger.errors import Invalid

    if not all(map(find_spec, ("starlette", "uvicorn", "jinja2", "segno"))):
        raise Invalid("The pages need an extra.", mend="Install it: pip install 'cropledger[web]'")


def _say_where(served: "Served") -> None:
    say(f"The pages are at {served.url}")
    if "token=" in served.url:
        import segno

        say("For a phone on the same network:")
        segno.make(served.url, error="l").terminal(compact=True)
    say("Marks are taken." if served.may_write else "Read-only: nothing can be changed here (--allow-write).")
    say("Ctrl-C stops.")
