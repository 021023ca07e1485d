"""What the charts say and show, from values alone."""

import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest

from ledger.errors import Invalid
from projections.cadence import Quarter
from projections.executions import Executed
from projections.queue import Step
from projections.schedules import Block, PlannedAt, Schedule
from projections.work import KindOfWork
from web import burn, kinds, pace, strip
from web.charts import Column, Table, tag, ticks
from web.chosen import Chosen
from web.tables import as_csv, as_json

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2025, 10, 27, 11, 0, tzinfo=UTC)
"""12:00 in Berlin."""


def at(hour, minute=0):
    return f"2025-10-27T{hour:02d}:{minute:02d}:00.000000Z"


def read(drawing):
    return ET.fromstring(drawing)  # noqa: S314  # our own, a moment ago


def today(**asked):
    return Chosen.read(asked, BERLIN, NOON)


# -- what was chosen ----------------------------------------------------------------------------------------------


def test_without_a_word_it_is_today_by_the_clock_of_the_zone():
    late = Chosen.read({}, BERLIN, datetime(2025, 10, 27, 23, 30, tzinfo=UTC))

    assert (late.first, late.last, late.is_today) == (date(2025, 10, 28), date(2025, 10, 28), True)


def test_a_day_on_which_clocks_are_set_back_has_25_hours():
    chosen = today(day="2025-10-26")

    assert chosen.ends - chosen.begins == timedelta(hours=25)


@pytest.mark.parametrize(
    "asked", [{"day": "yesterday"}, {"from": "2025-10-28", "to": "2025-10-27"}, {"day": "0001-01-01"}, {"to": "\0"}]
)
def test_what_is_no_span_of_days_is_invalid(asked):
    with pytest.raises(Invalid):
        today(**asked)


def test_the_same_choice_can_be_asked_for_again():
    for asked in ({}, {"day": "2025-10-01"}, {"from": "2025-10-01", "to": "2025-10-03", "project": "a&b=c"}):
        chosen = today(**asked)
        again = Chosen.read(dict(parse_qsl(chosen.query)), BERLIN, NOON)

        assert again == chosen


# -- the strip of a day -------------------------------------------------------------------------------------------


def day(executed=()):
    plan = Schedule(
        "2025-10-27", None, "Europe/Berlin", "planned", at(9), at(13), 2, 1, 4, 12, 12, "policy", 1, at(6), 1, "s"
    )
    blocks = (
        Block(1, "work", at(9), at(10, 50), None, 2, 6),
        Block(2, "break", at(10, 50), at(11, 20), "lunch", 0, 0),
        Block(3, "work", at(11, 20), at(13), None, 2, 6),
    )
    batches = tuple(PlannedAt(at(*when), 3) for when in ((9, 0), (10, 0), (11, 20), (12, 0)))
    return strip.Day(plan, blocks, batches, tuple(Executed(moment, 100.0, "r1") for moment in executed))


def test_plan_and_actual_are_compared_up_to_now():
    assert "Planned by now 6 of 12, executed 2: 4 behind the plan." in strip.says(day([at(9), at(10)]), NOON)
    assert "as planned" in strip.says(day([at(9)] * 6), NOON)
    assert "1 ahead of the plan" in strip.says(day([at(9)] * 7), NOON)


@pytest.mark.parametrize(
    ("hour", "told"),
    [
        ((10, 0), "Next: lunch at 11:50, 30 min."),
        ((10, 50), "It is lunch until 12:20."),
        ((11, 0), "It is lunch until 12:20."),
        ((11, 20), "No break is left; the day ends at 14:00."),
        ((13, 0), "The planned day is over."),
    ],
)
def test_the_next_break_is_named_by_the_clock_of_the_zone(hour, told):
    assert strip.next_break(day(), datetime(2025, 10, 27, *hour, tzinfo=UTC)) == told


def test_the_strip_shows_every_block_every_ten_minutes_of_work_and_now():
    chart = strip.chart(day([at(9), at(9, 5), at(10)]), NOON)
    titles = [each.text for each in read(chart.wide).iter("{http://www.w3.org/2000/svg}title")]

    assert "lunch, 11:50 to 12:20" in titles
    assert "10:00: 2 executed in ten minutes" in titles
    assert "now, 12:00" in titles


def test_the_table_of_a_day_says_what_was_executed_in_each_block():
    rows = strip.table(day([at(9), at(10, 49), at(10, 50), at(11, 20)])).rows

    assert [(row[2], row[3], row[4]) for row in rows] == [("work", 6, 2), ("lunch", 0, 1), ("work", 6, 1)]


# -- the queue ----------------------------------------------------------------------------------------------------


def test_the_line_of_the_queue_ends_at_what_is_owed_and_begins_at_what_was():
    owed = burn.Burn(10, (Step("2025-10-27T08:00", 8, 0), Step("2025-10-27T09:00", 0, 3)), later=0)

    levels = [level for _, level in burn.points(owed, today())]

    assert levels == [5, 13, 10, 10]


