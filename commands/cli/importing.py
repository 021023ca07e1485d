"""Bringing in what other tools wrote: import PATH..., import review."""

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from commands.cli.desk import at_desk
from commands.cli.options import DryRun, JsonFlag
from commands.cli.output import Bar, emit, plural, progress, say, shown, table, warn
from commands.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from commands.importing.importing import Brought, ImportReport, Watch


class _FilesFirst(TyperGroup):
    """`crop import FILE` is `crop import files FILE`: what is no command of the group is a file."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  # typer's context is not public
        if args and args[0] not in self.commands and args[0] not in {"--help", "-h"}:
            args = ["files", *args]
        return super().parse_args(ctx, args)


imports = typer.Typer(
    cls=_FilesFirst,
    help="Bring in what other tools wrote (crop import PATH...), and review what was set aside.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.add_typer(imports, name="import")


@imports.command("files")
def files_(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files, or directories with files.")],
    project: Annotated[str | None, typer.Option(help="The project of records that name none.")] = None,
    tz: Annotated[str | None, typer.Option(help="The zone of times without one, such as America/New_York.")] = None,
    layout: Annotated[
        str | None, typer.Option("--as", help="Read every record as this format instead of recognising it.")
    ] = None,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Bring what other tools wrote into the ledger; the same records again add nothing.

    Crop logs, decisions, queues, file operations, timers, progress and projects are recognised by what is in them.
    What cannot be understood is set aside with file, line and reason (crop import review). Exit 1 if anything was.

    \b
    Examples:
      crop import crop_log.csv decisions/ --project mojo1
      crop import old_tool/ --project mojo1 --tz America/New_York --dry-run
      crop import files review
    """
    with at_desk(context) as desk:
        brought = _brought(desk, paths, project, _zone(tz), layout, dry_run=dry_run)
        if as_json:
            for report in brought.reports:
                emit(report)
        elif brought.reports:
            _tell(brought.reports, dry_run=dry_run)
        for _, why in brought.problems:
            warn(f"{type(why).__name__}: {why}")
        _tell_completed(brought)
    if brought.problems or any(report.set_aside or report.not_owed for report in brought.reports):
        raise typer.Exit(1)


def _brought(
    desk: Desk, paths: "list[Path]", project: str | None, zone: "ZoneInfo | None", layout: str | None, *, dry_run: bool
) -> "Brought":
    """All files together; one that cannot be read is told and does not stop the others."""
    from commands.importing.importing import Importer
    from commands.importing.waiting import Waiting

    waiting = Waiting.of(desk.recorder(), aside=frozenset({desk.home.root.resolve()}))
    importer = Importer.of(
        desk.ledger, desk.home, desk.now, project=project, tz=zone, layout=layout, projections=desk.projections,
        waiting=waiting,
    )  # fmt: skip
    files = _files(paths)
    try:
        with progress("Importing", len(files)) as bar:
            brought = (importer.try_out if dry_run else importer.bring_all)(files, _watch(bar, alone=len(files) == 1))
    except KeyboardInterrupt:
        if not dry_run:
            warn("What was read so far is kept. The same command again completes it.")
        raise
    if len(files) == 1 and brought.problems:
        raise brought.problems[0][1]
    return brought


def _watch(bar: Bar, *, alone: bool) -> "Watch":
    """Files are what counts; of one alone, its records. The queue comes last, and by itself."""
    from commands.importing.importing import Watch

    class Watching(Watch):
        def records(self, done: int, there: int) -> None:
            if alone:
                bar.reach(done, there)

        def file(self) -> None:
            if not alone:
                bar.advance(1)

        def aligning(self, done: int, there: int) -> None:
            bar.turn_to("Queue")
            bar.reach(done, there)

    return Watching()


