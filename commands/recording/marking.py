"""Batches of decisions from the marking page: recorded whole, once, and only on what the operator really saw."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attrs import define, evolve, frozen

from commands.crops import IMAGES, RecordCrop, RestoreImage, SkipImage
from commands.decider import Command, Request
from commands.handle import REFUSALS, handle_many, replay
from commands.looks import LOOKING
from commands.recording.marks import Mark
from commands.recording.recording import Asked, Recorder, recorded_as
from commands.recording.retracing import decided_on, marks_of, redo_of, redo_on, undo_of, undo_on
from imaging.read import ImageFile
from ledger.entry import Entry
from ledger.errors import Conflict, CropledgerError
from ledger.log import Ledger
from ledger.values import Instant


@frozen
class Decision:
    """What an operator decided about one image, and on what."""

    subject: str
    mark: Mark | None
    """The box; None where the image gets no crop."""
    project: str
    path: str
    version: int = 0
    """The version of the image's history that the operator saw."""
    sha256: str | None = None
    """What the file held when it was shown; None takes it as it is."""
    follows: str | None = None
    """The batch in which this operator decided about the image before, where the answer to that was not seen yet."""
    at: Instant | None = None
    """When it was decided; now, if unknown."""


@frozen
class Answer:
    """What became of one decision."""

    subject: str
    version: int
    """The version of the image's history after it."""
    refused: str | None = None
    """Why it was not recorded."""


@define
class Marking:
    """Records what the marking page sends; the same batch, sent again, is recorded once."""

    recorder: Recorder

    def mark(self, batch: str, decisions: Sequence[Decision], asked: Asked) -> list[Answer]:
        """Record a batch in one transaction; an answer for each decision, in order.

        A decision is refused where the image is not what the operator saw: decided by somebody else meanwhile, another
        file, or at work.
        """
        with ThreadPoolExecutor(LOOKING) as threads:
            looks = dict(zip((each.subject for each in decisions), threads.map(self._look, decisions), strict=True))

        def decided(decision: Decision) -> Callable[[Sequence[Entry]], list[Command]]:
            informed = self._informed(decision, looks[decision.subject])
            return lambda history: _commands(informed, looks[decision.subject], history)

        asked = Asked(asked.actor, marks_of(batch), asked.now)
        return self._record([_Wish(each.subject, decided(each), each.at) for each in decisions], asked)

    def undo(self, batch: str, request: str, subjects: Iterable[str], asked: Asked) -> list[Answer]:
        """Take a batch's decisions back, each to what stood before it."""
        return self._retrace(undo_on, batch, subjects, Asked(asked.actor, undo_of(batch, request), asked.now))

    def redo(self, batch: str, request: str, subjects: Iterable[str], asked: Asked) -> list[Answer]:
        """Bring a batch's decisions back, as they were before they were taken back."""
        return self._retrace(redo_on, batch, subjects, Asked(asked.actor, redo_of(batch, request), asked.now))

    def _retrace(
        self,
        step: Callable[[str, Sequence[Entry], str], list[Command]],
        batch: str,
        subjects: Iterable[str],
        asked: Asked,
    ) -> list[Answer]:
        def back(subject: str) -> Callable[[Sequence[Entry]], list[Command]]:
            return lambda history: step(subject, history, batch)

        return self._record([_Wish(subject, back(subject)) for subject in subjects], asked)

    def _record(self, wishes: Sequence["_Wish"], asked: Asked) -> list[Answer]:
        """Ask each wish for its commands while nothing else can be written, and record them all together."""
        ledger = self.recorder.ledger
        with ledger.exclusive():
            refused: dict[str, str] = {}
            requests: list[Request] = []
            for wish in wishes:
                history = ledger.history(wish.subject)
                if any(entry.correlation == asked.correlation for entry in history):
                    continue  # this very request was answered before, and the answer got lost
                try:
                    commands = wish.commands(history)
                except REFUSALS as why:
                    refused[wish.subject] = str(why)
                    continue
                requests += [Request(command, asked.actor, asked.correlation, at=wish.at) for command in commands]
            outcome = handle_many(requests, ledger=ledger, now=asked.now)
            refused |= {requests[index].command.subject: str(why) for index, why in outcome.refused}
            return [Answer(wish.subject, _version(ledger, wish.subject), refused.get(wish.subject)) for wish in wishes]

    def _look(self, decision: Decision) -> ImageFile | CropledgerError | None:
        """The image as it is now, or why it cannot be recorded; a skip needs no look."""
        return self.recorder.look(decision.mark) if decision.mark else None

    def _informed(self, decision: Decision, look: ImageFile | CropledgerError | None) -> Decision:
        """The decision with the group and the suggestion that are known of its image."""
        if decision.mark is None or not isinstance(look, ImageFile):
            return decision
        return evolve(decision, mark=self.recorder.informed(decision.mark, look))


@frozen
class _Wish:
    """What is asked of one image: the commands, worked out from its history when nothing can come between."""

    subject: str
    commands: Callable[[Sequence[Entry]], list[Command]]
    at: Instant | None = None


def _commands(decision: Decision, look: ImageFile | CropledgerError | None, history: Sequence[Entry]) -> list[Command]:
    _require_seen(decision, history)
    if decision.mark is None:
        return [SkipImage(decision.subject, decision.project, decision.path)]
    if isinstance(look, CropledgerError):
        raise look
    assert look is not None  # noqa: S101  # a mark was looked at
    if decision.sha256 not in {None, look.sha256}:
        raise Conflict(f"{decision.path} holds another picture than the one that was shown.", mend="Reload the page.")
    opened: list[Command] = [RestoreImage(decision.subject)] if _is_closed(history) else []
    return [*opened, RecordCrop(decision.subject, recorded_as(decision.mark, look))]


def _require_seen(decision: Decision, history: Sequence[Entry]) -> None:
    """Raise `Conflict` if somebody has decided about the image since the operator saw it."""
    own = marks_of(decision.follows) if decision.follows else None
    news = [entry for entry in decided_on(history) if entry.version > decision.version and entry.correlation != own]
    if news:
        last = news[-1]
        raise Conflict(
            f"{Path(decision.path).name} was decided by {last.actor} meanwhile (position {last.position}).",
            mend="What stands there was kept.",
        )


def _is_closed(history: Sequence[Entry]) -> bool:
    state, _ = replay(IMAGES, history)
    return bool(state.status in {"skipped", "kept"})


def _version(ledger: Ledger, subject: str) -> int:
    history = ledger.history(subject)
    return history[-1].version if history else 0
