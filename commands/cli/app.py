"""The command `crop`: parse, hand over, print. The one place where an error becomes an exit code."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from commands.cli import (
    answering,
    deciding,
    demonstrating,
    directories,
    images,
    importing,
    inspecting,
    ledgering,
    pacing,
    progressing,
    projecting,
    recording,
    running,
    scheduling,
    selecting,
    serving,
    sitting,
    staging,
    starting_over,
    steering,
)
from configs.home import Home
from ledger.errors import ALL, CropledgerError

app = typer.Typer(
    name="crop",
    help="Mark crops on thousands of images: every mark is an event in a ledger, and pixels change later, safely.",
    epilog="Try it: crop demo. Start: crop init, then crop record IMAGE --box 0.1,0.1,0.9,0.9 --project P.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for room in (
    demonstrating,
    ledgering,
    recording,
    images,
    directories,
    sitting,
    importing,
    inspecting,
    selecting,
    staging,
    running,
    steering,
    pacing,
    scheduling,
    progressing,
    starting_over,
    projecting,
    deciding,
    answering,
    serving,
):
    room.register(app)


@app.callback(invoke_without_command=True)
def top(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="Where the ledger lives; else CROP_HOME, else the user's data directory.")
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Mark crops on thousands of images: every mark is an event in a ledger, and pixels change later, safely."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"cropledger {installed('cropledger')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)
    context.obj = Home.found(home)


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code. 0 done, 1 some items failed or differ, the rest by error class."""
    try:
        code = app(arguments, standalone_mode=False)
    except CropledgerError as error:
        return _told(error, as_json="--json" in arguments)
    except typer.TyperException as error:  # the command line itself cannot be understood
        typer.echo(f"{error} Help: crop --help", err=True)
        return 2
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("Interrupted.", err=True)
        return 130
    except BrokenPipeError:  # `crop log | head`: the reader has seen enough
        sys.stdout = None  # or the interpreter would complain once more while closing it
        return 0
    except Exception as error:  # noqa: BLE001  # the last catch: a bug becomes a traceback in the log and exit 70
        return _bug(error, arguments)
    return code if isinstance(code, int) else 0


def _told(error: CropledgerError, *, as_json: bool) -> int:
    name = next(known.__name__ for known in type(error).__mro__ if known in {*ALL, CropledgerError})
    if as_json:
        import msgspec

        told = {"error": name, "message": error.message, "mend": error.mend, "exit": error.exit_code}
        typer.echo(msgspec.json.encode(told).decode(), err=True)
    else:
        typer.echo(f"{name}: {error}", err=True)
    return error.exit_code


def _bug(error: Exception, arguments: list[str]) -> int:
    from commands.bugs import note

    where = note(Home.found(_home_of(arguments)).errors, f"crop {' '.join(arguments)}", error)
    typer.echo(f"A bug in cropledger: {type(error).__name__}: {error}. {where}", err=True)
    return 70


def _home_of(arguments: list[str]) -> Path | None:
    if "--home" in arguments[:-1]:
        return Path(arguments[arguments.index("--home") + 1])
    return None
