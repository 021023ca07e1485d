"""The inspection before a bulk change: check."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk
from commands.cli.options import JsonFlag
from commands.cli.output import emit, progress, say, shown, size, warn, wrapped_table
from commands.desk import Desk

if TYPE_CHECKING:
    from commands.inspection.findings import Finding
    from commands.inspection.inspecting import Inspection
    from commands.running.runner import Runner


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(check)


def check(
    context: typer.Context,
    directories: Annotated[
        list[Path] | None, typer.Argument(help="Only these directories; else all with crops owed.")
    ] = None,
    project: Annotated[str | None, typer.Option(help="Only this project's crops.")] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Hash every file and decode every pixel; takes its time.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Print at most so many findings; the report has them all.")] = 40,
    as_json: JsonFlag = False,
) -> None:
    """Look at everything that is owed before a run, and change nothing.

    Queue against disk against ledger: missing and changed images, images that cannot be read, duplicates, destinations
    that are taken, companions and sidecars without an image, and the space that is needed. Files whose size and time
    are as they were when they were marked are not read beyond their header, unless --deep is said. Each finding comes
    with its mend, and all of them are in a report in data/daily_summaries below home. Exit 1 when one needs a person.

    \b
    Examples:
      crop check
      crop check photos/set_a --deep
    """
    from commands.inspection.inspecting import Scope, inspected, wanted_of
    from imaging.zones import canonical

    with at_desk(context) as desk:
        scope = Scope(tuple(str(canonical(place)) for place in directories or []), project, deep)
        wanted = wanted_of(desk.projections, scope)
        with progress("Looking", len(wanted.crops)) as bar:
            inspection = inspected(desk.runner(), desk.projections, wanted, bar.advance)
        if as_json:
            emit(_for_programs(inspection))
        else:
            _print(inspection, limit)
        report = _write_report(desk, inspection)
        if not as_json:
            say(f"Report: {shown(report)}")
    if inspection.needs_a_person:
        raise typer.Exit(1)


def _for_programs(inspection: "Inspection") -> dict[str, object]:
    return {
        "crops": inspection.crops, "directories": inspection.directories, "looked": inspection.depths,
        "levels": inspection.levels, "needs_a_person": inspection.needs_a_person, "findings": inspection.findings,
        "rooms": inspection.rooms, "seconds": inspection.seconds,
    }  # fmt: skip


def _print(inspection: "Inspection", limit: int) -> None:
    from commands.inspection.report import conclusion, looked_at

    if inspection.findings:
        say(_as_table(inspection.findings[:limit]))
    if len(inspection.findings) > limit:
        say(f"... and {len(inspection.findings) - limit:,} more; all of them are in the report.")
    say(f"{conclusion(inspection)} {inspection.seconds:.1f} s.")
    say(looked_at(inspection))
    for room in inspection.rooms:
        say(f"Space below {shown(room.place)}: about {size(room.needed_bytes)} needed, {size(room.free_bytes)} free.")


def _as_table(found: "tuple[Finding, ...]") -> str:
    from commands.cli.output import from_here

    rows = [(each.level, each.code, shown(each.path), from_here(each.what), from_here(each.mend)) for each in found]
    return wrapped_table(("", "finding", "where", "what", "what to do"), rows, (None, None, 3, 3, 3))


def _write_report(desk: Desk, inspection: "Inspection") -> Path:
    from commands.exporting.whole_files import written_whole
    from commands.inspection.report import markdown

    at = desk.now.astimezone(desk.settings.zone)
    path = desk.home.root / "data" / "daily_summaries" / f"crop_check_{at:%Y-%m-%d}.md"
    with written_whole(path) as stream:
        stream.write(markdown(inspection, at).encode())
    return path


_WARNED = 10


def look_first(desk: Desk, runner: "Runner", project: str | None, limit: int | None, *, as_json: bool) -> None:
    """Look at what a run is about to claim, and tell a person what the run itself would not mention.

    What stops a crop is told by the runner, when that crop fails. Programs ask crop check --json first.
    """
    from commands.inspection.inspecting import before_a_run
    from projections.queue import owed

    if as_json:
        return
    crops = owed(desk.projections, project=project, status="pending", limit=limit)
    with progress("Looking", len(crops)) as bar:
        inspection = before_a_run(runner, desk.projections, crops, bar.advance)
    found = [each for each in inspection.findings if each.level == "look" or each.code == "disk_full"]
    for finding in found[:_WARNED]:
        warn(f"{finding.code}: {shown(finding.path)}: {finding.what}. {finding.mend}")
    if len(found) > _WARNED:
        warn(f"... and {len(found) - _WARNED:,} more; to see them: crop check")
