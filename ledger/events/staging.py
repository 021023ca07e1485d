"""Rejected images on their way out: moved to the staging folder whole, and back."""

from typing import ClassVar

from attrs import frozen

from ledger.events.crops import MovedFile
from ledger.events.event import Event


@frozen
class ImageStaged(Event):
    """A rejected image and its companions were moved to the staging folder, from which nothing is deleted here."""

    TYPE: ClassVar[str] = "image.staged"

    source: str
    """Absolute path that the image had."""
    staged: str
    """Absolute path that it has in the staging folder."""
    sha256: str
    """sha256 of the file, checked after it was moved."""
    size_bytes: int
    """Length of the file."""
    companions: tuple[MovedFile, ...] = ()
    """The files that moved with it."""


@frozen
class ImageUnstaged(Event):
    """A staged image and its companions are back where they were; the image is rejected as before."""

    TYPE: ClassVar[str] = "image.unstaged"

    source: str
    """Absolute path at which the image stands again."""
    staged: str
    """Absolute path that it had in the staging folder."""
    sha256: str
    """sha256 of the file, checked after it was moved back."""
    companions: tuple[MovedFile, ...] = ()
    """The files that moved back with it: `source` is where they were in the staging folder."""
