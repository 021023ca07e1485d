"""Crops that wait in another tool's queue: owed here if their images are still there, and never twice."""

import json

import pytest
from PIL import Image

from ledger.events.crops import CropRecorded
from ledger.values import Box
from tests.importing import samples
from tests.importing.conftest import NOW

BOX = Box(0.125, 0.125, 0.625, 0.625)


@pytest.fixture
def images(desk):
    """Makes images of the size that the samples name."""

    def make(*names: str, size: tuple[int, int] = (800, 400), colour: str = "red") -> None:
        for name in names:
            path = desk.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", size, colour).save(path)

    return make


def line(desk, name: str = "q.png", **changes: object) -> dict[str, object]:
    return json.loads(samples.PENDING) | {"dir": str(desk.folder), "filename": name} | changes


def batch(desk, *names: str, status: str = "pending", number: int = 1) -> dict[str, object]:
    made = samples.batch(status, number=number)
    [crop] = made["crops"]
    return made | {"crops": [crop | {"source_path": str(desk.folder / name)} for name in names]}


def lines(*objects: object) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in objects)


def owed(desk) -> list[tuple[object, ...]]:
    return desk.rows("SELECT filename, x1, marked_at, marked_by, warnings FROM queue ORDER BY filename")


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


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_completed_in_a_newer_copy_of_the_queue_is_not_owed(desk, images, order):
    images("a.png")
    copies = [lines(batch(desk, "a.png", status=status)) for status in ("pending", "completed")]
    for content in copies[::order]:
        desk.bring(content, "crop_queue.jsonl", queue=True)
    assert owed(desk) == []


def test_a_failed_batch_is_owed_and_its_failure_kept(desk, images):
    images("a.png")
    report = desk.bring(lines(batch(desk, "a.png", status="failed")), "crop_queue.jsonl", queue=True)
    assert (report.accepted, report.owed) == (1, 1)
    assert desk.rows("SELECT kind, notes FROM imported_operations") == [("batch_failed", "no such file")]


def test_an_image_that_was_moved_is_found_by_its_name_and_size(desk, images):
    images("elsewhere/q.png")
    images("other/q.png", size=(80, 40))
    report = desk.bring(lines(line(desk)), "pending.jsonl", queue=True)
    assert (report.accepted, report.owed) == (1, 1)
    [(_, _, _, _, warnings)] = owed(desk)
    assert "found_elsewhere" in warnings
    assert desk.rows("SELECT directory FROM queue") == [(str(desk.folder / "elsewhere"),)]
    assert desk.bring(lines(line(desk)), "pending.jsonl", queue=True).known == 1


@pytest.mark.parametrize(
    ("others", "change", "reason"),
    [
        ([], {}, "missing"),
        (["x/r.png"], {}, "missing"),
        (["x/q.png", "y/q.png"], {}, "ambiguous"),
        (["x/q.png"], {"width": None, "height": None}, "missing"),
        (["x/q.png"], {"width": 801}, "missing"),
    ],
)
def test_an_image_that_is_gone_is_set_aside_and_never_guessed(desk, images, others, change, reason):
    images(*others)
    report = desk.bring(lines(line(desk, **change)), "pending.jsonl", queue=True)
    assert (report.quarantined, report.owed) == ({reason: 1}, 0)
    assert owed(desk) == []


def test_an_image_in_the_archive_of_home_is_no_find(desk, images):
    images("home/originals/q.png")
    assert desk.bring(lines(line(desk)), "pending.jsonl", queue=True).quarantined == {"missing": 1}


def test_an_image_of_another_size_is_set_aside(desk, images):
    images("q.png", size=(400, 200))
    assert desk.bring(lines(line(desk)), "pending.jsonl", queue=True).quarantined == {"refused": 1}


def test_of_a_batch_what_can_be_owed_is_and_the_rest_is_told(desk, images):
    images("a.png")
    report = desk.bring(lines(batch(desk, "a.png", "b.png")), "crop_queue.jsonl", queue=True)
    assert (report.quarantined, report.owed) == ({"missing": 1}, 1)
    assert "1 of its 2 crops" in desk.aside()[0].message
    images("b.png")
    report = desk.bring(lines(batch(desk, "a.png", "b.png")), "crop_queue.jsonl", queue=True)
    assert (report.accepted, report.owed, desk.aside()) == (1, 1, [])


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


def test_a_newer_mark_on_an_image_that_was_skipped_here_is_told_and_no_fact(desk, images):
    from commands.crops import SkipImage
    from commands.decider import Request
    from commands.handle import handle
    from ledger.values import image_subject

    images("q.png")
    path = str(desk.folder / "q.png")
    skip = SkipImage(image_subject("p", path), "p", path)
    earlier = Request(skip, "operator:ann", "c", at="2025-11-01T10:00:00.000000Z")
    handle(earlier, ledger=desk.ledger, now=NOW)
    report = desk.bring(lines(line(desk)), "pending.jsonl", queue=True)
    assert (report.quarantined, report.owed, len(desk.entries())) == ({"refused": 1}, 0, 1)


def test_an_older_mark_on_an_image_that_was_decided_here_is_noted_and_not_owed(desk, images):
    from commands.crops import SkipImage
    from commands.decider import Request
    from commands.handle import handle
    from ledger.values import image_subject

    images("q.png")
    path = str(desk.folder / "q.png")
    handle(Request(SkipImage(image_subject("p", path), "p", path), "operator:ann", "c"), ledger=desk.ledger, now=NOW)
    report = desk.bring(lines(line(desk)), "pending.jsonl", queue=True)
    assert (report.accepted, report.owed, owed(desk)) == (1, 0, [])


