"""Batches still to come: which is due, which is too late, who takes over what is missing. And the clocks they go by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.running.clock import JUMP_S, CompressedClock, RealClock, VirtualClock
from commands.running.slots import OVERHANG_S, Slot, carry, lost_at, slots_of, too_late
from ledger.log import Ledger
from tests.commands.planned_days import NINE, TWO_BLOCKS, plan_of


def slot(batch, at_s, planned=2, carried=0, plan=1, ends_s=1000.0):
    return Slot("schedule/all/2025-10-27", plan, 1, batch, str(at_s), at_s, ends_s, planned, carried)


def test_the_slots_of_a_plan_know_their_block_and_those_that_are_settled_are_left_out():
    slots = list(slots_of("s", 7, plan_of(TWO_BLOCKS, 100), {1, 5}))
    assert [(each.block, each.batch, each.planned) for each in slots] == [(1, 2, 2), (1, 3, 2), (3, 4, 2), (3, 6, 2)]
    begin = NINE.timestamp()
    assert [each.at_s - begin for each in slots] == [30, 60, 400, 460]
    assert {each.ends_s - begin for each in slots} == {61, 461}


def test_a_batch_is_lost_when_it_is_too_late_its_block_is_over_or_the_next_is_due():
    assert lost_at([slot(1, 10.0)], 60) == 70
    assert lost_at([slot(1, 10.0, ends_s=20.0)], 60) == 20 + OVERHANG_S
    assert lost_at([slot(1, 10.0), slot(2, 30.0)], 60) == 30
    assert slot(1, 30.0, ends_s=20.0).closes_s == 30 + OVERHANG_S


@pytest.mark.parametrize(("now_s", "count"), [(0, 0), (10, 0), (29.9, 0), (30, 1), (50, 2), (109.9, 2), (110, 3)])
def test_of_those_that_are_due_the_last_one_is_left_until_it_is_too_late(now_s, count):
    assert too_late([slot(1, 10.0), slot(2, 30.0), slot(3, 50.0)], now_s, 60) == count


slots = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3), st.sampled_from((1, 2))), max_size=12).map(
    lambda drawn: [
        slot(number, float(number), planned, min(carried, planned), plan)
        for number, (planned, carried, plan) in enumerate(drawn)
    ]
)


@given(slots=slots, crops=st.integers(0, 40), evenly=st.booleans())
def test_crops_that_are_carried_find_a_place_or_are_left_and_no_batch_more_than_doubles(slots, crops, evenly):
    after, carried = carry(slots, 1, crops, evenly=evenly)
    room = sum(each.planned - each.carried for each in slots if each.plan == 1)
    assert carried == min(crops, room)
    assert sum(each.crops for each in after) == sum(each.crops for each in slots) + carried
    assert all(each.carried <= each.planned for each in after)
    assert [each for each in after if each.plan == 2] == [each for each in slots if each.plan == 2]
    assert all(late.carried >= before.carried for before, late in zip(slots, after, strict=True))


def test_crops_are_carried_by_the_next_batches_or_evenly_by_all():
    ahead = [slot(number, float(number)) for number in range(4)]
    assert [each.carried for each in carry(ahead, 1, 3, evenly=False)[0]] == [2, 1, 0, 0]
    assert [each.carried for each in carry(ahead, 1, 2, evenly=True)[0]] == [0, 1, 0, 1]
    assert [each.carried for each in carry(ahead, 1, 7, evenly=True)[0]] == [1, 2, 2, 2]


# -- clocks


class Hands:
    """Two clocks that a test sets."""

    def __init__(self):
        self.wall_s, self.steady_s, self.asked_s = 1_000_000.0, 50.0, []

    def pass_(self, wall_s, steady_s):
        self.wall_s += wall_s
        self.steady_s += steady_s

    def wait(self, _after, seconds):
        """As a ledger waits, and a bit too long."""
        self.asked_s.append(seconds)
        self.pass_(seconds + 0.01, seconds + 0.01)


@pytest.fixture
def hands():
    return Hands()


def test_the_real_clock_tells_a_sleep_and_a_clock_that_was_set_once(hands):
    clock = RealClock(wall=lambda: hands.wall_s, steady=lambda: hands.steady_s)
    hands.pass_(10.0, 10.0)
    assert clock.jump_s() == 0
    hands.pass_(3600.0, 0.5)
    assert clock.jump_s() == pytest.approx(3599.5)
    assert clock.jump_s() == 0
    hands.pass_(-100.0, 1.0)
    assert clock.jump_s() == pytest.approx(-101)
    for _ in range(100):
        hands.pass_(1.0 + JUMP_S / 10, 1.0)
        assert clock.jump_s() == 0, "somebody corrects it bit by bit"
    assert clock.now_s() == hands.wall_s
    assert clock.stamp().timestamp() == pytest.approx(hands.wall_s)


def test_the_real_clock_waits_no_longer_than_until_it_has_to_listen(hands):
    clock = RealClock(wall=lambda: hands.wall_s, steady=lambda: hands.steady_s)
    clock.wait(hands, 0, 3600.0)
    clock.wait(hands, 0, 0.1)
    assert hands.asked_s == [0.5, 0.1]


def test_the_compressed_clock_makes_waiting_short_and_leaves_work_as_long_as_it_is(hands):
    clock = CompressedClock(60.0, 0.0, steady=lambda: hands.steady_s)
    hands.pass_(7.0, 7.0)
    assert clock.now_s() == 7
    clock.wait(hands, 0, 12.0)
    assert hands.asked_s == [0.2]
    assert clock.now_s() == pytest.approx(19.01), "who wakes late is late by that, not by sixty times as much"
    clock.wait(hands, 0, 3600.0)
    assert hands.asked_s[-1] == 0.5
    assert clock.jump_s() == 0


def test_the_virtual_clock_stops_where_something_happens(tmp_path):
    clock, seen = VirtualClock(100.0), []
    clock.at(110.0, lambda: seen.append(clock.now_s()))
    clock.at(105.0, lambda: seen.append(clock.now_s()))
    with Ledger.create(tmp_path / "ledger.db") as ledger:
        clock.wait(ledger, 0, 50.0)
        assert (clock.now_s(), seen) == (105, [105])
    clock.spend(20.0)
    assert (clock.now_s(), seen) == (125, [105, 110])
    clock.leap(-30.0)
    assert (clock.jump_s(), clock.jump_s(), clock.now_s()) == (-30, 0, 95)
    assert clock.stamp().timestamp() == 95
