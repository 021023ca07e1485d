"""What may happen to an image: the rules for its crop, as one decider.

    untouched --record--> pending --start--> started --execute--> executed
        ^  |                 | ^                |                     |
        |  skip/restore      | +---undo---------|---------------------+
        +----withdraw--------+ +---fail (again later), retry---- failed (for good)

At most one crop is owed per image, and each is executed at most once, because both are rules inside one subject.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, NoReturn

from attrs import evolve as changed
from attrs import frozen

from commands.decider import Command, Decider
from ledger.entry import Entry
from ledger.errors import Conflict, Damaged, Invalid, NotFound, Refused
from ledger.events.crops import (
    CropExecuted,
    CropFailed,
    CropRecorded,
    CropRetried,
    CropStarted,
    CropUndone,
    CropWithdrawn,
)
from ledger.events.event import Event
from ledger.events.history import HistoryImported
from ledger.events.images import ImageRestored, ImageSkipped

Status = Literal["untouched", "pending", "started", "failed", "executed", "skipped"]


@frozen
class Image:
    """What an image's history says."""

    status: Status = "untouched"
    name: str = "this image"
    """Its path, for the sentences people read."""
    crop: CropRecorded | None = None
    """The standing recording, from which everything but a withdrawal leads back to pending."""
    crop_version: int | None = None
    started: CropStarted | None = None
    executed: CropExecuted | None = None
    failed: CropFailed | None = None
    attempts: int = 0
    """Attempts since the crop was recorded, retried or undone."""
    last: Entry | None = None
    """The entry that brought it here; evidence of old crops brings it nowhere."""
    history: tuple[HistoryImported, ...] = ()


# -- evolve -----------------------------------------------------------------------------------------------------


def evolve(image: Image, entry: Entry) -> Image:
    """The image after one more entry; raises `Damaged` for one that could not have followed."""
    event = entry.event
    step = _STEPS.get(type(event))
    if step is None:
        raise Damaged(f"{event.TYPE} says nothing about an image", position=entry.position)
    why = illegal(image, event)
    if why:
        raise Damaged(f"Position {entry.position}: {why}.", position=entry.position)
    moved: Image = step(image, event, entry)
    return moved if isinstance(event, HistoryImported) else changed(moved, last=entry)


def illegal(image: Image, event: Event) -> str | None:
    """Why this event cannot follow; None if it can. Audit asks this of every entry."""
    allowed = _ALLOWED.get(type(event))
    if allowed is not None and image.status not in allowed:
        return f"{event.TYPE} cannot follow while the image is {image.status}"
    return _wrong_attempt(image, event)


def _wrong_attempt(image: Image, event: Event) -> str | None:
    if isinstance(event, CropStarted) and event.attempt != image.attempts + 1:
        return f"{event.TYPE} of attempt {event.attempt} cannot follow attempt {image.attempts}"
    if not isinstance(event, CropExecuted | CropFailed) or (image.started is None and event.attempt == 0):
        return None
    if image.started is None or not _same_attempt(image.started, event):
        return f"{event.TYPE} of run {event.run}, attempt {event.attempt}, which is not the one that started"
    return None


def _same_attempt(started: CropStarted, outcome: CropExecuted | CropFailed) -> bool:
    return (started.run, started.attempt) == (outcome.run, outcome.attempt)


_ALLOWED: Mapping[type[Event], frozenset[Status]] = MappingProxyType(
    {
        CropRecorded: frozenset({"untouched", "pending", "failed"}),
        CropWithdrawn: frozenset({"pending", "failed"}),
        CropStarted: frozenset({"pending"}),
        CropExecuted: frozenset({"started"}),
        CropFailed: frozenset({"started", "pending"}),
        CropRetried: frozenset({"failed"}),
        CropUndone: frozenset({"executed"}),
        ImageSkipped: frozenset({"untouched"}),
        ImageRestored: frozenset({"skipped"}),
    }
)


def _recorded(image: Image, event: CropRecorded, entry: Entry) -> Image:
    return Image("pending", event.path, event, entry.version, history=image.history)


def _withdrawn(image: Image, _event: CropWithdrawn, _entry: Entry) -> Image:
    return Image("untouched", image.name, history=image.history)


def _started(image: Image, event: CropStarted, _entry: Entry) -> Image:
    return changed(image, status="started", started=event, attempts=event.attempt)


