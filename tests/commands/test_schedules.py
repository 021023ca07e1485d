"""The rules for a day's schedule: planned, planned again, cancelled."""

import pytest
from attrs import evolve as changed

from commands.handle import replay
from commands.schedules import SCHEDULES, CancelSchedule, PlanSchedule, schedule_subject
from ledger.entry import Entry
from ledger.errors import Damaged, Invalid, NotFound
from ledger.events.crops import CropWithdrawn
from ledger.events.schedules import ScheduleCancelled, SchedulePlanned
from ledger.values import Instant

DAY = "schedule/all/2025-10-27"
NOW = Instant("2025-10-25T16:00:00.000000Z")
PLAN = SchedulePlanned("2025-10-27", "UTC", None, "poisson", 1, 10, "{}", None, 100, 98, ())


def after(*events):
    entries = [
        Entry(place, str(place), DAY, place, event, NOW, NOW, "operator:ann", "r", None)
        for place, event in enumerate(events, 1)
    ]
    return replay(SCHEDULES, entries)[0]


def decided(command, *events):
    return list(SCHEDULES.decide(command, after(*events)))


def test_a_day_is_planned():
    assert decided(PlanSchedule(DAY, PLAN)) == [PLAN]


def test_planning_again_supersedes_and_says_so():
    other = changed(PLAN, seed=2)

    assert decided(PlanSchedule(DAY, other), PLAN) == [changed(other, supersedes=1)]


def test_the_same_plan_again_is_nothing_new_though_the_ledger_has_moved():
    assert decided(PlanSchedule(DAY, changed(PLAN, ledger_position=11)), PLAN) == []


def test_a_cancelled_day_can_be_planned_again_and_supersedes_nothing():
    assert decided(PlanSchedule(DAY, PLAN), PLAN, ScheduleCancelled()) == [PLAN]


def test_a_plan_that_holds_is_cancelled_once():
    assert decided(CancelSchedule(DAY, "ill"), PLAN) == [ScheduleCancelled("ill")]
    assert decided(CancelSchedule(DAY, "ill"), PLAN, ScheduleCancelled("ill")) == []


def test_a_day_without_a_plan_cannot_be_cancelled():
    with pytest.raises(NotFound, match="2025-10-27"):
        decided(CancelSchedule(DAY))


@pytest.mark.parametrize(
    "events",
    [[ScheduleCancelled()], [PLAN, PLAN], [changed(PLAN, supersedes=1)], [CropWithdrawn()],
     [PLAN, ScheduleCancelled(), ScheduleCancelled()]],
)  # fmt: skip
def test_a_history_that_cannot_be_is_damage(events):
    with pytest.raises(Damaged, match="cannot follow"):
        after(*events)


def test_the_subject_names_the_day_and_whose_crops():
    assert schedule_subject(None, "2025-10-27") == DAY
    assert schedule_subject("mojo1", "2025-10-27") == "schedule/mojo1/2025-10-27"
    with pytest.raises(Invalid, match="'all'"):
        schedule_subject("all", "2025-10-27")


def test_a_schedule_answers_no_other_command():
    from commands.crops import WithdrawCrop

    with pytest.raises(Invalid, match="WithdrawCrop"):
        decided(WithdrawCrop(DAY))
