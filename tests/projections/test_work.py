"""Human time by kind of work: gaps up to the idle threshold, of people only."""

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
