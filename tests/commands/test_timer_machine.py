"""Runs through a planned day, disturbed in any way: paused, stopped, killed, slept through, files lost, disks full.

Whatever happens, every crop ends executed, failed with a reason, or pending; none is executed twice; nothing begins in
a break; every batch of the plan is begun or missed at most once, and none claims more than twice what it planned.
"""

import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from commands.auditing import audit_ledger
from commands.crops import IMAGES
from commands.handle import replay
from commands.running.slots import OVERHANG_S, slots_of
from ledger.errors import NotFound, Refused
from ledger.events.crops import CropExecuted, CropFailed, CropStarted
from ledger.events.runs import BatchBegun, BatchesMissed, RunEnded, RunStarted
from ledger.events.schedules import SchedulePlanned
from ledger.values import image_subject
from projections.compare import check
from tests.commands.planned_days import DAY, NINE, World, work

CROPS = 24
moments = st.integers(-30, 1300)
crops = st.integers(0, CROPS - 1)
blocks = st.lists(
    st.tuples(st.integers(60, 400), st.lists(st.tuples(st.integers(1, 60), st.integers(1, 3)), min_size=1, max_size=4)),
    min_size=1,
    max_size=4,
)
"""(break before it, [(seconds behind the batch before it, crops)]) for each stretch of work."""


def laid_out(drawn):
    end_s, plan = -60, []
    for rest_s, steps in drawn:
        start_s = end_s + rest_s
        offsets, batches = 0, []
        for number, (gap_s, count) in enumerate(steps):
            offsets += gap_s if number else 0
            batches.append((offsets, count))
        plan.append(work(start_s, *batches))
        end_s = start_s + offsets + 1
    return tuple(plan)


class FollowingADay(RuleBasedStateMachine):
    @initialize(drawn=blocks, starts_s=st.integers(-60, 600), missed=st.sampled_from(("skip", "spread")))
    def begin(self, drawn, starts_s, missed):
        self.place = Path(tempfile.mkdtemp(prefix="cropledger-day-"))
        self.world = World(self.place, laid_out(drawn), CROPS, float(starts_s), stop_after_failures=4)
        self.missed, self.began_s = missed, []
        self.names = [self.world.photos / f"{number:03}.png" for number in range(CROPS)]

    def teardown(self):
        if not hasattr(self, "world"):
            return
        try:
            self.world.clock.leap(10_000.0)
            self.world.run(self.missed)
            self.nothing_is_left_half_done()
            assert audit_ledger(self.world.ledger).faults == ()
            assert check(self.world.ledger, self.world.home.projections) == []
            ends = [event.reason for event in self.world.events(RunEnded)]
            assert len(ends) == len(self.world.events(RunStarted))
        finally:
            self.world.close()
            shutil.rmtree(self.place)

    # -- what is to happen while somebody runs

    def happen(self, at_s, what):
        def now():
            with suppress(Refused, NotFound):  # nobody runs any more
                what()

        self.world.later(max(at_s, self.world.now_s + 0.001), now)

    @rule(at_s=moments, length_s=st.integers(1, 400))
    def pause_for_a_while(self, at_s, length_s):
        self.happen(at_s, self.world.pause)
        self.happen(at_s + length_s, self.world.resume)

    @rule(at_s=moments)
    def resume(self, at_s):
        self.happen(at_s, self.world.resume)

    @rule(at_s=moments)
    def stop(self, at_s):
        self.happen(at_s, self.world.stop)

    @rule(at_s=moments, by_s=st.sampled_from((-300.0, -40.0, 3.0, 30.0, 500.0)))
    def the_clock_leaps(self, at_s, by_s):
        self.happen(at_s, lambda: self.world.clock.leap(by_s))

    @rule(at_s=moments, crop=crops)
    def a_file_is_lost(self, at_s, crop):
        self.happen(at_s, lambda: self.names[crop].unlink(missing_ok=True))

    @rule(at_s=moments, crop=crops)
    def a_file_is_back(self, at_s, crop):
        self.happen(at_s, self.names[crop].touch)

    @rule(crop=crops, times=st.integers(1, 4))
    def a_crop_fails(self, crop, times):
        self.world.broken[self.names[crop].name] = times

    @rule(crop=crops, seconds=st.sampled_from((5.0, 45.0, 200.0)))
    def a_crop_is_slow(self, crop, seconds):
        self.world.slow[self.names[crop].name] = seconds

    # -- runs

    @rule(dies_at=st.none() | st.integers(0, 12))
    def run(self, dies_at):
        how = {} if dies_at is None else {"dies_at": dies_at}
        self.world.run(self.missed, seen_s=self.began_s, **how)

    # -- what always holds

    @invariant()
    def no_crop_is_executed_twice(self):
        if hasattr(self, "world"):
            executed = Counter(event.source for event in self.world.events(CropExecuted))
            assert set(executed.values()) <= {1}

    @invariant()
    def nothing_begins_in_a_break(self):
        if not hasattr(self, "world"):
            return
        [plan] = self.world.events(SchedulePlanned)
        slots = list(slots_of(DAY, 1, plan))
        open_s = [(min(each.at_s for each in slots if each.block == slot.block), slot.closes_s) for slot in slots]
        for began_s in self.began_s:
            assert any(first <= began_s <= last for first, last in open_s), (began_s - NINE.timestamp(), OVERHANG_S)

    @invariant()
    def a_batch_is_begun_or_missed_once_and_is_no_burst(self):
        if not hasattr(self, "world"):
            return
        [plan] = self.world.events(SchedulePlanned)
        planned = {slot.batch: slot.planned for slot in slots_of(DAY, 1, plan)}
        begun, missed = self.world.events(BatchBegun), self.world.events(BatchesMissed)
        settled = [event.batch for event in begun]
        settled += [batch for event in missed for batch in range(event.first, event.last + 1)]
        assert len(settled) == len(set(settled))
        assert set(settled) <= planned.keys()
        assert all(event.crops <= 2 * planned[event.batch] for event in begun)
        assert all(-0.001 <= event.late_s <= 60 for event in begun)

    def nothing_is_left_half_done(self):
        for name in self.names:
            image, _ = replay(IMAGES, self.world.ledger.history(image_subject("p", name)))
            assert image.status in {"executed", "failed", "pending"}, name
            assert image.status != "failed" or image.failed.reason in {"missing", "disk_full"}
        claims, outcomes = self.world.events(CropStarted), self.world.events((CropExecuted, CropFailed))
        assert len(claims) >= sum(event.attempt > 0 for event in outcomes)


def run(examples, steps):
    run_state_machine_as_test(
        FollowingADay,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_any_disturbed_day_leaves_every_crop_executed_failed_or_pending():
    run(examples=25, steps=12)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_many_disturbed_days_leave_every_crop_executed_failed_or_pending():
    run(examples=800, steps=25)
