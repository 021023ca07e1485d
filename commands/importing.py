"""Crop logs -> history in the ledger: every row accepted, known already, or set aside with its reason.

The file is read twice. The first time finds its hash and which files were cut down when, because a row's rectangle may
refer to what an earlier row had left of the same file, and rows need not be in order. The second time decides, some
thousand rows per transaction; look-up and append are one stay in the write lock, so two imports at once add nothing
twice either.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from attrs import define, field, frozen

from commands.crop_logs import is_header, layout_of, read
from commands.crops import ImportHistory
from commands.decider import Request
from commands.evidence import (
    UNKNOWN,
    V1,
    Cut,
    Evidence,
    Known,
    bare_name,
    cut_of,
    history_id,
    recropped,
    refers_to,
    require_agreement,
    require_first,
)
from commands.handle import handle_many
from commands.quarantine import Keeper, Quarantine, SetAside, Source
from commands.reading import Lines, Measured, Record, csv_records
from configs.home import Home
from db.guard import LiveFileError
from ledger.entry import new_id
from ledger.errors import Invalid, NotFound, Refused, Unsafe
from ledger.events.crops import CropRecorded
from ledger.events.history import HistoryImported
from ledger.log import Ledger
from ledger.values import Actor, Instant

CHUNK_ROWS = 4096
_CHUNK_BYTES = 8 * 1024 * 1024

Progress = Callable[[int, int], None]
"""Called with the rows done and the rows there are."""


@frozen
class ImportReport:
    """What became of a file's rows: accepted + known + quarantined = read, always."""

    file: str
    sha256: str
    layouts: Mapping[str, int]
    """Rows by what they looked like."""
    read: int
    """Rows, without headers and empty lines."""
    accepted: int
    known: int
    """Rows that say nothing new."""
    quarantined: Mapping[str, int]
    """Rows set aside, by reason."""
    warnings: Mapping[str, int]
    """Accepted rows by what is odd about them."""
    boxes: int
    """Accepted rows whose box is known."""
    first_at: Instant | None
    """The earliest crop among the accepted and known."""
    last_at: Instant | None

    @property
    def set_aside(self) -> int:
        """How many rows were set aside."""
        return sum(self.quarantined.values())


