"""What is owed on an image by all the marks that other tools' queues hold on it; the queue is brought in line.

It follows from the facts in the ledger and the image's own history alone, so it comes to the same in whatever order the
files came. What anybody decided here about the image goes before marks that are older than that.
"""

from collections.abc import Iterator
from pathlib import Path

from attrs import evolve as changed
from attrs import frozen

from commands.crops import IMAGES, RecordCrop, WithdrawCrop
from commands.decider import Request
from commands.finding import subject_for
from commands.handle import replay
from commands.image import ALLOWED, Image
from commands.importing.facts import mark_subject
from commands.importing.quarantine import SetAside
from commands.importing.standing import standing
from commands.importing.whereabouts import Whereabouts
from commands.recording.marks import Mark
from commands.recording.recording import Recorder, recorded_as
from commands.recording.suggesting import told_beside
from imaging.read import ImageFile
from ledger.entry import Entry
from ledger.errors import CropledgerError
from ledger.events.crops import CropRecorded
from ledger.events.history import HistoryCompleted
from ledger.events.imports import MarkImported
from ledger.values import Instant, image_subject

FOUND_ELSEWHERE = "found_elsewhere"
"""The image was not where the queue says, but one of its name and size was."""

QUEUES = ("crop_queue", "pending_queue")
"""The layouts that tell of crops which a queue has carried out."""


@frozen
class Place:
    """An image that marks were imported for."""

    project: str
    name: str
    """The name that the marks have for it."""
    path: Path
    """Where it is."""


@frozen
class _Told:
    """A mark as it stands in the ledger."""

    mark: Mark
    """At the path where the image is."""
    written: str
    """The path that its source wrote."""
    actor: str


@frozen
class Owing:
    """Brings the queue of one ledger in line with what was imported."""

    recorder: Recorder
    whereabouts: Whereabouts

    def places(self, project: str, name: str) -> list[Path]:
        """The images that imported marks of this name are on."""
        return sorted({Path(told.mark.path) for told in self._told(project, name)})

    def request(self, place: Place, correlation: str, found: ImageFile | None = None) -> Request | None:
        """What records or withdraws what the marks on an image come to; None where it is owed already, or not at all.

        `found` is the image, where it was looked at already. Raises what is wrong with the image.
        """
        told = [each for each in self._told(place.project, place.name) if each.mark.path == str(place.path)]
        made = self._made(place, told)
        mark = standing((each.mark for each in told), made)
        sha256 = found.sha256 if found else None
        subject = subject_for(place.path, place.project, self.recorder.projections, sha256, decided=True)
        history = self.recorder.ledger.history(subject)
        image: Image = replay(IMAGES, history)[0]
        stands = _standing_crop(image, history)
        if mark is None:
            return _withdrawal(stands, made, correlation)
        if (stands is not None and _is(stands, mark)) or decided_after(image, history, mark):
            return None
        file = found or self.recorder.look(mark)
        if isinstance(file, CropledgerError):
            raise file
        actor = next(each.actor for each in told if each.mark.at == mark.at)
        return Request(RecordCrop(subject, _informed(mark, file), retold=True), actor, correlation, at=mark.at)

    def _told(self, project: str, name: str) -> Iterator[_Told]:
        for entry in self.recorder.ledger.history(mark_subject(project, name)):
            event = entry.event
            if not isinstance(event, MarkImported):
                continue
            try:
                path = self.whereabouts.of(event.path, event.dimensions)
            except SetAside:
                continue  # several could be it by now: it is on none of them
            if path is not None:
                elsewhere = () if str(path) == event.path else (FOUND_ELSEWHERE,)
                mark = Mark(
                    project, str(path), event.box, event.dimensions, event.group, event.suggestion,
                    entry.occurred_at, event.utc_offset_s, elsewhere,
                )  # fmt: skip
                yield _Told(mark, event.path, entry.actor)

    def _made(self, place: Place, told: list[_Told]) -> list[Instant]:
        """When a queue says that a crop of this image was carried out.

        Another image may have the same bare name: it is this one if the path is the same, or the instant.
        """
        paths = {str(place.path), *(each.written for each in told)}
        instants = {each.mark.at for each in told}
        return [
            entry.occurred_at
            for entry in self.recorder.ledger.history(image_subject(place.project, place.name))
            if isinstance(entry.event, HistoryCompleted)
            and entry.event.source in QUEUES
            and (entry.event.path in paths or entry.occurred_at in instants)
        ]


def _standing_crop(image: Image, history: list[Entry]) -> Entry | None:
    """The recording of the crop that is owed and can be replaced, if one is."""
    owed = image.crop_version is not None and image.status in {"pending", "failed"}
    return history[image.crop_version - 1] if owed and image.crop_version else None


def _withdrawal(stands: Entry | None, made: list[Instant], correlation: str) -> Request | None:
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
    """Whether what is owed is this mark."""
    event = stands.event
    return (
        isinstance(event, CropRecorded)
        and (event.box, stands.occurred_at) == (mark.box, mark.at)
        and mark.group in {None, event.group}
    )
