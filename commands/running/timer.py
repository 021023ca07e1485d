"""Follows planned days: waits for each batch, claims what it says, executes it, and records what went otherwise.

One driver for every clock. It yields what happens, event by event and crop by crop, for whoever shows it; what it
decides by stands in the ledger, so a run that was killed is followed by one that knows as much.
"""

from collections.abc import Iterator
from functools import partial

from attrs import Factory, define, frozen

from commands.decider import Command, Request
from commands.handle import handle
from commands.running.attending import Attention
from commands.running.clock import Clock
from commands.running.readiness import look
from commands.running.runner import Done, Runner
from commands.running.running import Streak
from commands.running.slots import Slot, carry, lost_at, slots_of, too_late
from commands.runs import NoteJump, PauseRun, run_subject
from commands.stretches import NoteStretch, StretchNote, stretch_subject
from ledger.entry import new_id
from ledger.events.event import Event
from ledger.events.runs import BatchBegun, BatchesMissed, BatchOverran, ClockJumped, RunPaused
from ledger.events.schedules import SchedulePlanned
from ledger.values import instant
from projections.catch_up import catch_up
from projections.queue import claimable
from projections.reader import Projections
from projections.runs import Actual, actual_blocks, actual_day, settled, unfinished
from projections.schedules import schedule_of
from projections.store import Store

LEAD_S = 5.0
"""So long before a stretch of work what it needs is looked at."""


@frozen
class Waiting:
    """Nothing is due yet."""

    now_s: float
    slot: Slot
    """The next batch."""
    paused: bool


@frozen
class BlockOver:
    """A stretch of work is behind us: planned and actual."""

    slot: Slot
    """Its last batch that was looked at."""
    actual: Actual


@frozen
class DayOver:
    """A planned day is behind us."""

    slot: Slot
    actual: Actual


Happening = Event | Done | Waiting | BlockOver | DayOver


