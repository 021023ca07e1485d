"""Human time by kind of work: gaps up to the idle threshold, of people only."""

from ledger.events.groups import GroupImage, GroupRejected, ImageChosen
from ledger.events.images import ImageSkipped
from ledger.events.sittings import SittingStarted
from ledger.values import directory_subject, sitting_subject
from projections.sittings import sittings
from projections.work import kinds_of_work

ALL = ("2025-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.000000Z")


def kinds(stage, *span, idle_s=600.0, **narrowed):
    found = kinds_of_work(stage.projections(), *(span or ALL), idle_s=idle_s, **narrowed)
    return {each.kind: (each.decisions, each.work_s) for each in found}


STORY = """
    ann records a/1.png 0.1,0.1,0.9,0.9
    ann records a/2.png 0.1,0.1,0.9,0.9
    ann skips a/3.png
    ann records a/4.png 0.1,0.1,0.9,0.9
"""
"""One minute apart."""


def test_the_gap_that_leads_to_a_decision_is_the_time_it_took(stage):
    stage.tell(STORY)

    assert kinds(stage) == {"crop": (3, 120.0), "skip": (1, 60.0)}


def test_a_gap_counts_up_to_the_idle_threshold(stage):
    stage.tell(STORY)

    assert kinds(stage, idle_s=10.0) == {"crop": (3, 20.0), "skip": (1, 10.0)}


def test_the_time_between_two_people_is_nobody_s(stage):
    stage.tell(STORY.replace("ann skips", "ben skips"))

    assert kinds(stage) == {"crop": (3, 180.0), "skip": (1, 0.0)}


def test_what_a_runner_does_is_no_work(stage):
    stage.tell(STORY + "r1 starts a/1.png\nr1 executes a/1.png")

    assert sum(decisions for decisions, _ in kinds(stage).values()) == 4


def test_only_the_span_and_the_project_that_are_asked_for_count(stage):
    stage.tell(STORY)

    assert kinds(stage, stage.at(2), stage.at(4)) == {"crop": (1, 0.0), "skip": (1, 60.0)}
    assert kinds(stage, project="no such") == {}


def chooses(stage, names, chosen, correlation, who="operator:ann"):
    """A choice as it is recorded: the group's event, and the others skipped under the same request."""
    images = tuple(GroupImage(stage.subject(f"a/{name}"), name) for name in names)
    event = (
        ImageChosen("P", "/photos/a", "g", images, chosen, "whole")
        if chosen
        else GroupRejected("P", "/photos/a", "g", images)
    )
    stage.append("group/g", event, who, correlation)
    for image in images:
        if image.name != chosen:
            skipped = ImageSkipped("P", f"/photos/a/{image.name}", "another image of its group was chosen")
            stage.append(image.subject, skipped, who, correlation)


def test_a_choice_is_one_decision_with_the_time_that_led_to_it_whatever_else_it_decides(stage):
    stage.tell("ann skips a/0.png")
    chooses(stage, ["1.png", "2.png", "3.png"], "2.png", "first choice")
    chooses(stage, ["5.png", "6.png"], None, "second choice")

    assert kinds(stage) == {"choose": (2, 120.0), "skip": (1, 0.0)}
    assert kinds(stage, project="P") == {"choose": (2, 120.0), "skip": (1, 0.0)}
    assert kinds(stage, project="Q") == {}


def test_an_imported_choice_is_no_work(stage):
    chooses(stage, ["1.png", "2.png"], "2.png", "choice", "import:log")

    assert kinds(stage) == {}


def test_a_choice_decides_about_every_image_of_its_group(stage):
    directory = directory_subject("/photos/a")
    started = SittingStarted("/photos/a", directory, "P", 5, 0)
    stage.append(sitting_subject("operator:ann", directory), started, "operator:ann")
    chooses(stage, ["1.png", "2.png", "3.png"], "2.png", "first choice")
    chooses(stage, ["5.png", "6.png"], None, "second choice")

    [found] = sittings(stage.projections(), idle_s=600)

    assert (found.images, found.work_s) == (5, 360.0)
