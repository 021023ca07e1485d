"""Readings -> the ledger: each one accepted, known already, or completing what was known. Nothing lands twice.

Some thousand readings are decided per transaction; look-up and append are one stay in the write lock, so two imports
at once add nothing twice either.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from attrs import Factory, define

from commands.crops import ImportHistory
from commands.decider import Command, Request
from commands.evidence import ImportEvidence
from commands.handle import handle_many
from commands.importing.facts import Fact, Reading, bare_name
from commands.importing.own_exports import OwnExports
from commands.importing.quarantine import SetAside
from ledger.entry import Entry
from ledger.events.crops import CropRecorded
from ledger.events.event import Event
from ledger.events.history import HistoryCompleted, HistoryImported
from ledger.events.imports import MarkImported
from ledger.log import Ledger
from ledger.values import Box, Dimensions, Instant

Verdict = Literal["accepted", "completed", "known"]

CropKey = tuple[str, str, Instant]
"""Project, bare file name and instant: what tells one crop made elsewhere from another."""

_SAME_PX = 0.05  # floats are written in many ways; a twentieth of a pixel moves no edge
_SAME_FRACTION = 1e-5  # where no size is known: a twentieth of a pixel of 5,000


@define
class Landing:
    """Takes readings into one ledger."""

    ledger: Ledger
    now: datetime
    correlation: str
    recorded: dict[CropKey, list[Entry]] = Factory(dict)
    """What was recorded here, by what an export of it would say; of the lot that is landing."""
    exports: OwnExports | None = None
    """What the exports of this ledger would say."""

    def take(self, readings: Sequence[Reading]) -> list[Verdict | SetAside]:
        """Land a lot of readings, in one transaction; the answers are in their order."""
        with self.ledger.exclusive():
            known = {entry.id for entry in self.ledger.find([fact.id for each in readings for fact in each.facts])}
            self.recorded = self._recorded(readings)
            met: set[tuple[str, Instant | None]] = set()
            fresh: list[Fact] = []
            verdicts: list[Verdict | SetAside] = []
            for reading in readings:
                try:
                    new = [fact for fact in reading.facts if fact.id not in known and not self._is_ours(fact)]
                    if self.exports is not None:
                        new = [fact for fact in new if not self.exports.has(fact)]
                except SetAside as why:
                    verdicts.append(why)
                    continue
                verdicts.append(self._verdict(reading, new, met))
                known.update(fact.id for fact in new)
                met.update(_topic(fact) for fact in new)
                fresh += new
            self._append(fresh)
        return verdicts

    def _verdict(self, reading: Reading, new: Sequence[Fact], met: set[tuple[str, Instant | None]]) -> Verdict:
        if not new:
            return "known"
        topics = {_topic(fact) for fact in reading.facts}
        if len(new) < len(reading.facts) or topics & met or any(map(self._is_met, topics)):
            return "completed"
        return "accepted"

    def _is_met(self, topic: tuple[str, Instant | None]) -> bool:
        """Whether the ledger knows of the same crop, group, session ... from another record."""
        subject, at = topic
        return any(at is None or entry.occurred_at == at for entry in self.ledger.history(subject))

    def _append(self, facts: Iterable[Fact]) -> None:
        requests = [
            Request(_command(fact), fact.actor, self.correlation, at=fact.at, id=fact.id) for fact in facts
        ]  # fmt: skip
        for _, why in handle_many(requests, ledger=self.ledger, now=self.now).refused:
            raise why  # nothing refuses evidence today; if a rule ever does, it must not be passed over

    # -- what operators recorded here -----------------------------------------------------------------------------

    def _recorded(self, readings: Sequence[Reading]) -> dict[CropKey, list[Entry]]:
        instants = {fact.at for each in readings for fact in each.facts if _is_crop(fact) and fact.at}
        found: dict[CropKey, list[Entry]] = {}
        for entry in self.ledger.at(CropRecorded.TYPE, instants) if instants else ():
            if isinstance(entry.event, CropRecorded):
                key = entry.event.project, bare_name(entry.event.path), entry.occurred_at
                found.setdefault(key, []).append(entry)
        return found

    def _is_ours(self, fact: Fact) -> bool:
        """Whether it is a crop that was recorded here and comes back; raises `SetAside` where it comes back changed."""
        event = fact.event
        if not isinstance(event, HistoryImported | HistoryCompleted) or fact.at is None:
            return False
        name = event.filename if isinstance(event, HistoryCompleted) else bare_name(event.path)
        entries = self.recorded.get((event.project, name, fact.at), ())
        marks = [entry.event for entry in entries if entry.by_a_person and isinstance(entry.event, CropRecorded)]
        if not marks:
            return isinstance(event, HistoryImported) and any(_is_told_by(event, entry.event) for entry in entries)
        if isinstance(event, HistoryImported) and event.box is not None:
            self._check_unchanged(event.box, event.dimensions, marks)
        return True

    def _check_unchanged(self, box: Box, size: Dimensions | None, marks: Sequence[CropRecorded]) -> None:
        if not any(_same(box, size, mark) for mark in marks):
            raise SetAside(
                "conflict",
                f"the box is {box} of {size} here; recorded of {marks[0].path} was "
                f"{marks[0].box} of {marks[0].dimensions}",
            )


def _is_told_by(event: HistoryImported, mark: Event) -> bool:
    """Whether a mark out of another tool's queue, as it is owed here, says the same with the size that was seen."""
    return isinstance(mark, CropRecorded) and (event.box, event.dimensions) == (mark.box, mark.dimensions)


def _topic(fact: Fact) -> tuple[str, Instant | None]:
    """What a fact is about: a crop of an image at an instant; or a group, a session, a directory."""
    return fact.subject, fact.at if _is_crop(fact) else None


def _is_crop(fact: Fact) -> bool:
    return isinstance(fact.event, HistoryImported | HistoryCompleted | MarkImported)


def _command(fact: Fact) -> Command:
    if isinstance(fact.event, HistoryImported | HistoryCompleted):
        return ImportHistory(fact.subject, fact.event)
    return ImportEvidence(fact.subject, fact.event)


def _same(box: Box, size: Dimensions | None, mark: CropRecorded) -> bool:
    if size is not None and size != mark.dimensions:
        return False
    across = _SAME_PX / size.width_px if size else _SAME_FRACTION
    down = _SAME_PX / size.height_px if size else _SAME_FRACTION
    sideways = abs(box.x1 - mark.box.x1) <= across and abs(box.x2 - mark.box.x2) <= across
    return sideways and abs(box.y1 - mark.box.y1) <= down and abs(box.y2 - mark.box.y2) <= down