@define
class Timer:
    """One run through planned days. The runner holds its lease already."""

    runner: Runner
    clock: Clock
    attention: Attention
    projections: Projections
    store: Store
    project: str | None
    missed: str
    """What becomes of missed batches: `skip` or `spread`."""
    left: list[Slot] = Factory(list)
    _why: str = "late_start"
    """Why the batches are late that are late now."""
    _looked_at: tuple[int, int] = (0, 0)
    """Plan and block."""
    _behind: Slot | None = None
    """The batch that was dealt with last."""
    _streak: Streak = Factory(lambda self: Streak(self.runner.settings.stop_after_failures), takes_self=True)
    _heard: list[Event] = Factory(list)

    def follow(self) -> Iterator[Happening]:
        """Until nothing is left of the days, or the run is to stop."""
        self._load()
        while self.left and not self.runner.stopping:
            yield from self._notice()
            yield from self._leave_behind()
            yield from self._turn(self.left[0] if self.left else None)
            if self.left and not self.runner.stopping:
                yield from self._step(self.left[0])
        yield from self._notice()
        yield from self._turn(None)

    def _step(self, slot: Slot) -> Iterator[Happening]:
        now_s, paused = self.clock.now_s(), self.attention.paused
        looked_at = self._looked_at == (slot.plan, slot.block)
        if not looked_at and now_s >= slot.at_s - LEAD_S and not paused:
            yield from self._look(slot)
        elif now_s < slot.at_s:
            yield self._wait(slot, slot.at_s if looked_at or paused else slot.at_s - LEAD_S)
        elif paused:
            yield self._wait(slot, lost_at(self.left, self.runner.settings.late_max_s))
        else:
            yield from self._begin(self.left.pop(0))

    def _wait(self, slot: Slot, until_s: float) -> Waiting:
        now_s = self.clock.now_s()
        self.clock.wait(self.runner.ledger, self.attention.heard, max(0.001, until_s - now_s))
        return Waiting(self.clock.now_s(), slot, self.attention.paused)

    # -- what happens around us -----------------------------------------------------------------------------------

    def _notice(self) -> Iterator[Happening]:
        """What somebody said, and what the clock did."""
        self._listen()
        yield from self._heard
        self._heard.clear()
        jump_s = self.clock.jump_s()
        if jump_s:
            self._why = "clock_jump"
            jump = ClockJumped(round(jump_s, 3))
            self._record(NoteJump(run_subject(self.runner.run), jump))
            yield jump
        if self.attention.replanned:
            self.attention.replanned = False
            self._load()

    def _listen(self) -> None:
        before = self.attention.heard
        self._heard += self.attention.listen()
        if self.attention.stop and not self.runner.stopping:
            self.runner.stopped = "stopped"
        if self.attention.heard != before:
            catch_up(self.runner.ledger, self.store)

    def _load(self) -> None:
        """The batches that are still to come, by the plans as they are now."""
        catch_up(self.runner.ledger, self.store)
        self.left = []
        for subject in self.attention.followed:
            day = schedule_of(self.projections, subject)
            if day is not None and day.status == "planned":
                plan = planned_at(self.runner, day.position)
                self.left += slots_of(subject, day.position, plan, settled(self.projections, day.position))
                self.left, _ = carry(self.left, day.position, unfinished(self.projections, day.position), evenly=False)
        self.left.sort(key=lambda slot: slot.at_s)

    # -- a stretch of work ----------------------------------------------------------------------------------------

    def _look(self, slot: Slot) -> Iterator[Happening]:
        self._looked_at = slot.plan, slot.block
        crops = sum(each.crops for each in self.left if (each.plan, each.block) == self._looked_at)
        yield self._note(look(self.runner, self.projections, slot, crops, self.project), slot.block)

    def _turn(self, ahead: Slot | None) -> Iterator[Happening]:
        """Say how the stretch and the day went that lie behind us, if they do."""
        behind = self._behind
        if behind is None or (ahead is not None and (ahead.plan, ahead.block) == (behind.plan, behind.block)):
            return
        self._behind = None
        catch_up(self.runner.ledger, self.store)
        blocks = actual_blocks(self.projections, behind.plan)
        yield from (BlockOver(behind, each) for each in blocks if each.block == behind.block)
        day = actual_day(self.projections, behind.plan)
        if day is not None and (ahead is None or ahead.plan != behind.plan):
            yield DayOver(behind, day)

    def _leave_behind(self) -> Iterator[Happening]:
        """Batches that are too late: recorded, and their crops left or spread, but never executed in a burst."""
        late_max_s = self.runner.settings.late_max_s
        while self.left and (count := too_late(self.left, self.clock.now_s(), late_max_s)):
            plan = self.left[0].plan
            lost = [slot for slot in self.left[:count] if slot.plan == plan]
            self.left = self.left[len(lost) :]
            yield self._missed(lost, "paused" if self.attention.paused else self._why)

    def _missed(self, lost: list[Slot], why: str) -> Event:
        first, last = lost[0], lost[-1]
        carried = 0
        crops = sum(slot.crops for slot in lost)
        if why != "starved":
            # What had been taken over already is taken over again; the setting is about what was planned here.
            wanted = crops if self.missed == "spread" else sum(slot.carried for slot in lost)
            self.left, carried = carry(self.left, first.plan, wanted, evenly=self.missed == "spread")
        self._behind = last
        missed = BatchesMissed(first.schedule, first.plan, first.batch, last.batch, crops, carried, why)
        return self._note(missed, first.block)

    # -- a batch --------------------------------------------------------------------------------------------------

    def _begin(self, slot: Slot) -> Iterator[Happening]:
        late_s = self.clock.now_s() - slot.at_s
        now = instant(self.runner.now())
        crops = claimable(self.projections, now, project=self.project, limit=slot.crops)
        if not crops:
            yield self._missed([slot], "starved")
            return
        self._behind, self._why = slot, "overrun"
        begun = BatchBegun(
            slot.schedule, slot.plan, slot.block, slot.batch, slot.at, len(crops), slot.carried,
            round(late_s, 3),
        )  # fmt: skip
        cause = new_id()
        yield self._note(begun, slot.block, cause)
        settled_crops = 0
        self.runner.hold = partial(self._hold, slot)
        for done in self.runner.batch([crop.subject for crop in crops], cause):
            settled_crops += done.settled
            self._count(done)
            yield done
        catch_up(self.runner.ledger, self.store)
        self.left, _ = carry(self.left, slot.plan, len(crops) - settled_crops, evenly=False)
        yield from self._overrun(slot)

    def _hold(self, slot: Slot) -> str | None:
        """Why no crop may be begun now, if so."""
        self._listen()
        if self.runner.stopped or self.attention.paused:
            return self.runner.stopped or "paused"
        return "break" if self.clock.now_s() > slot.closes_s else None

    def _count(self, done: Done) -> None:
        """Pause after too many failures in a row: a full disk must not burn the whole queue."""
        if self._streak.too_many_with(done):
            self._record(PauseRun(run_subject(self.runner.run), RunPaused("failures", self._streak.words)))
            self._streak.length = 0

    def _overrun(self, slot: Slot) -> Iterator[Happening]:
        now_s = self.clock.now_s()
        later = [each for each in self.left if each.plan == slot.plan]
        if now_s > slot.closes_s:
            into, since_s = ("break" if any(each.block != slot.block for each in later) else "end"), slot.ends_s
        elif later and later[0].block == slot.block and now_s > later[0].at_s:
            into, since_s = "batch", later[0].at_s
        else:
            return
        overran = BatchOverran(slot.schedule, slot.plan, slot.batch, round(now_s - since_s, 3), into)
        yield self._note(overran, slot.block)

    def _note(self, note: StretchNote, block: int, id_: str | None = None) -> Event:
        """Record what the run met in a stretch of work."""
        self._record(NoteStretch(stretch_subject(self.runner.run, note.plan, block), note), id_)
        return note

    def _record(self, command: Command, id_: str | None = None) -> None:
        request = Request(command, self.runner.actor, self.runner.run, id=id_)
        handle(request, ledger=self.runner.ledger, now=self.runner.now())


def planned_at(runner: Runner, position: int) -> SchedulePlanned:
    """The plan at a position of the ledger."""
    [entry] = runner.ledger.read(position - 1, 1)
    assert isinstance(entry.event, SchedulePlanned)  # noqa: S101  # the projection folded it from this very entry
    return entry.event
