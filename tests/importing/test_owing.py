"""What is owed by all that other tools tell of an image together, whatever came first."""

import pytest

from commands.crops import RelocateImage
from commands.decider import Request
from commands.handle import handle
from ledger.events.crops import CropRecorded
from ledger.values import image_subject
from tests.importing.conftest import NOW
from tests.importing.queued import batch, line, lines, owed


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_completed_in_a_newer_copy_of_the_queue_is_not_owed(desk, images, order):
    images("a.png")
    copies = [lines(batch(desk, "a.png", status=status)) for status in ("pending", "completed")]
    for content in copies[::order]:
        desk.bring(content, "crop_queue.jsonl", queue=True)
    assert owed(desk) == []


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_marks_on_one_image_the_later_one_counts_in_any_order(desk, images, order):
    images("q.png")
    later = line(desk, created_at="2025-11-02T10:05:00Z", crop_norm=[0.5, 0.5, 1, 1])
    for each in [line(desk), later][::order]:
        desk.bring(lines(each), "pending.jsonl", queue=True)
    assert [row[1] for row in owed(desk)] == [0.5]


def test_the_older_mark_that_comes_later_is_kept_as_a_fact(desk, images):
    images("q.png")
    desk.bring(lines(line(desk, created_at="2025-11-02T10:05:00Z", crop_norm=[0.5, 0.5, 1, 1])), queue=True)
    report = desk.bring(lines(line(desk)), "pending.jsonl", queue=True)
    assert (report.accepted, report.owed) == (1, 0)
    assert desk.rows("SELECT marked_at FROM imported_marks ORDER BY 1") == [
        ("2025-11-02T10:00:00.000000Z",),
        ("2025-11-02T10:05:00.000000Z",),
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_the_same_box_told_again_later_counts_from_its_first_time(desk, images, order):
    images("q.png")
    again = line(desk, created_at="2025-11-02T10:05:00Z")
    for each in [line(desk), again][::order]:
        desk.bring(lines(each), "pending.jsonl", queue=True)
    assert [row[1:3] for row in owed(desk)] == [(0.125, "2025-11-02T10:00:00.000000Z")]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_an_older_mark_does_not_come_back_when_the_later_one_was_carried_out(desk, images, order):
    images("a.png")
    older, later = batch(desk, "a.png"), batch(desk, "a.png", number=2)
    later["crops"][0] |= {"crop_rect": [0, 0, 400, 200], "crop_rect_normalized": [0, 0, 0.5, 0.5]}
    files = [lines(older), lines(later), lines(later | {"status": "completed"})]
    for index in order:
        desk.bring(files[index], "crop_queue.jsonl", queue=True)
    assert owed(desk) == []


def test_a_mark_behind_one_that_was_carried_out_is_owed(desk, images):
    images("a.png")
    made, later = batch(desk, "a.png", status="completed"), batch(desk, "a.png", number=2)
    later["crops"][0] |= {"crop_rect": [0, 0, 400, 200], "crop_rect_normalized": [0, 0, 0.5, 0.5]}
    for each in (batch(desk, "a.png"), made, later):
        desk.bring(lines(each), "crop_queue.jsonl", queue=True)
    assert [row[1] for row in owed(desk)] == [0.0]


@pytest.mark.parametrize("order", [1, -1])
def test_what_either_telling_of_a_mark_knows_is_known_of_it(desk, images, order):
    images("q.png")
    for each in [line(desk), line(desk, created_at="2025-11-02T10:05:00Z", group_id="g7")][::order]:
        desk.bring(lines(each), "pending.jsonl", queue=True)
    assert desk.rows("SELECT group_id, marked_at FROM queue") == [("g7", "2025-11-02T10:00:00.000000Z")]


@pytest.mark.parametrize("order", [1, -1])
def test_a_crop_that_was_carried_out_later_at_the_same_path_ends_what_waited_before(desk, images, order):
    images("a.png")
    later = batch(desk, "a.png", status="completed", number=2)
    later["crops"][0] |= {"crop_rect": [0, 0, 400, 200], "crop_rect_normalized": [0, 0, 0.5, 0.5]}
    for each in [batch(desk, "a.png"), later][::order]:
        desk.bring(lines(each), "crop_queue.jsonl", queue=True)
    assert owed(desk) == []


@pytest.mark.parametrize("order", [1, -1])
def test_a_crop_of_the_same_instant_was_carried_out_whatever_path_it_was_written_with(desk, images, order):
    images("a.png")
    moved = batch(desk, "a.png", status="completed")
    moved["crops"][0] |= {"source_path": "/elsewhere/a.png"}
    for each in [batch(desk, "a.png"), moved][::order]:
        desk.bring(lines(each), "crop_queue.jsonl", queue=True)
    assert owed(desk) == []


@pytest.mark.parametrize("order", [1, -1])
def test_another_image_of_the_same_name_that_was_carried_out_ends_nothing(desk, images, order):
    images("a.png")
    other = batch(desk, "a.png", status="completed", number=2)
    other["crops"][0] |= {"source_path": "/elsewhere/a.png"}
    for each in [batch(desk, "a.png"), other][::order]:
        desk.bring(lines(each), "crop_queue.jsonl", queue=True)
    assert [row[0] for row in owed(desk)] == ["a.png"]


def test_a_mark_of_an_image_that_was_carried_out_elsewhere_is_not_missed(desk):
    desk.bring(lines(batch(desk, "a.png", status="completed")), "crop_queue.jsonl", queue=True)
    report = desk.bring(lines(batch(desk, "a.png")), "crop_queue.jsonl", queue=True)
    assert (report.known, report.set_aside, report.owed) == (1, 0, 0)


@pytest.mark.parametrize("order", [1, -1])
def test_what_was_carried_out_elsewhere_leaves_nothing_behind_as_if_it_had_never_been_owed(desk, images, order):
    images("a.png")
    for status in ["pending", "completed"][::order]:
        desk.bring(lines(batch(desk, "a.png", status=status)), "crop_queue.jsonl", queue=True)
    for table in ("queue_crops", "decided_images", "image_decisions"):
        assert desk.rows(f"SELECT * FROM {table}") == []
    assert desk.rows("SELECT status, directory FROM images") == [("imported", str(desk.folder))]
    assert desk.rows("SELECT completed, pending FROM progress") == [(1, 0)]


def test_an_image_whose_mark_an_import_took_back_can_be_followed_elsewhere(desk, images):
    images("a.png")
    path = str(desk.folder / "a.png")
    for status in ("pending", "completed"):
        desk.bring(lines(batch(desk, "a.png", status=status)), "crop_queue.jsonl", queue=True)
    move = RelocateImage(image_subject("p", path), path, f"{path}.moved.png")
    handle(Request(move, "operator:ann", "c"), ledger=desk.ledger, now=NOW)
    assert desk.rows("SELECT * FROM decided_images") == []


MOVED = {"dir": "elsewhere"}
TELLINGS = {
    "its place": ({}, MOVED),
    "a group": (MOVED, MOVED | {"group_id": "g7"}),
    "two groups": (MOVED | {"group_id": "g9"}, MOVED | {"group_id": "g7"}),
    "a suggestion": (MOVED, MOVED | {"ai_crop_coords": [0.1, 0.1, 0.6, 0.6], "ai_confidence": 0.5}),
    "a clock": (MOVED | {"created_at": "2025-11-02T12:00:00+02:00"}, MOVED),
    "a size": (MOVED | {"width": None, "height": None}, MOVED),
    "more digits": (MOVED | {"crop_norm": [0.125, 0.125, 0.625, 0.6250001]}, MOVED),
}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("what", TELLINGS)
def test_what_is_owed_has_all_that_any_telling_of_the_same_instant_knows(desk, images, what, order):
    images("elsewhere/q.png")
    told = [line(desk, **change) for change in TELLINGS[what]]
    for each in told:
        each["dir"] = str(desk.folder / each["dir"]) if each["dir"] == "elsewhere" else each["dir"]
    for each in told[::order]:
        desk.bring(lines(each), "pending.jsonl", queue=True)
    recorded = [entry.event for entry in desk.entries() if isinstance(entry.event, CropRecorded)][-1]
    assert (recorded.group, recorded.utc_offset_s, "found_elsewhere" in recorded.warnings) == (
        "g7" if "group" in what else None, 0, False,
    )  # fmt: skip
    assert (recorded.suggestion is not None) == (what == "a suggestion")
    assert recorded.box.y2 == 0.625
    head = desk.ledger.head()
    for each in told:
        desk.bring(lines(each), "pending.jsonl", queue=True)
    assert desk.ledger.head() == head


def test_an_image_that_was_followed_elsewhere_stays_owed_as_it_was(desk, images):
    images("q.png")
    desk.bring(lines(line(desk)), "pending.jsonl", queue=True)
    old, new = desk.folder / "q.png", desk.folder / "new" / "q.png"
    new.parent.mkdir()
    old.rename(new)
    move = RelocateImage(image_subject("p", old), str(old), str(new))
    handle(Request(move, "operator:ann", "c"), ledger=desk.ledger, now=NOW)
    head = desk.ledger.head()
    assert desk.bring(lines(line(desk)), "pending.jsonl", queue=True).known == 1
    assert desk.ledger.head() == head
