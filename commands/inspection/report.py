"""The report of an inspection as Markdown, for people and for the day's summaries. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from commands.inspection.findings import Finding, Level, megabytes
from commands.inspection.inspecting import Inspection, by_code

LEVELS: tuple[tuple[Level, str], ...] = (
    ("blocks", "A run would fail here"),
    ("look", "Look before a run"),
    ("note", "Good to know"),
)


def markdown(inspection: Inspection, at: datetime) -> str:
    """The whole report; `at` is the moment of the inspection in the operator's zone."""
    return "\n".join(_lines(inspection, at)) + "\n"


def _lines(inspection: Inspection, at: datetime) -> Iterator[str]:
    yield f"# What is owed, looked at on {at:%Y-%m-%d at %H:%M} ({at.tzinfo})"
    yield ""
    yield conclusion(inspection)
    yield ""
    yield looked_at(inspection)
    if inspection.rooms:
        yield ""
        yield from _table(("file system of", "needed, about", "free"), _rooms(inspection))
    if inspection.findings:
        yield ""
        yield from _table(("", "finding", "count"), by_code(inspection.findings))
    for level, heading in LEVELS:
        found = [finding for finding in inspection.findings if finding.level == level]
        if found:
            yield from ("", f"## {heading}", "")
            yield from _table(("finding", "where", "what", "what to do"), map(_row, found))


def _rooms(inspection: Inspection) -> Iterator[tuple[str, str, str]]:
    for room in inspection.rooms:
        yield room.place, megabytes(room.needed_bytes), megabytes(room.free_bytes)


def _row(finding: Finding) -> tuple[str, ...]:
    return finding.code, finding.path, finding.what, finding.mend


def _table(headers: tuple[str, ...], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    yield _line(headers)
    yield _line("---" for _ in headers)
    for row in rows:
        yield _line(row)


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def conclusion(inspection: Inspection) -> str:
    """One sentence: how it stands with what is owed."""
    levels = inspection.levels
    if not inspection.findings:
        return f"{_plural(inspection.crops, 'crop')} owed, nothing found."
    stops = f"{levels['blocks']:,} would fail" if levels["blocks"] else "none would fail"
    notes = _plural(levels["note"], "note")
    return f"{_plural(inspection.crops, 'crop')} owed: {stops}, {levels['look']:,} to look at, {notes}."


def looked_at(inspection: Inspection) -> str:
    """One sentence: how far the files were read."""
    depths = inspection.depths
    parts = [
        f"size, time and header of {depths['header']:,}" if depths["header"] else "",
        f"all bytes of {depths['content']:,} that are newer than their mark" if depths["content"] else "",
        f"every pixel of {depths['pixels']:,}" if depths["pixels"] else "",
        f"{depths['nothing']:,} not at all" if depths["nothing"] else "",
    ]
    read = ", ".join(filter(None, parts)) or "nothing"
    return f"Read: {read}; {_plural(inspection.directories, 'directory', 'directories')} listed."


def _plural(count: int, one: str, more: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else more or one + 's'}"