def test_what_was_marked_after_the_days_that_are_shown_is_not_in_their_line():
    owed = burn.Burn(10, (Step("2025-10-20T08:00", 4, 0),), later=6)

    assert [level for _, level in burn.points(owed, today(day="2025-10-20"))] == [0, 4, 4]


def test_the_plan_says_when_the_queue_is_empty():
    planned = burn.Burn(5, (), 0, tuple(PlannedAt(at(hour), 3) for hour in (10, 12, 13, 14)))

    assert burn.empty_at(planned, NOON) == (datetime(2025, 10, 27, 13, tzinfo=UTC), "by the plan")
    to_the_last = burn.Burn(6, (), 0, planned.batches)
    assert burn.empty_at(to_the_last, NOON) == (datetime(2025, 10, 27, 13, tzinfo=UTC), "by the plan")


def test_without_a_plan_the_pace_of_the_last_half_hour_says_it():
    steps = (Step("2025-10-27T09:00", 0, 999), Step("2025-10-27T10:50", 0, 10))

    moment, why = burn.empty_at(burn.Burn(60, steps, 0), NOON)

    assert (moment, why) == (NOON + timedelta(hours=1), "at the pace of the last half hour")


def test_two_crops_are_no_pace():
    assert burn.empty_at(burn.Burn(60, (Step("2025-10-27T10:50", 0, 2),), 0), NOON) is None
    assert burn.empty_at(burn.Burn(0, (), 0), NOON) is None


def test_the_table_of_the_queue_adds_up_hour_by_hour():
    steps = (Step("2025-10-27T08:00", 8, 1), Step("2025-10-27T08:30", 1, 0), Step("2025-10-27T09:00", 0, 3))

    assert burn.table(burn.Burn(10, steps, 0), today()).rows == (
        ("2025-10-27 09:00", 9, 1, 13),
        ("2025-10-27 10:00", 0, 3, 10),
    )


# -- by the hour --------------------------------------------------------------------------------------------------


def quarter(day, hour, crops):
    return Quarter(int(datetime(2025, 10, day, hour, tzinfo=UTC).timestamp()), crops)


def test_hours_are_those_of_the_zone_and_usual_is_per_worked_day():
    hours = pace.by_hour([quarter(27, 8, 5)], [quarter(20, 8, 30), quarter(21, 9, 10)], [quarter(27, 8, 1)], BERLIN)

    assert hours[9] == pace.Hour(9, 5, 1, 0)
    assert [(each.hour, each.usual) for each in hours if each.usual] == [(10, 15.0), (11, 5.0)]


def test_the_sums_are_said_in_words():
    hours = pace.by_hour([quarter(27, 8, 5)], [], [], BERLIN)

    assert pace.says(hours) == (
        "5 marked, 0 executed. The best hour began at 09:00, with 5 marked. There is no history yet to compare with."
    )


@pytest.mark.parametrize("count", [0, 1, 7, 5000])
def test_every_chart_can_be_drawn_of_nothing_and_of_much(count):
    hours = pace.by_hour([quarter(27, 8, count)] if count else [], [], [], BERLIN)
    steps = tuple(Step(f"2025-10-27T08:{minute:02d}", count, 0) for minute in range(min(count, 60)))

    for chart in (pace.chart(hours, today()), burn.chart(burn.Burn(count, steps, 0), today())):
        for drawing in (chart.wide, chart.narrow):
            assert read(drawing).get("role") == "img"


# -- the vocabulary -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("largest", [0, 0.4, 1, 3, 7, 99, 100, 101, 12_345])
def test_an_axis_ends_at_or_above_the_largest_value_in_few_whole_steps(largest):
    found = ticks(largest)

    assert found[0] == 0
    assert found[-1] >= max(1, largest)
    assert 2 <= len(found) <= 6
    assert all(type(each) is int for each in found)


def test_whatever_is_drawn_is_escaped():
    assert tag("rect", class_='"><script>') == '<rect class="&quot;&gt;&lt;script&gt;"/>'


def test_a_table_is_given_to_programs_whole_and_without_formulas():
    table = Table("t", "T", (Column("a", "A"), Column("b", "B")), (("=1+1", 2), ('é"', None)))

    assert as_csv(table) == 'a,b\r\n\'=1+1,2\r\n"é""",\r\n'
    assert as_json(table) == '[{"a": "=1+1", "b": 2}, {"a": "é\\"", "b": null}]\n'


def test_human_time_is_summed_kind_by_kind():
    worked = [KindOfWork("crop", 300, 5400.0), KindOfWork("skip", 20, 60.0)]

    assert kinds.says(worked) == "1 h 31 min of work, 320 decisions. Runners are not in it."
    assert kinds.table(worked).rows == (("marking crops", 300, 90.0, 18.0), ("skipping", 20, 1.0, 3.0))


@pytest.mark.parametrize("worked", [[], [KindOfWork("crop", 1, 0.0)], [KindOfWork("new kind", 3, 9.0)]])
def test_kinds_of_work_can_be_drawn_of_nothing_and_of_what_is_new(worked):
    assert read(kinds.chart(worked, today()).wide).get("role") == "img"
