"""Back to where an image was before a request: what undo and redo ask for. Pure.

A request's entries carry its correlation. Those of the marking page say what they are: `mark:BATCH` decided a batch,
`undo:BATCH:REQUEST` took it back, `redo:BATCH:REQUEST` brought it again. Undoing leads back to the state before the
marks, and redoing to the state before the undo: the same step, which adds entries and removes none. What stands is read
from the whole history, as an editor reads its steps: after an undo, the batch before it is the last again.
"""

from collections.abc import Callable, Sequence
from functools import reduce

from attrs import Factory, define

from commands.crops import RecordCrop, RestoreImage, SkipImage, WithdrawCrop
from commands.decider import Command
from commands.image import Image, evolve
from ledger.entry import Entry
from ledger.errors import Refused
from ledger.events.history import HistoryImported
from ledger.events.images import ImageSkipped

UNDONE = "taken back on the page"


def marks_of(batch: str) -> str:
    """The correlation of a batch's marks."""
    return f"mark:{batch}"


def undo_of(batch: str, request: str) -> str:
    """The correlation of a request that takes a batch back."""
    return f"undo:{batch}:{request}"


def redo_of(batch: str, request: str) -> str:
    """The correlation of a request that brings a batch back."""
    return f"redo:{batch}:{request}"


def decided_on(history: Sequence[Entry]) -> list[Entry]:
    """The entries that brought an image where it is: evidence of old crops brings it nowhere."""
    return [entry for entry in history if not isinstance(entry.event, HistoryImported)]


def undo_on(subject: str, history: Sequence[Entry], batch: str) -> list[Command]:
    """What takes back an image's decision of a batch; raises `Refused` where it is not the one that stands."""
    return _lead_back(subject, history, batch, lambda steps: steps.done)


def redo_on(subject: str, history: Sequence[Entry], batch: str) -> list[Command]:
    """What brings back an image's decision of a batch; raises `Refused` where it was not the last taken back."""
    return _lead_back(subject, history, batch, lambda steps: steps.undone)


@define
class _Steps:
    """The batches that stand on an image, and those that were taken back: (batch, entries before the request)."""

    done: list[tuple[str, int]] = Factory(list)
    undone: list[tuple[str, int]] = Factory(list)

    def take(self, correlation: str, place: int) -> None:
        """One more request, whose first entry is at this place."""
        kind, _, rest = correlation.partition(":")
        batch = rest.partition(":")[0]
        if kind == "undo" and self.done and self.done[-1][0] == batch:
            self.done.pop()
            self.undone.append((batch, place))
        elif kind == "redo" and self.undone and self.undone[-1][0] == batch:
            self.undone.pop()
            self.done.append((batch, place))
        else:
            self.done.append((batch if kind == "mark" else "", place))
            self.undone.clear()


def _lead_back(
    subject: str, history: Sequence[Entry], batch: str, of: Callable[[_Steps], list[tuple[str, int]]]
) -> list[Command]:
    entries = decided_on(history)
    now = _state(entries)
    if now.status in {"started", "executed"}:
        return [WithdrawCrop(subject)]  # which is refused, in the words for that
    steps = _Steps()
    for place, entry in enumerate(entries):
        if place == 0 or entries[place - 1].correlation != entry.correlation:
            steps.take(entry.correlation, place)
    standing = of(steps)
    if not standing or standing[-1][0] != batch:
        by = f" (position {entries[-1].position}, {entries[-1].actor})" if entries else ""
        raise Refused(f"{now.name} has been decided anew since{by}.")
    before = entries[: standing[-1][1]]
    return _steps(subject, now, _state(before), _skip_in(before))


def _state(entries: Sequence[Entry]) -> Image:
    return reduce(evolve, entries, Image())


def _skip_in(entries: Sequence[Entry]) -> ImageSkipped | None:
    skips = [entry.event for entry in entries if isinstance(entry.event, ImageSkipped)]
    return skips[-1] if skips else None


def _steps(subject: str, now: Image, before: Image, skip: ImageSkipped | None) -> list[Command]:
    if before.status == "skipped" and skip is not None:
        return [SkipImage(subject, skip.project, skip.path, skip.reason)]
    opened: list[Command] = [RestoreImage(subject, UNDONE)] if now.status == "skipped" else []
    if before.crop is not None:
        return [*opened, RecordCrop(subject, before.crop)]
    return opened or [WithdrawCrop(subject, UNDONE)]
