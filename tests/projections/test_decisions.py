"""What was decided, and how it compares with the suggestion."""

import pytest

from ledger.values import Box
from projections.decisions import accuracy, decisions, is_full_frame, matches

BOX = "0.1,0.2,0.8,0.9"


@pytest.mark.parametrize(
    ("final", "suggested", "match"),
    [
        ("0.60,0.2,0.9,0.9", "0.65,0.2,0.9,0.9", True),  # exactly 0.05 apart, and more in binary fractions
        ("0.65,0.2,0.9,0.9", "0.60,0.2,0.9,0.9", True),
        ("0.15,0.2,0.9,0.9", "0.1,0.2,0.9,0.9", True),
        ("0.1,0.35,0.9,0.9", "0.1,0.3,0.9,0.9", True),
        ("0.1,0.2,0.9,0.9", "0.1,0.2,0.85,0.85", True),
        ("0.6001,0.2,0.9,0.9", "0.65,0.2,0.9,0.9", True),
        ("0.5999,0.2,0.9,0.9", "0.65,0.2,0.9,0.9", False),
        ("0.1,0.2,0.9,0.9", "0.150001,0.2,0.9,0.9", False),
        ("0.1,0.2,0.9,0.9", "0.1,0.2500001,0.9,0.9", False),
        ("0.1,0.2,0.9,0.9", "0.1,0.2,0.8499999,0.9", False),
        ("0.1,0.2,0.9,0.9", "0.1,0.2,0.9,0.8499999", False),
        ("0.1,0.2,0.9,0.9", "0.1,0.25000000000000006,0.9,0.9", False),  # the last digit a float has
    ],
)
def test_a_suggestion_matches_when_every_edge_is_within_five_hundredths_as_decimals(final, suggested, match):
    assert matches(Box.parse(final), Box.parse(suggested)) is match


def test_two_decimals_exactly_five_hundredths_apart_always_match():
    for cents in range(90):
        one, other = Box(cents / 100, 0, 1, 1), Box((cents + 5) / 100, 0, 1, 1)
        assert matches(one, other)
        assert matches(other, one)


@pytest.mark.parametrize(
    ("box", "full"),
    [
        ("0,0,1,1", True),
        ("0.02,0.02,0.98,0.98", True),
        ("0.0201,0,1,1", False),
        ("0,0.0201,1,1", False),
        ("0,0,0.9799,1", False),
        ("0,0,1,0.9799", False),
    ],
)
def test_a_box_that_covers_every_edge_within_two_percent_is_the_full_frame(box, full):
    assert is_full_frame(Box.parse(box)) is full


def test_a_box_is_a_crop_the_full_frame_an_approval_and_a_skip_a_rejection(stage):
    stage.tell(f"""
        ann records a/1.png {BOX} group g1
        ann records a/2.png 0.01,0,1,0.99
        bob skips a/3.png
    """)
    with stage.projections() as projections:
        first, second, third = decisions(projections)
    assert (first.action, first.group_id, first.decided_by, first.decided_at) == (
        "crop", "g1", "operator:ann", stage.at(1),
    )  # fmt: skip
    assert (second.action, second.filename) == ("approve", "2.png")
    assert (third.action, third.x1, third.reason, third.decided_by) == ("reject", None, "blurred", "operator:bob")
    assert third.crop_match is None


def test_a_suggestion_is_kept_with_its_match(stage):
    stage.tell(f"""
        ann records a/1.png {BOX} suggested 0.15,0.2,0.8,0.9
        ann records a/2.png {BOX} suggested 0.3,0.2,0.8,0.9
        ann records a/3.png {BOX}
    """)
    with stage.projections() as projections:
        assert [each.crop_match for each in decisions(projections)] == [1, 0, None]
        assert decisions(projections)[0].suggested_x1 == 0.15
        [found] = accuracy(projections)
    assert (found.project, found.model, found.suggested, found.matched) == ("P", "m1", 2, 1)
    assert (found.percent_matched, found.mean_score) == (50.0, 0.5)


def test_what_is_taken_back_is_no_decision_and_a_new_mark_replaces_the_old(stage):
    stage.tell(f"""
        ann records a/1.png {BOX}
        ann withdraws a/1.png
        ann skips a/2.png
        ann restores a/2.png
        ann records a/3.png {BOX}
        ann records a/3.png 0,0,1,1
    """)
    with stage.projections() as projections:
        assert [(each.filename, each.action) for each in decisions(projections)] == [("3.png", "approve")]


def test_what_a_runner_makes_of_it_is_no_decision(stage):
    stage.tell(f"ann records a/1.png {BOX}")
    with stage.projections() as projections:
        before = decisions(projections)
    stage.tell("r1 starts a/1.png\n r1 executes a/1.png\n ann undoes a/1.png")
    with stage.projections() as projections:
        assert decisions(projections) == before


def test_decisions_can_be_narrowed_to_a_project(stage):
    stage.tell(f"ann records a/1.png {BOX} project P\n ann records a/2.png {BOX} project Q")
    with stage.projections() as projections:
        assert [each.project for each in decisions(projections, project="Q")] == ["Q"]
