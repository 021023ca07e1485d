"""What the ledger adds up to: queue, rebuild, export."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk
from commands.cli.options import JsonFlag
from commands.cli.output import emit, plural, progress, say, shown, table, warn
from commands.desk import Desk

if TYPE_CHECKING:
    from commands.exporting.decision_files import Written

_SHOWN = 20
"""Differences that are listed; the count names them all."""

ProjectFilter = Annotated[str | None, typer.Option(help="Only this project.")]


class StyleOption(StrEnum):
    """Whose sidecars."""

    ADOBE = "adobe"
    DARKTABLE = "darktable"


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(queue)
    app.command()(rebuild)
    app.command()(export)


def queue(
    context: typer.Context,
    project: ProjectFilter = None,
    directory: Annotated[Path | None, typer.Option(help="Only this directory.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only crops that failed and wait for a person.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many lines.")] = 20,
    as_json: JsonFlag = False,
) -> None:
    """Show the crops that are owed, in order.

    \b
    Examples:
      crop queue --limit 50
      crop queue --failed
    """
    from imaging.zones import canonical
    from projections.queue import owed, sizes

    with at_desk(context) as desk:
        status = "failed" if failed else None
        place = None if directory is None else str(canonical(directory))
        crops = owed(desk.projections, project=project, directory=place, status=status, limit=limit)
        if as_json:
            for crop in crops:
                emit(crop)
            return
        length = sizes(desk.projections, project=project)
        if crops:
            rows = [
                (crop.position, shown(crop.path), crop.project, _edges(crop.x1, crop.y1, crop.x2, crop.y2),
                 f"{crop.width_px}x{crop.height_px}", _state(crop.status, crop.failed_reason, crop.failed_message))
                for crop in crops
            ]  # fmt: skip
            say(table(("position", "image", "project", "box", "size", "state"), rows))
        more = f" Showing {len(crops)}." if length.owed > len(crops) else ""
        say(f"{plural(length.owed, 'crop')} owed: {length.pending:,} pending, {length.started:,} started, "
            f"{length.failed:,} failed.{more}")  # fmt: skip


def _edges(*edges: float) -> str:
    return ",".join(f"{edge:.3f}".rstrip("0").rstrip(".") for edge in edges)


def _state(status: str, reason: str | None, message: str | None) -> str:
    return f"{status}: {message or reason}" if reason else status


def rebuild(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="One projection; crop schema names them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All projections.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only compare with a fresh fold, row by row.")] = False,
    as_of: Annotated[str | None, typer.Option(help="A position, or a time with its zone; needs --to.")] = None,
    to: Annotated[Path | None, typer.Option(help="The new file for the projections as of then.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Fold the projections again, or compare them.

    With --as-of, fold them into a file as they were at a moment. Exit 1 if --check finds a difference.

    \b
    Examples:
      crop rebuild --all
      crop rebuild queue --check
      crop rebuild --as-of 2025-10-27T18:00:00-07:00 --to tuesday.db
    """
    from ledger.errors import Invalid

    if (as_of is None) != (to is None):
        raise Invalid("--as-of and --to go together.")
    if as_of is None and bool(name) == every:
        raise Invalid("Name a projection, or say --all.")
    with at_desk(context) as desk:
        if as_of is not None and to is not None:
            _rebuild_as_of(desk, as_of, to, as_json=as_json)
            return
        code = _check(desk, name, as_json=as_json) if check else _rebuild(desk, name, as_json=as_json)
    if code:
        raise typer.Exit(code)


def _rebuild(desk: Desk, name: str | None, *, as_json: bool) -> int:
    from projections.catalogue import ALL
    from projections.rebuild import rebuild as fold_again

    with progress("Folding") as bar:
        head = fold_again(desk.ledger, desk.home.projections, name, watch=bar.reach)
    if as_json:
        emit({"rebuilt": name or "all", "head": head})
    else:
        what = name or plural(len(ALL), "projection")
        say(f"Folded {plural(head.position, 'event')} again into {what}.")
    return 0


