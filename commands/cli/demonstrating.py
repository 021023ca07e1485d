"""The demo: the whole journey in a sandbox, each step being the real command, shown and then run."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.output import plural, say, shown
from ledger.errors import Refused

if TYPE_CHECKING:
    from commands.demonstrating import Sandbox


SOME_FAILED = 1
"""A photo of the user's own may be one that is refused: that is a result to show, and the journey goes on."""


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
    say(
        f"{made.count} {'copies of your photos' if images else 'pictures'} with {plural(made.companions, 'companion')}"
        f" in {made.photos}"
    )
    with _inside(made.root, made.home):
        _journey(made)
    _whats_next(made)


@contextmanager
def _inside(root: Path, home: Path) -> Iterator[None]:
    """Work in the sandbox, so that the commands below can be typed there as they stand."""
    before, was_home = Path.cwd(), os.environ.get("CROP_HOME")
    say(f"\n$ cd {shlex.quote(str(root))}\n$ export CROP_HOME={shlex.quote(str(home))} CROP_OPERATOR=demo")
    os.chdir(root)
    os.environ |= {"CROP_HOME": str(home), "CROP_OPERATOR": "demo"}
    try:
        yield
    finally:
        os.chdir(before)
        if was_home is None:
            del os.environ["CROP_HOME"]
        else:
            os.environ["CROP_HOME"] = was_home
        del os.environ["CROP_OPERATOR"]


def _journey(made: "Sandbox") -> None:
    withdrawn, skipped = shown(made.withdrawn), shown(made.skipped)
    _step("A ledger of its own, that may touch this sandbox only.", "init", "--root", str(made.root))
    _step("Mark a box on every picture. No pixel changes: marks are events.", "record", "--from", shown(made.marks))
    _step("One mark was a mistake.", "withdraw", withdrawn)
    _step("One picture gets no crop at all.", "skip", skipped, "--reason", "blurred")
    _step("What is owed?", "queue", "--limit", "5")
    _step("Execute: each crop is written, verified pixel by pixel, then moved into place.", "run", "--now")
    first = next((shown(path) for path in made.marked if not path.exists()), None)
    if first is None:
        raise Refused("None of these images can be cropped; the reasons are above.", mend="Name others: --images DIR")
    _step("How far is the directory?", "progress")
    _step("Take one back, byte for byte.", "undo", first)
    _step("Its whole story.", "show", first)
    _step("Is everything as it was written, and does the disk agree?", "audit")
    _step("Fold all projections again, and compare them row by row.", "rebuild", "--all", "--check")
    _step("Ask in SQL.", "query", "select status, count(*) as images from images group by status")
    _step("A report from the shelf.", "report", "runs")


def _step(words: str, *arguments: str) -> None:
    from commands.cli.app import run

    say(f"\n# {words}\n$ crop {shlex.join(arguments)}")
    code = run(list(arguments))
    if code > SOME_FAILED:
        raise typer.Exit(code)


def _whats_next(made: "Sandbox") -> None:
    outputs = made.photos.parent / "__cropped" / made.photos.name
    say(f"""
Where to look
  {outputs}  the crops, with their companions
  {made.home / "originals"}  the originals, whole
  {made.home / "ledger.db"}  what happened, in order, for ever

What to type next
  cd {shlex.quote(str(made.root))}
  export CROP_HOME={shlex.quote(str(made.home))}
  crop log --limit 10     what happened
  crop report             the reports there are
  crop --help             everything else
With copies of your own photos: crop demo --images DIR. For real: crop init.""")
