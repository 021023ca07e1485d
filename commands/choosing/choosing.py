"""Choosing one image of a group: the group's own decision and what it means for each of its images, all or nothing.

Whoever chooses an image keeps that one and no other: a crop that is owed on another image of the group is withdrawn,
and the others are skipped, so that they are presented no more. Choosing again turns that round.
"""

from collections.abc import Iterator
from pathlib import Path

from attrs import define, frozen

from commands.choosing.selecting import FoundGroup
from commands.crops import IMAGES, KeepImage, RecordCrop, RestoreImage, SkipImage, WithdrawCrop
from commands.decider import Command, Request
from commands.groups import ChooseImage, RejectGroup, ReopenGroup
from commands.handle import handle, replay
from commands.image import Image
from commands.recording.recording import Asked
from imaging.read import observe
from imaging.zones import Zones
from ledger.errors import Refused
from ledger.events.crops import CropRecorded
from ledger.events.groups import GroupImage, GroupRejected, ImageChosen
from ledger.events.images import ImageKept, ImageSkipped
from ledger.log import Ledger
from ledger.values import Box, Suggestion

NOT_CHOSEN = "another image of its group was chosen"
REJECTED = "its group was rejected"


@frozen
class Wish:
    """How an image of a group is to be kept."""

    how: str
    """`suggested`, `whole` or `crop`."""
    box: Box | None = None
    """What is to be cut out; for `whole` nothing, for `crop` perhaps later."""
    suggestion: Suggestion | None = None


@define
class Chooser:
    """Decides about groups on one ledger."""

    ledger: Ledger
    zones: Zones

    def choose(self, group: FoundGroup, name: str, wish: Wish, asked: Asked) -> None:
        """Keep this image of the group and no other; raises what one of its images refuses, and then nothing happened.

        With a box its crop is owed from now on; without one it waits to be marked, unless it is kept whole.
        """
        chosen = group.image(name)
        crop = self._marked(group, chosen, wish)  # looks at the file, so before the lock
        event = ImageChosen(group.project, group.directory, group.id, group.images, name, wish.how)
        with self.ledger.exclusive():
            self._do(ChooseImage(group.subject, event), asked)
            for other in group.images:
                if other is not chosen:
                    self._set_aside(group, other, NOT_CHOSEN, asked)
            for command in self._keeping(group, chosen, crop, wish):
                self._do(command, asked)

    def reject(self, group: FoundGroup, asked: Asked, reason: str | None = None) -> None:
        """Keep no image of the group."""
        event = GroupRejected(group.project, group.directory, group.id, group.images, reason)
        with self.ledger.exclusive():
            self._do(RejectGroup(group.subject, event), asked)
            for image in group.images:
                self._set_aside(group, image, REJECTED, asked)

    def reopen(self, group: FoundGroup, asked: Asked, reason: str | None = None) -> None:
        """Take the decision back: the group is shown again, and nothing of it is owed, kept or skipped any more."""
        with self.ledger.exclusive():
            self._do(ReopenGroup(group.subject, reason), asked)
            for image in group.images:
                for command in self._opening(image):
                    self._do(command, asked)

    def _do(self, command: Command, asked: Asked) -> None:
        handle(Request(command, asked.actor, asked.correlation), ledger=self.ledger, now=asked.now)

    def _image(self, subject: str) -> Image:
        image, _ = replay(IMAGES, self.ledger.history(subject))
        assert isinstance(image, Image)  # noqa: S101  # for the type checker: IMAGES folds into Image
        return image

    def _set_aside(self, group: FoundGroup, image: GroupImage, why: str, asked: Asked) -> None:
        if self._image(image.subject).status == "kept":
            self._do(RestoreImage(image.subject, why), asked)
        self._do(SkipImage(image.subject, group.project, group.path_of(image), why), asked)

    def _keeping(
        self, group: FoundGroup, image: GroupImage, crop: CropRecorded | None, wish: Wish
    ) -> Iterator[Command]:
        """What brings the chosen image from wherever it is to where it is wanted."""
        now = self._image(image.subject)
        if now.status in {"started", "executed"}:
            if wish.how == "whole" or (crop is not None and (now.crop is None or now.crop.box != crop.box)):
                raise Refused(f"{now.name} is {now.status} already.", mend=f"To take it back: crop undo {now.name}")
            return
        if now.status == "skipped" or (now.status == "kept" and wish.how != "whole"):
            yield RestoreImage(image.subject, "it was chosen of its group")
        if wish.how == "whole":
            kept = ImageKept(group.project, group.path_of(image), "it was chosen of its group", group.id)
            yield KeepImage(image.subject, kept)
        elif crop is not None:
            yield RecordCrop(image.subject, crop)

    def _opening(self, image: GroupImage) -> Iterator[Command]:
        now = self._image(image.subject)
        if now.status in {"started", "executed"}:
            raise Refused(f"{now.name} is {now.status} already.", mend=f"To take it back: crop undo {now.name}")
        if now.status in {"pending", "failed"}:
            yield WithdrawCrop(image.subject, "its group was opened again")
        elif now.status in {"kept", "staged"} or (now.status == "skipped" and _on_the_groups_account(now)):
            yield RestoreImage(image.subject, "its group was opened again")

    def _marked(self, group: FoundGroup, image: GroupImage, wish: Wish) -> CropRecorded | None:
        if wish.box is None or wish.how == "whole":
            return None
        found = observe(self.zones.check(Path(group.path_of(image))))
        wish.box.denormalise(found.dimensions)
        return CropRecorded(
            group.project, str(found.path), wish.box, found.dimensions, found.sha256, found.size_bytes,
            group=group.id, suggestion=wish.suggestion,
        )  # fmt: skip


def _on_the_groups_account(image: Image) -> bool:
    last = image.last.event if image.last else None
    return isinstance(last, ImageSkipped) and last.reason in {NOT_CHOSEN, REJECTED}
