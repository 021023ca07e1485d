"""Crops that wait in another tool's queue -> our queue, if their images are still there.

The paths in such a queue are often stale: the files were moved after the path was written. An image that is not where
it was is looked for by its name below the roots, and taken if exactly one of that name has the size; nothing else is
guessed. What was recorded here before, or marked anew since, is known.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from attrs import Factory, define
from attrs import evolve as changed

from commands.crops import IMAGES, WithdrawCrop
from commands.decider import Request
from commands.finding import subject_for
from commands.handle import handle_many, replay
from commands.image import Image
from commands.importing.facts import Reading, bare_name
from commands.importing.landing import Landing, Verdict
from commands.importing.quarantine import SetAside
from commands.recording.marks import Mark
from commands.recording.recording import Asked, Recorder
from imaging.problems import Unusable
from imaging.read import observe
from imaging.zones import canonical
from ledger.entry import Entry
from ledger.errors import CropledgerError
from ledger.events.crops import CropRecorded
from ledger.events.history import HistoryCompleted, HistoryImported
from ledger.values import Box, Instant, image_subject, instant

FOUND_ELSEWHERE = "found_elsewhere"
"""The image was not where the queue says, but one of its name and size was."""

QUEUES = ("crop_queue", "pending_queue")
"""The layouts whose completed crops may still be owed here."""

Answer = tuple[Verdict | SetAside, int]
"""What became of a record, and how many of its crops are owed now."""


@define
class Waiting:
    """Puts the crops of other tools' queues into ours."""

    recorder: Recorder
    names: dict[str, list[Path]] | None = None
    """Every file below the roots by its name; looked up when the first image is missing."""
    aside: frozenset[Path] = Factory(frozenset)
    """Directories that are not looked into: home, where the archive is."""

    def take(self, readings: Sequence[Reading], landing: Landing) -> list[Answer]:
        """Record what is still owed; the answers are in the order of the readings."""
        outcomes = [_Outcome(len(reading.owed)) for reading in readings]
        placed = [
            (outcome, reading.source, mark)
            for outcome, reading in zip(outcomes, readings, strict=True)
            for mark in self._all_placed(reading, outcome)
        ]
        # In the order in which they were drawn: of two marks on one image the later one counts.
        placed.sort(key=lambda each: each[2].at or instant(landing.now))
        for source, marks in groupby(_news(placed), key=lambda each: each[1]):
            self._record(list(marks), Asked(f"import:{source}", landing.correlation, landing.now))
        landed = landing.take([changed(reading, owed=()) for reading in readings])
        return [outcome.answer(verdict) for outcome, verdict in zip(outcomes, landed, strict=True)]

    def _all_placed(self, reading: Reading, outcome: "_Outcome") -> list[Mark]:
        marks = []
        for mark in reading.owed:
            try:
                place = self._placed(mark)
            except CropledgerError as why:
                outcome.add(why)
                continue
            if place is not None:
                marks.append(place)
        return marks

    def _record(self, owed: "Sequence[_Placed]", asked: Asked) -> None:
        refused = {_key(mark): why for mark, why in self.recorder.record([mark for *_, mark in owed], asked).refused}
        for outcome, _, mark in owed:
            why = refused.get(_key(mark))
            if why is None:
                outcome.taken += 1
            else:
                outcome.add(why)

    def settle(self, readings: Iterable[Reading], landing: Landing) -> int:
        """Withdraw what is owed here by a queue that says by now that it was carried out; returns how many."""
        made = {
            (fact.event.project, fact.event.filename, fact.at)
            for reading in readings
            for fact in reading.facts
            if isinstance(fact.event, HistoryCompleted) and fact.event.source in QUEUES and fact.at
        }
        ledger, requests = self.recorder.ledger, []
        for entry in ledger.at(CropRecorded.TYPE, {at for *_, at in made}) if made else ():
            event = entry.event
            if not isinstance(event, CropRecorded) or not entry.actor.startswith("import:"):
                continue
            image: Image = replay(IMAGES, ledger.history(entry.subject))[0]
            standing = image.status == "pending" and image.last is not None and image.last.id == entry.id
            if standing and (event.project, bare_name(event.path), entry.occurred_at) in made:
                withdrawal = WithdrawCrop(entry.subject, "carried out by the tool whose queue it was in")
                requests.append(Request(withdrawal, entry.actor, landing.correlation))
        return len(handle_many(requests, ledger=ledger, now=landing.now).entries)

    def _placed(self, mark: Mark) -> Mark | None:
        """The mark at the path the image has now; None where the ledger knows it. Raises what it cannot be for."""
        path = self._found(mark)
        known = changed(mark, path=str(path)) if path is not None else mark
        if self._is_known(known) or (known.path != mark.path and self._is_known(mark)):
            return None
        if path is None:
            raise SetAside("missing", f"{mark.path} is not there, and no other image of its name and size is")
        return known if known.path == mark.path else changed(known, warnings=(*mark.warnings, FOUND_ELSEWHERE))

    def _is_known(self, mark: Mark) -> bool:
        """Whether this very crop was recorded or made before, or its image marked anew since."""
        ledger, path = self.recorder.ledger, canonical(mark.path)
        history = ledger.history(subject_for(path, mark.project, self.recorder.projections))
        if any(_is_mark(entry, mark) for entry in history):
            return True
        image: Image = replay(IMAGES, history)[0]
        if image.status == "pending" and image.crop is not None and image.crop.box == mark.box:
            return True
        if image.last is not None and mark.at is not None and image.last.occurred_at > mark.at:
            return True  # somebody has decided otherwise since
        made = ledger.history(image_subject(mark.project, bare_name(mark.path))) if mark.at else ()
        return any(isinstance(entry.event, HistoryImported) and entry.occurred_at == mark.at for entry in made)

    def _found(self, mark: Mark) -> Path | None:
        path = Path(mark.path)
        if path.is_file():
            return canonical(path)
        if mark.dimensions is None:
            return None
        alike = []
        for place in self._places().get(bare_name(mark.path), ()):
            try:
                if observe(place).dimensions == mark.dimensions:
                    alike.append(place)
            except Unusable:
                continue  # no image, so not this one
        if len(alike) > 1:
            where = ", ".join(map(str, alike[:3]))
            raise SetAside("ambiguous", f"{mark.path} is not there, and {len(alike)} images could be it: {where}")
        return alike[0] if alike else None

    def _places(self) -> dict[str, list[Path]]:
        if self.names is None:
            self.names = {}
            for root in self.recorder.zones.roots:
                for folder, inside, files in os.walk(root):
                    here = Path(folder)
                    inside[:] = [name for name in inside if here / name not in self.aside]
                    for name in files:
                        self.names.setdefault(name, []).append(here / name)
        return self.names


def _is_mark(entry: Entry, mark: Mark) -> bool:
    event = entry.event
    return isinstance(event, CropRecorded) and event.box == mark.box and mark.at in {None, entry.occurred_at}


def _reason(why: CropledgerError) -> str:
    return why.reason if isinstance(why, SetAside | Unusable) else type(why).__name__.lower()


@define
class _Outcome:
    """What became of one record's crops."""

    crops: int
    taken: int = 0
    reasons: list[str] = Factory(list)
    problems: list[str] = Factory(list)

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


_Placed = tuple[_Outcome, str, Mark]


def _news(placed: Iterable[_Placed]) -> Iterator[_Placed]:
    """Those that say something new: the same box on the same image, one behind the other, is one mark."""
    standing: dict[tuple[str, str], Mark] = {}
    for each in placed:
        mark = each[2]
        before = standing.get((mark.project, mark.path))
        standing[mark.project, mark.path] = mark
        if before is None or before.box != mark.box:
            yield each


def _key(mark: Mark) -> tuple[str, str, Box, Instant | None]:
    return mark.project, mark.path, mark.box, mark.at