def _files(paths: "list[Path]") -> list[Path]:
    """The files that were named, and those of records in the directories that were, by name and each once.

    By name however they were named, so that nothing depends on it: neither what is told of each file, nor the ledger.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += [each for each in path.rglob("*") if _may_be_records(each.relative_to(path)) and each.is_file()]
        else:
            found.append(path)
    spelt = {os.path.realpath(path): path for path in sorted(found, reverse=True)}
    return [spelt[place] for place in sorted(spelt)]


_OTHERS = {
    ".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif", ".yaml", ".caption", ".txt",
    ".cropped", ".md", ".html", ".pdf", ".py", ".pyc", ".sh", ".zip",
}  # fmt: skip
_BESIDE = ("-wal", "-shm", "-journal", ".bak", "Thumbs.db", "desktop.ini")


def _may_be_records(path: Path) -> bool:
    """Whether a file in a directory may be one of records: no image, text or program, and nothing hidden."""
    hidden = any(part.startswith(".") for part in path.parts)
    return not hidden and path.suffix.lower() not in _OTHERS and not path.name.endswith(_BESIDE)


def _zone(name: str | None) -> "ZoneInfo | None":
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from ledger.errors import Invalid

    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Invalid(f"No such time zone: {name!r}.", mend="Like: --tz America/New_York") from error


# -- what it says -------------------------------------------------------------------------------------------------

_SHOWN = 20


def _tell(reports: "Sequence[ImportReport]", *, dry_run: bool) -> None:
    if dry_run and reports:
        rows = _rows(reports)
        say(table(("file", "what it holds", "read", "accept", "complete", "known", "set aside"), rows[:_SHOWN]))
        if len(rows) > _SHOWN:
            say(f"... and {len(rows) - _SHOWN:,} more like these.")
    accepted, completed, known, aside = (
        sum(getattr(each, name) for each in reports) for name in ("accepted", "completed", "known", "set_aside")
    )
    layouts = _summed(report.layouts for report in reports)
    where = shown(reports[0].file) if len(reports) == 1 else plural(len(reports), "file")
    read = sum(report.read for report in reports)
    say(f"{where}: {'would read' if dry_run else 'read'} {plural(read, 'record')}: {_counts(layouts) or 'none'}.")
    boxes = sum(report.boxes for report in reports)
    with_boxes = f" (with {plural(boxes, 'box').replace('boxs', 'boxes')})" if boxes else ""
    would = "Would accept" if dry_run else "Accepted"
    say(f"{would} {accepted:,}, completed {completed:,}{with_boxes}, known already {known:,}, set aside {aside:,}.")
    owed = sum(report.owed for report in reports)
    if owed:
        say(f"{'Would put' if dry_run else 'Put'} {plural(owed, 'crop')} into the queue.")
    not_owed = _summed(report.not_owed for report in reports)
    if not_owed:
        wait = plural(not_owed.total(), "crop")
        say(f"Not put into the queue: {wait}: {_counts(not_owed)}.{'' if dry_run else ' See: crop import review'}")
    warnings = _summed(report.warnings for report in reports)
    if warnings:
        say(f"Odd but accepted: {_counts(warnings)}.")
    if aside:
        reasons = _counts(_summed(report.quarantined for report in reports))
        say(f"Set aside: {reasons}.{'' if dry_run else ' See: crop import review'}")


def _tell_completed(brought: "Brought") -> None:
    """Earlier imports that had broken off: what had been read is in order now, the rest is for a person to bring."""
    if brought.completed:
        crops = plural(brought.completed_owed, "crop")
        warn(f"An earlier import had broken off; the queue is in line now with what it had read: {crops} put into it.")
    for each in brought.completed:
        warn(f"To bring what it had not read: {each.command}")


_ALIKE = 3


def _rows(reports: "Sequence[ImportReport]") -> list[tuple[object, ...]]:
    """A row per file, those with something set aside first; many files of one kind in one directory are one row."""
    alike: dict[tuple[str, ...], list[ImportReport]] = {}
    for report in sorted(reports, key=lambda each: (-each.set_aside, each.file)):
        kind = (report.file,) if report.set_aside else (str(Path(report.file).parent), *sorted(report.layouts))
        alike.setdefault(kind, []).append(report)
    lots = [lot for every in alike.values() for lot in ([every] if len(every) > _ALIKE else [[one] for one in every])]
    return [_row(lot) for lot in lots]


def _row(lot: "Sequence[ImportReport]") -> tuple[object, ...]:
    name = shown(lot[0].file) if len(lot) == 1 else f"{shown(Path(lot[0].file).parent)}/ ({len(lot):,} files)"
    figures = [sum(getattr(each, what) for each in lot) for what in ("read", "accepted", "completed", "known")]
    aside = sum(each.set_aside for each in lot)
    return (name, _counts(_summed(each.layouts for each in lot)), *figures, aside)


def _summed(counts: "Any") -> Counter[str]:  # noqa: ANN401  # any iterable of counts
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return total


def _counts(counts: "Mapping[str, int]") -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda each: -each[1]))


@imports.command("review")
def review(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="At most so many lines.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List the records that were set aside, with file, line, reason and what they said.

    A file that was mended can be imported again; what is understood then leaves this list.

    \b
    Example:
      crop import review --json
    """
    from commands.importing.quarantine import Quarantine

    with at_desk(context) as desk:
        count = 0
        rows = []
        for record in Quarantine(desk.home.quarantine).all():
            count += 1
            if as_json:
                emit(record)
            elif count <= limit:
                text = record.raw.decode("utf-8", "backslashreplace")
                says = " ".join(text[:200].split())[:60]
                where = f"{shown(record.source)}:{record.line}" if record.line else shown(record.source)
                rows.append((where, record.reason, record.message, says))
        if as_json:
            return
        if rows:
            say(table(("where", "reason", "what is wrong", "what it says"), rows))
        more = f" Showing {limit}." if count > limit else ""
        say(f"{plural(count, 'record')} set aside.{more}" if count else "Nothing is set aside.")
