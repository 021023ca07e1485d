"""One crop that several layouts tell of at different times: it is one crop, and its earliest time counts."""

import json

import pytest
from PIL import Image

from tests.importing import samples

LATER = "2025-11-02T10:00:03Z"


def queued(desk, name: str = "a.png", at: str = LATER, status: str = "completed", **changes: object) -> bytes:
    batch = samples.batch(status) | {"timestamp_queued": at}
    [crop] = batch["crops"]
    return json.dumps(batch | {"crops": [crop | {"source_path": str(desk.folder / name)} | changes]}).encode() + b"\n"


def times(desk) -> list[object]:
    return [crop["cropped_at"] for crop in desk.crops()]


def human(desk) -> int:
    [(count,)] = desk.rows("SELECT count(*) FROM human_crops")
    return count


def trained(desk) -> list[object]:
    return [timestamp for (timestamp,) in desk.rows("SELECT timestamp FROM training")]


@pytest.mark.parametrize("order", [1, -1])
def test_a_crop_in_a_log_and_in_a_completed_queue_is_one_of_the_earlier_time(desk, log, order):
    for name, content in [("log.csv", log.file(log.v1())), ("crop_queue.jsonl", queued(desk))][::order]:
        desk.bring(content, name, queue=True)
    [crop] = desk.crops()
    assert crop["cropped_at"] == "2025-11-02T10:00:00.250000Z"
    assert (crop["directory"], crop["group_id"]) == ("set_x", "g1")
    assert human(desk) == 1
    assert trained(desk) == ["2025-11-02T10:00:00.250000Z"]


def test_a_queue_that_is_earlier_counts_and_the_log_adds_what_it_knows(desk, log):
    desk.bring(queued(desk, at="2025-11-02T09:59:59Z"), "crop_queue.jsonl", queue=True)
    desk.bring(log.file(log.v1()))
    [crop] = desk.crops()
    assert (crop["cropped_at"], crop["group_id"]) == ("2025-11-02T09:59:59.000000Z", "g1")


def test_edges_that_are_written_with_fewer_digits_are_the_same_to_the_pixel(desk, log):
    desk.bring(log.file(log.v1()))
    desk.bring(log.file(log.v2(at=LATER, box="0.12502,0.125,0.62498,0.625"), header=log.header_v2), "training.csv")
    assert human(desk) == len(times(desk)) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"box": "101.0,50.0,500.0,250.0"},
        {"box": "100.0,51.0,500.0,250.0"},
        {"box": "100.0,50.0,501.0,250.0"},
        {"box": "100.0,50.0,500.0,251.0"},
        {"name": "b.png"},
        {"size": "0,0"},
    ],
)
def test_another_box_image_or_an_unknown_size_is_another_crop(desk, log, other):
    desk.bring(queued(desk), "crop_queue.jsonl", queue=True)
    desk.bring(log.file(log.v1(**other)))
    assert human(desk) == len(times(desk)) == 2


def test_two_rows_of_one_log_are_two_crops_and_a_queue_tells_both_again(desk, log):
    desk.bring(log.file(log.v1(folder="x/"), log.v1(folder="y/", at="2025-11-02T10:00:02Z")))
    assert human(desk) == len(times(desk)) == 2
    batches = queued(desk, "x/a.png", "2025-11-02T10:00:01Z") + queued(desk, "y/a.png", "2025-11-02T10:00:05Z")
    desk.bring(batches, "crop_queue.jsonl", queue=True)
    assert times(desk) == ["2025-11-02T10:00:00.250000Z", "2025-11-02T10:00:02.000000Z"]
    assert human(desk) == 2


@pytest.mark.parametrize("order", [1, -1])
def test_a_crop_that_a_log_tells_of_and_a_queue_still_holds_is_owed_and_counted_once(desk, log, order):
    Image.new("RGB", (800, 400), "red").save(desk.folder / "a.png")
    files = [("log.csv", log.file(log.v1())), ("crop_queue.jsonl", queued(desk, status="pending"))]
    for name, content in files[::order]:
        desk.bring(content, name, queue=True)
    assert desk.rows("SELECT filename FROM queue") == [("a.png",)]
    assert human(desk) == 1
    assert trained(desk) == [f"{LATER[:-1]}.000000Z"]


def test_that_an_import_queues_a_mark_is_no_work_of_the_day_it_was_imported(desk):
    Image.new("RGB", (800, 400), "red").save(desk.folder / "a.png")
    desk.bring(queued(desk, status="pending"), "crop_queue.jsonl", queue=True)
    assert desk.rows("SELECT who, at_s FROM human_crops") == [("import:crop_log", 1762077603.0)]


def test_a_mark_that_waits_is_no_crop_made_elsewhere(desk):
    Image.new("RGB", (800, 400), "red").save(desk.folder / "a.png")
    desk.bring(queued(desk, status="pending"), "crop_queue.jsonl", queue=True)
    assert desk.crops() == []
    assert desk.rows("SELECT status FROM images") == [("recorded",)]
    assert desk.rows("SELECT timestamp, filename, crop_x1 FROM training") == [(f"{LATER[:-1]}.000000Z", "a.png", 0.125)]


@pytest.mark.parametrize("order", [1, -1])
def test_training_data_that_tells_of_a_mark_that_waits_does_not_make_it_done(desk, log, order):
    Image.new("RGB", (800, 400), "red").save(desk.folder / "a.png")
    row = log.file(log.v2(at=LATER), header=log.header_v2)
    for name, content in [("training.csv", row), ("q.jsonl", queued(desk, status="pending"))][::order]:
        desk.bring(content, name, queue=True)
    assert desk.crops() == []
    assert desk.rows("SELECT status FROM images") == [("recorded",)]
    assert len(trained(desk)) == 1
    assert human(desk) == 1
