"""Crops that wait in another tool's queue -> our queue, if their images are still there.

The paths in such a queue are often stale: the files were moved after the path was written. An image that is not where
it was is looked for by its name below the roots, and taken if exactly one of that name has the size; nothing else is
guessed. What was recorded here before, or marked anew since, is known.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from attrs import Factory, define
from attrs import evolve as changed

from commands.crops import IMAGES
from commands.finding import subject_for
from commands.handle import replay
from commands.image import Image
from commands.importing.facts import Reading, bare_name
from commands.importing.landing import Landing, Verdict
from commands.importing.quarantine import SetAside
from commands.marks import Mark
from commands.recording import Asked, Recorder
from imaging.problems import Unusable
from imaging.read import observe
from imaging.zones import canonical
from ledger.entry import Entry
from ledger.errors import CropledgerError
from ledger.events.crops import CropRecorded
from ledger.events.history import HistoryImported
from ledger.values import image_subject

FOUND_ELSEWHERE = "found_elsewhere"
"""The image was not where the queue says, but one of its name and size was."""

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
        problems: list[list[str]] = [[] for _ in readings]
        reasons: list[list[str]] = [[] for _ in readings]
        owed: dict[str, list[tuple[int, Mark]]] = {}
        for index, reading in enumerate(readings):
            for mark in reading.owed:
                try:
                    place = self._placed(mark)
                    if place is not None:
                        owed.setdefault(reading.source, []).append((index, place))
                except CropledgerError as why:
                    reasons[index].append(_reason(why))
                    problems[index].append(why.message)
        taken = [0] * len(readings)
        for source, marks in owed.items():
            # In the order in which they were drawn: of two marks on one image the later one counts.
            marks.sort(key=lambda each: each[1].at or landing.now.isoformat())
            asked = Asked(f"import:{source}", landing.correlation, landing.now)
            refused = {id(mark): why for mark, why in self.recorder.record([m for _, m in marks], asked).refused}
            for index, mark in marks:
                problem = refused.get(id(mark))
                if problem is not None:
                    reasons[index].append(_reason(problem))
                    problems[index].append(problem.message)
                else:
                    taken[index] += 1
        facts = landing.take([changed(reading, owed=()) for reading in readings])
        return [
            _answer(reasons[n], problems[n], taken[n], facts[n], len(readings[n].owed)) for n in range(len(readings))
        ]

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


def _answer(
    reasons: Sequence[str], problems: Sequence[str], taken: int, landed: Verdict | SetAside, crops: int
) -> Answer:
    if problems:
        kept = f" ({taken} of its {crops} crops are owed now)" if crops > 1 else ""
        return SetAside(reasons[0], "; ".join(problems) + kept), taken
    if isinstance(landed, SetAside):
        return landed, taken
    if taken:
        return "accepted", taken
    return (landed, 0) if landed != "known" else ("known", 0)
