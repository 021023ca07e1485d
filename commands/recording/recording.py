"""Recording marks: look at each image, check the mark against it, and record many together."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from attrs import Factory, define, frozen
from attrs import evolve as changed

from commands.crops import IMAGES, RecordCrop
from commands.decider import Request
from commands.finding import images_at, subject_for
from commands.handle import handle_many, replay
from commands.looks import looks
from commands.recording.marks import Mark
from commands.recording.suggesting import suggested_for
from imaging.read import ImageFile, observe
from imaging.zones import Zones
from ledger.errors import CropledgerError, Refused
from ledger.events.crops import CropRecorded
from ledger.log import Ledger
from projections.reader import Projections

AT_ONCE = 2_000
"""Marks recorded in one transaction."""

UNKNOWN_GROUP = "unknown_group"


@frozen
class Asked:
    """Who records, in which request, when."""

    actor: str
    correlation: str
    now: datetime


@define
class Recorded:
    """What became of the marks."""

    recorded: int = 0
    unchanged: int = 0
    without_group: int = 0
    refused: list[tuple[Mark, CropledgerError]] = Factory(list)


@define
class Recorder:
    """Records marks on one ledger."""

    ledger: Ledger
    projections: Projections
    zones: Zones

    def record(self, marks: Iterable[Mark], asked: Asked, watch: Callable[[], None] = lambda: None) -> Recorded:
        """Record what can be recorded, thousands at a time; what cannot is returned with its reason.

        `watch` is called for every image that was looked at, which is what takes the time.
        """
        result = Recorded()
        remaining = iter(marks)
        while some := list(islice(remaining, AT_ONCE)):
            self._record_some(some, _watched(looks(self.look, some), watch), asked, result)
        return result

    def _record_some(
        self, marks: list[Mark], seen: Iterator[ImageFile | CropledgerError], asked: Asked, result: Recorded
    ) -> None:
        taken: list[Mark] = []
        requests: list[Request] = []
        for mark, image in zip(marks, seen, strict=True):
            if isinstance(image, CropledgerError):
                if self._is_done(mark):
                    result.unchanged += 1
                else:
                    result.refused.append((mark, image))
                continue
            mark = self.informed(mark, image)  # noqa: PLW2901  # the same mark, with what is known of its image
            taken.append(mark)
            requests.append(self._request(mark, image, asked))
        outcome = handle_many(requests, ledger=self.ledger, now=asked.now)
        result.recorded += len(outcome.entries)
        result.unchanged += outcome.unchanged
        result.without_group += sum(mark.group is None for mark in taken)
        result.refused += [(taken[index], why) for index, why in outcome.refused]

    def look(self, mark: Mark) -> ImageFile | CropledgerError:
        """The image as it is now, or why it cannot be recorded."""
        try:
            image = observe(self.zones.check(Path(mark.path)))
            check_size(mark, image)
        except CropledgerError as why:
            return why
        return image

    def _is_done(self, mark: Mark) -> bool:
        """Whether this very box was executed already, so that the image is in the archive: nothing to complain of."""
        known = images_at(Path(mark.path), self.projections, mark.project)
        if not known:
            return False
        image, _ = replay(IMAGES, self.ledger.history(known[0].subject))
        return bool(image.status == "executed" and image.crop and image.crop.box == mark.box)

    def informed(self, mark: Mark, image: ImageFile) -> Mark:
        """The mark with what a model had suggested, and the group, where who marked did not say."""
        known = suggested_for(image.path, mark.project, self.projections)
        return changed(
            mark,
            suggestion=mark.suggestion or known.suggestion,
            group=mark.group or known.group,
            warnings=(*mark.warnings, *known.warnings),
        )

    def _request(self, mark: Mark, image: ImageFile, asked: Asked) -> Request:
        subject = subject_for(image.path, mark.project, self.projections, image.sha256)
        return Request(RecordCrop(subject, recorded_as(mark, image)), asked.actor, asked.correlation, at=mark.at)


def check_size(mark: Mark, image: ImageFile) -> None:
    """Raise what keeps a mark from the image that was found: another size, or a box that has no pixel in it."""
    if mark.dimensions is not None and mark.dimensions != image.dimensions:
        raise Refused(f"{image.path} is {image.dimensions}, but the mark was made on {mark.dimensions}.")
    mark.box.denormalise(image.dimensions)


def recorded_as(mark: Mark, image: ImageFile) -> CropRecorded:
    """The event that a mark on an image, as it was found, becomes."""
    return CropRecorded(
        project=mark.project,
        path=str(image.path),
        box=mark.box,
        dimensions=image.dimensions,
        sha256=image.sha256,
        size_bytes=image.size_bytes,
        group=mark.group,
        suggestion=mark.suggestion,
        utc_offset_s=mark.utc_offset_s,
        warnings=(*mark.warnings, *(() if mark.group else (UNKNOWN_GROUP,))),
    )


def _watched(
    seen: Iterator[ImageFile | CropledgerError], watch: Callable[[], None]
) -> Iterator[ImageFile | CropledgerError]:
    for look in seen:
        watch()
        yield look
