"""Crops that wait in another tool's queue: owed here if their images are still there, and never twice."""

import pytest

from ledger.events.crops import CropRecorded
from tests.importing import samples
from tests.importing.conftest import Records
from tests.importing.queued import batch, line, lines, owed


def test_a_pending_line_is_owed_from_when_it_was_marked_and_by_the_import(desk, images):
    images("q.png")
    report = desk.bring(lines(line(desk)), "pending.jsonl", queue=True)
    assert (report.accepted, report.owed, report.layouts) == (1, 1, {"pending_queue": 1})
    assert owed(desk) == [
        ("q.png", 0.125, "2025-11-02T10:00:00.000000Z", "import:queue", '["unknown_group"]')
    ]  # fmt: skip
    *_, entry = desk.entries()
    assert isinstance(entry.event, CropRecorded)
    assert not entry.by_a_person


def test_again_it_is_known(desk, images):
    images("q.png", "r.png")
    content = lines(line(desk), line(desk, "r.png"), batch(desk, "q.png", number=9))
    desk.bring(content, "queue.jsonl", queue=True)
    head = desk.ledger.head()
    report = desk.bring(content, "queue.jsonl", queue=True)
    assert (report.known, report.accepted, report.owed) == (3, 0, 0)
    assert desk.ledger.head() == head


def test_a_batch_that_waits_is_owed_crop_by_crop_whatever_became_of_it_half_way(desk, images):
    images("a.png", "b.png", "c.png")
    content = lines(
        batch(desk, "a.png", "b.png"), batch(desk, "c.png", status="processing", number=2)
    )  # fmt: skip
    report = desk.bring(content, "crop_queue.jsonl", queue=True)
    assert (report.accepted, report.owed) == (2, 3)
    assert [row[0] for row in owed(desk)] == ["a.png", "b.png", "c.png"]


def test_a_batch_that_is_completed_is_history_and_not_owed(desk, images):
    images("a.png")
    report = desk.bring(lines(batch(desk, "a.png", status="completed")), "crop_queue.jsonl", queue=True)
    assert (report.accepted, report.owed) == (1, 0)
    assert owed(desk) == []
    [crop] = desk.crops()
    assert (crop["filename"], crop["x1"], crop["directory"]) == ("a.png", 0.125, str(desk.folder))


def test_a_failed_batch_is_owed_and_its_failure_kept(desk, images):
    images("a.png")
    report = desk.bring(lines(batch(desk, "a.png", status="failed")), "crop_queue.jsonl", queue=True)
    assert (report.accepted, report.owed) == (1, 1)
    assert desk.rows("SELECT kind, notes FROM imported_operations") == [("batch_failed", "no such file")]


def test_of_a_batch_what_can_be_owed_is_and_the_rest_is_told(desk, images):
    images("a.png")
    report = desk.bring(lines(batch(desk, "a.png", "b.png")), "crop_queue.jsonl", queue=True)
    assert (report.quarantined, report.owed) == ({"missing": 1}, 1)
    assert "1 of its 2 crops" in desk.aside()[0].message
    images("b.png")
    report = desk.bring(lines(batch(desk, "a.png", "b.png")), "crop_queue.jsonl", queue=True)
    assert (report.accepted, report.owed, desk.aside()) == (1, 1, [])


def test_a_rectangle_in_pixels_and_one_in_fractions_have_to_agree(desk, images):
    images("a.png")
    wrong = batch(desk, "a.png")
    wrong["crops"][0]["crop_rect"] = [100, 50, 504, 250]
    assert desk.bring(lines(wrong), "crop_queue.jsonl", queue=True).quarantined == {"box": 1}


def test_a_torn_line_and_the_one_glued_to_it_are_two_records(desk, images):
    images("q.png", "r.png")
    torn = lines(line(desk))[:60] + lines(line(desk, "r.png"))
    report = desk.bring(torn, "pending.jsonl", queue=True)
    assert (report.read, report.accepted, report.quarantined) == (2, 1, {"json": 1})
    assert [row[0] for row in owed(desk)] == ["r.png"]
    assert desk.aside()[0].raw == torn[:60]


def test_processed_lines_are_history(desk):
    report = desk.bring(samples.PENDING, "processed.jsonl", queue=True)
    assert (report.accepted, report.owed) == (1, 0)
    assert [crop["filename"] for crop in desk.crops()] == ["q.png"]


def test_progress_is_told_image_by_image_for_looking_is_what_takes_long(desk, images):
    images("a.png", "b.png", "c.png")
    told = []
    content = lines(*(line(desk, name) for name in ("a.png", "b.png", "c.png")))
    desk.bring(content, "pending.jsonl", queue=True, watch=Records(told))
    assert told == [(1, 3), (2, 3), (3, 3), (3, 3), (3, 3)]


@pytest.mark.parametrize("at_once", [2, 4096])
def test_what_is_set_aside_is_in_the_order_of_its_lines_whatever_is_wrong_with_it(desk, images, monkeypatch, at_once):
    monkeypatch.setattr("commands.importing.files.CHUNK_ROWS", at_once)
    images("q.png")
    desk.bring(lines(line(desk, "gone.png"), line(desk), {"no": "layout"}, line(desk, "far.png")), queue=True)
    assert [(each.line, each.reason) for each in desk.aside()] == [
        (1, "missing"),
        (3, "unknown_layout"),
        (4, "missing"),
    ]
