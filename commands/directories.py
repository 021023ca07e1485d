"""What may happen to a directory: scanned again and again, started afresh, moved. The rules, as one decider."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from attrs import evolve as changed
from attrs import frozen

from commands.decider import Command, Decider
from ledger.entry import Entry
from ledger.errors import Conflict, Damaged, Invalid
from ledger.events.directories import DirectoryRelocated, DirectoryRestarted, DirectoryScanned, ScannedImage
from ledger.events.event import Event

NOTHING: Mapping[str, ScannedImage] = MappingProxyType({})


@frozen
class Directory:
    """What a directory's history says."""

    path: str | None = None
    """Its canonical path; None where nothing is known of it."""
    scanned: bool = False
    images: Mapping[str, ScannedImage] = NOTHING
    """The images that the last scan found, by name."""


def evolve(directory: Directory, entry: Entry) -> Directory:
    """The directory after one more entry; raises `Damaged` for one that could not have followed."""
    event = entry.event
    if isinstance(event, DirectoryScanned):
        images = _after(directory.images, event, entry.position)
        return changed(directory, path=event.directory, scanned=True, images=images)
    if isinstance(event, DirectoryRestarted):
        return changed(directory, path=event.directory)
    if isinstance(event, DirectoryRelocated) and directory.path == event.source:
        return changed(directory, path=event.directory)
    raise Damaged(f"Position {entry.position}: {event.TYPE} cannot follow here.", position=entry.position)


def _after(before: Mapping[str, ScannedImage], event: DirectoryScanned, position: int) -> Mapping[str, ScannedImage]:
    known = before.keys()
    again = {image.name for image in (*event.replaced, *event.touched)}
    if not (known >= again | set(event.removed)) or not known.isdisjoint(image.name for image in event.added):
        raise Damaged(f"Position {position}: {event.TYPE} does not follow from the scan before.", position=position)
    images = dict(before)
    for name in event.removed:
        del images[name]
    images.update((image.name, image) for image in (*event.added, *event.replaced, *event.touched))
    return images


@frozen
class ScanDirectory:
    """Say what was found in a directory. What is new about it is for the decision to say."""

    subject: str
    directory: str
    found: tuple[ScannedImage, ...]
    """Every image in it, each name once."""


def scan(command: ScanDirectory, directory: Directory) -> Iterator[Event]:
    """Only what differs from the scan before is recorded; a scan that finds everything as it was records nothing.

    The first scan is recorded whatever it finds: that a directory was empty is a fact too.
    """
    event = difference(directory.images, command.directory, command.found)
    if not directory.scanned or event.added or event.removed or event.replaced or event.touched:
        yield event


def difference(before: Mapping[str, ScannedImage], directory: str, found: Iterable[ScannedImage]) -> DirectoryScanned:
    """What a scan is to say about what it found."""
    now = {image.name: image for image in found}
    again = [(before[name], image) for name, image in now.items() if name in before and before[name] != image]
    return DirectoryScanned(
        directory=directory,
        images=len(now),
        directory_hash=directory_hash(now.values()),
        added=tuple(image for name, image in now.items() if name not in before),
        removed=tuple(name for name in before if name not in now),
        replaced=tuple(new for old, new in again if not _same_content(old, new)),
        touched=tuple(new for old, new in again if _same_content(old, new)),
    )


def _same_content(old: ScannedImage, new: ScannedImage) -> bool:
    return changed(old, modified_ns=new.modified_ns) == new and old.sha256 is not None


def directory_hash(images: Iterable[ScannedImage]) -> str:
    """sha256 over a line for each image in the order of names: name, length and content, between NULs."""
    lines = sorted(f"{image.name}\0{image.size_bytes}\0{image.sha256 or ''}\n" for image in images)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@frozen
class RestartDirectory:
    """Start afresh on a directory. What can be taken back of its images is taken back by commands of its own."""

    subject: str
    restart: DirectoryRestarted


def restart(command: RestartDirectory, _directory: Directory) -> Iterator[Event]:
    """Where nothing was decided yet, there is nothing to start afresh from."""
    done = command.restart
    if done.completed or done.skipped or done.owed:
        yield done


@frozen
class RelocateDirectory:
    """Say that a directory is at another path now, after comparing what is in it."""

    subject: str
    source: str
    directory: str
    images: int


def relocate(command: RelocateDirectory, directory: Directory) -> Iterator[Event]:
    """A directory moves from where it is known to be."""
    if directory.path == command.directory:
        return
    if directory.path != command.source:
        raise Conflict(f"{command.source} is known as {directory.path} by now.")
    yield DirectoryRelocated(command.source, command.directory, command.images)


def decide(command: Command, directory: Directory) -> Iterator[Event]:
    """Answer any command about a directory."""
    if isinstance(command, ScanDirectory):
        return scan(command, directory)
    if isinstance(command, RestartDirectory):
        return restart(command, directory)
    if isinstance(command, RelocateDirectory):
        return relocate(command, directory)
    raise Invalid(f"{type(command).__name__} is not a command about a directory")


DIRECTORIES = Decider(Directory(), evolve, decide)
