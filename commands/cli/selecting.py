"""Choosing one image of a group: groups, choose, reject, reopen."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk, operator
from commands.cli.directories import DirectoryArgument, scanned
from commands.cli.options import ActorOption, JsonFlag, ProjectOption, ReasonOption
from commands.cli.output import emit, plural, say, shown, table
from commands.desk import Desk, correlation

if TYPE_CHECKING:
    from commands.choosing.choosing import Chooser, Wish
    from commands.choosing.selecting import FoundGroup
    from commands.recording.recording import Asked

ImageArgument = Annotated[Path, typer.Argument(help="An image of the group.")]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    for command in (groups, choose, reject, reopen):
        app.command()(command)


def groups(
    context: typer.Context,
    directory: DirectoryArgument,
    open_only: Annotated[bool, typer.Option("--open-only", help="Only groups without a decision.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many lines.")] = 20,
    project: ProjectOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the groups of a directory: runs of one subject through rising stages.

    One image of each can be kept. A group that was decided stays as it was decided, whatever comes and goes; the
    others are told anew from the names each time. The directory is scanned first.

    \b
    Examples:
      crop groups photos/set_a
      crop groups photos/set_a --open-only --json
    """
    with at_desk(context) as desk:
        place, found = _groups(desk, directory, project)
        wanted = [group for group in found if group.status == "open" or not open_only]
        if as_json:
            for group in wanted:
                emit(group)
            return
        if wanted:
            say(table(("group", "images", "decision"), [_row(group) for group in wanted[:limit]]))
        open_, kept = (sum(group.status == status for group in found) for status in ("open", "chosen"))
        more = f" Showing {limit:,}." if len(wanted) > limit else ""
        say(
            f"{plural(len(found), 'group')} in {shown(place)}: {open_:,} open, {kept:,} with an image that is kept, "
            f"{len(found) - open_ - kept:,} rejected.{more}"
        )


def _row(group: "FoundGroup") -> tuple[str, str, str]:
    return group.id, "\n".join(image.name for image in group.images), in_words(group)


def in_words(group: "FoundGroup") -> str:
    """What was decided about a group, in a few words."""
    if group.status != "chosen":
        return group.status
    how = {"suggested": ", as suggested", "whole": ", whole", "crop": ", to be cropped"}
    return f"keeps {group.chosen}{how.get(group.how or '', '')}"


def _groups(desk: Desk, directory: Path, project: str | None) -> "tuple[Path, list[FoundGroup]]":
    from commands.choosing.selecting import found_groups, rules_of
    from commands.finding import only_project, project_for

    place = scanned(desk, directory).directory
    of = project or only_project(desk.projections, str(place)) or project_for(place / "image", None)
    return place, found_groups(desk.projections, str(place), of, rules_of(desk.settings))


def choose(
    context: typer.Context,
    image: Annotated[Path, typer.Argument(help="The image that is kept.")],
    whole: Annotated[bool, typer.Option("--whole", help="Keep it as it is.")] = False,
    box: Annotated[str | None, typer.Option(help="Crop it to x1,y1,x2,y2, as fractions 0-1.")] = None,
    suggested: Annotated[str | None, typer.Option(help="Crop it to the box a model had proposed, like --box.")] = None,
    project: ProjectOption = None,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Keep this image of its group, and no other.

    The others are skipped, and a crop that was owed on one of them is withdrawn. Choosing another image later turns
    that round. Without an option the image waits to be marked. Nothing is moved: crop stage-rejected does that.

    \b
    Examples:
      crop choose photos/set_a/20250803_172343_stage2_upscaled.png --box 0.1,0.1,0.9,0.9
      crop choose photos/set_a/20250803_172343_stage2_upscaled.png --whole
    """
    from ledger.errors import Invalid

    if sum((whole, box is not None, suggested is not None)) > 1:
        raise Invalid("An image is kept whole, or with one box.")
    wish = _wish(whole, box, suggested)

    def decide(chooser: "Chooser", group: "FoundGroup", name: str, asked: "Asked") -> None:
        chooser.choose(group, name, wish, asked)

    _decide(context, image, project, actor, decide, as_json=as_json)


def _wish(whole: bool, box: str | None, suggested: str | None) -> "Wish":
    from commands.choosing.choosing import Wish
    from ledger.values import Box, Suggestion

    if suggested is not None:
        proposed = Box.parse(suggested)
        return Wish("suggested", proposed, Suggestion(proposed))
    return Wish("whole") if whole else Wish("crop", None if box is None else Box.parse(box))


def reject(
    context: typer.Context,
    image: ImageArgument,
    project: ProjectOption = None,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Keep no image of a group.

    \b
    Example:
      crop reject photos/set_a/20250803_172343_stage2_upscaled.png --reason "six fingers"
    """

    def decide(chooser: "Chooser", group: "FoundGroup", _name: str, asked: "Asked") -> None:
        chooser.reject(group, asked, reason)

    _decide(context, image, project, actor, decide, as_json=as_json)


def reopen(
    context: typer.Context,
    image: ImageArgument,
    project: ProjectOption = None,
    reason: ReasonOption = None,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Take a choice or a rejection back, so that the group is shown again.

    A crop that is owed on its image is withdrawn.

    \b
    Example:
      crop reopen photos/set_a/20250803_172343_stage2_upscaled.png
    """

    def decide(chooser: "Chooser", group: "FoundGroup", _name: str, asked: "Asked") -> None:
        chooser.reopen(group, asked, reason)

    _decide(context, image, project, actor, decide, as_json=as_json)


def _decide(
    context: typer.Context,
    image: Path,
    project: str | None,
    actor: str | None,
    decide: "Callable[[Chooser, FoundGroup, str, Asked], None]",
    *,
    as_json: bool,
) -> None:
    from commands.choosing.choosing import Chooser
    from commands.choosing.selecting import group_with
    from commands.recording.recording import Asked

    with at_desk(context) as desk:
        place, found = _groups(desk, desk.zones.check(image).parent, project)
        before = group_with(found, image.name)
        chooser = Chooser(desk.ledger, desk.zones)
        decide(chooser, before, image.name, Asked(operator(actor), correlation(), desk.now))
        desk.refresh()
        after = group_with(_again(desk, place, before), image.name)
        if as_json:
            emit(after)
        else:
            _tell(before, after, desk.queue_length())


def _again(desk: Desk, place: Path, group: "FoundGroup") -> "Sequence[FoundGroup]":
    from commands.choosing.selecting import found_groups, rules_of

    return found_groups(desk.projections, str(place), group.project, rules_of(desk.settings))


def _tell(before: "FoundGroup", after: "FoundGroup", owed: int) -> None:
    instead = f" instead of {before.chosen}" if before.chosen and after.chosen not in {None, before.chosen} else ""
    of = f"The group {after.id} of {plural(len(after.images), 'image')}"
    say(f"{of}: {in_words(after)}{instead}. Queue: {owed:,} owed.")
