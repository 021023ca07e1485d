"""A crop log as a file: its rows, each with what it is evidence of or why it is none, a chunk at a time.

A file is read twice. The first time finds its hash and which files were cut down when, because a row's rectangle may
refer to what an earlier row had left of the same file, and rows need not be in order.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from attrs import frozen

from commands.crop_logs import is_header, layout_of, read
from commands.evidence import UNKNOWN, Cut, Evidence, cut_of
from commands.quarantine import SetAside
from commands.reading import Lines, Measured, Record, csv_records
from db.guard import LiveFileError
from ledger.errors import Invalid, NotFound, Refused, Unsafe

CHUNK_ROWS = 4096
_CHUNK_BYTES = 8 * 1024 * 1024


@frozen
class Row:
    """One row: what it is evidence of, or why it is none."""

    record: Record
    layout: str
    meaning: Evidence | SetAside


def rows(lines: Lines, project: str | None, tz: ZoneInfo | None) -> Iterator[Row]:
    """Every row of a crop log; headers and empty lines are none."""
    for record in csv_records(lines):
        try:
            text = _text(record)
            fields = _fields(text)
        except SetAside as why:
            yield Row(record, UNKNOWN, why)
            continue
        if any(fields) and not is_header(fields):
            yield Row(record, layout_of(fields), _meaning(record, fields, text, project, tz))


def _meaning(
    record: Record, fields: Sequence[str], text: str, project: str | None, tz: ZoneInfo | None
) -> Evidence | SetAside:
    try:
        return read(fields, text, project=project, tz=tz, ended=bool(record.end))
    except SetAside as why:
        return why


def _text(record: Record) -> str:
    if not record.whole:
        raise SetAside("too_long", f"a line of {record.size} bytes is not a row of a crop log")
    if b"\0" in record.raw:
        raise SetAside("encoding", "NUL bytes: not text, or not UTF-8")
    try:
        return record.raw.decode()
    except UnicodeDecodeError as error:
        raise SetAside("encoding", f"not UTF-8 at byte {error.start}") from error


def _fields(text: str) -> list[str]:
    if '"' not in text and "\r" not in text:
        return text.split(",")  # what the csv module would say, at a fifth of the cost
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise SetAside("csv", f"not CSV: {error}") from error


@frozen
class Survey:
    """What the first reading found."""

    sha256: str
    size: int
    rows: int
    cuts: Mapping[tuple[str, str], Sequence[Cut]]
    """By project and file name: how the file was cut down, and when."""


def survey_of(path: Path, project: str | None, tz: ZoneInfo | None) -> Survey:
    """Read the file once, for what its rows have to know of each other."""
    cuts: dict[tuple[str, str], list[Cut]] = {}
    count = 0
    with _opened(path) as stream:
        lines = Measured(stream)
        for row in rows(lines, project, tz):
            count += 1
            if isinstance(row.meaning, Evidence) and (cut := cut_of(row.meaning.event, row.meaning.at)):
                cuts.setdefault(row.meaning.key, []).append(cut)
    return Survey(lines.sha256, lines.size, count, cuts)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file, for reading; raises what a person can act on."""
    try:
        if path.exists() and not path.is_file():
            raise Invalid(f"{path} is not a file.")
        with path.open("rb") as stream:
            yield stream
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path}.") from error
    except LiveFileError as error:
        raise Unsafe(f"{path} is a live database of this home, not a crop log.") from error
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error


def chunks(path: Path, survey: Survey, project: str | None, tz: ZoneInfo | None) -> Iterator[list[Row]]:
    """Read the file again, as far as the survey went, some thousand rows at a time."""
    chunk: list[Row] = []
    held = 0
    with _opened(path) as stream:
        for row in rows(Measured(stream, survey.size), project, tz):
            chunk.append(row)
            held += len(row.record.raw)
            if len(chunk) == CHUNK_ROWS or held > _CHUNK_BYTES:
                yield chunk
                chunk, held = [], 0
    if chunk:
        yield chunk
