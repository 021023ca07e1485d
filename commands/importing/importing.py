"""Files of other tools -> the ledger: every record accepted, known, completing, or set aside; one report per file."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from attrs import Factory, define, field, frozen

from commands.importing.facts import Reading, Told
from commands.importing.files import Survey, chunks, rows_of, survey_of
from commands.importing.landing import Landing
from commands.importing.layouts import Row, checked_layout
from commands.importing.own_exports import OwnExports
from commands.importing.quarantine import Keeper, Quarantine, SetAside, Source
from commands.importing.waiting import Waiting
from configs.home import Home
from ledger.entry import new_id
from ledger.errors import Invalid
from ledger.log import Ledger
from ledger.values import Instant
from projections.reader import Projections

Progress = Callable[[int, int], None]
"""Called with the records done and the records there are."""


@frozen
class ImportReport:
    """What became of a file's records: accepted + completed + known + quarantined = read, always."""

    file: str
    sha256: str
    layouts: Mapping[str, int]
    """Records by what they looked like."""
    read: int
    """Records, without headers and empty lines."""
    accepted: int
    completed: int
    """Records that add to what was known of the same crop, group, session ..."""
    known: int
    """Records that say nothing new."""
    quarantined: Mapping[str, int]
    """Records set aside, by reason."""
    warnings: Mapping[str, int]
    """Accepted and completing records by what is odd about them."""
    boxes: int
    """Boxes that these hold."""
    owed: int
    """Crops put in the queue."""
    first_at: Instant | None
    """The earliest time among the accepted, completing and known."""
    last_at: Instant | None

    @property
    def set_aside(self) -> int:
        """How many records were set aside."""
        return sum(self.quarantined.values())


@frozen
class Importer:
    """Brings files into one ledger."""

    ledger: Ledger
    home: Home
    now: datetime
    told: Told
    layout: str | None = None
    """Read every record as this layout, whatever it looks like."""
    projections: Projections | None = None
    """For what an export of this ledger would say, which is known when it comes back."""
    waiting: Waiting | None = None
    """What puts crops that wait into the queue; without it they are set aside."""

    @classmethod
    def of(
        cls,
        ledger: Ledger,
        home: Home,
        now: datetime,
        *,
        project: str | None = None,
        tz: ZoneInfo | None = None,
        layout: str | None = None,
        projections: Projections | None = None,
        waiting: Waiting | None = None,
    ) -> "Importer":
        """With what a person said; raises `Invalid` for a project or a layout there cannot be."""
        if project is not None and (not project.strip() or not project.isprintable()):
            raise Invalid(f"not a project's name: {project!r}")
        return cls(ledger, home, now, Told(project, tz), checked_layout(layout), projections, waiting)

    def bring(self, path: Path, progress: Progress | None = None) -> ImportReport:
        """Bring one file in; again adds nothing.

        Raises `NotFound`, `Invalid`, `Refused`, `Unsafe` for a file that cannot be read, `Busy` where the ledger is
        held.
        """
        survey = survey_of(path)
        source = Source(str(path), survey.sha256, self.told.project)
        with Quarantine(self.home.quarantine).keeping(source, self.now) as keeper:
            return self._read(survey, keeper, progress)

    def try_out(self, path: Path, progress: Progress | None = None) -> ImportReport:
        """What `bring` would report; nothing is recorded, and nothing set aside.

        Within `rehearsing`, what the files before it hold counts as known.
        """
        survey = survey_of(path)
        with TemporaryDirectory(prefix="crop-import-") as folder:
            source = Source(str(path), survey.sha256, self.told.project)
            with Quarantine(Path(folder)).keeping(source, self.now) as keeper:
                return self._read(survey, keeper, progress)

    def _read(self, survey: Survey, keeper: Keeper, progress: Progress | None) -> ImportReport:
        importing = _Import(self, survey, keeper)

        def tell(looked: int = 0) -> None:
            done = importing.read + looked
            if progress:
                progress(done, max(survey.records, done))

        for chunk in chunks(rows_of(survey, self.told, self.layout)):
            importing.take(chunk, tell)
            tell()
        if progress:
            progress(importing.read, importing.read)  # headers had been counted, too
        return importing.report()