def _check(desk: Desk, name: str | None, *, as_json: bool) -> int:
    from projections.catalogue import ALL
    from projections.compare import check as compare

    with progress("Comparing") as bar:
        every = compare(desk.ledger, desk.home.projections, watch=bar.reach)
    found = [each for each in every if name in {None, each.projection}]
    if as_json:
        emit({"differences": found})
    else:
        for each in found[:_SHOWN]:
            warn(f"{each.projection}: {each.part} {', '.join(map(str, each.key))}: {each.what}")
        what = name or f"{len(ALL)} projections"
        say(
            f"{plural(len(found), 'row')} of {what} not equal to a fresh fold. To mend: crop rebuild --all"
            if found
            else f"{what} equal to a fresh fold, row by row."
        )
    return 1 if found else 0


def _rebuild_as_of(desk: Desk, as_of: str, to: Path, *, as_json: bool) -> None:
    from ledger.values import instant, parse_instant
    from projections.rebuild import rebuild_as_of

    until = int(as_of) if as_of.isdigit() else instant(parse_instant(as_of))
    with progress("Folding") as bar:
        head = rebuild_as_of(desk.ledger, until, to, watch=bar.reach)
    if as_json:
        emit({"file": str(to), "head": head})
    else:
        say(f"Folded {plural(head.position, 'event')} into {shown(to)}: the projections as they were then.")


def export(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            help="training, queue, progress, tracker, selection, all of these, or decisions, or sidecars, or xmp."
        ),
    ],
    project: Annotated[str | None, typer.Option(help="Of decisions, sidecars and xmp: which project's.")] = None,
    to: Annotated[
        Path | None,
        typer.Option(help="Of decisions the database; of sidecars, and xmp if not beside the images, the directory."),
    ] = None,
    style: Annotated[StyleOption, typer.Option(help="Of xmp: for which programs.")] = StyleOption.ADOBE,
    as_json: JsonFlag = False,
) -> None:
    """Write the files that other programs expect.

    They go below home: complete, atomically, and never read back as truth. Decisions go into a database in the columns
    of older tools, imported sidecars into files as they were; both where --to says. To import an export brings nothing
    new. The crops that are owed can be seen in a raw developer: xmp writes a sidecar for each, beside its image, and
    leaves alone what another program wrote there.

    \b
    Examples:
      crop export training
      crop export all
      crop export decisions --project mojo1 --to mojo1.db
      crop export sidecars --to decisions/
      crop export xmp --style darktable
    """
    if what == "xmp":
        with at_desk(context) as desk:
            code = _xmp(desk, style, project, to, as_json=as_json)
        if code:
            raise typer.Exit(code)
        return
    from commands.exporting.exporting import export as write
    from ledger.errors import Invalid

    elsewhere = what in {"decisions", "sidecars"}
    if elsewhere != (to is not None) or (what == "decisions") > (project is not None) or (project and not elsewhere):
        raise Invalid(
            f"crop export {what} {'needs' if elsewhere else 'takes no'} --project and --to.",
            mend="Like: crop export decisions --project P --to FILE.db (sidecars need --to only)",
        )
    with at_desk(context) as desk, progress("Exporting"):
        own = [] if to else write(what, desk.projections, desk.home)
        for file in [_elsewhere(desk, what, project, to)] if to else own:
            if as_json:
                emit({"path": str(file.path), "records": file.count})
            else:
                say(f"Wrote {plural(file.count, 'record')} to {shown(file.path)}")


def _xmp(desk: Desk, style: StyleOption, project: str | None, to: Path | None, *, as_json: bool) -> int:
    from commands.exporting.xmp_files import write_sidecars

    target = to.expanduser().absolute() if to else None
    with progress("Exporting"):
        found = write_sidecars(desk.projections, style.value, project=project, to=target, zones=desk.zones)
    if as_json:
        emit(found)
    else:
        say(
            f"Wrote {plural(len(found.written), 'sidecar')}"
            + (f" to {shown(target)}." if target else " beside the images.")
        )
        for why in found.left:
            warn(f"left: {why}")
    return 1 if found.left else 0


def _elsewhere(desk: Desk, what: str, project: str | None, to: Path) -> "Written":
    from commands.exporting.decision_files import write_decisions, write_sidecars

    target = to.expanduser().absolute()
    if what == "sidecars":
        return write_sidecars(desk.projections, project, target)
    assert project is not None  # noqa: S101  # asked for above
    return write_decisions(desk.projections, project, target, desk.home)
