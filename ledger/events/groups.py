"""What an operator decides about a group of images: which one is kept, or that none is."""

from typing import ClassVar

from attrs import frozen

from ledger.events.event import Event
from ledger.values import Dimensions

HOWS = ("suggested", "whole", "crop")
"""`suggested`: with the box that was proposed; `whole`: as it is; `crop`: with a box that a person draws."""


@frozen
class GroupImage:
    """One image of a group, as it was shown."""

    subject: str
    """The image."""
    name: str
    """Its name in the directory."""
    stage: float | None = None
    """Its stage: 1, 1.5, 2 or 3."""
    dimensions: Dimensions | None = None
    """Size as displayed, in pixels, where it was known."""


@frozen
class ImageChosen(Event):
    """An operator kept one image of a group; whichever was kept before is not any more."""

    TYPE: ClassVar[str] = "image.chosen"

    project: str
    """The project the group belongs to."""
    directory: str
    """Canonical absolute path of the directory of its images."""
    group: str
    """The group's name, which the chosen image's crop carries."""
    images: tuple[GroupImage, ...]
    """All images of the group, in order."""
    chosen: str
    """The name of the one that is kept."""
    how: str
    """How it is kept: `suggested`, `whole` or `crop`."""
    supersedes: str | None = None
    """The name of the image that was kept until now, if it was another one."""


@frozen
class GroupRejected(Event):
    """An operator decided that no image of a group is kept."""

    TYPE: ClassVar[str] = "group.rejected"

    project: str
    """The project the group belongs to."""
    directory: str
    """Canonical absolute path of the directory of its images."""
    group: str
    """The group's name."""
    images: tuple[GroupImage, ...]
    """All images of the group, in order."""
    reason: str | None = None
    """Why, in the operator's words."""


@frozen
class GroupRelocated(Event):
    """The images of a decided group are in another directory; the decision goes with them."""

    TYPE: ClassVar[str] = "group.relocated"

    source: str
    """Canonical absolute path of the directory they were in."""
    directory: str
    """Canonical absolute path of the one they are in now."""


@frozen
class GroupReopened(Event):
    """A choice or a rejection was taken back; the group is shown again."""

    TYPE: ClassVar[str] = "group.reopened"

    reason: str | None = None
    """Why, in the operator's words."""
