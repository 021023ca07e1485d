"""Scanning directories: look at what is there, read what is new, record what has changed."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from attrs import define, field, frozen

from commands.crops import RelocateImage
from commands.decider import Command, Request
from commands.directories import DIRECTORIES, NOTHING, ScanDirectory, difference
from commands.groups import RelocateGroup
from commands.handle import handle_many, replay
from commands.looks import looks
from commands.progress.relocating import followed, groups_followed
from commands.recording.recording import Asked
from imaging.scan import FoundFile, Observed, find_images, observe_found
from imaging.zones import Zones
from ledger.errors import NotFound
from ledger.events.directories import DirectoryScanned, ScannedImage
from ledger.log import Ledger
from ledger.values import directory_subject
from projections.directories import is_known, place
from projections.reader import Projections


@frozen
class Scan:
    """What a scan found."""

    directory: Path
    """Canonical absolute path."""
    subject: str
    """The directory's subject in the ledger."""
    first: bool
    """Whether nothing was known of the directory before."""
    changes: DirectoryScanned
    """How many images there are, and what is not as it was; empty where everything is."""
    size_bytes: int
    """Length of all images together."""
    problems: tuple[ScannedImage, ...]
    """The images that cannot be cropped as they are."""
    moved: tuple[tuple[str, str], ...] = ()
    """(old path, new path) of known images that were renamed, or moved here from another directory."""


def _unwatched(_done: int, _of: int) -> None:
    """Nobody looks on."""


@define
class Scanner:
    """Scans directories into one ledger. Projections are only asked which directory is at a path."""

    ledger: Ledger
    projections: Projections
    zones: Zones
    watch: Callable[[int, int], None] = field(default=_unwatched)
    """Called with how many new images were read, of how many: that is what takes the time."""

    def scan(self, directory: Path, asked: Asked) -> Scan:
        """Record what is in a directory, as far as it is not known already.

        Only files whose length or modification time is not the known one are read. Images that were decided about
        elsewhere, or under another name, and are here now, keep what was decided. Raises `NotFound` for a directory
        that is not there, `Unsafe` for one outside the roots, `Refused` for one that may not be read.
        """
        path = self.check(directory)
        subject = self._subject(path)
        before, _ = replay(DIRECTORIES, self.ledger.history(subject))
        found = self.look(path, before.images)
        changes = difference(before.images, str(path), found)
        by_name = {image.name: image for image in found}
        moves = followed(path, by_name, (*changes.added, *changes.replaced), self.projections)
        if not before.scanned or _says_something(changes):
            commands: list[Command] = [ScanDirectory(subject, str(path), found), *moves, *self._groups(moves, path)]
            requests = [Request(command, asked.actor, asked.correlation) for command in commands]
            handle_many(requests, ledger=self.ledger, now=asked.now)
        problems = tuple(image for image in found if image.problem)
        size_bytes = sum(image.size_bytes for image in found)
        moved = tuple((move.source, move.path) for move in moves)
        return Scan(path, subject, not before.scanned, changes, size_bytes, problems, moved)

    def _groups(self, moves: list[RelocateImage], path: Path) -> Iterator[RelocateGroup]:
        """The decided groups whose images were moved here from another directory, under the names they had there."""
        names: dict[Path, set[str]] = {}
        for move in moves:
            names.setdefault(Path(move.source).parent, set()).add(Path(move.source).name)
        for old in names.keys() - {path}:
            yield from groups_followed(old, path, names[old], self.projections)

    def check(self, directory: Path) -> Path:
        """The canonical path of a directory that may be scanned; raises as `scan` does."""
        path = self.zones.check(directory)
        if not path.is_dir():
            raise NotFound(f"There is no directory {path}.")
        return path

    def look(self, directory: Path, known: Mapping[str, ScannedImage] = NOTHING) -> tuple[ScannedImage, ...]:
        """What is in a directory now, in the order of names; what is `known` is not read again."""
        return tuple(self._found(directory, known))

    def _subject(self, path: Path) -> str:
        there = place(self.projections, str(path))
        if there:
            return there.subject
        number, subject = 1, directory_subject(path)
        while is_known(self.projections, subject):  # the directory that was here is elsewhere now
            number += 1
            subject = directory_subject(f"{path}\0{number}")
        return subject

    def _found(self, directory: Path, known: Mapping[str, ScannedImage]) -> Iterator[ScannedImage]:
        """Every image there, in the order of names."""
        files = sorted(find_images(directory), key=lambda file: file.name)
        new = [file for file in files if not _is_known(file, known.get(file.name))]
        seen: dict[str, ScannedImage] = {}
        for done, (file, observed) in enumerate(zip(new, looks(observe_found, new), strict=True), 1):
            seen[file.name] = _as_scanned(file, observed)
            self.watch(done, len(new))
        for file in files:
            yield seen.get(file.name) or known[file.name]


def _is_known(file: FoundFile, known: ScannedImage | None) -> bool:
    # What could not be read is tried again: permissions change without a trace in length and time.
    return (
        known is not None
        and known.problem is None
        and (known.size_bytes, known.modified_ns) == (file.size_bytes, file.modified_ns)
    )


def _as_scanned(file: FoundFile, observed: Observed) -> ScannedImage:
    return ScannedImage(
        file.name, file.size_bytes, file.modified_ns, observed.sha256, observed.dimensions, observed.problem
    )


def _says_something(changes: DirectoryScanned) -> bool:
    return bool(changes.added or changes.removed or changes.replaced or changes.touched)