class _Rehearsed(Exception):  # no error: it ends the rehearsal
    """Everything was tried; now it is taken back."""


@contextmanager
def rehearsing(ledger: Ledger) -> Iterator[None]:
    """What the block records is taken back at its end; meanwhile nobody else can write."""
    try:
        with ledger.exclusive():
            yield
            raise _Rehearsed  # noqa: TRY301  # so that the lock's own way back is taken
    except _Rehearsed:
        return


@define
class _Import:
    """One file under way, and what has been counted."""

    importer: Importer
    survey: Survey
    keeper: Keeper
    landing: Landing = field(init=False)
    layouts: Counter[str] = Factory(Counter)
    warnings: Counter[str] = Factory(Counter)
    verdicts: Counter[str] = Factory(Counter)
    read: int = 0
    boxes: int = 0
    owed: int = 0
    span: tuple[Instant, Instant] | None = None

    def __attrs_post_init__(self) -> None:
        of = self.importer
        exports = OwnExports(of.projections, of.told) if of.projections else None
        self.landing = Landing(of.ledger, of.now, new_id(), exports=exports)

    def take(self, chunk: Sequence[Row], tell: Callable[[int], None]) -> None:
        """Decide a chunk of rows: what is new lands whole, in one transaction.

        `tell` is called with the images of crops that were looked at so far, for that is what takes long.
        """
        begun = self.read
        understood: list[tuple[Row, Reading]] = []
        for row in chunk:
            self.read += 1
            self.layouts[row.layout] += 1
            if isinstance(row.meaning, SetAside):
                self.keeper.add(row.record, row.layout, row.meaning)
            else:
                understood.append((row, row.meaning))
        landed = [(row, reading) for row, reading in understood if not reading.owed]
        for (row, reading), verdict in zip(landed, self.landing.take([each for _, each in landed]), strict=True):
            self._count(row, reading, verdict)
        if self.importer.waiting is not None:
            self.importer.waiting.settle([reading for _, reading in landed], self.landing)
        owed = [(row, reading) for row, reading in understood if reading.owed]
        looked = count(1)
        self._queue(owed, lambda: tell(min(next(looked), len(owed)) - (self.read - begun)))

    def _queue(self, owed: Sequence[tuple[Row, Reading]], watch: Callable[[], None]) -> None:
        """Records whose crops wait: into the queue, if their images are still there."""
        waiting = self.importer.waiting
        if owed and waiting is None:
            for row, _ in owed:
                self.keeper.add(row.record, row.layout, SetAside("queue", "crops that wait are not taken here"))
        elif owed and waiting is not None:
            verdicts = waiting.take([reading for _, reading in owed], self.landing, watch)
            for (row, reading), (verdict, crops) in zip(owed, verdicts, strict=True):
                self.owed += crops
                self._count(row, reading, verdict)

    def _count(self, row: Row, reading: Reading, verdict: str | SetAside) -> None:
        if isinstance(verdict, SetAside):
            self.keeper.add(row.record, row.layout, verdict)
            return
        self.verdicts[verdict] += 1
        if reading.at is not None:
            first, last = self.span or (reading.at, reading.at)
            self.span = min(first, reading.at), max(last, reading.at)
        if verdict != "known":
            self.boxes += reading.boxes
            self.warnings.update(reading.warnings)

    def report(self) -> ImportReport:
        """The figures, at the end."""
        source, count = self.keeper.source, self.verdicts
        return ImportReport(
            source.name, source.sha256, self.layouts, self.read, count["accepted"], count["completed"], count["known"],
            self.keeper.reasons, self.warnings, self.boxes, self.owed, *(self.span or (None, None)),
        )  # fmt: skip