def _executed(image: Image, event: CropExecuted, _entry: Entry) -> Image:
    return changed(image, status="executed", executed=event)


def _failed(image: Image, event: CropFailed, _entry: Entry) -> Image:
    return changed(image, status="failed" if event.final else "pending", failed=event, started=None)


def _retried(image: Image, _event: CropRetried, _entry: Entry) -> Image:
    return changed(image, status="pending", failed=None, attempts=0)


def _undone(image: Image, _event: CropUndone, _entry: Entry) -> Image:
    return changed(image, status="pending", executed=None, started=None, failed=None, attempts=0)


def _skipped(image: Image, event: ImageSkipped, _entry: Entry) -> Image:
    return changed(image, status="skipped", name=event.path)


def _restored(image: Image, _event: ImageRestored, _entry: Entry) -> Image:
    return changed(image, status="untouched")


def _imported(image: Image, event: HistoryImported, _entry: Entry) -> Image:
    return changed(image, history=(*image.history, event), name=event.path if image.last is None else image.name)


_STEPS: Mapping[type[Event], Callable[[Image, Any, Entry], Image]] = MappingProxyType(
    {
        CropRecorded: _recorded,
        CropWithdrawn: _withdrawn,
        CropStarted: _started,
        CropExecuted: _executed,
        CropFailed: _failed,
        CropRetried: _retried,
        CropUndone: _undone,
        ImageSkipped: _skipped,
        ImageRestored: _restored,
        HistoryImported: _imported,
    }
)


# -- commands and their decisions ---------------------------------------------------------------------------------


@frozen
class RecordCrop:
    """Mark a box on an image. What it supersedes is for the decision to say."""

    subject: str
    crop: CropRecorded


def record(command: RecordCrop, image: Image) -> Iterator[Event]:
    """A pending or failed crop is replaced; the same mark again is nothing new."""
    if image.status not in _ALLOWED[CropRecorded]:
        _refuse(image)
    standing = image.crop
    if image.status == "pending" and standing and _same_mark(command.crop, standing):
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
    if image.status in {"untouched", "skipped"}:
        raise NotFound(f"No crop is owed on {image.name}{_where(image)}.")
    if image.status not in _ALLOWED[CropWithdrawn]:
        _refuse(image)
    yield CropWithdrawn(command.reason)


@frozen
class SkipImage:
    """Decide that an image gets no crop."""

    subject: str
    project: str
    path: str
    reason: str | None = None


def skip(command: SkipImage, image: Image) -> Iterator[Event]:
    """Skipping an image whose crop is owed withdraws the crop first."""
    if image.status == "skipped":
        return
    if image.status in _ALLOWED[CropWithdrawn]:
        yield CropWithdrawn("the image was skipped")
    elif image.status != "untouched":
        _refuse(image)
    yield ImageSkipped(command.project, command.path, command.reason)


@frozen
class RestoreImage:
    """Open a skipped image again."""

    subject: str
    reason: str | None = None


def restore(command: RestoreImage, image: Image) -> Iterator[Event]:
    """Only a skipped image can be restored; one that was restored already is left so."""
    if image.status == "skipped":
        yield ImageRestored(command.reason)
    elif image.last is None or not isinstance(image.last.event, ImageRestored):
        raise Refused(f"{image.name} is not skipped: it is {image.status}{_where(image)}.")


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


def _require_started(image: Image, outcome: CropExecuted | CropFailed) -> None:
    if image.status != "started" or not image.started or not _same_attempt(image.started, outcome):
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
    history: HistoryImported


def import_history(command: ImportHistory, image: Image) -> Iterator[Event]:
    """The same evidence again is nothing new."""
    if command.history not in image.history:
        yield command.history


_DECISIONS: Mapping[type[Any], Callable[[Any, Image], Iterator[Event]]] = MappingProxyType(
    {
        RecordCrop: record,
        WithdrawCrop: withdraw,
        SkipImage: skip,
        RestoreImage: restore,
        StartCrop: start,
        FinishCrop: finish,
        FailCrop: fail,
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
    }
    raise Refused(f"{image.name} is {_already(image)}{_where(image)}.", mend=mend.get(image.status))


def _already(image: Image) -> str:
    return {"executed": "already executed", "started": "being executed"}.get(image.status, image.status)


def _where(image: Image) -> str:
    return f" (position {image.last.position}, {image.last.actor})" if image.last else ""
