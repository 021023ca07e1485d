"""Bringing in what other tools wrote: import crops, import review."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk
from commands.cli.options import JsonFlag
from commands.cli.output import emit, plural, progress, say, shown, table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from commands.importing import ImportReport

imports = typer.Typer(help="Bring in what other tools wrote, and review what was set aside.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.add_typer(imports, name="import")


@imports.command("crops")
def crops(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Crop logs: CSV with 19 columns (v1) or 9 columns (v2).")],
    project: Annotated[str | None, typer.Option(help="The project of rows that name none; needed for v1 logs.")] = None,
    tz: Annotated[str | None, typer.Option(help="The zone of times without one, such as America/New_York.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Bring crop logs into the ledger as history; the same rows again add nothing.

    Rows that cannot be understood are set aside with file, line and reason (crop import review). Exit 1 if any was.

    \b
    Example:
      crop import crops crop_log.csv --project mojo1
    """
    from commands.importing import import_crops

    aside = 0
    with at_desk(context) as desk:
        zone = _zone(tz)
        for file in files:
            with progress(f"Importing {file.name}") as bar:
                report = import_crops(file, project, desk.ledger, desk.home, desk.now, tz=zone, progress=bar.reach)
            aside += report.set_aside
            if as_json:
                emit(report)
            else:
                _tell(report)
    if aside:
        raise typer.Exit(1)


def _zone(name: str | None) -> "ZoneInfo | None":
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from ledger.errors import Invalid

    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Invalid(f"No such time zone: {name!r}.", mend="Like: --tz America/New_York") from error


def _tell(report: "ImportReport") -> None:
    say(f"{report.file}: read {plural(report.read, 'row')}: {_counts(report.layouts)}.")
    boxes = f" ({report.boxes:,} with a box, {report.accepted - report.boxes:,} with the box unknown)"
    say(f"Accepted {report.accepted:,}{boxes if report.accepted else ''}, known already {report.known:,}, "
        f"set aside {report.set_aside:,}.")  # fmt: skip
    if report.warnings:
        say(f"Odd but accepted: {_counts(report.warnings)}.")
    if report.set_aside:
        say(f"Set aside: {_counts(report.quarantined)}. See: crop import review")


def _counts(counts: "Mapping[str, int]") -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda each: -each[1]))


@imports.command("review")
def review(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="At most so many lines.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List the records that were set aside, with file, line, reason and what they said.

    \b
    Example:
      crop import review --json
    """
    from commands.quarantine import Quarantine

    with at_desk(context) as desk:
        count = 0
        rows = []
        for record in Quarantine(desk.home.quarantine).all():
            count += 1
            if as_json:
                emit(record)
            elif count <= limit:
                text = record.raw.decode("utf-8", "backslashreplace")
                rows.append((f"{shown(record.source)}:{record.line}", record.reason, record.message, text[:60]))
        if as_json:
            return
        if rows:
            say(table(("where", "reason", "what is wrong", "what it says"), rows))
        more = f" Showing {limit}." if count > limit else ""
        say(f"{plural(count, 'record')} set aside.{more}" if count else "Nothing is set aside.")
