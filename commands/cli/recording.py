"""Crops marked on the command line: record."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk, operator
from commands.cli.options import ActorOption, AtOption, JsonFlag, ProjectOption
from commands.cli.output import emit, plural, progress, say, shown
from commands.desk import Desk, correlation

if TYPE_CHECKING:
    from commands.recording.marks import Mark


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(record)


def record(
    context: typer.Context,
    image: Annotated[
        Path | None, typer.Argument(help="The image; with --from, the directory that every mark must lie in.")
    ] = None,
    box: Annotated[str | None, typer.Option(help="x1,y1,x2,y2 as fractions 0-1, origin top left.")] = None,
    pixels: Annotated[
        str | None, typer.Option(help="left,top,right,bottom in pixels of the image as displayed.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="JSON lines in the pending-queue form; - for standard input.")
    ] = None,
    project: ProjectOption = None,
    group: Annotated[str | None, typer.Option(help="The group the image was chosen from.")] = None,
    suggested: Annotated[str | None, typer.Option(help="The box a model had proposed, like --box.")] = None,
    actor: ActorOption = None,
    at: AtOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Record one crop, or many from a file; no pixel changes.

    Marking a pending image again replaces its box; both stay in the history.

    \b
    Examples:
      crop record photos/set_a/a.png --box 0.12,0.08,0.82,0.73 --project mojo
      crop record photos/set_a/a.png --pixels 368,245,2519,2242 --project mojo
      crop record photos/set_a --from marks.jsonl
    """
    from ledger.errors import Invalid

    with at_desk(context) as desk:
        if source is not None:
            if box or pixels or suggested or group or at:
                raise Invalid("With --from, boxes, groups and times come from the file.")
            code = _record_many(desk, source, image, project, operator(actor), as_json=as_json)
        elif image is None:
            raise Invalid("Which image?", mend="Like: crop record IMAGE --box 0.1,0.1,0.9,0.9 (or --from FILE)")
        else:
            mark = _mark(desk, image, box, pixels, project, group, suggested, at)
            code = _record_one(desk, mark, operator(actor), as_json=as_json)
    if code:
        raise typer.Exit(code)


def _mark(
    desk: Desk,
    image: Path,
    box: str | None,
    pixels: str | None,
    project: str | None,
    group: str | None,
    suggested: str | None,
    at: str | None,
) -> "Mark":
    from commands.finding import project_for
    from commands.recording.marks import Mark, box_on, offset_of
    from ledger.values import Box, Suggestion, instant, parse_instant

    path = desk.zones.check(image)
    return Mark(
        project=project_for(path, project),
        path=str(path),
        box=box_on(path, box, pixels),
        group=group,
        suggestion=Suggestion(Box.parse(suggested)) if suggested else None,
        at=instant(parse_instant(at)) if at else None,
        utc_offset_s=offset_of(at) if at else None,
    )


def _record_one(desk: Desk, mark: "Mark", actor: str, *, as_json: bool) -> int:
    from commands.recording.recording import Asked

    recorded = desk.recorder().record([mark], Asked(actor, correlation(), desk.now))
    if recorded.refused:
        raise recorded.refused[0][1]
    if as_json:
        emit({"recorded": recorded.recorded, "unchanged": recorded.unchanged, "path": mark.path})
        return 0
    what = "Recorded" if recorded.recorded else "Was recorded already:"
    grouped = "" if mark.group else " Its group is unknown."
    say(f"{what} the box {mark.box} on {shown(mark.path)}.{grouped} Queue: {desk.queue_length():,} owed.")
    return 0


def _record_many(
    desk: Desk, source: Path, directory: Path | None, project: str | None, actor: str, *, as_json: bool
) -> int:
    from commands.recording.mark_files import record_file
    from commands.recording.recording import Asked

    with progress("Recording") as bar:
        request = Asked(actor, correlation(), desk.now)
        report = record_file(desk.recorder(), desk.home, source, request, directory, project, bar.reach)
    if as_json:
        emit(report)
    else:
        where = f" in {shown(directory)}" if directory else ""
        already = f", {report.unchanged} were so already" if report.unchanged else ""
        aside = f", {report.set_aside} set aside (crop import review)" if report.set_aside else ""
        grouped = f" {plural(report.without_group, 'mark')} without a group." if report.without_group else ""
        say(
            f"Recorded {plural(report.recorded, 'crop')}{where}{already}{aside}.{grouped} "
            f"Queue: {desk.queue_length():,} owed."
        )
    return 1 if report.set_aside else 0
