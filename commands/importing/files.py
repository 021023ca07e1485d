"""One file: opened, hashed, and read record by record. It is read twice: first to know how much there is in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from attrs import evolve, frozen

from commands.importing import databases, xmp_sidecars
from commands.importing.decisions import DATABASE
from commands.importing.facts import Told
from commands.importing.layouts import Row, rows
from commands.importing.reading import KEPT_BYTES, Measured, records
from db.guard import LiveFileError
from ledger.errors import Invalid, NotFound, Refused, Unsafe

CHUNK_ROWS = 4096
_BEGINNING = 64
_CHUNK_BYTES = 8 * 1024 * 1024


@frozen
class Survey:
    """What the first reading found."""

    path: Path
    sha256: str
    size: int
    records: int
    is_database: bool = False
    is_sidecar: bool = False
    """Whether it is an XMP sidecar, which is one record."""


def survey_of(path: Path) -> Survey:
    """Read the file once, for its hash and length; raises what a person can act on."""
    with _opened(path) as stream:
        beginning = stream.read(_BEGINNING)
        stream.seek(0)
        lines = Measured(stream)
        if databases.is_database(beginning):
            while lines.readline(KEPT_BYTES):
                pass
            return Survey(path, lines.sha256, lines.size, 0, is_database=True)
        if xmp_sidecars.is_sidecar(path, beginning):
            while lines.readline(KEPT_BYTES):
                pass
            return Survey(path, lines.sha256, lines.size, 1, is_sidecar=True)
        count = sum(1 for record in records(lines) if record.raw.strip())
        return Survey(path, lines.sha256, lines.size, count)


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
        raise Unsafe(f"{path} is a live database of this home, not a log.") from error
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error


def rows_of(survey: Survey, told: Told, forced: str | None = None) -> Iterator[Row]:
    """Every row of the file as it was when it was surveyed; a log that grows meanwhile is read as it was."""
    told = evolve(told, name=_name_for(survey))
    if survey.is_database or forced == DATABASE:
        yield from databases.rows(survey.path, told)
        return
    with _opened(survey.path) as stream:
        if survey.is_sidecar:
            yield from xmp_sidecars.rows(survey.path, stream.read(survey.size), told)
            return
        yield from rows(records(Measured(stream, survey.size)), told, forced)


def _name_for(survey: Survey) -> str:
    """The file's name; that of a sidecar means its image only while it holds a single record."""
    name = survey.path.name
    return "" if survey.records > 1 and name.endswith(".decision") else name


def chunks(some: Iterator[Row]) -> Iterator[list[Row]]:
    """Rows some thousand at a time, each lot decided in one transaction."""
    chunk: list[Row] = []
    held = 0
    for row in some:
        chunk.append(row)
        held += len(row.record.raw)
        if len(chunk) == CHUNK_ROWS or held > _CHUNK_BYTES:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk
