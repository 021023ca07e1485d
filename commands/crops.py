"""What may happen to an image: the rules for its crop, as one decider.

    untouched --record--> pending --start--> started --execute--> executed
        ^  |                 | ^                |                     |
        | skip, keep/restore | +---undo---------|---------------------+
        +----withdraw--------+ +---fail (again later), retry---- failed (for good)

At most one crop is owed per image, and each is executed at most once, because both are rules inside one subject.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NoReturn

from attrs import evolve as changed
from attrs import frozen

from commands.decider import Command, Decider
from commands.image import ALLOWED, Evidence, Image, evolve, same_attempt
from ledger.errors import Conflict, Invalid, NotFound, Refused
from ledger.events.crops import (
    CropExecuted,
    CropFailed,
    CropRecorded,
    CropReleased,
    CropRetried,
    CropStarted,
    CropUndone,
    CropWithdrawn,
)
from ledger.events.event import Event
from ledger.events.images import ImageKept, ImageRelocated, ImageRestored, ImageSkipped
from ledger.events.staging import ImageStaged, ImageUnstaged


@frozen
class RecordCrop:
    """Mark a box on an image. What it supersedes is for the decision to say."""

    subject: str
    crop: CropRecorded
    retold: bool = False
    """Whether other tools told of it: then the same box at another time than what stands is news of that time."""


def record(command: RecordCrop, image: Image) -> Iterator[Event]:
    """A pending or failed crop is replaced; the same mark again is nothing new."""
    if image.status not in ALLOWED[CropRecorded]:
        _refuse(image)
    standing = image.crop
    if image.status == "pending" and standing and not command.retold and _same_mark(command.crop, standing):
        return
    yield changed(command.crop, supersedes=image.crop_version)


def _same_mark(new: CropRecorded, standing: CropRecorded) -> bool:
    # The clock's offset is circumstance; who marks the same box again an hour later has said nothing new.
    return changed(new, supersedes=None, utc_offset_s=None) == changed(standing, supersedes=None, utc_offset_s=None)


@frozen
class WithdrawCrop:
    """Take back a crop that is owed."""

    subject: str
    reason: str | None = None


def withdraw(command: WithdrawCrop, image: Image) -> Iterator[Event]:
    """A crop that is owed can be withdrawn until it is started."""
    if image.last is not None and isinstance(image.last.event, CropWithdrawn):
        return
    if image.status in {"untouched", "skipped", "kept", "staged"}:
        raise NotFound(f"No crop is owed on {image.name}{_where(image)}.")
    if image.status not in ALLOWED[CropWithdrawn]:
        _refuse(image)
    yield CropWithdrawn(command.reason)


@frozen
class SkipImage:
    """Decide that an image gets no crop."""

    subject: str
    project: str
    path: str
    reason: str | None = None
    sha256: str | None = None
    """sha256 of the file as it was looked at."""


def skip(command: SkipImage, image: Image) -> Iterator[Event]:
    """Skipping an image whose crop is owed withdraws the crop first."""
    if image.status in {"skipped", "staged"}:
        return
    if image.status in ALLOWED[CropWithdrawn]:
        yield CropWithdrawn("the image was skipped")
    elif image.status != "untouched":
        _refuse(image)
    yield ImageSkipped(command.project, command.path, command.reason, command.sha256)


@frozen
class KeepImage:
    """Decide that an image stays whole, as it is."""

    subject: str
    kept: ImageKept


def keep(command: KeepImage, image: Image) -> Iterator[Event]:
    """Keeping an image whose crop is owed withdraws the crop first."""
    if image.status == "kept":
        return
    if image.status in ALLOWED[CropWithdrawn]:
        yield CropWithdrawn("the image is kept whole")
    elif image.status != "untouched":
        _refuse(image)
    yield command.kept


@frozen
class RestoreImage:
    """Open a skipped or kept image again."""

    subject: str
    reason: str | None = None


def restore(command: RestoreImage, image: Image) -> Iterator[Event]:
    """Only a skipped or kept image can be restored; one that was restored already is left so."""
    if image.status in {"skipped", "kept"}:
        yield ImageRestored(command.reason)
    elif image.status == "staged":
        _refuse(image)
    elif image.last is None or not isinstance(image.last.event, ImageRestored):
        raise Refused(f"{image.name} is neither skipped nor kept: it is {image.status}{_where(image)}.")


@frozen
class StageImage:
    """Say that a rejected image was moved to the staging folder."""

    subject: str
    staged: ImageStaged


def stage(command: StageImage, image: Image) -> Iterator[Event]:
    """Only what gets no crop can be moved out of the way."""
    if image.status == "staged":
        return
    if image.status != "skipped":
        raise Refused(f"{image.name} is not rejected: it is {image.status}{_where(image)}.")
    yield command.staged


@frozen
class UnstageImage:
    """Say that an image is back from the staging folder."""

    subject: str
    unstaged: ImageUnstaged


def unstage(command: UnstageImage, image: Image) -> Iterator[Event]:
    """Only what is in the staging folder can come back from it."""
    if image.last is not None and image.last.event == command.unstaged:
        return
    if image.status != "staged":
        raise Refused(f"{image.name} is not in the staging folder: it is {image.status}{_where(image)}.")
    yield command.unstaged


@frozen
class RelocateImage:
    """Say that an image's file is at another path now, after comparing its content."""

    subject: str
    source: str
    path: str


def relocate(command: RelocateImage, image: Image) -> Iterator[Event]:
    """What was decided goes with the file; nothing moves while a run is at work on it."""
    if image.last is None and not image.history:
        raise NotFound(f"Nothing is recorded about {command.source}.")
    if image.name == command.path:
        return
    if image.name != command.source:
        raise Conflict(f"{command.source} is known as {image.name} by now{_where(image)}.")
    if image.status not in ALLOWED[ImageRelocated]:
        _refuse(image)
    yield ImageRelocated(
        command.source, command.path, image.decided, image.marked, bool(image.history), image.status == "staged"
    )


