"""The rhythm of human work, measured: on logs whose rhythm is known, because they were made with it."""

import math
from datetime import UTC, datetime
from itertools import chain
from random import Random
from zoneinfo import ZoneInfo

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from commands.planning.cadence import Batch, all_days, batches, breaks, cadence_of, days, gaps, sittings
from commands.planning.doubts import better_zone, unsupported
from commands.planning.figures import Spread, burstiness, fano, memory, windows
from commands.planning.hours import Stretch, buckets_of

NEW_YORK = ZoneInfo("America/New_York")
LUNCH = ("12:00", "13:30")


@frozen
class Crop:
    at_s: float
    directory: str = "/photos/a"
    who: str = "operator:ann"
    project: str = "p"


@frozen
class Start:
    session: str
    first_s: float


def at(text):
    return datetime.fromisoformat(text).timestamp()


def made(number_of_days, *, seed=1, gap_s=20.0, sigma=0.5, sitting_batches=60, break_min=15, sittings_a_day=6):
    """An operator with a known rhythm: log-normal gaps, fixed sittings and breaks, batches of 2 (20 %) and 3."""
    chance = Random(seed)  # noqa: S311  # made logs, no secrets
    rows = []
    for number in range(number_of_days):
        moment = at("2025-09-01T13:00:00+00:00") + number * 86_400
        for _ in range(sittings_a_day):
            for _ in range(sitting_batches):
                moment += gap_s * math.exp(chance.gauss(0, sigma))
                for _ in range(2 if chance.random() < 0.2 else 3):
                    rows.append(Crop(moment))
                    moment += 0.05
                moment -= 0.05
            moment += break_min * 60
    return rows


def test_a_log_with_a_known_rhythm_gives_it_back():
    rows = made(30)
    worked = all_days(rows, UTC)
    found = cadence_of(worked, UTC)

    assert (found.days, found.sittings, found.crops) == (30, 180, len(rows))
    assert found.gap_s.median == pytest.approx(20.0, rel=0.02)
    assert found.gap_s.mean == pytest.approx(20 * math.exp(0.125), rel=0.02)
    assert found.batch_sizes == {1: 0.0, 2: pytest.approx(0.2, abs=0.02), 3: pytest.approx(0.8, abs=0.02)}
    assert found.break_min.count == 30 * 5
    assert found.break_min.median == pytest.approx(15 + 20 / 60, abs=0.1)
    assert found.crops_per_active_hour == pytest.approx(2.8 * 60 / 59 / (20 * math.exp(0.125)) * 3600, rel=0.03)
    assert found.day_start_hour.median == pytest.approx(13, abs=0.02)
    assert found.memory == pytest.approx(0, abs=0.03)
    # Of a log-normal: the standard deviation over the mean is sqrt(exp(sigma^2) - 1).
    ratio = math.sqrt(math.exp(0.25) - 1)
    assert found.burstiness == pytest.approx((ratio - 1) / (ratio + 1), abs=0.03)


def test_the_time_between_batches_is_not_the_gap_between_rows():
    # Three rows 0.3 s apart, then 20 s of work: the old tool took the 0.3 s, and ran five times too fast.
    rows = [Crop(number * 20.6 + row * 0.3) for number in range(50) for row in range(3)]
    [own] = batches(rows)

    assert gaps(own) == pytest.approx([20.0] * 49)
    assert cadence_of(all_days(rows, UTC), UTC).gap_s.median == pytest.approx(20.0)


def test_a_batch_is_never_across_directories_people_or_projects():
    for other in (Crop(0.2, "/photos/b"), Crop(0.2, who="operator:ben"), Crop(0.2, project="q")):
        assert [batch.crops for own in batches([Crop(0.0), other]) for batch in own] == [1, 1]


def test_a_second_apart_is_another_submit():
    assert [batch.crops for batch in batches([Crop(0.0), Crop(0.999), Crop(1.999)])[0]] == [2, 1]


def test_a_batch_has_three_images_at_most():
    [own] = batches([Crop(number * 0.1) for number in range(7)])

    assert [batch.crops for batch in own] == [3, 3, 1]


def test_a_file_read_whole_says_nothing_about_anybody_s_pace():
    rows = [Crop(100.0)] * 500
    [own] = batches([Crop(0.0), *rows, Crop(130.0)])

    assert own == [Batch(0.0, 0.0, 1), Batch(130.0, 130.0, 1)]


def test_two_people_at_once_have_each_their_own_gaps():
    ann = [Crop(number * 20.0) for number in range(10)]
    ben = [Crop(number * 20.0 + 7, who="operator:ben") for number in range(10)]

    assert cadence_of(all_days([*ann, *ben], UTC), UTC).gap_s == Spread.of([20.0] * 18)


def batches_at(*starts):
    return [Batch(start, start, 3) for start in starts]


