"""Planned days keep their rules, whatever the rhythm, the policy, the zone, the day, the queue and the seed."""

import json
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve as changed
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from commands.planning.cadence import Batch, sittings
from commands.planning.dayfile import as_file, lint
from commands.planning.plan import DayRequest, crops_of, plan_day
from commands.planning.policy import Policy, day_bounds, instant_of
from commands.planning.resampling import History
from ledger.events.schedules import SchedulePlanned
from ledger.values import parse_instant

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
POLICY = Policy(
    batch_size_default=3, micro_break_min_s=180, micro_break_max_s=420, burst_min_s=720, burst_max_s=1500,
    coffee_every_min=60, coffee_break_min_s=600, coffee_break_max_s=1200, lunch_window_local=("12:00", "13:30"),
    lunch_break_min_s=1800, lunch_break_max_s=3600, end_of_day_window_local=("17:00", "20:00"), breaks="history",
    queue_margin_percent=2,
)  # fmt: skip
BY_POLICY = changed(POLICY, breaks="policy")
MONDAY = date(2025, 10, 27)


def worked(zone=LOS_ANGELES, *, number_of_days=8, seed=1):
    """A history of bursts: seven to eleven batches a few seconds apart, pauses, breaks, two halves of a day."""
    chance, days = Random(seed), []  # noqa: S311  # made history, no secrets
    for number in range(number_of_days):
        moment = datetime(2025, 9, 1, 8 + number % 3, tzinfo=zone).timestamp() + number * 86_400
        batches = []
        for _ in range(12):
            for _ in range(chance.randint(7, 40)):
                batches.append(Batch(moment, moment + 0.1, chance.choice((2, 3, 3))))
                moment += chance.lognormvariate(3, 0.6)
            moment += chance.choice((200, 400, 800, 1500, 2400))
        days.append(tuple(sittings(batches)))
    return days


HISTORY = History.of(worked(), LOS_ANGELES)


def request(**said):
    usual = {"day": MONDAY, "zone": LOS_ANGELES, "policy": POLICY, "seed": 1, "method": "block-bootstrap"}
    return DayRequest(**{**usual, "crops_max": 10**6, **said})


def planned(wanted, history=HISTORY):
    return SchedulePlanned(
        wanted.day.isoformat(), str(wanted.zone), None, wanted.method, wanted.seed, 0, "{}", None, wanted.crops_max,
        wanted.crops_max, plan_day(wanted, history),
    )  # fmt: skip


def problems(wanted, made):
    return lint(json.loads(json.dumps(as_file(made))), wanted.policy, wanted.crops_max)


# America/Santiago and Africa/Cairo change at midnight, Lord Howe by half an hour, Samoa left a whole day out.
ZONES = st.sampled_from(
    ["America/Los_Angeles", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu",
     "Africa/Cairo", "Pacific/Apia", "UTC"]
).map(ZoneInfo)  # fmt: skip
CHANGES = st.sampled_from(
    [date(2025, 3, 9), date(2025, 11, 2), date(2025, 3, 30), date(2025, 10, 26), date(2025, 9, 7), date(2025, 4, 6),
     date(2025, 10, 5), date(2025, 4, 25), date(2011, 12, 29), date(2011, 12, 31)]
)  # fmt: skip
CLOCKS = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda clock: f"{clock[0]:02d}:{clock[1]:02d}")


@st.composite
def windows(draw):
    return tuple(sorted((draw(CLOCKS), draw(CLOCKS))))


@st.composite
def lengths(draw, most):
    first, second = draw(st.floats(1, most)), draw(st.floats(1, most))
    return min(first, second), max(first, second)


@st.composite
def policies(draw):
    micro, burst, coffee, lunch = (draw(lengths(most)) for most in (2000, 9000, 5000, 9000))
    return Policy(
        batch_size_default=draw(st.integers(1, 9)), micro_break_min_s=micro[0], micro_break_max_s=micro[1],
        burst_min_s=burst[0] + 10, burst_max_s=burst[1] + 10, coffee_every_min=draw(st.floats(1, 300)),
        coffee_break_min_s=coffee[0], coffee_break_max_s=coffee[1], lunch_window_local=draw(windows()),
        lunch_break_min_s=lunch[0], lunch_break_max_s=lunch[1], end_of_day_window_local=draw(windows()),
        breaks=draw(st.sampled_from(["policy", "history"])), queue_margin_percent=2,
    )  # fmt: skip


