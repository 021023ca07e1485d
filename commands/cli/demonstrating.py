"""The demo: the whole journey in a sandbox, each step being the real command, shown and then run."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from commands.cli.output import say, shown

PROJECT = "demo"


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(demo)


def demo(
    sandbox: Annotated[
        Path | None,
        typer.Argument(help="A new or empty directory to play in; else one is made in the temporary place."),
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Use copies of the photos in this directory instead of made pictures.")
    ] = None,
    count: Annotated[int, typer.Option(min=4, max=500, help="How many pictures at most.")] = 30,
) -> None:
    """Show the whole journey in seconds, in a sandbox.

    Record, queue, execute, undo, audit, rebuild, report: everything happens in a sandbox; your own photos are only ever
    copied.

    \b
    Examples:
      crop demo
      crop demo --images ~/photos/holiday
    """
    from commands.demonstrating import prepare

    say("Cropledger demo. Marking records; pixels change later, safely, and everything can be taken back.")
    made = prepare(sandbox, images, count)
    say(f"\n{made.count} {'copies of your photos' if images else 'pictures'}, with {made.companions} companion files, "
        f"are in {made.photos}")  # fmt: skip
    home = ["--home", str(made.home)]
    first = shown(made.first)
    _step("A ledger of its own, allowed to touch the sandbox only.", [*home, "init", "--root", str(made.root)])
    _step("Mark a box on every picture. No pixel changes: marks are events.",
          [*home, "record", "--from", str(made.marks), "--actor", "demo"])  # fmt: skip
    _step("One was a mistake, and one gets no crop.", [*home, "withdraw", str(made.withdrawn), "--actor", "demo"])
    _step("", [*home, "skip", str(made.withdrawn), "--project", PROJECT, "--reason", "blurred", "--actor", "demo"])
    _step("What is owed?", [*home, "queue", "--limit", "5"])
    _step("Execute: each crop is written, verified pixel by pixel, then moved into place.", [*home, "run", "--now"])
    _step("How far is the directory?", [*home, "progress"])
    _step("Take one back, byte for byte.", [*home, "undo", first, "--actor", "demo"])
    _step("Its whole story.", [*home, "show", first])
    _step("Is everything as it was written, and does the disk agree?", [*home, "audit"])
    _step("Fold all projections again and compare, row by row.", [*home, "rebuild", "--all", "--check"])
    _step("Ask in SQL.", [*home, "query", "select directory, seen, executed, skipped, pending from progress"])
    _step("A report from the shelf.", [*home, "query", "--report", "throughput-by-project"])
    _whats_next(made.root, made.home)


def _step(words: str, arguments: list[str]) -> None:
    from commands.cli.app import run

    if words:
        say(f"\n# {words}")
    say("$ crop " + shlex.join(_without_home(arguments)))
    code = run(arguments)
    if code:
        raise typer.Exit(code)


def _without_home(arguments: list[str]) -> list[str]:
    return [shown(argument) for argument in arguments[2:]]


def _whats_next(root: Path, home: Path) -> None:
    say(f"""
Where to look
  {root / "photos" / "__cropped"!s}  the crops, with their companions
  {home / "originals"!s}  the originals, whole
  {home / "ledger.db"!s}  what happened, in order, for ever

What to type next
  export CROP_HOME={shlex.quote(str(home))}
  crop log --limit 10        what happened
  crop report                the reports there are
  crop --help                everything else
Your own photos: crop demo --images DIR plays with copies; crop init starts for real.""")
