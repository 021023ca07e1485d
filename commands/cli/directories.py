"""Directories: scan what is there, ask for the next images, follow a directory that was moved."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk, operator
from commands.cli.options import ActorOption, DryRun, JsonFlag, ProjectOption
from commands.cli.output import emit, fields, on_a_line, plural, problem_with, progress, say, shown, warn
from commands.desk import Desk, correlation

if TYPE_CHECKING:
    from commands.progress.scanning import Scan

DirectoryArgument = Annotated[Path, typer.Argument(help="The directory.")]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(scan)
    app.command("next")(next_)
    app.command()(relocate)


def scan(
    context: typer.Context,
    directories: Annotated[list[Path], typer.Argument(help="One directory or several.")],
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Record which images are in directories, and what has changed since the last scan.

    Only new and changed files are read. Exit 1 if a directory could not be scanned.

    \b
    Examples:
      crop scan photos/set_a
      crop scan photos/*/
    """
    from imaging.zones import canonical
    from ledger.errors import CropledgerError

    failed = 0
    with at_desk(context) as desk:
        for directory in dict.fromkeys(map(canonical, directories)):
            try:
                found = scanned(desk, directory, actor)
            except CropledgerError as why:
                if len(directories) == 1:
                    raise
                warn(f"{type(why).__name__}: {why}")
                failed += 1
                continue
            if as_json:
                emit(_as_value(found))
            else:
                _tell(found)
    if failed:
        raise typer.Exit(1)


def scanned(desk: Desk, directory: Path, actor: str | None = None) -> "Scan":
    """A scan of one directory, with a bar while new images are read."""
    from commands.progress.scanning import Scanner
    from commands.recording.recording import Asked

    with progress(f"Reading {directory.name}") as bar:
        scanner = Scanner(desk.ledger, desk.projections, desk.zones, bar.reach)
        found = scanner.scan(directory, Asked(operator(actor), correlation(), desk.now))
    desk.refresh()
    return found


def _as_value(found: "Scan") -> dict[str, object]:
    changes = found.changes
    return {
        "directory": str(found.directory),
        "images": changes.images,
        "first": found.first,
        "added": [image.name for image in changes.added],
        "removed": changes.removed,
        "replaced": [image.name for image in changes.replaced],
        "moved": [{"from": source, "to": path} for source, path in found.moved],
        "problems": [{"filename": image.name, "problem": image.problem} for image in found.problems],
        "size_bytes": found.size_bytes,
        "directory_hash": changes.directory_hash,
    }


def _tell(found: "Scan") -> None:
    from commands.cli.output import size

    changes = found.changes
    counts = ((len(changes.added), "added"), (len(changes.removed), "removed"), (len(changes.replaced), "replaced"))
    news = ", ".join(f"{count:,} {word}" for count, word in counts if count) or "nothing has changed"
    what = "" if found.first else f" ({news})"
    say(f"Scanned {shown(found.directory)}: {plural(changes.images, 'image')}, {size(found.size_bytes)}{what}.")
    for source, path in found.moved:
        say(f"  {Path(path).name} was {shown(source)}: what was decided about it goes with it.")
    for image in found.problems:
        warn(problem_with(image.name, image.problem))


def next_(
    context: typer.Context,
    directory: DirectoryArgument,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many.")] = 1,
    pending: Annotated[
        bool, typer.Option("--pending", help="Also those that are marked, and not executed yet.")
    ] = False,
    project: ProjectOption = None,
    null: Annotated[
        bool, typer.Option("--null", "-0", help="End each path with a NUL instead of a new line, for xargs -0.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show the next images that wait for a decision, one path per line.

    They come by timestamp, stage and name. Each is shown until it is marked, skipped or kept; what was withdrawn, or
    failed for good, is shown again. The directory is scanned first, so that files may come and go.

    \b
    Examples:
      crop next photos/set_a
      crop next photos/set_a -n 3 --json
      crop next photos/set_a -n 100 -0 | xargs -0 my-viewer
    """
    from commands.finding import only_project
    from projections.upcoming import next_images, unfinished_images

    with at_desk(context) as desk:
        found = scanned(desk, directory)
        of = project or only_project(desk.projections, str(found.directory))
        ask = unfinished_images if pending else next_images
        images = ask(desk.projections, str(found.directory), project=of, limit=count)
        if as_json:
            for image in images:
                emit({"path": image.path, "project": of, "of": found.changes.images} | fields(image))
            return
        for image in images:
            if null:
                typer.echo(f"{image.path}\0", nl=False)
            else:
                say(on_a_line(shown(image.path)))
        if not images:
            warn(f"Nothing in {shown(found.directory)} waits for a decision. How far it is: crop progress {directory}")
        if found.problems:
            warn(f"{plural(len(found.problems), 'image')} cannot be cropped as found: crop scan {directory}")


def relocate(
    context: typer.Context,
    old: Annotated[Path, typer.Argument(help="The path that the directory had.")],
    new: Annotated[Path, typer.Argument(help="The path that it has now.")],
    dry_run: DryRun = False,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Follow a directory that was moved: its progress, its sittings and the crops that are owed.

    Every image is compared by its content first; what is not the same stays known at the old place, and is named.
    Files are not touched. Exit 1 if something stayed.

    \b
    Example:
      crop relocate photos/set_a archive/2025/set_a
    """
    from commands.progress.relocating import Move, relocate_directory
    from commands.progress.scanning import Scanner
    from commands.recording.recording import Asked
    from imaging.zones import canonical

    with at_desk(context) as desk:
        asked = Asked(operator(actor), correlation(), desk.now)
        with progress(f"Comparing {new.name}") as bar:
            scanner = Scanner(desk.ledger, desk.projections, desk.zones, bar.reach)
            place = scanner.check(new)
            move = Move(canonical(old), place, {image.name: image for image in scanner.look(place)})
        done = relocate_directory(move, asked, ledger=desk.ledger, projections=desk.projections, dry_run=dry_run)
        if not dry_run:
            desk.refresh()
            scanned(desk, new, actor)
        if as_json:
            emit(fields(done) | {"dry_run": dry_run})
        else:
            what = "Would follow" if dry_run else "Followed"
            say(
                f"{what} {shown(done.source)} to {shown(done.directory)}: {plural(done.compared, 'image')} with the "
                f"same content, decisions on {plural(done.moved, 'image')}. Queue: {desk.queue_length():,} owed."
            )
            for name, why in done.left:
                warn(f"  {name} stays where it was: {why}")
    if done.left:
        raise typer.Exit(1)
