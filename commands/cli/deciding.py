"""What models suggested and people decided: decisions."""

from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk
from commands.cli.options import JsonFlag
from commands.cli.output import emit, plural, say, table

if TYPE_CHECKING:
    from projections.ai_decisions import GroupDecision


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(decisions)


def decisions(
    context: typer.Context,
    project: Annotated[str | None, typer.Option(help="Only this project.")] = None,
    mistakes: Annotated[bool, typer.Option("--mistakes", help="Only where a person decided otherwise.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many lines.")] = 20,
    as_json: JsonFlag = False,
) -> None:
    """Show what models suggested and people decided, one line per group, here and imported.

    \b
    Examples:
      crop decisions --project mojo1
      crop decisions --mistakes --json
    """
    from projections.ai_decisions import group_decisions, performance

    with at_desk(context) as desk:
        groups = group_decisions(desk.projections, project=project)
        if mistakes:
            groups = [each for each in groups if each.selection_match == 0 or each.crop_match == 0]
        if as_json:
            for each in groups:
                emit(each)
            return
        if groups:
            headers = ("group", "project", "decided", "action", "image", "suggested image", "box", "suggested box")
            say(table(headers, [_line(each) for each in groups[:limit]]))
        more = f" Showing {limit}." if len(groups) > limit else ""
        say(f"{plural(len(groups), 'group')}.{more}" if groups else "No group has a suggestion or a decision.")
        for score in performance(desk.projections):
            if project in {None, score.project_id}:
                say(
                    f"{score.project_id}: {plural(score.total, 'group')} decided; the image as suggested "
                    f"{_percent(score.selection_accuracy)}, the box {_percent(score.crop_accuracy)}."
                )


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:g} %"


def _line(group: "GroupDecision") -> tuple[object, ...]:
    import json

    images = json.loads(group.images)
    return (
        group.group_id, group.project_id, (group.timestamp or "")[:19], group.user_action,
        _named(images, group.user_selected_index), _matched(_named(images, group.ai_selected_index),
        group.selection_match), _edges(group.final_crop_coords), _matched(_edges(group.ai_crop_coords),
        group.crop_match),
    )  # fmt: skip


def _named(images: "list[str]", index: int | None) -> str:
    return images[index] if index is not None and index < len(images) else ""


def _matched(text: str, match: int | None) -> str:
    return text if match is None or not text else f"{text} {'=' if match else '!'}"


def _edges(coordinates: str | None) -> str:
    import json

    return ",".join(f"{edge:.3f}".rstrip("0").rstrip(".") for edge in json.loads(coordinates)) if coordinates else ""
