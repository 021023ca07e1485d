"""Rejected images out of the way and back: stage-rejected, unstage."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk, operator
from commands.cli.options import ActorOption, DryRun, JsonFlag, ProjectOption
from commands.cli.output import emit, plural, progress, say, shown, warn
from commands.desk import Desk, correlation

if TYPE_CHECKING:
    from commands.choosing.staging import Carried, Stager
    from commands.recording.recording import Asked
    from projections.staging import StagedImage


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command("stage-rejected")(stage_rejected)
    app.command()(unstage)


def stage_rejected(
    context: typer.Context,
    directories: Annotated[list[Path] | None, typer.Argument(help="Only these directories; else all.")] = None,
    project: ProjectOption = None,
    actor: ActorOption = None,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Move the rejected images of decided groups to the staging folder, with their companions.

    Rejected is what is not kept of a group. All files of an image move, or none; nothing is replaced and nothing is
    deleted: the setting staging says where they go, and crop unstage brings them back. Killed in between, asking
    again finishes it. Exit 1 if an image could not be moved; it stays where it was.

    \b
    Examples:
      crop stage-rejected --dry-run
      crop stage-rejected photos/set_a
    """
    from imaging.zones import canonical
    from projections.staging import rejected_images

    with at_desk(context) as desk:
        places: list[str | None] = [str(canonical(place)) for place in directories or []]
        images = [
            image
            for place in places or [None]
            for image in rejected_images(desk.projections, directory=place, project=project)
        ]
        carried = _stager(desk).stage(images, _asked(desk, actor), dry_run=dry_run)
        did = "Would move" if dry_run else "Moved"
        code = _tell(carried, len(images), did, "to the staging folder", as_json=as_json)
    if code:
        raise typer.Exit(code)


def unstage(
    context: typer.Context,
    images: Annotated[list[Path] | None, typer.Argument(help="Images by the path they had, or directories.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Everything in the staging folder.")] = False,
    actor: ActorOption = None,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Bring images back from the staging folder, with their companions.

    They stay rejected: to change that, choose again, or crop reopen. Where something has taken an image's place, it
    stays in the staging folder. Exit 1 if one could not be brought back.

    \b
    Examples:
      crop unstage photos/set_a/20250803_172343_stage1_generated.png
      crop unstage --all --dry-run
    """
    from ledger.errors import Invalid

    if bool(images) == every:
        raise Invalid("Name the images, or say --all.")
    with at_desk(context) as desk:
        wanted = _staged(desk, images or [])
        carried = _stager(desk).unstage(wanted, _asked(desk, actor), dry_run=dry_run)
        did = "Would bring" if dry_run else "Brought"
        code = _tell(carried, len(wanted), did, "back from the staging folder", as_json=as_json)
    if code:
        raise typer.Exit(code)


def _staged(desk: Desk, images: list[Path]) -> "list[StagedImage]":
    """What is meant; raises `NotFound` for an image that is not there."""
    from imaging.zones import canonical
    from ledger.errors import NotFound
    from projections.staging import staged_images

    every = staged_images(desk.projections)
    if not images:
        return every
    wanted = []
    for image in images:
        place = canonical(image)
        found = [each for each in every if Path(each.path) == place or Path(each.path).parent == place]
        if not found:
            raise NotFound(f"{shown(place)} is not in the staging folder.")
        wanted += found
    return wanted


def _asked(desk: Desk, actor: str | None) -> "Asked":
    from commands.recording.recording import Asked

    return Asked(operator(actor), correlation(), desk.now)


def _stager(desk: Desk) -> "Stager":
    from commands.choosing.staging import Stager, wanted_beside

    return Stager(desk.ledger, desk.zones, desk.settings.staging, wanted_beside(desk.projections))


def _tell(carried: "Iterable[Carried]", total: int, did: str, where: str, *, as_json: bool) -> int:
    moved = files = failed = 0
    with progress("Moving", total) as bar:
        for each in carried:
            bar.advance(1)
            moved, files = moved + (each.problem is None), files + each.companions
            failed += each.problem is not None
            if as_json:
                problem = None if each.problem is None else str(each.problem)
                emit({"source": each.source, "destination": each.destination, "companions": each.companions,
                      "problem": problem})  # fmt: skip
            elif each.problem is not None:
                warn(f"{type(each.problem).__name__}: {each.problem}")
    if not as_json:
        stayed = f" {plural(failed, 'image')} stayed." if failed else ""
        say(f"{did} {plural(moved, 'image')} and {plural(files, 'companion')} {where}.{stayed}")
    return 1 if failed else 0
