"""What an operator decides about an image without cropping it."""

from typing import ClassVar

from attrs import frozen

from ledger.events.event import Event


@frozen
class ImageSkipped(Event):
    """An operator decided that this image gets no crop."""

    TYPE: ClassVar[str] = "image.skipped"

    project: str
    """The project the image belongs to."""
    path: str
    """Canonical absolute path of the image."""
    reason: str | None = None
    """Why, in the operator's words."""


@frozen
class ImageRestored(Event):
    """A skipped image is open again."""

    TYPE: ClassVar[str] = "image.restored"

    reason: str | None = None
    """Why, in the operator's words."""