def test_a_gap_over_ten_minutes_ends_a_sitting_and_one_over_five_is_not_work():
    own = batches_at(0, 20, 20 + 300, 20 + 300 + 600, 20 + 300 + 600 + 601)

    assert [len(sitting) for sitting in sittings(own)] == [4, 1]
    found = cadence_of(days(sittings(own), UTC), UTC)
    assert found.active_hours == round(20 / 3600, 3)
    assert found.break_min.mean == pytest.approx(601 / 60, abs=0.001)


def test_a_night_is_long_and_dark_by_the_clock_of_the_zone():
    evening, late, morning = (
        at("2025-10-10T22:00:00-04:00"),
        at("2025-10-11T00:30:00-04:00"),
        at("2025-10-11T07:00-04:00"),
    )
    noon = at("2025-10-11T17:00:00-04:00")
    [first, second] = days(sittings(batches_at(evening, late, morning, noon)), NEW_YORK)

    assert [sitting[0].start_s for sitting in first] == [evening, late]
    assert breaks(second) == [noon - morning]


def test_an_hour_that_does_not_exist_and_one_that_comes_twice_are_told_apart_by_the_day():
    # 2025-11-02 has 25 hours in New York: 05:30Z and 06:30Z are both 01:30.
    first, second = at("2025-11-02T05:30:00+00:00"), at("2025-11-02T06:30:00+00:00")
    buckets = buckets_of([Stretch(first, 20.0, 3), Stretch(second, 20.0, 3)], NEW_YORK)

    [seen] = [bucket for bucket in buckets if bucket.days]
    assert (seen.weekday, seen.hour, seen.days, seen.crops) == (6, 1, 1, 6)
    assert len(buckets) == 168


def test_a_cell_leans_on_its_hour_and_that_on_the_pool_the_less_the_more_days_it_has():
    # Every Monday at nine twice as fast as at ten, on all days.
    stretches = []
    for day in range(70):
        noon = at("2025-01-06T00:00:00+00:00") + day * 86_400
        pace = 10.0 if day % 7 == 0 else 20.0
        stretches += [Stretch(noon + 9 * 3600 + n, pace, 3) for n in range(5)]
        stretches += [Stretch(noon + 10 * 3600 + n, 40.0, 3) for n in range(5)]
    cell = {(bucket.weekday, bucket.hour): bucket for bucket in buckets_of(stretches, UTC)}

    monday, tuesday, night = cell[0, 9], cell[1, 9], cell[2, 3]
    assert monday.own == pytest.approx(10 / 14, abs=1e-4)
    assert monday.of_hour == pytest.approx(4 / 14 * 70 / 74, abs=1e-4)
    assert monday.own + monday.of_hour + monday.of_pool == pytest.approx(1, abs=1e-3)
    assert 10 < monday.gap_s < tuesday.gap_s < cell[1, 10].gap_s < 40
    assert (night.own, night.of_hour, night.of_pool) == (0, 0, 1)
    assert night.batches_per_hour == 0
    assert monday.batches_per_hour == 5


def test_how_often_an_hour_is_worked_is_shrunk_too():
    # Nine o'clock is worked every day, three o'clock on Mondays only.
    midnights = [at("2025-01-06T00:00:00+00:00") + day * 86_400 for day in range(70)]
    stretches = [Stretch(midnight + 9 * 3600, 20.0, 3) for midnight in midnights]
    stretches += [Stretch(midnight + 15 * 3600, 20.0, 3) for midnight in midnights[::7]]
    cell = {(bucket.weekday, bucket.hour): bucket.batches_per_hour for bucket in buckets_of(stretches, UTC)}

    assert cell[0, 15] == pytest.approx(10 / 14 + 4 / 14 / 7, abs=1e-3)
    assert cell[1, 15] == pytest.approx(4 / 14 / 7, abs=1e-3)
    assert cell[1, 9] == 1


@given(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=200), st.integers(0, 6))
def test_shares_add_up_whatever_the_history(starts, weekday):
    for bucket in buckets_of([Stretch(start * 10, 5.0, 1) for start in starts], NEW_YORK):
        assert bucket.own + bucket.of_hour + bucket.of_pool == pytest.approx(1, abs=1e-3)
        assert min(bucket.own, bucket.of_hour, bucket.of_pool) >= 0


def test_burstiness_is_minus_one_for_a_metronome_and_nought_for_poisson():
    chance = Random(3)  # noqa: S311  # made logs, no secrets

    assert burstiness([5.0] * 100) == -1
    assert burstiness([chance.expovariate(1) for _ in range(50_000)]) == pytest.approx(0, abs=0.02)
    assert burstiness([1.0]) == burstiness([]) == 0


def test_memory_is_within_runs_and_not_across_them():
    rising = [[math.exp(step) for step in range(5)] for _ in range(3)]

    assert memory(rising) == pytest.approx(1)
    assert memory([[1.0], [100.0], [1.0]]) == 0
    assert memory([[1.0, 9.0, 1.0, 9.0, 1.0, 9.0]]) == pytest.approx(-1)