def import_crops(
    path: Path,
    project: str | None,
    ledger: Ledger,
    home: Home,
    now: datetime,
    *,
    actor: str = "import:crop_log",
    tz: ZoneInfo | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Bring a crop log into the ledger as history; again adds nothing.

    `project` names the project of rows that do not name one, and `tz` the zone of local times. Raises `NotFound`,
    `Invalid`, `Refused`, `Unsafe` for a file that cannot be read, `Busy` where the ledger is held.
    """
    if project is not None and (not project.strip() or not project.isprintable()):
        raise Invalid(f"not a project's name: {project!r}")
    Actor.parse(actor)
    survey = _survey(path, project, tz)
    source = Source(str(path), survey.sha256, project)
    with Quarantine(home.quarantine).keeping(source, now) as keeper:
        reading = _Import(ledger, actor, now, survey.cuts, keeper)
        for chunk in _chunks(path, survey, project, tz):
            reading.take(chunk)
            if progress:
                progress(reading.read, survey.rows)
        return reading.report()


# -- reading ----------------------------------------------------------------------------------------------------


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


@define
class _Survey:
    """What the first reading found."""

    sha256: str
    size: int
    rows: int
    cuts: Mapping[tuple[str, str], Sequence[Cut]]
    """By project and file name: how the file was cut down, and when."""


def _survey(path: Path, project: str | None, tz: ZoneInfo | None) -> _Survey:
    cuts: dict[tuple[str, str], list[Cut]] = {}
    count = 0
    with _opened(path) as stream:
        lines = Measured(stream)
        for row in rows(lines, project, tz):
            count += 1
            if isinstance(row.meaning, Evidence) and (cut := cut_of(row.meaning.event, row.meaning.at)):
                cuts.setdefault(row.meaning.key, []).append(cut)
    return _Survey(lines.sha256, lines.size, count, cuts)


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


def _chunks(path: Path, survey: _Survey, project: str | None, tz: ZoneInfo | None) -> Iterator[list[Row]]:
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


# -- deciding ---------------------------------------------------------------------------------------------------


@define
class _Import:
    """One import under way, and what it has counted."""

    ledger: Ledger
    actor: str
    now: datetime
    cuts: Mapping[tuple[str, str], Sequence[Cut]]
    keeper: Keeper
    correlation: str = field(factory=new_id)
    layouts: Counter[str] = field(factory=Counter)
    warnings: Counter[str] = field(factory=Counter)
    read: int = 0
    accepted: int = 0
    known: int = 0
    boxes: int = 0
    span: tuple[Instant, Instant] | None = None

    def take(self, chunk: Sequence[Row]) -> None:
        """Decide a chunk of rows: what is accepted lands whole, in one transaction."""
        with self.ledger.exclusive():
            fresh = self._fresh(chunk)
            requests = [self._request(evidence) for evidence in fresh]
            outcome = handle_many(requests, ledger=self.ledger, now=self.now)
        for _, why in outcome.refused:
            raise why  # nothing refuses evidence today; if a rule ever does, it must not be passed over
        landed = {entry.id for entry in outcome.entries}
        for evidence in fresh:
            self._count(evidence, accepted=evidence.id in landed)

    def _fresh(self, chunk: Sequence[Row]) -> list[Evidence]:
        """What the ledger does not know yet; the rest is counted or set aside."""
        met = self._met(chunk)
        fresh = []
        for row in chunk:
            self.read += 1
            self.layouts[row.layout] += 1
            try:
                evidence = self._understood(row)
                if evidence.id not in met:
                    met[evidence.id] = evidence.event
                    fresh.append(evidence)
                    continue
                require_agreement(evidence.event, met[evidence.id])
                self._count(evidence, accepted=False)
            except SetAside as why:
                self.keeper.add(row.record, row.layout, why)
        return fresh

    def _met(self, chunk: Sequence[Row]) -> dict[str, Known]:
        """What the ledger knows of the crops in this chunk, by the id their evidence has or would have."""
        evidence = {row.meaning.id: row.meaning for row in chunk if isinstance(row.meaning, Evidence)}
        met: dict[str, Known] = {}
        for entry in self.ledger.at(CropRecorded.TYPE, {each.at for each in evidence.values()}):
            if isinstance(entry.event, CropRecorded):
                met[history_id(entry.event.project, bare_name(entry.event.path), entry.occurred_at)] = entry.event
        for entry in self.ledger.find(evidence):
            if isinstance(entry.event, HistoryImported):
                met[entry.id] = entry.event
        return met

    def _understood(self, row: Row) -> Evidence:
        """What the row is evidence of, in the frame it was drawn in; raises `SetAside`."""
        if isinstance(row.meaning, SetAside):
            raise row.meaning
        evidence = row.meaning
        if evidence.event.source != V1 or evidence.event.box is None:
            return evidence
        history = self._history(evidence.subject)
        known = (cut for event, at in history if (cut := cut_of(event, at)))
        if any(refers_to(evidence.event, evidence.at, cut) for cut in (*self.cuts.get(evidence.key, ()), *known)):
            return recropped(evidence)
        require_first(evidence, history)
        return evidence

    def _history(self, subject: str) -> list[tuple[HistoryImported, Instant]]:
        entries = self.ledger.history(subject)
        return [(entry.event, entry.occurred_at) for entry in entries if isinstance(entry.event, HistoryImported)]

    def _request(self, evidence: Evidence) -> Request:
        command = ImportHistory(evidence.subject, evidence.event)
        return Request(command, self.actor, self.correlation, at=evidence.at, id=evidence.id)

    def _count(self, evidence: Evidence, *, accepted: bool) -> None:
        first, last = self.span or (evidence.at, evidence.at)
        self.span = min(first, evidence.at), max(last, evidence.at)
        if not accepted:
            self.known += 1
            return
        self.accepted += 1
        self.boxes += evidence.event.box is not None
        self.warnings.update(evidence.event.warnings)

    def report(self) -> ImportReport:
        """The figures, at the end."""
        source = self.keeper.source
        return ImportReport(
            source.name, source.sha256, self.layouts, self.read, self.accepted, self.known, self.keeper.reasons,
            self.warnings, self.boxes, *(self.span or (None, None)),
        )  # fmt: skip
