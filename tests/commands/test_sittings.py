"""Sitting down and getting up: the rules, and the words people are greeted with."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from commands.progress.sitting_down import ago, days, goes_on, greeting, per_hour, span
from commands.sittings import SITTINGS, EndSitting, Sittings, StartSitting
from ledger.entry import Entry
from ledger.errors import Damaged, Invalid
from ledger.events.crops import CropWithdrawn
from ledger.events.sittings import SittingEnded, SittingStarted
from ledger.values import sitting_subject
from projections.progress import DirectoryProgress
from projections.sittings import Sitting, Step
from projections.upcoming import UpcomingImage

NOW = datetime(2025, 10, 27, 16, 0, tzinfo=UTC)
STARTED = SittingStarted("/photos/a", "directory/1", "p", 150, 73)
AT = "2025-10-27T15:00:00.000000Z"
LATER = "2025-10-27T15:20:00.000000Z"


def told(*events):
    """The sittings after these events, each at the same time."""
    sittings = Sittings()
    for number, event in enumerate(events, 1):
        sittings = SITTINGS.evolve(sittings, entry(event, number))
    return sittings


def entry(event, version):
    return Entry(version + 70, "id", "sitting/1", version, event, AT, AT, "operator:ann", "c", None)


def then(sittings, command):
    return list(SITTINGS.decide(command, sittings))


def test_a_sitting_is_started_and_ended_once():
    start, end = StartSitting("sitting/1", STARTED), EndSitting("sitting/1", LATER)
    assert then(told(), end) == []
    assert then(told(), start) == [STARTED]
    assert then(told(STARTED), end) == [SittingEnded(1, LATER, interrupted=False)]
    assert then(told(STARTED, SittingEnded(1, LATER, interrupted=False)), end) == []


def test_a_sitting_that_goes_on_is_not_started_again():
    assert then(told(STARTED), StartSitting("sitting/1", STARTED, LATER, goes_on=True)) == []


def test_a_sitting_nobody_ended_ends_with_the_last_thing_done_in_it_when_the_next_one_starts():
    crashed = told(STARTED)
    ended = SittingEnded(1, LATER, interrupted=True)
    assert then(crashed, StartSitting("sitting/1", STARTED, LATER)) == [ended, STARTED]
    assert then(crashed, StartSitting("sitting/1", STARTED)) == [SittingEnded(1, AT, interrupted=True), STARTED]
    assert told(STARTED, ended, STARTED) == Sittings(3, AT)


def test_a_sitting_never_ends_before_it_started():
    assert then(told(STARTED), EndSitting("sitting/1", "2025-10-27T14:00:00.000000Z"))[0].ended_at == AT


@pytest.mark.parametrize(
    "events",
    [
        [STARTED, STARTED], [SittingEnded(1, LATER, interrupted=False)], [CropWithdrawn()],
        [STARTED, SittingEnded(2, LATER, interrupted=False)],
    ],
)  # fmt: skip
def test_an_entry_that_cannot_follow_is_damage(events):
    with pytest.raises(Damaged, match=f"Position {70 + len(events)}"):
        told(*events)


def test_only_commands_about_sittings_are_answered():
    with pytest.raises(Invalid):
        SITTINGS.decide(STARTED, Sittings())


def test_each_person_has_sittings_of_their_own_in_each_directory():
    subjects = {sitting_subject(who, place) for who in ("operator:a", "operator:b") for place in ("d/1", "d/2")}
    assert len(subjects) == 4
    assert all(subject.startswith("sitting/") for subject in subjects)


# -- words


def row(**counts):
    zero = dict.fromkeys(
        ("completed", "skipped", "pending", "failed", "problem", "open", "owed", "recorded", "executed", "kept",
         "imported", "percent_decided", "percent_executed"), 0,
    )  # fmt: skip
    return DirectoryProgress(**{"project": "p", "directory": "/d", "first_at": AT, "last_at": AT} | zero | counts)


def sitting(last_at, ended_at=None):
    return Sitting("sitting/1", 1, "operator:ann", "/d", "p", AT, ended_at, 0, last_at, 47, 8100.0)


COMING = UpcomingImage(None, "/d", "20250803_172343_stage2_upscaled.png", "open", 9, "a" * 64, 8, 6, 74)


def test_who_sits_down_for_the_first_time_is_told_what_there_is():
    assert greeting("d/", row(seen=150, open=150), None, COMING, NOW) == "Starting d/: found 150 images"
    assert greeting("d/", row(seen=1, problem=1), None, None, NOW) == "Starting d/: found 1 image, 1 cannot be read"


def test_who_comes_back_is_told_how_far_it_is_and_where_to_go_on():
    before = sitting("2025-10-27T13:59:00.000000Z", "2025-10-27T13:59:00.000000Z")
    assert greeting("d/", row(seen=150, open=77, completed=73), before, COMING, NOW) == (
        "Resuming d/: 73/150 (48.7%), last sitting 2 hours ago, at image 74: 20250803_172343_stage2_upscaled.png"
    )
    assert greeting("d/", row(seen=3, completed=3), None, None, NOW) == (
        "Resuming d/: 3/3 (100.0%), nothing waits for a decision"
    )
    assert greeting("d/", row(seen=3, open=3), before, COMING, NOW).startswith("Resuming d/: 0/3 (0.0%), last sitting")


def test_times_are_said_as_people_say_them():
    said = [ago(seconds) for seconds in (0, 59, 60, 3599, 3600, 7300, 86400, 200000)]
    assert said == ["just now", "just now", "1 minute ago", "59 minutes ago", "1 hour ago", "2 hours ago",
                    "1 day ago", "2 days ago"]  # fmt: skip
    assert [span(seconds) for seconds in (0, 45, 60, 3540, 3600, 8100)] == [
        "0 s",
        "45 s",
        "1m",
        "59m",
        "1h 00m",
        "2h 15m",
    ]


def test_a_pace_needs_two_images_and_some_time():
    assert (per_hour(1, 60.0), per_hour(2, 0.0), per_hour(30, 360.0)) == (None, None, 300.0)


def test_a_sitting_goes_on_for_ten_minutes_after_the_last_thing_done_in_it():
    ten = (NOW - timedelta(seconds=600)).isoformat()
    less = (NOW - timedelta(seconds=599)).isoformat()
    assert [goes_on(each, NOW) for each in (sitting(ten), sitting(less), sitting(less, less))] == [False, True, False]


def test_days_are_those_of_the_zone_and_a_gap_counts_up_to_the_threshold_on_the_day_it_ends():
    steps = [
        Step("operator:ann", "/d", "2025-10-27T06:58:00.000000Z", None, None),
        Step("operator:ann", "/d", "2025-10-27T06:59:30.000000Z", "image/1", 90.0),
        Step("operator:ann", "/d", "2025-10-27T07:00:10.000000Z", "image/2", 40.0),
        Step("operator:ann", "/d", "2025-10-27T07:00:20.000000Z", "image/2", 10.0),
        Step("operator:bob", "/d", "2025-10-27T07:00:30.000000Z", "image/3", 5.0),
    ]
    found = days(steps, 60.0, ZoneInfo("America/Los_Angeles"))
    assert [(each.day, each.who, each.images, each.work_s) for each in found] == [
        ("2025-10-27", "operator:bob", 1, 5.0), ("2025-10-27", "operator:ann", 1, 50.0),
        ("2025-10-26", "operator:ann", 1, 60.0),
    ]  # fmt: skip