@frozen
class StartCrop:
    """Claim a crop for a run, with the plan of what will be written."""

    subject: str
    start: CropStarted


def start(command: StartCrop, image: Image) -> Iterator[Event]:
    """Only an owed crop can be claimed, once; the attempt must be the next one."""
    if image.status == "started" and image.started == command.start:
        return
    if image.status == "started" and image.started:
        raise Conflict(f"{image.name} was started by run {image.started.run}{_where(image)}.")
    if image.status != "pending":
        raise Conflict(f"No crop is waiting on {image.name}: it is {image.status}{_where(image)}.")
    if command.start.attempt != image.attempts + 1:
        raise Conflict(
            f"{image.name}: attempt {command.start.attempt} does not follow {image.attempts}{_where(image)}."
        )
    yield command.start


@frozen
class FinishCrop:
    """Say that a started crop exists and is verified."""

    subject: str
    executed: CropExecuted


def finish(command: FinishCrop, image: Image) -> Iterator[Event]:
    """Only the attempt that started can finish, once."""
    if image.status == "executed" and image.executed == command.executed:
        return
    _require_started(image, command.executed)
    yield command.executed


@frozen
class FailCrop:
    """Say that an attempt came to nothing, or that the crop could not even be claimed (attempt 0)."""

    subject: str
    failed: CropFailed


def fail(command: FailCrop, image: Image) -> Iterator[Event]:
    """The attempt that started can fail; so can a crop that waits and cannot be claimed."""
    if image.failed == command.failed and image.status in {"failed", "pending"}:
        return
    if not (image.status == "pending" and command.failed.attempt == 0):
        _require_started(image, command.failed)
    yield command.failed


@frozen
class ReleaseCrop:
    """Give back a crop that was claimed and not begun."""

    subject: str
    released: CropReleased


def release(command: ReleaseCrop, image: Image) -> Iterator[Event]:
    """The run that claimed it can give it back, once."""
    if image.status == "pending" and image.last is not None and image.last.event == command.released:
        return
    _require_started(image, command.released)
    yield command.released


def _require_started(image: Image, outcome: CropExecuted | CropFailed | CropReleased) -> None:
    if image.status != "started" or not image.started or not same_attempt(image.started, outcome):
        raise Conflict(
            f"{image.name}: run {outcome.run} has no started attempt {outcome.attempt}; "
            f"the image is {image.status}{_where(image)}."
        )


@frozen
class RetryCrop:
    """Put a failed crop back in the queue."""

    subject: str
    reason: str | None = None


def retry(command: RetryCrop, image: Image) -> Iterator[Event]:
    """A failed crop is owed again; one that waits already needs nothing."""
    if image.status == "pending":
        return
    if image.status != "failed":
        raise Refused(f"{image.name} has not failed: it is {image.status}{_where(image)}.")
    yield CropRetried(command.reason)


@frozen
class UndoCrop:
    """Say that the original is back and the crop gone."""

    subject: str
    undone: CropUndone


def undo(command: UndoCrop, image: Image) -> Iterator[Event]:
    """Only an executed crop can be undone, and only by what restores that very original."""
    if image.last is not None and image.last.event == command.undone:
        return
    if image.status != "executed" or image.executed is None:
        raise Refused(
            f"{image.name} is not executed, so there is nothing to undo: it is {image.status}{_where(image)}."
        )
    if command.undone.source_sha256 != image.executed.source_sha256:
        raise Conflict(f"{image.name}: what was restored is not the original that was archived{_where(image)}.")
    yield command.undone


@frozen
class ImportHistory:
    """Note that an image was cropped elsewhere."""

    subject: str
    history: Evidence


def import_history(command: ImportHistory, image: Image) -> Iterator[Event]:
    """The same evidence again is nothing new."""
    if command.history not in image.history:
        yield command.history


_DECISIONS: Mapping[type[Any], Callable[[Any, Image], Iterator[Event]]] = MappingProxyType(
    {
        RecordCrop: record,
        WithdrawCrop: withdraw,
        SkipImage: skip,
        KeepImage: keep,
        RestoreImage: restore,
        RelocateImage: relocate,
        StageImage: stage,
        UnstageImage: unstage,
        StartCrop: start,
        FinishCrop: finish,
        FailCrop: fail,
        ReleaseCrop: release,
        RetryCrop: retry,
        UndoCrop: undo,
        ImportHistory: import_history,
    }
)


def decide(command: Command, image: Image) -> Iterator[Event]:
    """Answer any command about an image."""
    decision = _DECISIONS.get(type(command))
    if decision is None:
        raise Invalid(f"{type(command).__name__} is not a command about an image")
    return decision(command, image)


IMAGES = Decider(Image(), evolve, decide)


def _refuse(image: Image) -> NoReturn:
    mend = {
        "executed": f"To take it back: crop undo {image.name}",
        "started": "Wait for the run to finish; a run that died is cleared up by the next crop run.",
        "skipped": f"To open it again: crop restore {image.name}",
        "kept": f"To open it again: crop restore {image.name}",
        "staged": f"To bring it back first: crop unstage {image.name}",
    }
    raise Refused(f"{image.name} is {_already(image)}{_where(image)}.", mend=mend.get(image.status))


def _already(image: Image) -> str:
    return {
        "executed": "already executed",
        "started": "being executed",
        "kept": "kept whole",
        "staged": "in the staging folder",
    }.get(image.status, image.status)


def _where(image: Image) -> str:
    return f" (position {image.last.position}, {image.last.actor})" if image.last else ""
