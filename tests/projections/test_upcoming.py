"""Which images of a directory wait for a person, and what the scans found."""

import hashlib

from ledger.events.directories import DirectoryScanned, ScannedImage
from ledger.values import Dimensions, directory_subject
from projections.directories import place
from projections.upcoming import next_images, pending_images, projects_in, unfinished_images

BOX = "0.1,0.2,0.8,0.9"
A = "/photos/a"
NAMES = [
    "20250803_172343_stage1_generated.png", "20250803_172343_stage1.5_face_swapped.png",
    "20250803_172343_stage2_upscaled.png", "20250804_000000_stage1_generated.png", "a.png",
]  # fmt: skip


def sha256(name):
    return hashlib.sha256(f"{A}/{name}".encode()).hexdigest()


def found(*names, problem=None):
    return tuple(
        ScannedImage(name, 9, 1, None if problem else sha256(name), None if problem else Dimensions(8, 6), problem)
        for name in names
    )


def scan(stage, directory, *added, removed=(), images=9):
    event = DirectoryScanned(directory, images, "h", added, tuple(removed))
    stage.append(directory_subject(directory), event, "operator:ann")


def names(images):
    return [image.filename for image in images]


def test_images_are_presented_by_timestamp_stage_and_name(stage):
    scan(stage, A, *found(*sorted(NAMES, reverse=True)))
    with stage.projections() as projections:
        everything = next_images(projections, A, limit=None)
        assert names(everything) == NAMES
        assert [image.place for image in everything] == [1, 2, 3, 4, 5]
        assert names(next_images(projections, A)) == NAMES[:1]
        assert names(next_images(projections, A, limit=3)) == NAMES[:3]
    first = everything[0]
    assert (first.subject, first.status, first.path) == (None, "open", f"{A}/{NAMES[0]}")
    assert (first.size_bytes, first.sha256, first.width_px, first.height_px) == (9, sha256(NAMES[0]), 8, 6)


EVERY_STATUS = f"""
    ann records a/recorded.png {BOX}
    ann records a/started.png {BOX}
    r1 starts a/started.png
    ann records a/failed.png {BOX}
    r1 starts a/failed.png
    r1 fails a/failed.png missing finally
    ann records a/again.png {BOX}
    r1 starts a/again.png
    r1 fails a/again.png busy
    ann records a/executed.png {BOX}
    r1 starts a/executed.png
    r1 executes a/executed.png
    ann skips a/skipped.png
    ann records a/withdrawn.png {BOX}
    ann withdraws a/withdrawn.png
    ann skips a/restored.png
    ann restores a/restored.png
    log imports a/imported.png
"""
STATUSES = ["again", "executed", "failed", "imported", "new", "recorded", "restored", "skipped", "started", "withdrawn"]


def test_an_image_is_presented_until_a_decision_stands(stage):
    scan(stage, A, *found(*(f"{name}.png" for name in STATUSES)))
    stage.tell(EVERY_STATUS)
    with stage.projections() as projections:
        waiting = next_images(projections, A, limit=None)
        pending = pending_images(projections, A)
        unfinished = unfinished_images(projections, A)
    assert names(waiting) == ["failed.png", "new.png", "restored.png", "withdrawn.png"]
    assert [image.status for image in waiting] == ["failed", "open", "open", "open"]
    assert names(pending) == ["again.png", "recorded.png", "started.png"]
    assert [image.status for image in pending] == ["recorded", "recorded", "started"]
    assert names(unfinished) == sorted([*names(waiting), *names(pending)])
    assert next(image for image in waiting if image.filename == "failed.png").subject == stage.subject("a/failed.png")


def test_a_decision_of_another_project_is_none_in_this_one(stage):
    scan(stage, A, *found("1.png", "2.png", "3.png"))
    stage.tell(f"ann records a/1.png {BOX} project P\n ann skips a/2.png project Q\n log imports a/3.png project Q")
    with stage.projections() as projections:
        assert names(next_images(projections, A, project="P", limit=None)) == ["2.png", "3.png"]
        assert names(next_images(projections, A, project="Q", limit=None)) == ["1.png"]
        assert projects_in(projections, A) == ["P", "Q"]
        assert projects_in(projections, "/photos") == []


def test_what_is_gone_or_cannot_be_read_is_not_presented(stage):
    scan(stage, A, *found("1.png", "2.png"), *found("3.png", problem="unreadable"))
    scan(stage, A, removed=["1.png"])
    with stage.projections() as projections:
        assert names(next_images(projections, A, limit=None)) == ["2.png"]
    scan(stage, A, *found("1.png"))
    with stage.projections() as projections:
        assert names(next_images(projections, A, limit=None)) == ["1.png", "2.png"]


def test_two_directories_never_share_their_images(stage):
    scan(stage, A, *found("1.png"))
    scan(stage, "/photos/b", *found("1.png", "2.png"))
    stage.tell("ann skips a/1.png")
    with stage.projections() as projections:
        assert names(next_images(projections, A, limit=None)) == []
        assert names(next_images(projections, "/photos/b", limit=None)) == ["1.png", "2.png"]
        assert place(projections, A).subject == directory_subject(A)
        assert place(projections, "/photos") is None


def test_the_next_images_are_found_by_indexes(stage):
    asked = []
    with stage.projections() as projections:
        connection = projections._connection
        connection.exec_trace = lambda _cursor, sql, bindings: asked.append((sql, bindings)) or True
        next_images(projections, A)
        connection.exec_trace = None
        [(sql, bindings)] = asked
        plan = " ".join(str(row) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", bindings))
    assert "scanned_in_order" in plan
    assert "decided_images_by_place" in plan
    assert "imported_images_by_place" in plan
    assert "SCAN decided" not in plan
