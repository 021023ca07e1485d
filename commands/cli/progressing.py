"""How far directories are: all at a glance, one in full."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from commands.cli.desk import at_desk
from commands.cli.directories import scanned
from commands.cli.options import JsonFlag
from commands.cli.output import emit, fields, plural, problem_with, say, shown, table, warn
from commands.desk import Desk

if TYPE_CHECKING:
    from commands.progress.sitting_down import Working
    from projections.progress import DirectoryProgress

BAR_WIDTH = 20
_SHOWN = 10
"""Vanished crops that are listed; the count names them all."""
SORTS = ("directory", "left", "recent", "seen", "percent")


class _Showing(TyperGroup):
    """A group whose first word may be left out: `crop progress photos` is `crop progress show photos`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  # typer's context is not public
        if not args or (args[0] not in self.commands and args[0] not in {"-h", "--help"}):
            args = ["show", *args]
        return super().parse_args(ctx, args)


progresses = typer.Typer(
    cls=_Showing,
    help="Show how far directories are; start afresh on one. Without a word behind it: show, for all directories.",
    epilog="Like: crop progress photos/set_a, which is crop progress show photos/set_a.",
)


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.add_typer(progresses, name="progress")


@progresses.command("show")
def show(
    context: typer.Context,
    directories: Annotated[list[Path] | None, typer.Argument(help="These directories; all, if none is named.")] = None,
    project: Annotated[str | None, typer.Option(help="Only this project.")] = None,
    sort: Annotated[str, typer.Option(help=f"Order of the table: {', '.join(SORTS)}.")] = "directory",
    open_only: Annotated[bool, typer.Option("--open-only", help="Only directories with something left to do.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show how far directories are: all at a glance, or one in full.

    Directories that are named are scanned first. In a bar, # is done, + is decided and waits for a run.

    \b
    Examples:
      crop progress
      crop progress photos/set_a
      crop progress --open-only --sort left
      crop progress show photos/* --json
    """
    from ledger.errors import Invalid, NotFound

    if sort not in SORTS:
        raise Invalid(f"--sort is one of {', '.join(SORTS)}, not {sort!r}.")
    with at_desk(context) as desk:
        rows = _rows(desk, directories or [], project)
        if directories and not rows:
            raise NotFound(f"Nothing is known of {', '.join(map(str, directories))}.", mend="To look: crop scan DIR")
        rows = _sorted([row for row in rows if not open_only or row.finished < row.seen], sort)
        if as_json:
            for row in rows:
                emit(_as_value(row) | (_worked(desk, row) if directories else {}))
        elif len(rows) == 1 and directories:
            _in_full(desk, rows[0])
        else:
            _at_a_glance(rows)


def _rows(desk: Desk, directories: list[Path], project: str | None) -> "list[DirectoryProgress]":
    from projections.progress import progress

    places: list[str | None] = [str(looked_at(desk, directory)) for directory in directories]
    return [
        row
        for place in dict.fromkeys(places or [None])
        for row in progress(desk.projections, directory=place, project=project)
    ]


def looked_at(desk: Desk, directory: Path) -> Path:
    """Where a directory is, after a scan; one that is gone, or outside the roots, is told of as it was."""
    from imaging.zones import canonical
    from ledger.errors import CropledgerError

    try:
        return scanned(desk, directory).directory
    except CropledgerError as why:
        from projections.progress import progress

        path = canonical(directory)
        if not progress(desk.projections, directory=str(path)):
            raise
        warn(f"As it was last seen: {why.message}")
        return path


def _sorted(rows: "list[DirectoryProgress]", sort: str) -> "list[DirectoryProgress]":
    by_place = sorted(rows, key=lambda row: (row.directory, row.project or ""))
    if sort == "left":
        return sorted(by_place, key=lambda row: row.finished - row.seen)
    if sort == "recent":
        return sorted(by_place, key=lambda row: row.last_at, reverse=True)
    if sort == "seen":
        return sorted(by_place, key=lambda row: -row.seen)
    if sort == "percent":
        return sorted(by_place, key=lambda row: row.finished / row.seen)
    return by_place


def _as_value(row: "DirectoryProgress") -> dict[str, object]:
    return fields(row) | {"decided": row.decided, "finished": row.finished}


def _at_a_glance(rows: "list[DirectoryProgress]") -> None:
    if not rows:
        say("Nothing is left to do, or nothing is known yet. To begin: crop scan DIR")
        return
    optional = ("kept", "imported", "failed", "problem")
    columns = ["seen", "open", "owed", "executed", "skipped", *(name for name in optional if any(_of(rows, name)))]
    lines = [
        (shown(row.directory) or "(no directory)", row.project or "", *(getattr(row, name) for name in columns),
         _both_bars(row))
        for row in rows
    ]  # fmt: skip
    say(table(("directory", "project", *columns, "done"), lines))
    left = sum(row.seen - row.finished for row in rows)
    seen = sum(row.seen for row in rows)
    say(f"{plural(seen, 'image')} in {_directories(len(rows))}: {seen - left:,} done, {left:,} left.")


def _of(rows: "list[DirectoryProgress]", name: str) -> list[int]:
    return [getattr(row, name) for row in rows]


def _directories(count: int) -> str:
    return "1 directory" if count == 1 else f"{count:,} directories"


def _both_bars(row: "DirectoryProgress") -> str:
    """One bar for two shares: # done, + decided."""
    done, decided = _filled(row.finished, row.seen), _filled(row.decided, row.seen)
    return f"[{'#' * done}{'+' * (decided - done)}{'-' * (BAR_WIDTH - decided)}] {_percent(row.finished, row.seen)}"


def _filled(count: int, of: int) -> int:
    # Never full before it is: the last cell is for the last image.
    return BAR_WIDTH * count // of if of else BAR_WIDTH


def _percent(count: int, of: int) -> str:
    return f"{100 * count // of}%" if of else "100%"


def _bar(count: int, of: int) -> str:
    filled = _filled(count, of)
    return f"[{'#' * filled}{'-' * (BAR_WIDTH - filled)}] {_percent(count, of)} ({count:,}/{of:,})"


def _in_full(desk: Desk, row: "DirectoryProgress") -> None:
    from commands.progress.recovering import vanished
    from projections.upcoming import next_images

    where = shown(row.directory) + "/"
    say(f"Processing: {where} {_bar(row.decided, row.seen)}{' recorded' if row.decided != row.finished else ''}")
    if row.decided != row.finished:
        say(f"{'':>{len('Processing: ') + len(where)}} {_bar(row.finished, row.seen)} executed")
    coming = next_images(desk.projections, row.directory, project=row.project)
    _tell_sittings(desk, row)
    if coming:
        say(f"Next: {coming[0].filename}, image {coming[0].place:,} of {row.seen:,}")
    parts = [
        (row.open, "open"), (row.owed, "owed"), (row.executed, "executed"), (row.kept, "kept"),
        (row.skipped, "skipped"), (row.imported, "cropped elsewhere"), (row.failed, "failed"),
        (row.problem, "cannot be read"),
    ]  # fmt: skip
    say("Images: " + (", ".join(f"{count:,} {word}" for count, word in parts if count) or "none"))
    _problems(desk, row)
    tell_vanished(vanished(desk.projections, row.directory, row.project))


def _working(desk: Desk, row: "DirectoryProgress") -> "Working":
    from commands.progress.sitting_down import working

    return working(row, desk.projections, idle_s=desk.settings.idle_threshold_s, now=desk.now)


def _worked(desk: Desk, row: "DirectoryProgress") -> dict[str, object]:
    """What the sittings in a directory say of it, and what comes next, for programs."""
    from commands.progress.recovering import vanished
    from projections.upcoming import next_images

    work = _working(desk, row)
    coming = next_images(desk.projections, row.directory, project=row.project)
    return {
        "sitting": fields(work.now) if work.now else None,
        "last_sitting": fields(work.last) if work.last else None,
        "per_hour": work.per_hour,
        "left_s": work.left_s,
        "vanished": vanished(desk.projections, row.directory, row.project),
        "next": fields(coming[0]) if coming else None,
    }


def _tell_sittings(desk: Desk, row: "DirectoryProgress") -> None:
    from datetime import datetime

    from commands.cli.sitting import told
    from commands.progress.sitting_down import ago, span

    work = _working(desk, row)
    if work.now:
        say(f"This sitting: {told(work.now)}")
    if work.last:
        since = (desk.now - datetime.fromisoformat(work.last.last_at)).total_seconds()
        say(f"Last sitting: {ago(since)}, {told(work.last)}")
    if work.per_hour and work.left_s is not None:
        left = plural(row.open + row.failed, "image")
        say(f"Pace: {work.per_hour:,.0f} images per hour of work; {left} left, about {span(work.left_s)}")


def _problems(desk: Desk, row: "DirectoryProgress") -> None:
    from projections.progress import images

    for image in images(desk.projections, row.directory, project=row.project) if row.problem or row.failed else []:
        if image.status == "problem":
            say(problem_with(image.filename, image.problem))
        elif image.status == "failed":
            say(f"  {image.filename} has failed: crop queue --failed says why")


def tell_vanished(paths: tuple[str, ...]) -> None:
    """Name crops that were executed and are no longer on disk."""
    for path in paths[:_SHOWN]:
        say(f"  {shown(path)} was executed, and is no longer there")
    if len(paths) > _SHOWN:
        say(f"  ... and {len(paths) - _SHOWN:,} more")
