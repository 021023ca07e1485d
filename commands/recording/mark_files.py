"""A whole file of marks: recorded, and what cannot be is set aside."""

import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import IO

from attrs import evolve, frozen

from commands.importing.mark_lines import LAYOUT, marks_from
from commands.importing.quarantine import Keeper, Quarantine, SetAside, Source, reason_of
from commands.importing.reading import Record
from commands.recording.marks import Mark
from commands.recording.recording import Asked, Recorder
from configs.home import Home
from imaging.zones import canonical
from ledger.errors import CropledgerError, NotFound


@frozen
class FileReport:
    """What became of a file of marks: recorded + unchanged + set aside = read, always."""

    file: str
    read: int
    recorded: int
    unchanged: int
    set_aside: int
    reasons: Mapping[str, int]
    """Set aside, by reason."""
    without_group: int


def record_file(
    recorder: Recorder,
    home: Home,
    file: Path,
    asked: Asked,
    directory: Path | None,
    project: str | None,
    watch: Callable[[int, int], None],
) -> FileReport:
    """Record a file of marks (`-` is standard input); what cannot be recorded is set aside with its line and reason.

    With `directory`, marks outside it are set aside. `watch` is called with the marks looked at and the lines there
    are. Raises `NotFound` for a file that cannot be read.
    """
    with _spooled(file) as spool:
        source = Source(str(file), spool.sha256, project)
        with Quarantine(home.quarantine).keeping(source, asked.now) as keeper:
            marks = _understood(spool.stream, directory, project, keeper)
            looked = count(1)
            recorded = recorder.record(marks, asked, lambda: watch(next(looked), spool.lines))
            for mark, why in recorded.refused:
                _set_aside(keeper, mark, why)
    read = recorded.recorded + recorded.unchanged + keeper.count
    return FileReport(
        str(file), read, recorded.recorded, recorded.unchanged, keeper.count, keeper.reasons, recorded.without_group
    )


@frozen
class _Spool:
    """A copy of a file: what is recorded is what was hashed, also where it comes through a pipe."""

    stream: IO[bytes]
    sha256: str
    lines: int


@contextmanager
def _spooled(file: Path) -> Iterator[_Spool]:
    with tempfile.TemporaryFile() as copy:
        digest, lines = hashlib.sha256(), 0
        try:
            with sys.stdin.buffer if str(file) == "-" else file.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
                    lines += block.count(b"\n")
                    copy.write(block)
        except OSError as error:
            raise NotFound(f"{file} cannot be read: {error.strerror}.") from error
        copy.seek(0)
        yield _Spool(copy, digest.hexdigest(), max(lines, 1))


def _understood(stream: IO[bytes], directory: Path | None, project: str | None, keeper: Keeper) -> Iterator[Mark]:
    place = None if directory is None else canonical(directory)
    for line in marks_from(stream, project):
        record, meaning = line.record, line.meaning
        if isinstance(meaning, SetAside):
            keeper.add(record, LAYOUT, meaning)
        elif place is not None and not canonical(meaning.path).is_relative_to(place):
            keeper.add(record, LAYOUT, SetAside("path", f"{meaning.path} is not in {place}"))
        else:
            yield evolve(meaning, origin=record)


def _set_aside(keeper: Keeper, mark: Mark, why: CropledgerError) -> None:
    keeper.add(_origin(mark), LAYOUT, SetAside(reason_of(why), str(why)))


def _origin(mark: Mark) -> Record:
    assert mark.origin is not None  # noqa: S101  # every mark here came from a line
    return mark.origin
