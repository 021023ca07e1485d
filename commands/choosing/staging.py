"""Moving rejected images out of the way and back: the files first, then the event; what a kill left is finished.

Rejected are the images of a decided group that are not kept. They go to the staging folder with their companions;
nothing is deleted here.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from attrs import define, frozen

from commands.crops import StageImage, UnstageImage
from commands.decider import Request
from commands.handle import handle
from commands.recording.recording import Asked
from imaging.carry import Load, carry, load_of, settle
from imaging.companions import companions
from imaging.disk import refuse_taken
from imaging.problems import Unusable
from imaging.zones import Zones
from ledger.errors import CropledgerError
from ledger.events.staging import ImageStaged, ImageUnstaged
from ledger.log import Ledger
from projections.groups import selections
from projections.progress import images
from projections.reader import Projections
from projections.staging import RejectedImage, StagedImage


@frozen
class Carried:
    """What became of one image: where it went with how many companions, or why it stayed."""

    source: str
    destination: str
    companions: int = 0
    problem: CropledgerError | None = None


@define
class Stager:
    """Moves rejected images of one ledger."""

    ledger: Ledger
    zones: Zones
    staging: str
    """The setting: where they go."""
    wanted_beside: Callable[[Path], frozenset[Path]]
    """The images of a directory that are wanted, and so are nobody's companions."""

    def stage(self, images: Iterable[RejectedImage], asked: Asked, *, dry_run: bool = False) -> Iterator[Carried]:
        """Move each image with its companions; one that cannot be moved stays, and the others go on."""
        for image in images:
            load = self._load(image)
            try:
                yield self._look(load) if dry_run else self._stage(image, load, asked)
            except CropledgerError as why:
                yield _stayed(load, why)

    def _load(self, image: RejectedImage) -> Load:
        source = Path(image.path)
        folder = Path(self.staging.format(parent=source.parent.parent, directory=source.parent.name))
        beside = source.parent.is_dir() and companions(source, exclude=self.wanted_beside(source.parent))
        return load_of(source, folder / source.name, beside or ())

    def _look(self, load: Load) -> Carried:
        self._check_zones(load)
        for move in load.moves:
            if not move.origin.exists():
                raise Unusable(f"{move.origin} is gone.", reason="missing")
            refuse_taken(move.final)
        return _carried(load)

    def _stage(self, image: RejectedImage, load: Load, asked: Asked) -> Carried:
        self._check_zones(load)
        first, *others = carry(load)
        staged = ImageStaged(first.source, first.destination, first.sha256, first.size_bytes, tuple(others))
        request = Request(StageImage(image.subject, staged), asked.actor, asked.correlation)
        handle(request, ledger=self.ledger, now=asked.now)
        settle(load)
        return _carried(load)

    def unstage(self, images: Iterable[StagedImage], asked: Asked, *, dry_run: bool = False) -> Iterator[Carried]:
        """Move each image and its companions back to where they were, where nothing has taken their places."""
        for image in images:
            load = load_of(Path(image.staged), Path(image.path), [Path(place) for place in image.companions])
            try:
                yield self._look(load) if dry_run else self._unstage(image, load, asked)
            except CropledgerError as why:
                yield _stayed(load, why)

    def _unstage(self, image: StagedImage, load: Load, asked: Asked) -> Carried:
        self._check_zones(load)
        first, *others = carry(load)
        back = ImageUnstaged(first.destination, first.source, first.sha256, tuple(others))
        handle(
            Request(UnstageImage(image.subject, back), asked.actor, asked.correlation),
            ledger=self.ledger,
            now=asked.now,
        )
        settle(load)
        return _carried(load)

    def _check_zones(self, load: Load) -> None:
        for move in load.moves:
            self.zones.check(move.origin)
            self.zones.check(move.final)


def _carried(load: Load) -> Carried:
    image = load.moves[0]
    return Carried(str(image.origin), str(image.final), len(load.moves) - 1)


def _stayed(load: Load, why: CropledgerError) -> Carried:
    image = load.moves[0]
    return Carried(str(image.origin), str(image.final), problem=why)


def wanted_beside(projections: Projections) -> Callable[[Path], frozenset[Path]]:
    """Which images of a directory are wanted for something, asked once per directory."""
    known: dict[Path, frozenset[Path]] = {}

    def beside(directory: Path) -> frozenset[Path]:
        if directory not in known:
            images_ = images(projections, str(directory))
            wanted = (image.filename for image in images_ if image.subject and image.status not in _UNWANTED)
            kept = (each.filename for each in selections(projections, directory=str(directory)) if each.kept)
            known[directory] = frozenset(directory / name for name in (*wanted, *kept))
        return known[directory]

    return beside


_UNWANTED = frozenset({"open", "skipped"})
