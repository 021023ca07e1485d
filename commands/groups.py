"""What may happen to a group: one image of it is kept at a time, or none. The rules, as one decider."""

from collections.abc import Iterator
from typing import Literal

from attrs import evolve as changed
from attrs import frozen

from commands.decider import Command, Decider
from ledger.entry import Entry
from ledger.errors import Damaged, Invalid, NotFound
from ledger.events.event import Event
from ledger.events.groups import HOWS, GroupImage, GroupRejected, GroupRelocated, GroupReopened, ImageChosen


@frozen
class Group:
    """What a group's history says. It keeps one image or none: there is no place here for a second."""

    status: Literal["open", "chosen", "rejected"] = "open"
    name: str = "this group"
    images: tuple[GroupImage, ...] = ()
    """As they were when it was last decided."""
    chosen: str | None = None
    standing: ImageChosen | GroupRejected | None = None
    """The decision that stands."""
    last: Entry | None = None

    @property
    def kept(self) -> str | None:
        """The subject of the image that is kept, if one is."""
        return _kept(self.standing) if isinstance(self.standing, ImageChosen) else None

    def image(self, name: str) -> GroupImage:
        """The image of this name; raises `NotFound`."""
        for image in self.images:
            if image.name == name:
                return image
        raise NotFound(f"{name} is not an image of {self.name}.")


def evolve(group: Group, entry: Entry) -> Group:
    """The group after one more entry; raises `Damaged` for one that could not have followed."""
    event = entry.event
    if isinstance(event, ImageChosen) and event.chosen in {image.name for image in event.images}:
        return Group("chosen", event.group, event.images, event.chosen, event, entry)
    if isinstance(event, GroupRejected):
        return Group("rejected", event.group, event.images, None, event, entry)
    if isinstance(event, GroupReopened) and group.status != "open":
        return Group("open", group.name, group.images, last=entry)
    if isinstance(event, GroupRelocated) and group.standing is not None:
        return changed(group, standing=changed(group.standing, directory=event.directory), last=entry)
    raise Damaged(f"Position {entry.position}: {event.TYPE} cannot follow here.", position=entry.position)


@frozen
class ChooseImage:
    """Keep one image of a group. What it supersedes is for the decision to say."""

    subject: str
    chosen: ImageChosen


def choose(command: ChooseImage, group: Group) -> Iterator[Event]:
    """The image is kept, and no other; the same choice again is nothing new."""
    event = command.chosen
    _check(event.images)
    if event.chosen not in {image.name for image in event.images}:
        raise Invalid(f"{event.chosen} is not an image of {event.group}.")
    if event.how not in HOWS:
        raise Invalid(f"an image is kept in one of these ways: {', '.join(HOWS)}; not {event.how!r}")
    before = group.chosen if group.kept != _kept(event) else None  # by its subject: it may have been renamed since
    event = changed(event, supersedes=before)
    if isinstance(group.standing, ImageChosen) and changed(group.standing, supersedes=before) == event:
        return
    yield event


@frozen
class RejectGroup:
    """Keep no image of a group."""

    subject: str
    rejected: GroupRejected


def reject(command: RejectGroup, group: Group) -> Iterator[Event]:
    """No image is kept; a group that is rejected already stays so."""
    _check(command.rejected.images)
    if group.status != "rejected" or group.images != command.rejected.images:
        yield command.rejected


@frozen
class ReopenGroup:
    """Take a choice or a rejection back."""

    subject: str
    reason: str | None = None


def reopen(command: ReopenGroup, group: Group) -> Iterator[Event]:
    """Only a decided group can be opened again; one that is open already is left so."""
    if group.last is None:
        raise NotFound("Nothing is decided about this group.")
    if group.status != "open":
        yield GroupReopened(command.reason)


@frozen
class RelocateGroup:
    """Say that the images of a decided group are in another directory."""

    subject: str
    source: str
    directory: str


def relocate(command: RelocateGroup, group: Group) -> Iterator[Event]:
    """A decision that stands goes with its images; of one that was taken back there is nothing to go."""
    if group.standing is not None and group.standing.directory == command.source:
        yield GroupRelocated(command.source, command.directory)


def _kept(chosen: ImageChosen) -> str:
    return next(image.subject for image in chosen.images if image.name == chosen.chosen)


def _check(images: tuple[GroupImage, ...]) -> None:
    names = {image.name for image in images}
    subjects = {image.subject for image in images}
    if len(images) < 2 or not len(names) == len(subjects) == len(images):
        raise Invalid(f"a group has two images or more, each once, not {sorted(image.name for image in images)}")


def decide(command: Command, group: Group) -> Iterator[Event]:
    """Answer any command about a group."""
    if isinstance(command, ChooseImage):
        return choose(command, group)
    if isinstance(command, RejectGroup):
        return reject(command, group)
    if isinstance(command, ReopenGroup):
        return reopen(command, group)
    if isinstance(command, RelocateGroup):
        return relocate(command, group)
    raise Invalid(f"{type(command).__name__} is not a command about a group")


GROUPS = Decider(Group(), evolve, decide)
