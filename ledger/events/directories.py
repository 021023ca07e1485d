"""What is in a directory, as it was found, and where an operator started afresh on it."""

from typing import ClassVar

from attrs import frozen

from ledger.events.event import Event
from ledger.values import Dimensions


@frozen
class ScannedImage:
    """An image file as a scan found it; where it could not be read, the problem instead of what it holds."""

    name: str
    """Its name in the directory."""
    size_bytes: int
    """Length of the file."""
    modified_ns: int
    """Modification time, nanoseconds since the epoch; with the length, what tells the next scan to look again."""
    sha256: str | None = None
    """sha256 of the file."""
    dimensions: Dimensions | None = None
    """Size as displayed, in pixels."""
    problem: str | None = None
    """A short code such as `unreadable` or `animated`, where it cannot be cropped as it is."""


@frozen
class DirectoryScanned(Event):
    """The images of a directory were looked at, and something was not as before.

    Only the differences are written, so that a scan of 10,000 known images costs the ledger what is new.
    """

    TYPE: ClassVar[str] = "directory.scanned"

    directory: str
    """Canonical absolute path."""
    images: int
    """How many images there are now."""
    directory_hash: str
    """sha256 over the names, lengths and contents of all images that are there now, in the order of names."""
    added: tuple[ScannedImage, ...] = ()
    """Images under names that were not there before."""
    removed: tuple[str, ...] = ()
    """Names that are there no more."""
    replaced: tuple[ScannedImage, ...] = ()
    """Images that hold something else than before, under the same name."""
    touched: tuple[ScannedImage, ...] = ()
    """Images that hold what they held, with another modification time."""


@frozen
class DirectoryRestarted(Event):
    """An operator started afresh on a directory: what was executed or cropped elsewhere before no longer counts.

    Decisions that could be taken back (skips, kept images, crops that were owed) have events of their own that do so;
    they stand beside this one.
    """

    TYPE: ClassVar[str] = "directory.restarted"

    directory: str
    """Canonical absolute path."""
    seen: int
    """Images seen in it until then."""
    completed: int
    """Images that were executed, kept or cropped elsewhere."""
    skipped: int
    """Images that were skipped."""
    owed: int
    """Images whose crop was owed."""
    reason: str | None = None
    """Why, in the operator's words."""


@frozen
class DirectoryRelocated(Event):
    """The directory is at another path now; its progress and its sittings go with it."""

    TYPE: ClassVar[str] = "directory.relocated"

    source: str
    """Canonical absolute path that it had."""
    directory: str
    """Canonical absolute path that it has now."""
    images: int
    """Images whose content was compared, and is the same in both places."""