def test_the_fano_factor_is_nought_for_a_metronome_and_one_for_poisson():
    chance = Random(5)  # noqa: S311  # made logs, no secrets
    moment, starts = 0.0, []
    while len(starts) < 50_000:
        moment += chance.expovariate(1 / 30)
        starts.append(moment)

    assert fano(windows([number * 30.0 for number in range(1001)], 300)) < 0.01
    assert fano(windows(starts, 300)) == pytest.approx(1, abs=0.1)
    assert fano([]) == fano([0, 0]) == 0


def test_windows_count_every_start_but_those_behind_the_last_whole_one():
    assert windows([0, 1, 9, 10, 19, 25], 10) == [4, 1]
    assert windows([], 10) == []


def test_without_history_it_says_so():
    found = cadence_of([], UTC)

    assert (found.crops, found.batches, found.buckets) == (0, 0, ())
    assert unsupported(found, [], UTC, [], LUNCH)[0].startswith("There is no history")


def doubts(rows, zone=UTC, starts=()):
    worked = all_days(rows, zone)
    return " ".join(unsupported(cadence_of(worked, zone), worked, zone, starts, LUNCH))


def test_it_says_what_the_history_is_too_short_for():
    short, long = doubts(made(2)), doubts(made(60))

    assert "Only 2 working days" in short
    assert "any weekday" in short
    assert "working days" not in long
    assert "weekday" not in long


def test_a_lunch_that_is_not_there_is_missed_and_one_that_is_there_is_not():
    worked = [Crop(at("2025-10-06T09:00:00+00:00") + minute * 60) for minute in range(420)]
    eaten = [crop for crop in worked if not 200 < (crop.at_s - worked[0].at_s) / 60 < 245]

    assert "No lunch is visible: a break between 12:00 and 13:30 on 0 of the 1 days" in doubts(worked)
    assert "lunch" not in doubts(eaten)


def test_the_tool_s_own_clock_names_the_zone():
    starts = [
        Start("2025-10-08 14:46:56", at("2025-10-08T18:47:32+00:00")),
        Start("2025-10-10 04:50:00", at("2025-10-10T08:52:00+00:00")),
    ]

    said = better_zone(starts, ZoneInfo("America/Los_Angeles"))
    assert "UTC-4 in 2 of 2" in said
    assert "America/New_York fits" in said
    assert better_zone(starts, NEW_YORK) is None
    assert better_zone([Start("batch 17", 0.0)] * 5, NEW_YORK) is None


def test_work_in_the_dead_of_night_puts_the_zone_in_doubt():
    assert "between midnight and 05:00" in doubts(made(10), ZoneInfo("Asia/Tokyo"))
    assert "midnight" not in doubts(made(10))


@given(st.lists(st.tuples(st.floats(0, 1e5), st.sampled_from("ab"), st.sampled_from("xy")), max_size=60))
def test_no_crop_is_lost_or_counted_twice(drawn):
    rows = sorted(
        (Crop(at_s, directory, who) for at_s, directory, who in drawn), key=lambda crop: (crop.who, crop.at_s)
    )
    found = list(chain.from_iterable(batches(rows)))

    assert sum(batch.crops for batch in found) == len(rows)
    assert cadence_of(all_days(rows, UTC), UTC).batches == len(found)


# -- work that other tools timed ------------------------------------------------------------------------------------


def test_timed_sittings_calibrate_breaks_on_days_without_a_crop():
    from commands.planning.cadence import timed_breaks

    noon = datetime(2025, 10, 8, 16, tzinfo=UTC).timestamp()
    timed = [(noon, noon + 1500), (noon + 1500 + 1200, noon + 5000), (noon + 5100, noon + 6000)]
    assert timed_breaks(timed, (), UTC) == [1200.0]  # the second and the third are one stretch
    assert timed_breaks([(noon, noon + 60), (noon + 30, noon + 3000), (noon + 4000, noon + 5000)], (), UTC) == [1000.0]


def test_a_night_between_timed_sittings_is_no_break():
    from commands.planning.cadence import timed_breaks

    evening = datetime(2025, 10, 8, 22, tzinfo=UTC).timestamp()
    assert timed_breaks([(evening, evening + 60), (evening + 10 * 3600, evening + 11 * 3600)], (), UTC) == []


def test_where_crops_tell_of_the_breaks_timers_add_nothing():
    noon = datetime(2025, 10, 8, 16, tzinfo=UTC).timestamp()
    crops = [Crop(at_s=noon + 20 * n) for n in range(10)]
    worked = all_days(crops, UTC)
    timed = [(noon, noon + 100), (noon + 2000, noon + 2100)]
    assert cadence_of(worked, UTC, timed=timed).break_min.count == 0
    later = [(start + 86_400, end + 86_400) for start, end in timed]
    assert cadence_of(worked, UTC, timed=later).break_min.median == pytest.approx(1900 / 60, abs=0.1)
