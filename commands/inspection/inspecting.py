"""One inspection from the queue to its findings: what is to be looked at, the look, the judgement."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import evolve, frozen

from commands.importing.unfinished import Notes
from commands.inspection.facts import BrokenImport, Depth, Room, Seen
from commands.inspection.findings import Finding, Level, counts, findings
from commands.inspection.looking import Wanted, beside, inspect
from commands.running.runner import Runner
from imaging.companions import stem_of
from projections.groups import selections
from projections.progress import images
from projections.queue import OwedCrop, owed
from projections.reader import Projections


@frozen
class Inspection:
    """What was looked at, and what was found."""

    crops: int
    """Crops that are owed and were looked at."""
    directories: int
    depths: Mapping[Depth, int]
    """How many files were read how far."""
    findings: tuple[Finding, ...]
    rooms: tuple[Room, ...]
    seconds: float

    @property
    def levels(self) -> dict[Level, int]:
        """How many findings of each level."""
        return counts(self.findings)

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody should do something before a run."""
        return any(finding.needs_a_person for finding in self.findings)


@frozen
class Scope:
    """What an inspection is about."""

    directories: tuple[str, ...] = ()
    """Canonical paths; none means all in which a crop is owed."""
    project: str | None = None
    deep: bool = False


def wanted_of(projections: Projections, scope: Scope) -> Wanted:
    """The crops that are owed within the scope, and the directories around them."""
    places = scope.directories or (None,)
    crops = [crop for place in places for crop in owed(projections, project=scope.project, directory=place)]
    directories = tuple(dict.fromkeys([*scope.directories, *(crop.directory for crop in crops)]))
    known = {place: frozenset(stem_of(image.filename) for image in images(projections, place)) for place in directories}
    return Wanted(tuple(crops), directories, known, scope.deep, unchosen(projections))


def unchosen(projections: Projections) -> dict[str, str | None]:
    """The images of decided groups that are not kept, with the one that is."""
    images_ = selections(projections)
    kept = {image.position: image.filename for image in images_ if image.kept}
    return {image.image: kept.get(image.position) for image in images_ if not image.kept}


def inspected(
    runner: Runner, projections: Projections, wanted: Wanted, watch: Callable[[int], None] = lambda _: None
) -> Inspection:
    """Look at what is wanted and judge it; reads files, writes nothing."""
    begun = time.monotonic()
    broken = Notes.of(runner.home).left().values()
    seen = evolve(
        inspect(_for_threads(runner, projections, wanted.crops), wanted, watch),
        imports=tuple(BrokenImport(each.place, each.begun_at, each.command) for each in broken),
    )
    return Inspection(
        len(seen.looks), len(seen.surroundings), _depths(seen), tuple(findings(seen)), seen.rooms,
        round(time.monotonic() - begun, 3),
    )  # fmt: skip


def before_a_run(
    runner: Runner, projections: Projections, crops: Sequence[OwedCrop], watch: Callable[[int], None] = lambda _: None
) -> Inspection:
    """The inspection of what a run is about to claim: these crops and the disk, without what stands around them."""
    return inspected(runner, projections, Wanted(tuple(crops), (), {}, unchosen=unchosen(projections)), watch)


def _for_threads(runner: Runner, projections: Projections, crops: Sequence[OwedCrop]) -> Runner:
    # The runner asks the projections for each directory; here several threads ask at once, so it is all asked before.
    places = {crop.directory for crop in crops}
    return evolve(runner, owed_beside=beside(crop for crop in owed(projections) if crop.directory in places))


def _depths(seen: Seen) -> dict[Depth, int]:
    found = Counter(look.depth for look in seen.looks)
    every: tuple[Depth, ...] = ("nothing", "header", "content", "pixels")
    return {depth: found[depth] for depth in every}


def by_code(found: Iterable[Finding]) -> list[tuple[Level, str, int]]:
    """How many findings of each kind, in the order in which they are told."""
    kinds: dict[tuple[Level, str], int] = defaultdict(int)
    for finding in found:
        kinds[finding.level, finding.code] += 1
    return [(level, code, count) for (level, code), count in kinds.items()]