def test_a_mark_recorded_here_that_comes_back_from_an_export_is_no_fact(desk, images):
    from commands.recording.marks import Mark
    from commands.recording.recording import Asked, Recorder
    from imaging.zones import Zones

    images("q.png")
    recorder = Recorder(desk.ledger, desk.projections(), Zones.of(desk.folder))
    marked = Mark("p", str(desk.folder / "q.png"), BOX, at="2025-11-02T10:00:00.000000Z")
    recorder.record([marked], Asked("operator:ann", "c", NOW))
    report = desk.bring(lines(line(desk)), "pending.jsonl", queue=True)
    assert (report.known, len(desk.entries())) == (1, 1)


@pytest.mark.parametrize("order", [1, -1])
def test_a_mark_by_an_operator_and_evidence_at_its_place_stay_one_image(desk, images, order):
    """What is known of the image from a queue must not lead the next mark to another subject."""
    from commands.finding import subject_for
    from commands.recording.marks import Mark
    from commands.recording.recording import Asked, Recorder
    from imaging.zones import Zones

    images("a.png")
    place = desk.folder / "a.png"

    def mark() -> None:
        recorder = Recorder(desk.ledger, desk.projections(), Zones.of(desk.folder))
        recorder.record([Mark("p", str(place), BOX)], Asked("operator:ann", "c", NOW))

    def bring() -> None:
        desk.bring(lines(batch(desk, "a.png", status="completed")), "crop_queue.jsonl", queue=True)

    for step in [mark, bring][::order]:
        step()
    [(subject,)] = desk.rows("SELECT subject FROM queue")
    assert subject_for(place, "p", desk.projections()) == subject


def test_a_mark_that_was_withdrawn_here_does_not_come_back(desk, images):
    from commands.crops import WithdrawCrop
    from commands.decider import Request
    from commands.handle import handle

    images("q.png")
    desk.bring(lines(line(desk)), "pending.jsonl", queue=True)
    *_, entry = desk.entries()
    handle(Request(WithdrawCrop(entry.subject), "operator:ann", "c"), ledger=desk.ledger, now=NOW)
    assert desk.bring(lines(line(desk)), "pending.jsonl", queue=True).known == 1
    assert owed(desk) == []


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
    desk.bring(content, "pending.jsonl", queue=True, progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3), (3, 3), (3, 3)]


@pytest.mark.parametrize("order", [1, -1])
def test_what_either_telling_of_a_mark_knows_is_known_of_it(desk, images, order):
    images("q.png")
    for each in [line(desk), line(desk, created_at="2025-11-02T10:05:00Z", group_id="g7")][::order]:
        desk.bring(lines(each), "pending.jsonl", queue=True)
    assert desk.rows("SELECT group_id, marked_at FROM queue") == [("g7", "2025-11-02T10:00:00.000000Z")]


def marked(desk, name: str, box: Box) -> None:
    """An operator marks an image here, now."""
    from commands.recording.marks import Mark
    from commands.recording.recording import Asked, Recorder
    from imaging.zones import Zones

    recorder = Recorder(desk.ledger, desk.projections(), Zones.of(desk.folder))
    assert recorder.record([Mark("p", str(desk.folder / name), box)], Asked("operator:ann", "c", NOW)).recorded == 1


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


def test_what_an_operator_marked_since_is_not_taken_back_by_an_import(desk, images):
    images("a.png")
    desk.bring(lines(batch(desk, "a.png")), "crop_queue.jsonl", queue=True)
    marked(desk, "a.png", Box(0, 0, 0.25, 0.25))
    desk.bring(lines(batch(desk, "a.png", status="completed")), "crop_queue.jsonl", queue=True)
    assert [row[3] for row in owed(desk)] == ["operator:ann"]


def test_a_mark_of_an_image_that_was_carried_out_elsewhere_is_not_missed(desk):
    desk.bring(lines(batch(desk, "a.png", status="completed")), "crop_queue.jsonl", queue=True)
    report = desk.bring(lines(batch(desk, "a.png")), "crop_queue.jsonl", queue=True)
    assert (report.known, report.set_aside, report.owed) == (1, 0, 0)


def test_an_old_export_of_a_mark_that_was_replaced_here_says_nothing_new(desk, images):
    images("q.png")
    marked(desk, "q.png", BOX)
    [(at,)] = desk.rows("SELECT marked_at FROM queue")
    marked(desk, "q.png", Box(0, 0, 0.5, 0.5))
    head = desk.ledger.head()
    report = desk.bring(lines(line(desk, created_at=at)), "pending.jsonl", queue=True)
    assert (report.known, report.owed, desk.ledger.head()) == (1, 0, head)


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
    from commands.crops import RelocateImage
    from commands.decider import Request
    from commands.handle import handle
    from ledger.values import image_subject

    images("a.png")
    path = str(desk.folder / "a.png")
    for status in ("pending", "completed"):
        desk.bring(lines(batch(desk, "a.png", status=status)), "crop_queue.jsonl", queue=True)
    move = RelocateImage(image_subject("p", path), path, f"{path}.moved.png")
    handle(Request(move, "operator:ann", "c"), ledger=desk.ledger, now=NOW)
    assert desk.rows("SELECT * FROM decided_images") == []