@st.composite
def requests(draw):
    zone, day = draw(ZONES), draw(CHANGES | st.dates(date(2010, 1, 1), date(2030, 12, 31)))
    first_s, _ = day_bounds(day, zone)
    begins = draw(st.none() | st.floats(0, 80_000).map(lambda seconds: first_s + seconds))
    return DayRequest(
        day, zone, draw(policies()), draw(st.integers(0, 2**40)),
        draw(st.sampled_from(["block-bootstrap", "hour-bootstrap", "poisson", "policy"])), draw(st.integers(0, 3000)),
        begins, draw(st.none() | st.just(begins)),
    )  # fmt: skip


HISTORIES = st.builds(lambda seed, count: History.of(worked(number_of_days=count, seed=seed), LOS_ANGELES),
                      st.integers(0, 3), st.integers(0, 9))  # fmt: skip


@given(requests(), HISTORIES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(request(day=date(2025, 11, 2), policy=BY_POLICY), HISTORY)
@example(request(day=date(2025, 3, 9)), HISTORY)
@example(request(day=date(2025, 9, 7), zone=ZoneInfo("America/Santiago"), method="policy"), History(()))
def test_every_plan_passes_the_lint_and_is_the_same_when_it_is_made_again(wanted, history):
    made = planned(wanted, history)

    assert problems(wanted, made) == []
    assert planned(wanted, history) == made
    assert crops_of(made.blocks) <= wanted.crops_max
    work = [block for block in made.blocks if block.kind == "work"]
    assert sum(len(block.batches) * max(batch.crops for batch in block.batches) for block in work) <= wanted.crops_max
    for block in work:
        for batch in block.batches:
            local = datetime.fromisoformat(batch.local)
            assert local == parse_instant(batch.at)
            assert local.date() == wanted.day
            there = local.astimezone(wanted.zone)
            assert (there.replace(tzinfo=None), there.utcoffset()) == (local.replace(tzinfo=None), local.utcoffset())


def spans(made, kind):
    return [
        (parse_instant(block.start).timestamp(), parse_instant(block.end).timestamp(), block.reason)
        for block in made
        if block.kind == kind
    ]


@pytest.mark.parametrize("seed", range(25))
def test_the_policy_s_breaks_are_as_long_and_as_often_as_it_says(seed):
    made = plan_day(request(policy=BY_POLICY, seed=seed), HISTORY)
    limits = {"micro": (180, 420), "coffee": (600, 1200), "lunch": (1800, 3600)}

    rests = spans(made, "break")
    assert {reason for _, _, reason in rests} == set(limits)
    for start_s, end_s, reason in rests:
        assert limits[reason][0] <= end_s - start_s <= limits[reason][1], reason
    [lunch] = [start_s for start_s, _, reason in rests if reason == "lunch"]
    assert instant_of(MONDAY, _clock("12:00"), LOS_ANGELES) <= lunch <= instant_of(MONDAY, _clock("13:30"), LOS_ANGELES)
    assert all(end_s - start_s <= 1500 for start_s, end_s, _ in spans(made, "work"))
    last = spans(made, "work")[-1][1]
    assert last <= instant_of(MONDAY, _clock("20:00"), LOS_ANGELES)
    assert last >= instant_of(MONDAY, _clock("16:30"), LOS_ANGELES)


@pytest.mark.parametrize("seed", range(5))
def test_breaks_are_drawn_between_their_bounds_and_not_all_at_the_longest(seed):
    made = plan_day(request(policy=BY_POLICY, seed=seed), HISTORY)

    micro = {end_s - start_s for start_s, end_s, reason in spans(made, "break") if reason == "micro"}
    assert len(micro) > 5
    assert max(micro) - min(micro) > 60


@pytest.mark.parametrize("seed", range(5))
def test_a_coffee_break_comes_an_hour_after_the_break_before_that_was_no_micro_break(seed):
    rested_s = None
    for start_s, _end_s, reason in spans(plan_day(request(policy=BY_POLICY, seed=seed), HISTORY), "break"):
        if reason == "coffee" and rested_s is not None:
            # A burst may be shortened for lunch, by half its length at most.
            assert 3600 - 1500 <= start_s - rested_s <= 3600 + 1500 + 420
        if reason != "micro":
            rested_s = start_s


def _clock(text):
    from datetime import time

    return time.fromisoformat(text)


def test_under_the_policy_work_begins_at_nine_or_when_it_is_wanted():
    wanted = instant_of(MONDAY, _clock("10:15"), LOS_ANGELES)

    for begins, clock in ((None, "09:00"), (wanted, "10:15")):
        made = plan_day(request(policy=BY_POLICY, begins_s=begins), HISTORY)
        assert made[0].batches[0].local.startswith(f"2025-10-27T{clock}:00.000000-07:00")


def test_nothing_is_planned_before_it_may_be():
    noon = instant_of(MONDAY, _clock("12:00"), LOS_ANGELES)

    for policy in (POLICY, BY_POLICY):
        made = plan_day(request(policy=policy, not_before_s=noon), HISTORY)
        assert spans(made, "work")[0][0] >= noon


def test_a_day_that_is_over_has_no_plan():
    _, end_s = day_bounds(MONDAY, LOS_ANGELES)

    assert plan_day(request(not_before_s=end_s - 1), HISTORY) == ()
    assert plan_day(request(policy=BY_POLICY, not_before_s=end_s - 1), HISTORY) == ()
    assert plan_day(request(crops_max=0), HISTORY) == ()


def test_the_pieces_of_history_come_whole():
    # Every gap inside a block of the plan is a gap of the history, and follows the gap that it followed there.
    pairs = {
        (round(first.gap_s, 3), round(second.gap_s, 3))
        for day in HISTORY.days
        for spell in day.spells
        for first, second in zip(spell.steps[1:], spell.steps[2:], strict=False)
    }
    made = plan_day(request(), HISTORY)
    gaps = []
    for block in made:
        at = [parse_instant(batch.at).timestamp() for batch in block.batches]
        gaps += [[round(after - before, 3) for before, after in pairwise(at)]]
    found = [pair for run in gaps for pair in pairwise(run)]

    known = sum(any(abs(a - x) < 0.002 and abs(b - y) < 0.002 for x, y in pairs) for a, b in found)
    assert len(found) > 50
    assert known / len(found) > 0.95


@pytest.mark.parametrize("policy", [POLICY, BY_POLICY])
def test_a_day_that_a_zone_left_out_has_no_plan(policy):
    # Samoa went from the 29th of December 2011 to the 31st.
    assert plan_day(request(day=date(2011, 12, 30), zone=ZoneInfo("Pacific/Apia"), policy=policy), HISTORY) == ()


def test_another_seed_is_another_plan_and_another_day_is_not_the_same_day_again():
    first = plan_day(request(), HISTORY)

    assert plan_day(request(seed=2), HISTORY) != first
    sizes = [[b.crops for block in plan_day(request(day=MONDAY + timedelta(days=n)), HISTORY) for b in block.batches]
             for n in range(3)]  # fmt: skip
    assert sizes[0] != sizes[1] != sizes[2]


def test_a_visit_is_no_working_day():
    visit = (tuple(batch for batch in [Batch(1e9, 1e9, 1)]),)

    assert len(History.of([*worked(), visit], LOS_ANGELES).days) == 8


def test_a_weekday_with_many_days_of_its_own_is_planned_from_them():
    import numpy as np

    mondays = worked(number_of_days=1)
    many = [tuple(tuple(b._replace(start_s=b.start_s + week * 7 * 86_400, end_s=b.end_s + week * 7 * 86_400) for b in s)
                  for s in mondays[0]) for week in range(36)]  # fmt: skip
    tuesday = [
        tuple(tuple(b._replace(start_s=b.start_s + 86_400, end_s=b.end_s + 86_400) for b in s) for s in mondays[0])
    ]
    history = History.of([*many, *tuesday], LOS_ANGELES)
    chance = np.random.Generator(np.random.PCG64(1))

    own = sum(len(history.like(0, chance)[0]) == 36 for _ in range(500))
    rare = sum(len(history.like(1, chance)[0]) == 1 for _ in range(500))
    assert own / 500 == pytest.approx(36 / 40, abs=0.04)
    assert rare / 500 == pytest.approx(1 / 5, abs=0.05)
    assert len(history.like(5, chance)[0]) == 37
