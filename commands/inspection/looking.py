"""Looks at the disk for everything that is owed. Reads sizes, times and headers; contents where something changed.

What a run would do is asked of the runner itself, so that the inspection has no rules of its own.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from attrs import Factory, define, frozen

from commands.inspection.facts import Depth, Look, Refusal, Room, Seen
from commands.inspection.findings import space_for
from commands.inspection.surroundings import look_around
from commands.looks import looks
from commands.running.leases import lives
from commands.running.runner import REFUSED, Runner
from imaging.disk import exists
from imaging.problems import Unusable
from imaging.read import ImageFile, glance, observe
from imaging.zones import canonical
from ledger.errors import CropledgerError, Invalid
from ledger.events.crops import CropRecorded, CropStarted
from ledger.values import Box, Dimensions
from projections.queue import OwedCrop


@frozen
class Wanted:
    """What is to be looked at."""

    crops: tuple[OwedCrop, ...]
    directories: tuple[str, ...]
    """The directories whose surroundings are of interest."""
    known: Mapping[str, frozenset[str]]
    """Directory -> the stems of the images that the ledger knows there."""
    deep: bool = False
    """Whether every file is hashed and decoded."""
    unchosen: Mapping[str, str | None] = {}
    """Images of decided groups that are not kept -> the name of the one that is, if any."""


def inspect(runner: Runner, wanted: Wanted, watch: Callable[[int], None] = lambda _: None) -> Seen:
    """Look at every crop, then around them; `watch` is told of each crop that was looked at."""
    eye = _Eye(runner, wanted.deep)
    # Directory by directory: the runner keeps the listing of one. The judgement then wants the queue's own order.
    by_place = sorted(wanted.crops, key=lambda crop: (crop.directory, crop.position))
    seen = tuple(_watched(looks(eye.look, by_place), watch))
    surroundings = looks(lambda place: look_around(place, wanted.known.get(place, frozenset())), wanted.directories)
    in_order = tuple(sorted(seen, key=lambda look: look.crop.position))
    return Seen(in_order, tuple(surroundings), tuple(rooms(seen)), wanted.unchosen)


def _watched(seen: Iterator[Look], watch: Callable[[int], None]) -> Iterator[Look]:
    for look in seen:
        watch(1)
        yield look


@define
class _Eye:
    """Looks at one crop after the other; used by several threads, and keeps nothing between them."""

    runner: Runner
    deep: bool

    def look(self, crop: OwedCrop) -> Look:
        if crop.status == "started":
            return Look(crop, place=_place(crop), run_lives=lives(self.runner.home, crop.run or ""))
        depth = self._depth(crop)
        try:
            plan = self.runner.planned(as_recorded(crop), crop.attempt + 1, lambda path: _observed(path, depth, crop))
        except REFUSED as why:
            return Look(crop, depth, _place(crop), refusal=_refusal(why))
        return Look(crop, depth, plan.source, plan, taken=tuple(_taken(plan)))

    def _depth(self, crop: OwedCrop) -> Depth:
        """How far to read: a file of the recorded size, unchanged since it was marked, was hashed after its change."""
        try:
            state = Path(crop.path).stat()
        except (OSError, ValueError):
            return "nothing"  # whoever opens it says why
        if self.deep:
            return "pixels"
        marked_s = datetime.fromisoformat(crop.marked_at).timestamp()
        untouched = state.st_size == crop.size_bytes and state.st_mtime_ns / 1e9 < marked_s
        return "header" if untouched else "content"


def _observed(path: Path, depth: Depth, crop: OwedCrop) -> ImageFile:
    if depth == "header":
        return glance(path, crop.sha256)
    return observe(path, decode_check=depth == "pixels")


def _place(crop: OwedCrop) -> str | None:
    try:
        return str(canonical(crop.path))
    except Invalid:
        return None


def _taken(plan: CropStarted) -> Iterator[str]:
    for final in (plan.output, *(move.destination for move in plan.companions)):
        if exists(Path(final)):
            yield final


def _refusal(why: CropledgerError) -> Refusal:
    reason = why.reason if isinstance(why, Unusable) else type(why).__name__.lower()
    return Refusal(reason, why.message, why.mend)


def as_recorded(crop: OwedCrop) -> CropRecorded:
    """The row of the queue as the recording it stands for, as far as a run needs it."""
    return CropRecorded(
        crop.project, crop.path, Box(crop.x1, crop.y1, crop.x2, crop.y2), Dimensions(crop.width_px, crop.height_px),
        crop.sha256, crop.size_bytes, crop.group_id,
    )  # fmt: skip


def beside(crops: Iterable[OwedCrop]) -> Callable[[Path], frozenset[Path]]:
    """Which images of a directory are owed crops of their own, for a runner that is asked by many threads at once."""
    places: dict[Path, set[Path]] = defaultdict(set)
    for crop in crops:
        place = _place(crop)
        if place is not None:
            places[Path(place).parent].add(Path(place))
    return lambda directory: frozenset(places.get(directory, ()))


# -- the disk -------------------------------------------------------------------------------------------------------


def rooms(looks: Iterable[Look]) -> Iterator[Room]:
    """What each file system has left, and what the crops would take of it: outputs, originals that must be copied."""
    needed: Counter[int] = Counter()
    device = _Devices()
    for look in looks:
        if look.plan is None:
            continue
        output, archive = (device.of(Path(path).parent) for path in (look.plan.output, look.plan.archive))
        needed[output] += space_for(look)
        if archive != device.of(Path(look.plan.source).parent):
            needed[archive] += look.plan.size_bytes
    for number, count in needed.items():
        place = device.places[number]
        state = os.statvfs(place)
        yield Room(str(place), count, state.f_bavail * state.f_frsize)


@define
class _Devices:
    """The file system of each directory; of one that does not exist yet, that of the nearest that does."""

    places: dict[int, Path] = Factory(dict)
    """A directory on each file system."""
    _known: dict[Path, int] = Factory(dict)

    def of(self, directory: Path) -> int:
        if directory not in self._known:
            try:
                self._known[directory] = directory.stat().st_dev
                self.places.setdefault(self._known[directory], directory)
            except OSError:
                self._known[directory] = self.of(directory.parent)
        return self._known[directory]
