"""The one shell around the deciders: history -> state -> decision -> ledger, in one write transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from attrs import Factory, define, frozen

from commands.crops import IMAGES
from commands.decider import Decider, Request
from commands.directories import DIRECTORIES
from commands.evidence import EVIDENCE
from commands.groups import GROUPS
from commands.runs import RUNS
from commands.schedules import SCHEDULES
from commands.sittings import SITTINGS
from commands.stretches import STRETCHES
from ledger.entry import Batch, Draft, Entry, Receipt, new_id
from ledger.errors import Conflict, CropledgerError, Invalid, NotFound, Refused
from ledger.events.event import Event
from ledger.log import Ledger
from ledger.values import Instant, instant

DECIDERS: dict[str, Decider[Any]] = {
    "image": IMAGES, "directory": DIRECTORIES, "group": GROUPS, "sitting": SITTINGS, "schedule": SCHEDULES,
    "run": RUNS, "stretch": STRETCHES, "evidence": EVIDENCE,
}  # fmt: skip
"""Kind of subject (what stands before its first slash) -> its rules."""

REFUSALS = (Refused, NotFound, Conflict, Invalid)


@frozen
class Outcome:
    """What became of a batch of requests."""

    entries: tuple[Entry, ...]
    """What was recorded, in order."""
    refused: tuple[tuple[int, CropledgerError], ...] = ()
    """(index of the request, why), for those that broke a rule."""
    unchanged: int = 0
    """Requests that were so already."""
    receipt: Receipt | None = None


def handle(request: Request, *, ledger: Ledger, now: datetime) -> Outcome:
    """Decide one request and append what it causes; raises what the decision raises, and `Busy`."""
    with ledger.exclusive():
        turn = _Turn(ledger, instant(now))
        turn.answer(request)
        return turn.land()


def handle_many(requests: Iterable[Request], *, ledger: Ledger, now: datetime) -> Outcome:
    """Decide many requests and append what they cause together, with one fsync; refusals are returned, not raised."""
    with ledger.exclusive():
        turn = _Turn(ledger, instant(now))
        refused: list[tuple[int, CropledgerError]] = []
        for index, request in enumerate(requests):
            try:
                turn.answer(request)
            except REFUSALS as why:
                refused.append((index, why))
        return turn.land(refused)


@define
class _Turn:
    """One stay in the write lock: the states as read and as decided on, and the entries to be."""

    ledger: Ledger
    now: Instant
    states: dict[str, tuple[Any, int]] = Factory(dict)
    found_at: dict[str, int] = Factory(dict)
    drafts: list[Draft] = Factory(list)
    entries: list[Entry] = Factory(list)
    ids: set[str] = Factory(set)
    unchanged: int = 0
    position: int = -1

    def answer(self, request: Request) -> None:
        """Decide one request on top of those before it; all of its events are taken, or none."""
        subject = request.command.subject
        decider = decider_of(subject)
        state, version = self._state(subject, decider)
        events = list(decider.decide(request.command, state))
        if not events:
            self.unchanged += 1
            return
        if request.id in self.ids:
            raise Conflict(f"The id {request.id} is used twice in one batch.")
        if request.id:
            self.ids.add(request.id)
        drafted = len(self.drafts)
        for event in events:
            first = self.drafts[drafted].id if len(self.drafts) > drafted else None
            entry = self._next(request, event, version + 1, first)
            state, version = decider.evolve(state, entry), entry.version
        self.states[subject] = state, version

    def _next(self, request: Request, event: Event, version: int, first: str | None) -> Entry:
        """Note one event as a draft, and as the entry it will be."""
        if self.position < 0:
            self.position = self.ledger.head().position
        id_ = request.id if request.id and first is None else new_id()
        subject, at = request.command.subject, request.at or self.now
        cause = first or request.causation
        draft = Draft(subject, event, request.actor, at, request.correlation, causation=cause, id=id_)
        self.position += 1
        entry = Entry(
            self.position, id_, subject, version, event, at, self.now, request.actor, request.correlation, cause
        )
        self.drafts.append(draft)
        self.entries.append(entry)
        return entry

    def _state(self, subject: str, decider: Decider[Any]) -> tuple[Any, int]:
        known = self.states.get(subject)
        if known is None:
            known = self.states[subject] = replay(decider, self.ledger.history(subject))
            self.found_at[subject] = known[1]
        return known

    def land(self, refused: Sequence[tuple[int, CropledgerError]] = ()) -> Outcome:
        if not self.drafts:
            return Outcome((), tuple(refused), self.unchanged)
        expected = tuple((subject, self.found_at[subject]) for subject in {draft.subject for draft in self.drafts})
        receipt = self.ledger.append(Batch(tuple(self.drafts), expected))
        if receipt.repeated:
            return Outcome((), tuple(refused), self.unchanged + len(self.drafts), receipt)
        entries = tuple(entry.recorded(receipt.recorded_at) for entry in self.entries)
        return Outcome(entries, tuple(refused), self.unchanged, receipt)


def decider_of(subject: str) -> Decider[Any]:
    """The rules for this kind of subject; raises `Invalid` for a kind there is none for."""
    decider = DECIDERS.get(subject.partition("/")[0])
    if decider is None:
        raise Invalid(f"no rules for a subject like {subject!r}; it begins with one of: {', '.join(DECIDERS)}")
    return decider


def replay(decider: Decider[Any], history: Iterable[Entry]) -> tuple[Any, int]:
    """The state that a history leads to, and its version."""
    state, version = decider.initial, 0
    for entry in history:
        state, version = decider.evolve(state, entry), entry.version
    return state, version
