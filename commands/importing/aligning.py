"""Once all records of an import have landed, the queue is brought in line with them: what is owed is recorded.

Only then, so that nothing is recorded that a later file of the same import takes back, and the order of the files
leaves no trace. A kill before it leaves marks that are not owed yet; the next import finds them (`unfinished`).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from attrs import Factory, define, field, frozen

from commands.crops import RecordCrop
from commands.decider import Request
from commands.handle import handle_many
from commands.importing.facts import bare_name
from commands.importing.owing import Owing, Seen, Wanted
from commands.importing.quarantine import reason_of
from commands.importing.tellings import Name, Place, Tellings, tellings
from commands.importing.unowed import Unowed
from commands.importing.whereabouts import Whereabouts
from commands.looks import looks
from commands.recording.marks import Mark
from commands.recording.recording import Asked, Recorder
from imaging.read import ImageFile
from ledger.errors import CropledgerError
from ledger.values import Instant, instant

AT_ONCE = 1_000
"""Names of images that are brought in line in one transaction."""

REMEMBERED = 50_000
"""Images that were looked at while records landed and need no second look; more than that are looked at again."""


@frozen
class Aligned:
    """What became of the crops that wait."""

    owed: Counter[int] = Factory(Counter)
    """Crops that were put into the queue, by the number of the file that told of their image first."""
    names: Mapping[Name, int] = Factory(dict)
    """All names of images that were brought in line, with the number of that file."""
    unowed: tuple[Unowed, ...] = ()
    """Crops that wait by what is known, and could not be put in the queue."""

    def reasons(self, file: int) -> Counter[str]:
        """Why crops that this file told of first cannot be owed."""
        return Counter(reason_of(each.why) for each in self.unowed if self.names[each.name] == file)


@define
class Aligner:
    """Notes what an import touches, and brings it in line at the end."""

    recorder: Recorder
    whereabouts: Whereabouts
    touched: dict[Name, int] = Factory(dict)
    """Names of images that records told of, with the number of the first file that did."""
    since: dict[Name, Instant] = Factory(dict)
    """The earliest time that was told of each, so that the queue is in the order of marking."""
    told: set[tuple[str, str]] = Factory(set)
    """Project and path of marks that were told as a problem of their record."""
    _seen: dict[Path, Seen] = Factory(dict)
    _owing: Owing = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._owing = Owing(self.recorder)

    def note(self, name: Name, at: Instant | None, file: int) -> None:
        """A record of this file tells of a crop on an image of this name, at this time."""
        self.touched.setdefault(name, file)
        if at is not None:
            self.since[name] = min(at, self.since.get(name, at))

    def remember(self, path: Path, image: ImageFile) -> None:
        """It was looked at already."""
        if len(self._seen) < REMEMBERED:
            self._seen[path] = image

    def align(self, asked: Asked, watch: Callable[[int, int], None] = lambda _done, _of: None) -> Aligned:
        """Bring the queue in line with all that was noted, and begin anew.

        `watch` is called with the names that are in line and how many there are. Raises `Busy`.
        """
        names = sorted(self.touched, key=lambda name: (self.since.get(name, instant(asked.now)), name))
        owed = Counter[int]()
        unowed: list[Unowed] = []
        for number, lot in enumerate(_lots(names)):
            watch(number * AT_ONCE, len(names))
            unowed += self._align(lot, asked, owed)
        watch(len(names), len(names))
        aligned = Aligned(owed, self.touched, tuple(unowed))
        self.touched, self.since, self.told, self._seen = {}, {}, set(), {}
        return aligned

    def _align(self, names: Sequence[Name], asked: Asked, owed: Counter[int]) -> list[Unowed]:
        """Some names, in as many rounds as it takes to have looked at all images that are to be owed."""
        while True:
            with self.recorder.ledger.exclusive():
                known = tellings(self.recorder.ledger, names, self.whereabouts)
                round_ = _Round(known, asked)
                for place in sorted(known.places):
                    round_.ask(self._owing, place, self._seen.get(place.path))
                if not round_.wanted:
                    unowed = [*round_.land(self.recorder, self.touched, owed), *self._lost(known)]
                    break
            self._look(round_.wanted)
        for place in known.places:
            self._seen.pop(place.path, None)
        return unowed

    def _look(self, marks: Sequence[Mark]) -> None:
        """Outside the lock, for it takes long where there are many."""
        for mark, image in zip(marks, looks(self.recorder.look, marks), strict=True):
            self._seen[Path(mark.path)] = image

    def _lost(self, known: Tellings) -> Iterator[Unowed]:
        """The marks whose image could be any of several, and that were never owed, nor made, nor told of."""
        for lost in known.lost:
            mark, name = lost.mark, (lost.mark.project, bare_name(lost.mark.path))
            made = any(at == mark.at for _, at in known.made[name])
            if not made and (mark.project, mark.path) not in self.told and not self._owing.is_answered(lost):
                yield Unowed(name, mark, lost.why)


@define
class _Round:
    """What is asked for while the write lock is held."""

    known: Tellings
    asked: Asked
    requests: dict[Place, Request] = Factory(dict)
    wanted: list[Mark] = Factory(list)
    unowed: list[Unowed] = Factory(list)

    def ask(self, owing: Owing, place: Place, seen: Seen | None) -> None:
        """What a place needs: a request, or a look at its image first."""
        try:
            request = owing.request(place, self.known, self.asked.correlation, seen)
        except CropledgerError as why:
            self.unowed.append(self._unowed(place, why))
        else:
            if isinstance(request, Wanted):
                self.wanted.append(request.mark)
            elif request is not None:
                self.requests[place] = request

    def land(self, recorder: Recorder, touched: dict[Name, int], owed: Counter[int]) -> list[Unowed]:
        """Record what was asked for, and count it for the file that told of it; what cannot be owed is returned."""
        places = sorted(self.requests, key=lambda place: (self.requests[place].at or "", place))
        requests = [self.requests[place] for place in places]
        outcome = handle_many(requests, ledger=recorder.ledger, now=self.asked.now)
        refused = dict(outcome.refused)
        for index, place in enumerate(places):
            if index in refused:
                self.unowed.append(self._unowed(place, refused[index]))
            elif isinstance(self.requests[place].command, RecordCrop):
                owed[touched[self._name(place)]] += 1
        return self.unowed

    def _unowed(self, place: Place, why: CropledgerError) -> Unowed:
        latest = max(self.known.places[place], key=lambda told: (str(told.mark.at), told.written))
        return Unowed(self._name(place), latest.mark, why)

    def _name(self, place: Place) -> Name:
        return place.project, min(bare_name(told.written) for told in self.known.places[place])


def _lots(names: Sequence[Name]) -> Iterator[list[Name]]:
    remaining = iter(names)
    while lot := list(islice(remaining, AT_ONCE)):
        yield lot
