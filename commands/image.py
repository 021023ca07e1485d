"""What an image's history says: its state, and which event may follow which. Pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from attrs import evolve as changed
from attrs import frozen

from ledger.entry import Entry
from ledger.errors import Damaged
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
from ledger.events.history import HistoryCompleted, HistoryImported
from ledger.events.images import ImageKept, ImageRelocated, ImageRestored, ImageSkipped
from ledger.events.staging import ImageStaged, ImageUnstaged

Evidence = HistoryImported | HistoryCompleted

Status = Literal["untouched", "pending", "started", "failed", "executed", "skipped", "kept", "staged"]


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
    decided: bool = False
    """Whether an operator ever decided something about it here."""
    marked: bool = False
    """Whether a box was ever marked on it."""
    attempts: int = 0
    """Attempts since the crop was recorded, retried or undone."""
    last: Entry | None = None
    """The entry that brought it here; evidence of old crops brings it nowhere."""
    history: tuple[Evidence, ...] = ()
    """What is known of crops made elsewhere."""


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
    return moved if isinstance(event, Evidence) else changed(moved, last=entry)


def illegal(image: Image, event: Event) -> str | None:
    """Why this event cannot follow; None if it can. Audit asks this of every entry."""
    allowed = ALLOWED.get(type(event))
    if allowed is not None and image.status not in allowed:
        return f"{event.TYPE} cannot follow while the image is {image.status}"
    return _wrong_attempt(image, event)


def _wrong_attempt(image: Image, event: Event) -> str | None:
    if isinstance(event, CropStarted) and event.attempt != image.attempts + 1:
        return f"{event.TYPE} of attempt {event.attempt} cannot follow attempt {image.attempts}"
    if not isinstance(event, CropExecuted | CropFailed | CropReleased) or (
        image.started is None and event.attempt == 0
    ):
        return None
    if image.started is None or not same_attempt(image.started, event):
        return f"{event.TYPE} of run {event.run}, attempt {event.attempt}, which is not the one that started"
    return None


def same_attempt(started: CropStarted, outcome: CropExecuted | CropFailed | CropReleased) -> bool:
    """Whether the outcome is that of the attempt that started."""
    return (started.run, started.attempt) == (outcome.run, outcome.attempt)


ALLOWED: Mapping[type[Event], frozenset[Status]] = MappingProxyType(
    {
        CropRecorded: frozenset({"untouched", "pending", "failed"}),
        CropWithdrawn: frozenset({"pending", "failed"}),
        CropStarted: frozenset({"pending"}),
        CropExecuted: frozenset({"started"}),
        CropFailed: frozenset({"started", "pending"}),
        CropReleased: frozenset({"started"}),
        CropRetried: frozenset({"failed"}),
        CropUndone: frozenset({"executed"}),
        ImageSkipped: frozenset({"untouched"}),
        ImageKept: frozenset({"untouched"}),
        ImageRestored: frozenset({"skipped", "kept"}),
        ImageStaged: frozenset({"skipped"}),
        ImageUnstaged: frozenset({"staged"}),
        ImageRelocated: frozenset({"untouched", "pending", "failed", "executed", "skipped", "kept", "staged"}),
    }
)
"""The statuses that an event may follow; evidence of old crops may always."""


def _recorded(image: Image, event: CropRecorded, entry: Entry) -> Image:
    return Image("pending", event.path, event, entry.version, decided=True, marked=True, history=image.history)


def _withdrawn(image: Image, _event: CropWithdrawn, entry: Entry) -> Image:
    # What an import had put into the queue and takes back was carried out elsewhere: nobody decided anything here.
    here = not entry.by_an_import
    return Image("untouched", image.name, decided=here, marked=here, history=image.history)


def _started(image: Image, event: CropStarted, _entry: Entry) -> Image:
    return changed(image, status="started", started=event, attempts=event.attempt)


def _executed(image: Image, event: CropExecuted, _entry: Entry) -> Image:
    return changed(image, status="executed", executed=event)


def _failed(image: Image, event: CropFailed, _entry: Entry) -> Image:
    return changed(image, status="failed" if event.final else "pending", failed=event, started=None)


def _released(image: Image, event: CropReleased, _entry: Entry) -> Image:
    return changed(image, status="pending", started=None, attempts=event.attempt - 1)


def _retried(image: Image, _event: CropRetried, _entry: Entry) -> Image:
    return changed(image, status="pending", failed=None, attempts=0)


def _undone(image: Image, event: CropUndone, _entry: Entry) -> Image:
    back = _at(image, event.source)  # where the original stands again, wherever the directory went meanwhile
    return changed(back, status="pending", executed=None, started=None, failed=None, attempts=0)


def _skipped(image: Image, event: ImageSkipped, _entry: Entry) -> Image:
    return changed(image, status="skipped", name=event.path, decided=True)


def _restored(image: Image, _event: ImageRestored, _entry: Entry) -> Image:
    return changed(image, status="untouched")


def _kept(image: Image, event: ImageKept, _entry: Entry) -> Image:
    return changed(image, status="kept", name=event.path, decided=True)


def _relocated(image: Image, event: ImageRelocated, _entry: Entry) -> Image:
    return _at(image, event.path)


def _at(image: Image, path: str) -> Image:
    return changed(image, name=path, crop=changed(image.crop, path=path) if image.crop else None)


def _staged(image: Image, _event: ImageStaged, _entry: Entry) -> Image:
    return changed(image, status="staged")


def _unstaged(image: Image, _event: ImageUnstaged, _entry: Entry) -> Image:
    return changed(image, status="skipped")


def _imported(image: Image, event: Evidence, _entry: Entry) -> Image:
    # A path says more than a bare name, whichever comes first.
    better = image.last is None and ("/" in event.path or not image.history)
    return changed(image, history=(*image.history, event), name=event.path if better else image.name)


_STEPS: Mapping[type[Event], Callable[[Image, Any, Entry], Image]] = MappingProxyType(
    {
        CropRecorded: _recorded,
        CropWithdrawn: _withdrawn,
        CropStarted: _started,
        CropExecuted: _executed,
        CropFailed: _failed,
        CropReleased: _released,
        CropRetried: _retried,
        CropUndone: _undone,
        ImageSkipped: _skipped,
        ImageKept: _kept,
        ImageRestored: _restored,
        ImageRelocated: _relocated,
        ImageStaged: _staged,
        ImageUnstaged: _unstaged,
        HistoryImported: _imported,
        HistoryCompleted: _imported,
    }
)
