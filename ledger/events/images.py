"""What an operator decides about an image without cropping it."""

from typing import ClassVar

from attrs import frozen

from ledger.events.event import Event


@frozen
class ImageSkipped(Event):
    """An operator decided that this image gets no crop."""

    TYPE: ClassVar[str] = "image.skipped"
    SCHEMA: ClassVar[int] = 2

    project: str
    """The project the image belongs to."""
    path: str
    """Canonical absolute path of the image."""
    reason: str | None = None
    """Why, in the operator's words."""
    sha256: str | None = None
    """sha256 of the file that was decided about, where it was looked at; another picture of that name is another."""


@frozen
class ImageKept(Event):
    """An operator decided that this image stays whole, as it is: no crop, and not rejected either."""

    TYPE: ClassVar[str] = "image.kept"

    project: str
    """The project the image belongs to."""
    path: str
    """Canonical absolute path of the image."""
    reason: str | None = None
    """Why, in the operator's words."""
    group: str | None = None
    """The group the image was chosen from."""
    sha256: str | None = None
    """sha256 of the file that was decided about, where it was looked at."""


@frozen
class ImageRestored(Event):
    """A skipped or kept image is open again."""

    TYPE: ClassVar[str] = "image.restored"

    reason: str | None = None
    """Why, in the operator's words."""


@frozen
class ImageRelocated(Event):
    """The image's file is under another name, or in another directory; what was decided about it goes with it."""

    TYPE: ClassVar[str] = "image.relocated"
    SCHEMA: ClassVar[int] = 2

    source: str
    """Canonical absolute path that it had."""
    path: str
    """Canonical absolute path that it has now; the content was compared, and is the same."""
    decided: bool
    """Whether something was ever decided about it here."""
    marked: bool
    """Whether a box was ever marked on it, so that the queue knows it."""
    evidence: bool
    """Whether there is evidence of an old crop of it."""
    staged: bool = False
    """Whether its file is in the staging folder; the path is then the one that it goes back to."""
