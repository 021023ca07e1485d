"""The lint of schedule files, also of files that others wrote."""

import pytest

from commands.planning.dayfile import lint, policy_in
from tests.commands.test_plan import BY_POLICY, POLICY


def day(*blocks, date="2025-10-27", timezone="America/Los_Angeles"):
    return {"date": date, "timezone": timezone, "blocks": list(blocks)}


def work(start, end, size=3, batches=10, **more):
    return {"type": "work", "start": start, "end": end, "batch_size": size, "batches": batches, **more}


def rest(start, end, reason="micro"):
    return {"type": "break", "start": start, "end": end, "reason": reason}


def one(at, crops, batches=1):
    """Work from nine to ten that says when its one batch is."""
    return day(work("09:00:00", "10:00:00", batches=batches, at=[at], sizes=[crops]))


NEXT_DAY = {"start_at": "2025-10-28T09:00:00-07:00", "end_at": "2025-10-28T10:00:00-07:00"}
GOOD = day(work("09:00:00", "09:20:00"), rest("09:20:00", "09:25:00"), work("09:25:00", "10:00:00"))


def test_a_plain_file_of_another_program_passes():
    assert lint(GOOD, BY_POLICY, 60) == []


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ([], "JSON object"),
        ({"date": "2025-10-27", "blocks": []}, "JSON object"),
        (day(date="27.10.2025"), "Not a date"),
        (day(timezone="Mars/Base"), "Not a date and a zone"),
        ({**GOOD, "blocks": "none"}, "list of objects"),
        (day(work("9:00", "10:00:00")), "HH:MM:SS"),
        (day({"type": "nap", "start": "09:00:00", "end": "10:00:00"}), "work or break"),
        (day(work("10:00:00", "09:00:00")), "ends before it begins"),
        (day(work("09:00:00", "09:20:00"), work("09:10:00", "09:30:00")), "overlap"),
        (day(work("09:30:00", "09:40:00"), work("09:00:00", "09:10:00")), "not in order"),
        (day(work("19:30:00", "20:00:01")), "behind the end of the day"),
        (day(rest("09:00:00", "09:10:00", "")), "without a reason"),
        (day(work("09:00:00", "09:10:00", size=0)), "whole numbers"),
        (day(work("09:00:00", "09:10:00", batches=True)), "whole numbers"),
        (day(work("09:00:00", "09:10:00", batches=21)), "63 crops are planned, and the queue allows 60"),
        (day(work("02:30:00", "03:30:00"), date="2025-03-09"), "does not exist"),
        (day(work("01:30:00", "03:30:00"), date="2025-11-02"), "comes twice"),
        (day(work("09:00:00", "10:00:00", start_at="2025-10-27T09:00:00-08:00")), "is not 09:00:00"),
        (day(work("09:00:00", "10:00:00", start_at="2025-10-27T09:00:00")), "is not 09:00:00"),
        (day(work("09:00:00", "10:00:00", start_at="soon")), "not a time"),
        (day(work("09:00:00", "10:00:00", **NEXT_DAY)), "not inside"),
        (one("2025-10-27T08:00:00-07:00", 3), "not inside it"),
        (one("2025-10-27T09:00:00", 3), "list of instants"),
        (one("2025-10-27T09:00:00-07:00", 3, batches=2), "one value for each"),
        (one("2025-10-27T09:00:00-07:00", 4), "larger than batch_size"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(file, why):
    assert why in " ".join(lint(file, BY_POLICY, 60))


def test_a_time_that_comes_twice_may_be_used_if_it_says_which():
    twice = work("01:30:00", "01:10:00", start_at="2025-11-02T01:30:00-07:00", end_at="2025-11-02T01:10:00-08:00")

    assert lint(day(twice, date="2025-11-02")) == []


def test_with_breaks_as_in_history_a_day_ends_at_midnight_and_not_before():
    late = day(work("22:00:00", "23:59:59"))

    assert lint(late, POLICY) == []
    assert lint(late, BY_POLICY) == ["Block 1 ends behind the end of the day."]


def test_the_settings_a_file_was_made_by_are_taken_from_it():
    import json

    assert policy_in({**GOOD, "settings": json.loads(BY_POLICY.as_text())}).breaks == "policy"
    assert policy_in(GOOD) is policy_in([]) is policy_in({"settings": {"breaks": "policy"}}) is None
