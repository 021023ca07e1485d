"""When people sat at which directory, and what their sittings add up to."""

from ledger.events.directories import DirectoryRelocated, DirectoryScanned
from ledger.events.sittings import SittingEnded, SittingStarted
from ledger.values import directory_subject, sitting_subject
from projections.cadence import human_crops
from projections.sittings import sittings, steps

BOX = "0.1,0.2,0.8,0.9"
A = "/photos/a"


def sits(stage, who="operator:ann", directory=A, project="P"):
    subject = directory_subject(directory)
    stage.append(sitting_subject(who, subject), SittingStarted(directory, subject, project, 9, 0), who)


def gets_up(stage, sitting=1, who="operator:ann", directory=A, *, ended_at=None, interrupted=False):
    at = ended_at or stage.at(minutes(stage) + 1)
    stage.append(sitting_subject(who, directory_subject(directory)), SittingEnded(sitting, at, interrupted), who)


def minutes(stage):
    return stage.ledger.head().position


def test_a_sitting_counts_different_images_and_caps_the_gaps(stage):
    sits(stage)
    stage.tell(f"ann records a/1.png {BOX}\n ann records a/1.png 0,0,1,1\n ann skips a/2.png\n ann keeps a/3.png")
    gets_up(stage)
    with stage.projections() as projections:
        [found] = sittings(projections, idle_s=60)
        assert (found.who, found.directory, found.project, found.images) == ("operator:ann", A, "P", 3)
        assert (found.started_at, found.ended_at, found.last_at) == (stage.at(1), stage.at(6), stage.at(6))
        assert (found.work_s, found.interrupted) == (300.0, 0)
        assert [each.work_s for each in sittings(projections, idle_s=45)] == [225.0]
        assert [each.work_s for each in sittings(projections, idle_s=1000)] == [300.0]
        assert [step.image is None for step in steps(projections)] == [True, False, False, False, False, True]


def test_only_a_person_s_own_decisions_in_that_directory_and_time_are_in_it(stage):
    stage.tell("ann skips a/0.png")
    sits(stage)
    stage.tell(f"""
        ann skips a/1.png
        ann skips b/2.png
        bob skips a/3.png
        suggester:m records a/4.png {BOX}
        ann records a/5.png {BOX}
        r1 starts a/5.png
        r1 executes a/5.png
        log imports a/6.png
    """)
    gets_up(stage)
    stage.tell("ann skips a/7.png")
    with stage.projections() as projections:
        [found] = sittings(projections, idle_s=60)
    assert (found.images, found.work_s) == (2, 180.0)


def test_two_people_and_two_directories_at_once_do_not_mix(stage):
    sits(stage)
    sits(stage, "operator:bob")
    sits(stage, directory="/photos/b", project=None)
    stage.tell("ann skips a/1.png\n bob skips a/2.png\n bob skips a/3.png\n ann skips b/4.png")
    with stage.projections() as projections:
        found = sittings(projections, idle_s=60)
        assert [(each.who[-3:], each.directory, each.images) for each in found] == [
            ("ann", "/photos/b", 1), ("bob", A, 2), ("ann", A, 1),
        ]  # fmt: skip
        assert {each.ended_at for each in found} == {None}
        assert len(sittings(projections, idle_s=60, who="operator:bob")) == 1
        assert len(sittings(projections, idle_s=60, directory=A)) == 2
        assert [each.images for each in sittings(projections, idle_s=60, limit=1)] == [1]
        assert len(sittings(projections, idle_s=60, directory="/photos/b", project="P")) == 1
        assert len(sittings(projections, idle_s=60, directory=A, project="Q")) == 0


def test_a_crash_ends_a_sitting_with_the_last_thing_done_in_it(stage):
    sits(stage)
    stage.tell("ann skips a/1.png")
    with stage.projections() as projections:
        [found] = sittings(projections, idle_s=60)
    assert (found.ended_at, found.last_at, found.work_s) == (None, stage.at(2), 60.0)
    gets_up(stage, ended_at=stage.at(2), interrupted=True)
    sits(stage)
    stage.tell("ann skips a/2.png")
    with stage.projections() as projections:
        now, crashed = sittings(projections, idle_s=60)
    assert (crashed.ended_at, crashed.interrupted, crashed.work_s, crashed.images) == (stage.at(2), 1, 60.0, 1)
    assert (now.sitting, now.images, now.work_s) == (3, 1, 60.0)


def test_a_directory_that_was_moved_takes_its_sittings_along(stage):
    sits(stage)
    stage.tell("ann skips a/1.png")
    gets_up(stage)
    subject = directory_subject(A)
    stage.append(subject, DirectoryScanned(A, 0, "h"), "operator:ann")
    stage.append(subject, DirectoryRelocated(A, "/photos/z", 1), "operator:ann")
    with stage.projections() as projections:
        assert sittings(projections, idle_s=60, directory=A) == []
        [found] = sittings(projections, idle_s=60, directory="/photos/z")
        assert (found.directory, found.images) == ("/photos/z", 1)
        assert {step.directory for step in steps(projections)} == {"/photos/z"}


def test_sittings_do_not_disturb_the_cadence(stage):
    stage.tell(f"ann records a/1.png {BOX}")
    with stage.projections() as projections:
        before = human_crops(projections)
    sits(stage)
    gets_up(stage)
    with stage.projections() as projections:
        assert human_crops(projections) == before


def test_the_narrowed_question_is_the_whole_one_narrowed(stage):
    for directory in (A, "/photos/b"):
        sits(stage, directory=directory)
        stage.append(directory_subject(directory), DirectoryScanned(directory, 0, "h"), "operator:ann")
        stage.tell(f"ann skips {directory[-1]}/1.png")
    with stage.projections() as projections:
        assert sittings(projections, idle_s=60, directory=A) == [
            each for each in sittings(projections, idle_s=60) if each.directory == A
        ]


def test_of_the_days_asked_for_only_sittings_that_reach_into_them(stage):
    sits(stage)
    stage.tell("ann skips a/1.png")
    gets_up(stage)  # minutes 1 to 3
    sits(stage, "operator:bob")
    stage.tell("bob skips a/2.png\n bob skips a/3.png")  # minutes 4 to 6, and nobody has ended it

    def who(since, until):
        with stage.projections() as projections:
            found = sittings(projections, idle_s=60, since=stage.at(since), until=stage.at(until))
        return [each.who.partition(":")[2] for each in found]

    assert who(0, 9) == ["bob", "ann"]
    assert who(0, 4) == ["ann"]
    assert who(3, 5) == ["bob", "ann"]
    assert who(4, 5) == ["bob"]
    assert who(6, 9) == ["bob"]
    assert who(7, 9) == []
