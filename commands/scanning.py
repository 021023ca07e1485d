"""Scanning directories: look at what is there, read what is new, record what has changed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attrs import define, field, frozen

from commands.decider import Request
from commands.directories import DIRECTORIES, Directory, ScanDirectory, difference
from commands.handle import handle, replay
from commands.recording import LOOKING, Asked
from imaging.scan import FoundFile, Observed, find_images, observe_found
from imaging.zones import Zones
from ledger.errors import NotFound
from ledger.events.directories import DirectoryScanned, ScannedImage
from ledger.log import Ledger
from ledger.values import directory_subject
from projections.directories import place
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

        Only files whose length or modification time is not the known one are read. Raises `NotFound` for a directory
        that is not there, `Unsafe` for one outside the roots, `Refused` for one that may not be read.
        """
        path = self.zones.check(directory)
        if not path.is_dir():
            raise NotFound(f"There is no directory {path}.")
        subject = self._subject(path)
        before, _ = replay(DIRECTORIES, self.ledger.history(subject))
        found = tuple(self._found(path, before))
        changes = difference(before.images, str(path), found)
        if before.path is None or _says_something(changes):
            command = ScanDirectory(subject, str(path), found)
            handle(Request(command, asked.actor, asked.correlation), ledger=self.ledger, now=asked.now)
        problems = tuple(image for image in found if image.problem)
        return Scan(path, subject, before.path is None, changes, sum(image.size_bytes for image in found), problems)

    def _subject(self, path: Path) -> str:
        known = place(self.projections, str(path))
        return known.subject if known else directory_subject(path)

    def _found(self, directory: Path, before: Directory) -> Iterator[ScannedImage]:
        """Every image there, in the order of names; contents are read by a few threads."""
        files = sorted(find_images(directory), key=lambda file: file.name)
        new = [file for file in files if not _is_known(file, before)]
        with ThreadPoolExecutor(LOOKING) as threads:
            looks = threads.map(observe_found, new)
            seen: dict[str, ScannedImage] = {}
            for done, (file, observed) in enumerate(zip(new, looks, strict=True), 1):
                seen[file.name] = _as_scanned(file, observed)
                self.watch(done, len(new))
        for file in files:
            yield seen.get(file.name) or before.images[file.name]


def _is_known(file: FoundFile, before: Directory) -> bool:
    # What could not be read is tried again: permissions change without a trace in length and time.
    known = before.images.get(file.name)
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
