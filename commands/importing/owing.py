"""What is owed on an image by all the marks that other tools' queues hold on it.

It follows from the facts in the ledger and the image's own history alone, so it comes to the same in whatever order the
files came. What anybody decided here about the image goes before marks that are older than that.
"""

from collections.abc import Sequence

from attrs import evolve as changed
from attrs import frozen

from commands.crops import IMAGES, RecordCrop, WithdrawCrop
from commands.decider import Request
from commands.finding import subject_for
from commands.handle import replay
from commands.image import ALLOWED, Image
from commands.importing.standing import standing
from commands.importing.tellings import FOUND_ELSEWHERE, Lost, Place, Tellings, Told
from commands.recording.marks import Mark
from commands.recording.recording import Recorder, check_size, recorded_as
from commands.recording.suggesting import told_beside
from imaging.read import ImageFile
from ledger.entry import Entry
from ledger.errors import CropledgerError
from ledger.events.crops import CropRecorded
from ledger.values import Instant

Seen = ImageFile | CropledgerError
"""What an image was seen to be, or why it cannot be cropped."""


@frozen
class Wanted:
    """Nothing can be said before the image was looked at: the mark that would be owed on it."""

    mark: Mark


@frozen
class Owing:
    """Says what brings the queue of one ledger in line with what was imported."""

    recorder: Recorder

    def request(
        self, place: Place, known: Tellings, correlation: str, seen: Seen | None = None
    ) -> Request | Wanted | None:
        """What records or withdraws what the marks on an image come to; None where it is owed already, or not at all.

        `seen` is the image, where it was looked at. Raises what is wrong with it.
        """
        told, made = known.places[place], known.made_at(place)
        sha256 = seen.sha256 if isinstance(seen, ImageFile) else None
        subject, history = self._known(place, sha256)
        image: Image = replay(IMAGES, history)[0]
        stands = _standing_crop(image, history)
        mark = _standing(place, told, stands, made)
        if mark is None:
            return _withdrawal(stands, made, correlation)
        if (stands is not None and _is(stands, mark)) or decided_after(image, history, mark):
            return None
        if seen is None:
            return Wanted(mark)
        if isinstance(seen, CropledgerError):
            raise seen
        check_size(mark, seen)
        actor = min((each.actor for each in told if each.mark.at == mark.at), default=told[0].actor)
        return Request(RecordCrop(subject, _informed(mark, seen), retold=True), actor, correlation, at=mark.at)

    def is_answered(self, lost: Lost) -> bool:
        """Whether a mark, or a later one, was recorded on an image that it could be on, while that was still clear."""
        return any(
            isinstance(entry.event, CropRecorded) and entry.occurred_at >= str(lost.mark.at)
            for path in lost.why.places
            for entry in self._known(Place(lost.mark.project, path))[1]
        )

    def _known(self, place: Place, sha256: str | None = None) -> tuple[str, list[Entry]]:
        subject = subject_for(place.path, place.project, self.recorder.projections, sha256, decided=True)
        return subject, self.recorder.ledger.history(subject)


def _standing_crop(image: Image, history: list[Entry]) -> Entry | None:
    """The recording of the crop that is owed and can be replaced, if one is."""
    owed = image.crop_version is not None and image.status in {"pending", "failed"}
    return history[image.crop_version - 1] if owed and image.crop_version else None


def _standing(place: Place, told: Sequence[Told], stands: Entry | None, made: Sequence[Instant]) -> Mark | None:
    """The mark that is owed by those that are told, and by the one an import has put into the queue already.

    That one counts also where its telling cannot be found any more: under another name of the same file, or because
    its image could be any of several by now.
    """
    marks, size = [each.mark for each in told], None
    if stands is not None and stands.by_an_import and isinstance(stands.event, CropRecorded):
        event, size = stands.event, stands.event.dimensions
        marks.append(
            Mark(place.project, str(place.path), event.box, at=stands.occurred_at, warnings=(FOUND_ELSEWHERE,))
        )
    return standing(marks, made, size)


def _withdrawal(stands: Entry | None, made: Sequence[Instant], correlation: str) -> Request | None:
    """What takes back a crop that an import had put into the queue, and that was carried out."""
    if not made or stands is None or not stands.by_an_import:
        return None
    command = WithdrawCrop(stands.subject, "carried out by the tool whose queue it was in")
    return Request(command, stands.actor, correlation, at=max(made))


def _informed(mark: Mark, image: ImageFile) -> CropRecorded:
    """The crop, with what a sidecar says of its image.

    Not with imported decisions: they may come before the mark or after it.
    """
    beside = told_beside(image.path, mark.project)
    informed = changed(
        mark,
        suggestion=mark.suggestion or beside.suggestion,
        group=mark.group or beside.group,
        warnings=(*mark.warnings, *beside.warnings),
    )
    return recorded_as(informed, image)


def decided_after(image: Image, history: list[Entry], mark: Mark) -> bool:
    """Whether somebody here decided about the image after the mark was made; a failed attempt decides nothing."""
    if image.status in ALLOWED[CropRecorded]:
        decisions = [entry.occurred_at for entry in history if entry.by_a_person]
    else:
        decisions = [image.last.occurred_at] if image.last is not None else []
    return mark.at is not None and any(at > mark.at for at in decisions)


def _is(stands: Entry, mark: Mark) -> bool:
    """Whether what is owed is this mark, with all that is told of it; a sidecar may have added to that."""
    event = stands.event
    return (
        isinstance(event, CropRecorded)
        and (event.box, stands.occurred_at) == (mark.box, mark.at)
        and mark.group in {None, event.group}
        and mark.suggestion in {None, event.suggestion}
        and mark.utc_offset_s in {None, event.utc_offset_s}
        and (FOUND_ELSEWHERE not in event.warnings or FOUND_ELSEWHERE in mark.warnings)
    )
