"""What else an operator decides about images, one or several: withdraw, skip, keep, restore, retry."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk, operator
from commands.cli.options import ActorOption, JsonFlag, ProjectOption, ReasonOption
from commands.cli.output import emit, plural, say, shown, warn
from commands.desk import Desk, correlation

if TYPE_CHECKING:
    from commands.decider import Command, Request

ImagesArgument = Annotated[list[Path], typer.Argument(help="One image or several.")]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    for command in (withdraw, skip, keep, restore, retry):
        app.command()(command)


def withdraw(
    context: typer.Context,
    images: ImagesArgument,
    project: ProjectOption = None,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Take back crops that are owed.

    \b
    Example:
      crop withdraw photos/set_a/a.png --reason "wrong face"
    """
    from commands.crops import WithdrawCrop

    _each(context, images, project, actor, lambda subject: WithdrawCrop(subject, reason), "Withdrew", as_json=as_json)


def skip(
    context: typer.Context,
    images: ImagesArgument,
    project: ProjectOption = None,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Decide that images get no crop.

    A crop that is owed on one is withdrawn.

    \b
    Example:
      crop skip photos/set_a/b.png --project mojo --reason blurred
    """
    from commands.crops import SkipImage
    from commands.decider import Request

    def request(desk: Desk, image: Path, request_id: str) -> Request:
        subject, of, path, sha256 = _decided(desk, image, project)
        return Request(SkipImage(subject, of, str(path), reason, sha256), operator(actor), request_id)

    _handle_each(context, images, request, "Skipped", as_json=as_json)


def keep(
    context: typer.Context,
    images: ImagesArgument,
    project: ProjectOption = None,
    reason: ReasonOption = None,
    group: Annotated[str | None, typer.Option(help="The group the images were chosen from.")] = None,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Decide that images stay whole, as they are.

    They count as done, and nothing is written. A crop that is owed on one is withdrawn.

    \b
    Example:
      crop keep photos/set_a/c.png --project mojo
    """
    from commands.crops import KeepImage
    from commands.decider import Request
    from ledger.events.images import ImageKept

    def request(desk: Desk, image: Path, request_id: str) -> Request:
        subject, of, path, sha256 = _decided(desk, image, project)
        return Request(KeepImage(subject, ImageKept(of, str(path), reason, group, sha256)), operator(actor), request_id)

    _handle_each(context, images, request, "Kept", as_json=as_json)


def _decided(desk: Desk, image: Path, project: str | None) -> tuple[str, str, Path, str | None]:
    """Subject, project, path and content of an image that is decided about without a box; it may be unreadable."""
    from commands.finding import project_for, subject_for
    from imaging.scan import content_of

    path, sha256 = content_of(desk.zones.check(image))
    of = project or _only_project(desk, path) or project_for(path, None)
    return subject_for(path, of, desk.projections, sha256), of, path, sha256


def _only_project(desk: Desk, path: Path) -> str | None:
    from commands.finding import images_at

    known = images_at(path, desk.projections)
    return known[0].project if len(known) == 1 else None


def restore(
    context: typer.Context,
    images: ImagesArgument,
    project: ProjectOption = None,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Open skipped or kept images again.

    \b
    Example:
      crop restore photos/set_a/b.png
    """
    from commands.crops import RestoreImage

    _each(context, images, project, actor, lambda subject: RestoreImage(subject, reason), "Restored", as_json=as_json)


def retry(
    context: typer.Context,
    images: Annotated[list[Path] | None, typer.Argument(help="Images whose crop failed.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every crop that failed.")] = False,
    project: ProjectOption = None,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Put failed crops back in the queue.

    \b
    Examples:
      crop retry photos/set_a/a.png
      crop retry --all --reason "the disk has space again"
    """
    from commands.crops import RetryCrop
    from ledger.errors import Invalid
    from projections.queue import owed

    if bool(images) == every:
        raise Invalid("Name the images, or say --all.")
    if every:
        with at_desk(context) as desk:
            images = [Path(crop.subject) for crop in owed(desk.projections, project=project, status="failed")]
    if not images:
        say("No crop has failed.")
        return
    _each(context, images, project, actor, lambda subject: RetryCrop(subject, reason), "Queued again", as_json=as_json)


def _each(
    context: typer.Context,
    images: list[Path],
    project: str | None,
    actor: str | None,
    command: Callable[[str], "Command"],
    did: str,
    *,
    as_json: bool,
) -> None:
    from commands.decider import Request
    from commands.finding import subject_of

    def request(desk: Desk, image: Path, request_id: str) -> Request:
        return Request(command(subject_of(image, project, desk.projections)), operator(actor), request_id)

    _handle_each(context, images, request, did, as_json=as_json)


def _handle_each(
    context: typer.Context,
    images: list[Path],
    request: Callable[[Desk, Path, str], "Request"],
    did: str,
    *,
    as_json: bool,
) -> None:
    """One request per image, decided together; a single refusal is raised, several are listed. Exit 1 if any."""
    from commands.handle import handle_many
    from ledger.errors import CropledgerError

    refused: list[tuple[Path, CropledgerError]] = []
    asked: list[tuple[Path, Request]] = []
    with at_desk(context) as desk:
        request_id = correlation()
        for image in images:
            try:
                asked.append((image, request(desk, image, request_id)))
            except CropledgerError as why:
                refused.append((image, why))
        outcome = handle_many([each for _, each in asked], ledger=desk.ledger, now=desk.now)
        refused += [(asked[index][0], why) for index, why in outcome.refused]
        if len(images) == 1 and refused:
            raise refused[0][1]
        for _, problem in refused:
            warn(f"{type(problem).__name__}: {problem}")
        done = len(asked) - len(outcome.refused) - outcome.unchanged
        if as_json:
            emit({"recorded": done, "unchanged": outcome.unchanged, "refused": len(refused)})
        else:
            by_path = len(images) == 1 and not str(images[0]).startswith("image/")
            only = f" {shown(images[0])}" if by_path else f" {plural(done, 'image')}"
            already = f" ({outcome.unchanged} already)" if outcome.unchanged else ""
            say(f"{did}{only}{already}. Queue: {desk.queue_length():,} owed.")
    if refused:
        raise typer.Exit(1)
