"""Files of other tools -> the ledger: every record accepted, known, completing, or set aside; one report per file."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from attrs import Factory, define, evolve, field, frozen

from commands.importing.aligning import Aligned
from commands.importing.facts import QUEUE, Reading, Told, bare_name
from commands.importing.files import Survey, chunks, rows_of, survey_of
from commands.importing.landing import Landing
from commands.importing.layouts import Row, checked_layout
from commands.importing.own_exports import OwnExports
from commands.importing.quarantine import Keeper, Quarantine, SetAside, Source
from commands.importing.unfinished import Notes, Unfinished
from commands.importing.unowed import keep_unowed
from commands.importing.waiting import Waiting
from commands.recording.recording import Asked
from configs.home import Home
from ledger.entry import new_id
from ledger.errors import CropledgerError, Invalid, NotFound, Refused, Unsafe
from ledger.log import Ledger
from ledger.values import Instant, instant
from projections.history import waiting_images
from projections.reader import Projections


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
    first_at: Instant | None
    """The earliest time among the accepted, completing and known."""
    last_at: Instant | None
    owed: int = 0
    """Crops put in the queue that this file told of first."""
    not_owed: Mapping[str, int] = Factory(dict)
    """Crops that wait by what is known, and could not be put in the queue, by reason."""

    @property
    def set_aside(self) -> int:
        """How many records were set aside."""
        return sum(self.quarantined.values())


@frozen
class Brought:
    """What became of several files that were brought in together."""

    reports: tuple[ImportReport, ...]
    """One for each file that could be read, in their order."""
    problems: tuple[tuple[Path, CropledgerError], ...] = ()
    """The files that could not be read, and why."""
    completed: tuple[Unfinished, ...] = ()
    """Imports of other files that had broken off, with whose marks the queue is in line now."""
    completed_owed: int = 0
    """Crops of these that were put in the queue."""


class Watch:
    """What is told while files are brought in; this one tells nobody."""

    def records(self, done: int, there: int) -> None:
        """So many records of a file are done, of those there are."""

    def file(self) -> None:
        """A file is done."""

    def aligning(self, done: int, there: int) -> None:
        """The queue is in line with so many images, of those that were told of."""


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

    def bring(self, path: Path, watch: Watch | None = None) -> ImportReport:
        """Bring one file in; again adds nothing.

        Raises `NotFound`, `Invalid`, `Refused`, `Unsafe` for a file that cannot be read, `Busy` where the ledger is
        held.
        """
        brought = self.bring_all([path], watch)
        for _, why in brought.problems:
            raise why
        return brought.reports[0]

    def bring_all(self, paths: Iterable[Path], watch: Watch | None = None) -> Brought:
        """Bring files in together: first all that they say lands, then the queue is brought in line with it.

        So their order makes no difference to what is recorded. A file that cannot be read is told and stops no other.
        The queue is brought in line with what earlier imports had brought that broke off, too.
        Raises `Busy` where the ledger is held.
        """
        files, notes = list(paths), Notes.of(self.home)
        left = notes.left()
        with notes.keeping(self._begun(files)):
            together = _Together(self, Quarantine(self.home.quarantine), watch or Watch(), bool(left))
            brought = together.bring(files)
            notes.forget(left)
        return evolve(brought, completed=tuple(each for each in left.values() if not each.is_within(files)))

    def _begun(self, files: Sequence[Path]) -> Unfinished:
        said = {"--project": self.told.project, "--tz": str(self.told.tz or ""), "--as": self.layout}
        options = (word for option, value in said.items() if value for word in (option, value))
        return Unfinished(instant(self.now), tuple(str(file.resolve()) for file in files), tuple(options))

    def try_out(self, paths: Iterable[Path], watch: Watch | None = None) -> Brought:
        """What `bring_all` would report; nothing is recorded, and nothing set aside."""
        with TemporaryDirectory(prefix="crop-import-") as folder, rehearsing(self.ledger):
            return _Together(self, Quarantine(Path(folder)), watch or Watch()).bring(paths)


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


_EARLIER = -1
"""The number of a file that an earlier import had read."""


@define
class _Together:
    """Files that are brought in together."""

    importer: Importer
    quarantine: Quarantine
    watch: Watch
    after_another: bool = False
    """Whether the queue may be out of line with what an earlier import had brought."""
    correlation: str = Factory(new_id)
    exports: OwnExports | None = field(init=False)

    def __attrs_post_init__(self) -> None:
        of = self.importer
        self.exports = OwnExports(of.projections, of.told) if of.projections else None

    def bring(self, paths: Iterable[Path]) -> Brought:
        """Every file, one after the other, and then the queue."""
        reports: list[ImportReport] = []
        problems: list[tuple[Path, CropledgerError]] = []
        for path in paths:
            try:
                reports.append(self._one(path, len(reports)))
            except (NotFound, Invalid, Refused, Unsafe) as why:
                problems.append((path, why))
            self.watch.file()
        aligned = self._aligned()
        return Brought(
            tuple(evolve(report, owed=aligned.owed[number], not_owed=aligned.reasons(number))
                  for number, report in enumerate(reports)),
            tuple(problems), completed_owed=aligned.owed[_EARLIER],
        )  # fmt: skip

    def _one(self, path: Path, number: int) -> ImportReport:
        survey = survey_of(path)
        source = Source(str(path), survey.sha256, self.importer.told.project)
        with self.quarantine.keeping(source, self.importer.now) as keeper:
            landing = Landing(self.importer.ledger, self.importer.now, self.correlation, exports=self.exports)
            importing = _Import(survey, keeper, landing, self.importer.waiting, number)

            def tell(looked: int = 0) -> None:
                done = importing.read + looked
                self.watch.records(done, max(survey.records, done))

            for chunk in chunks(rows_of(survey, self.importer.told, self.importer.layout)):
                importing.take(chunk, tell)
                tell()
            self.watch.records(importing.read, importing.read)  # headers had been counted, too
            return importing.report()

    def _aligned(self) -> Aligned:
        """What came of the crops that wait."""
        if self.importer.waiting is None:
            return Aligned()
        aligner = self.importer.waiting.aligner
        if self.after_another and self.importer.projections:
            for name in waiting_images(self.importer.projections):
                aligner.note((name.project, bare_name(name.filename)), Instant(name.first_at), _EARLIER)
        aligned = aligner.align(Asked(f"import:{QUEUE}", self.correlation, self.importer.now), self.watch.aligning)
        keep_unowed(aligned.names, aligned.unowed, self.quarantine, self.importer.now)
        return aligned


@define
class _Import:
    """One file under way, and what has been counted."""

    survey: Survey
    keeper: Keeper
    landing: Landing
    waiting: Waiting | None
    number: int
    """Which of the files it is."""
    layouts: Counter[str] = Factory(Counter)
    warnings: Counter[str] = Factory(Counter)
    verdicts: Counter[str] = Factory(Counter)
    aside: list[tuple[Row, SetAside]] = Factory(list)
    """What is to be set aside of the rows at hand."""
    read: int = 0
    boxes: int = 0
    span: tuple[Instant, Instant] | None = None

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
                self.aside.append((row, row.meaning))
            else:
                understood.append((row, row.meaning))
        landed = [(row, reading) for row, reading in understood if not reading.owed]
        for (row, reading), verdict in zip(landed, self.landing.take([each for _, each in landed]), strict=True):
            self._count(row, reading, verdict)
        if self.waiting is not None:
            self.waiting.note((reading for _, reading in landed), self.number)
        owed = [(row, reading) for row, reading in understood if reading.owed]
        looked = count(1)
        self._queue(owed, lambda: tell(min(next(looked), len(owed)) - (self.read - begun)))
        for row, why in sorted(self.aside, key=lambda each: each[0].record.line):
            self.keeper.add(row.record, row.layout, why)
        self.aside.clear()

    def _queue(self, owed: Sequence[tuple[Row, Reading]], watch: Callable[[], None]) -> None:
        """Records whose crops wait: facts, if their images are still there."""
        if owed and self.waiting is None:
            self.aside += [(row, SetAside("queue", "crops that wait are not taken here")) for row, _ in owed]
        elif owed and self.waiting is not None:
            verdicts = self.waiting.take([reading for _, reading in owed], self.landing, self.number, watch)
            for (row, reading), verdict in zip(owed, verdicts, strict=True):
                self._count(row, reading, verdict)

    def _count(self, row: Row, reading: Reading, verdict: str | SetAside) -> None:
        if isinstance(verdict, SetAside):
            self.aside.append((row, verdict))
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
            self.keeper.reasons, self.warnings, self.boxes, *(self.span or (None, None)),
        )  # fmt: skip
