"""Crop logs -> history in the ledger: every row accepted, known already, or set aside with its reason.

Some thousand rows are decided per transaction; look-up and append are one stay in the write lock, so two imports at
once add nothing twice either.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from attrs import define, field, frozen

from commands.crop_files import Row, chunks, survey_of
from commands.crops import ImportHistory
from commands.decider import Request
from commands.evidence import (
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
from configs.home import Home
from ledger.entry import new_id
from ledger.errors import Invalid
from ledger.events.crops import CropRecorded
from ledger.events.history import HistoryImported
from ledger.log import Ledger
from ledger.values import Actor, Instant

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
    survey = survey_of(path, project, tz)
    source = Source(str(path), survey.sha256, project)
    with Quarantine(home.quarantine).keeping(source, now) as keeper:
        reading = _Import(ledger, actor, now, survey.cuts, keeper)
        for chunk in chunks(path, survey, project, tz):
            reading.take(chunk)
            if progress:
                progress(reading.read, survey.rows)
        return reading.report()


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
