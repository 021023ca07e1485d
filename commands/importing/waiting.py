"""Crops that wait in another tool's queue -> our queue, if their images are still there.

That somebody marked a box is a fact and lands like any other, so in whatever order the files come the ledger holds the
same facts. What is owed follows from all marks on an image together.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attrs import Factory, define
from attrs import evolve as changed

from commands.crops import IMAGES, RecordCrop
from commands.decider import Request
from commands.finding import subject_for
from commands.handle import handle_many, replay
from commands.image import ALLOWED, Image
from commands.importing.facts import Fact, Reading, bare_name, mark_facts
from commands.importing.landing import Landing, Verdict
from commands.importing.owing import QUEUES, Owing, Place, decided_after
from commands.importing.quarantine import SetAside
from commands.importing.whereabouts import Whereabouts
from commands.recording.marks import Mark
from commands.recording.recording import LOOKING, Recorder, recorded_as
from imaging.problems import Unusable
from imaging.read import ImageFile
from imaging.zones import canonical
from ledger.errors import CropledgerError, NotFound
from ledger.events.crops import CropRecorded
from ledger.events.history import HistoryCompleted
from ledger.values import image_subject

Answer = tuple[Verdict | SetAside, int]
"""What became of a record, and how many of its crops are owed now."""


@define
class Waiting:
    """Puts the crops of other tools' queues into ours."""

    recorder: Recorder
    whereabouts: Whereabouts
    owing: Owing

    @classmethod
    def of(cls, recorder: Recorder, aside: frozenset[Path] = frozenset()) -> "Waiting":
        """With a recorder, and the directories in which no image is looked for: home, where the archive is."""
        whereabouts = Whereabouts(recorder.zones.roots, aside)
        return cls(recorder, whereabouts, Owing(recorder, whereabouts))

    def take(
        self, readings: Sequence[Reading], landing: Landing, watch: Callable[[], None] = lambda: None
    ) -> list[Answer]:
        """Land the marks and record what is owed by them; the answers are in the order of the readings.

        `watch` is called for every image that was looked at, which is what takes the time.
        """
        outcomes = [_Outcome(changed(reading, owed=()), len(reading.owed)) for reading in readings]
        found = self._found(zip(outcomes, readings, strict=True))
        self._look([each for each in found if each.is_new], watch)
        with self.recorder.ledger.exclusive():
            for each in found:
                self._land(each)
            landed = landing.take([outcome.reading for outcome in outcomes])
            self._bring_in_line(found, landing)
        return [outcome.answer(verdict) for outcome, verdict in zip(outcomes, landed, strict=True)]

    def settle(self, readings: Iterable[Reading], landing: Landing) -> None:
        """Withdraw what is owed here by a queue that says by now that it was carried out."""
        made = {
            (fact.event.project, fact.event.filename)
            for reading in readings
            for fact in reading.facts
            if isinstance(fact.event, HistoryCompleted) and fact.event.source in QUEUES
        }
        with self.recorder.ledger.exclusive():
            places = [Place(*each, path) for each in sorted(made) for path in self.owing.places(*each)]
            requests = [self.owing.request(place, landing.correlation) for place in places]
            self._handle([request for request in requests if request is not None], landing)

    def _found(self, records: "Iterable[tuple[_Outcome, Reading]]") -> "list[_Found]":
        """The marks whose images are there; of the others, those that nobody knows of are told as missing."""
        marks = [(outcome, mark, reading) for outcome, reading in records for mark in reading.owed]
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
        with ThreadPoolExecutor(LOOKING) as threads:
            for each, image in zip(found, threads.map(self.recorder.look, [each.here for each in found]), strict=True):
                each.image = image
                watch()

    def _land(self, each: "_Found") -> None:
        """Let the facts of a new mark land with its record; one that breaks a rule is told instead."""
        if not each.is_new:
            return
        try:
            if not isinstance(each.image, ImageFile):
                raise each.image or NotFound(f"{each.path} was not looked at.")
            self._check_rules(each.here, each.image)
        except CropledgerError as why:
            each.outcome.add(why)
            each.is_refused = True
        else:
            each.outcome.land(mark_facts(each.mark, each.source))

    def _check_rules(self, mark: Mark, found: ImageFile) -> None:
        """Raise what refuses a mark that is newer than what was decided here about its image."""
        subject = subject_for(found.path, mark.project, self.recorder.projections, found.sha256, decided=True)
        history = self.recorder.ledger.history(subject)
        image: Image = replay(IMAGES, history)[0]
        if image.status not in ALLOWED[CropRecorded] and not decided_after(image, history, mark):
            list(IMAGES.decide(RecordCrop(subject, recorded_as(mark, found)), image))

    def _bring_in_line(self, found: "Sequence[_Found]", landing: Landing) -> None:
        """Record what is owed now, image by image; each crop counts for the record that told of it first."""
        by_image: dict[Place, list[_Found]] = {}
        for each in found:
            if not each.is_refused:
                by_image.setdefault(each.place, []).append(each)
        requests: dict[Place, Request] = {}
        for place, marks in by_image.items():
            image = next((each.image for each in marks if isinstance(each.image, ImageFile)), None)
            try:
                request = self.owing.request(place, landing.correlation, image)
            except CropledgerError as why:
                marks[0].outcome.add(why)
                continue
            if request is not None:
                requests[place] = request
        refused = self._handle(list(requests.values()), landing)
        for index, (place, request) in enumerate(requests.items()):
            told = next((each for each in by_image[place] if each.mark.at == request.at), by_image[place][0])
            if index in refused:
                told.outcome.add(refused[index])
            else:
                told.outcome.taken += isinstance(request.command, RecordCrop)

    def _handle(self, requests: Sequence[Request], landing: Landing) -> dict[int, CropledgerError]:
        return dict(handle_many(requests, ledger=self.recorder.ledger, now=landing.now).refused)


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
    is_refused: bool = False

    @property
    def here(self) -> Mark:
        """The mark at the path where the image is."""
        return changed(self.mark, path=str(self.path))

    @property
    def place(self) -> Place:
        """The image."""
        return Place(self.mark.project, bare_name(self.mark.path), self.path)


@define
class _Outcome:
    """What became of one record's crops."""

    reading: Reading
    """What else it says."""
    crops: int
    taken: int = 0
    reasons: list[str] = Factory(list)
    problems: list[str] = Factory(list)

    def land(self, facts: tuple[Fact, ...]) -> None:
        """These are facts of the record as well."""
        self.reading = changed(self.reading, facts=(*self.reading.facts, *facts))

    def add(self, why: CropledgerError) -> None:
        """One of its crops cannot be owed."""
        self.reasons.append(_reason(why))
        self.problems.append(why.message)

    def answer(self, landed: Verdict | SetAside) -> Answer:
        """What to say of the record."""
        if self.problems:
            kept = f" ({self.taken} of its {self.crops} crops are owed now)" if self.crops > 1 else ""
            return SetAside(self.reasons[0], "; ".join(self.problems) + kept), self.taken
        if isinstance(landed, SetAside):
            return landed, self.taken
        return ("accepted" if self.taken else landed), self.taken


def _reason(why: CropledgerError) -> str:
    return why.reason if isinstance(why, SetAside | Unusable) else type(why).__name__.lower()
