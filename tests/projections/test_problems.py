"""What a person should know of: as long as it is news, and nothing twice."""

from projections.problems import problems

LONG_AGO = "2025-01-01T00:00:00.000000Z"

FAILED = """
    ann records a/1.png 0.1,0.1,0.9,0.9
    r1 starts a/1.png
    r1 fails a/1.png unreadable after 1
    r1 starts a/1.png
    r1 fails a/1.png missing finally
"""


def told(stage, since=LONG_AGO):
    return [(each.position, each.kind) for each in problems(stage.projections(), since)]


def test_a_crop_that_failed_for_good_is_told_once_whatever_came_before(stage):
    stage.tell(FAILED)

    assert told(stage) == [(5, "crop_failed")]


def test_a_failure_that_will_be_tried_again_is_no_news(stage):
    stage.tell("\n".join(FAILED.splitlines()[:4]))

    assert told(stage) == []


def test_once_somebody_took_care_of_it_it_is_history(stage):
    stage.tell(FAILED + "ann retries a/1.png")

    assert told(stage) == []


def test_what_is_older_than_asked_for_is_left_out(stage):
    stage.tell(FAILED)

    assert told(stage, stage.at(6)) == []
