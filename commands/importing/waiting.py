"""Crops that wait in another tool's queue -> facts, if their images are still there.

That somebody marked a box is a fact and lands like any other, so in whatever order the files come the ledger holds the
same facts. What is owed follows from all of them together, when all files of an import have landed.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from attrs import Factory, define
from attrs import evolve as changed

from commands.crops import IMAGES, RecordCrop
from commands.finding import subject_for
from commands.handle import replay
from commands.image import ALLOWED, Image
from commands.importing.aligning import Aligner
from commands.importing.facts import Fact, Reading, bare_name, mark_facts
from commands.importing.landing import Landing, Verdict
from commands.importing.owing import decided_after
from commands.importing.quarantine import SetAside, reason_of
from commands.importing.tellings import QUEUES
from commands.importing.whereabouts import Whereabouts
from commands.looks import looks
from commands.recording.marks import Mark
from commands.recording.recording import Recorder, recorded_as
from imaging.read import ImageFile
from imaging.zones import canonical
from ledger.errors import CropledgerError, NotFound
from ledger.events.crops import CropRecorded
from ledger.events.history import HistoryCompleted
from ledger.values import image_subject


@define
class Waiting:
    """Takes the crops of other tools' queues."""

    recorder: Recorder
    whereabouts: Whereabouts
    aligner: Aligner

    @classmethod
    def of(cls, recorder: Recorder, aside: frozenset[Path] = frozenset()) -> "Waiting":
        """With a recorder, and the directories in which no image is looked for: home, where the archive is."""
        whereabouts = Whereabouts(recorder.zones.roots, aside)
        return cls(recorder, whereabouts, Aligner(recorder, whereabouts))

    def take(
        self, readings: Sequence[Reading], landing: Landing, file: int = 0, watch: Callable[[], None] = lambda: None
    ) -> list[Verdict | SetAside]:
        """Land the marks of records, and note their images; the answers are in the order of the readings.

        `file` is the number of the file they are in. `watch` is called for every image that was looked at, which is
        what takes the time.
        """
        outcomes = [_Outcome(changed(reading, owed=()), len(reading.owed)) for reading in readings]
        found = self._found(zip(outcomes, readings, strict=True), landing)
        self._look([each for each in found if each.is_new], watch)
        with self.recorder.ledger.exclusive():
            for each in found:
                self._land(each, file)
            landed = landing.take([outcome.reading for outcome in outcomes])
        return [outcome.answer(verdict) for outcome, verdict in zip(outcomes, landed, strict=True)]

    def note(self, readings: Iterable[Reading], file: int = 0) -> None:
        """What a queue says was carried out by now may be owed here."""
        for reading in readings:
            for fact in reading.facts:
                if isinstance(fact.event, HistoryCompleted) and fact.event.source in QUEUES:
                    self.aligner.note((fact.event.project, fact.event.filename), fact.at, file)

    def _found(self, records: "Iterable[tuple[_Outcome, Reading]]", landing: Landing) -> "list[_Found]":
        """The marks whose images are there; of the others, those that nobody knows of are told as missing."""
        marks = [
            (outcome, mark, reading)
            for outcome, reading in records
            if not (reading.text and landing.exports and landing.exports.has_waiting(reading.text))
            for mark in reading.owed
        ]
        ids = [[fact.id for fact in mark_facts(mark, reading.source)] for _, mark, reading in marks]
        known = {entry.id for entry in self.recorder.ledger.find([id_ for each in ids for id_ in each])}
        found: list[_Found] = []
        for (outcome, mark, reading), (*_, waits) in zip(marks, ids, strict=True):
            try:
                path = self.whereabouts.of(mark.path, mark.dimensions)
                if self._is_ours(mark, path):
                    continue
                if path is not None:
                    found.append(_Found(outcome, mark, reading.source, path, is_new=waits not in known))
                elif waits not in known and not self._is_made(mark):
                    raise SetAside("missing", f"{mark.path} is not there, and no other image of its name and size is")
            except CropledgerError as why:
                self.aligner.told.add((mark.project, mark.path))
                outcome.add(why)
        return found

    def _is_ours(self, mark: Mark, path: Path | None) -> bool:
        """Whether an operator of this ledger made the mark, and it comes back."""
        subject = subject_for(path or canonical(mark.path), mark.project, self.recorder.projections)
        return any(
            entry.by_a_person
            and isinstance(entry.event, CropRecorded)
            and entry.event.box == mark.box
            and mark.at in {None, entry.occurred_at}
            for entry in self.recorder.ledger.history(subject)
        )

    def _is_made(self, mark: Mark) -> bool:
        """Whether another record tells of the same crop as made, so that nobody needs to look for its image."""
        made = self.recorder.ledger.history(image_subject(mark.project, bare_name(mark.path))) if mark.at else ()
        return any(entry.occurred_at == mark.at for entry in made)

    def _look(self, found: "Sequence[_Found]", watch: Callable[[], None]) -> None:
        for each, image in zip(found, looks(self.recorder.look, [each.here for each in found]), strict=True):
            each.image = image
            watch()

    def _land(self, each: "_Found", file: int) -> None:
        """Let the facts of a new mark land with its record; one that breaks a rule is told instead."""
        if each.is_new:
            try:
                if not isinstance(each.image, ImageFile):
                    raise each.image or NotFound(f"{each.path} was not looked at.")
                self._check_rules(each.here, each.image)
            except CropledgerError as why:
                each.outcome.add(why)
                return
            each.outcome.land(mark_facts(each.mark, each.source, each.image.dimensions))
            self.aligner.remember(each.path, each.image)
        self.aligner.note((each.mark.project, bare_name(each.mark.path)), each.mark.at, file)

    def _check_rules(self, mark: Mark, found: ImageFile) -> None:
        """Raise what refuses a mark that is newer than what was decided here about its image."""
        subject = subject_for(found.path, mark.project, self.recorder.projections, found.sha256, decided=True)
        history = self.recorder.ledger.history(subject)
        image: Image = replay(IMAGES, history)[0]
        if image.status not in ALLOWED[CropRecorded] and not decided_after(image, history, mark):
            list(IMAGES.decide(RecordCrop(subject, recorded_as(mark, found)), image))


@define
class _Found:
    """A mark whose image is there."""

    outcome: "_Outcome"
    mark: Mark
    source: str
    path: Path
    is_new: bool
    image: ImageFile | CropledgerError | None = None
    """What was seen of the image, or why it cannot be cropped."""

    @property
    def here(self) -> Mark:
        """The mark at the path where the image is."""
        return changed(self.mark, path=str(self.path))


@define
class _Outcome:
    """What became of one record's crops."""

    reading: Reading
    """What else it says."""
    crops: int
    reasons: list[str] = Factory(list)
    problems: list[str] = Factory(list)

    def land(self, facts: tuple[Fact, ...]) -> None:
        """These are facts of the record as well."""
        self.reading = changed(self.reading, facts=(*self.reading.facts, *facts))

    def add(self, why: CropledgerError) -> None:
        """One of its crops cannot be taken."""
        self.reasons.append(reason_of(why))
        self.problems.append(why.message)

    def answer(self, landed: Verdict | SetAside) -> Verdict | SetAside:
        """What to say of the record."""
        if not self.problems:
            return landed
        taken = self.crops - len(self.problems)
        kept = f" ({taken} of its {self.crops} crops are taken)" if self.crops > 1 else ""
        return SetAside(self.reasons[0], "; ".join(self.problems) + kept)
