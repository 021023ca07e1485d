"""A whole file -> the ledger: accepted + known + set aside = read, and again adds nothing."""

from zoneinfo import ZoneInfo

import pytest

from ledger.entry import Batch, Draft
from ledger.errors import Invalid, NotFound, Unsafe
from ledger.events.crops import CropRecorded
from ledger.values import Box, Dimensions, Instant, image_subject
from tests.importing.conftest import Records

SAME_FILE = [
    ("100.0,50.0,500.0,250.0", "2025-11-02T10:00:00Z"),
    ("0.0,0.0,400.0,200.0", "2025-11-02T11:00:00Z"),
]


def test_history_keeps_when_who_and_under_which_id(desk, log):
    desk.bring(log.file(log.v1()))
    entry, more = desk.entries()
    assert (entry.occurred_at, entry.actor) == ("2025-11-02T10:00:00.250000Z", "import:crop_log")
    assert not entry.by_a_person
    assert (more.event.path, more.occurred_at, more.subject) == ("set_x/a.png", entry.occurred_at, entry.subject)


def test_the_report_says_what_became_of_every_row(desk, log):
    odd = (log.v1("b.png", size="0,0"), "x,y", log.v2("c.png", at="2025-11-03T10:00:00Z"))
    report = desk.bring(log.file(log.v1("a.png"), *odd, log.v1("a.png")))
    assert (report.read, report.accepted, report.known, report.boxes) == (5, 3, 1, 2)
    assert report.quarantined == {"unknown_layout": 1}
    assert report.layouts == {"crop_log_v1": 3, "crop_log_v2": 1, "unknown": 1}
    assert report.warnings == {"size_unknown": 1, "unknown_group": 1}
    assert report.completed == 0
    assert (report.first_at, report.last_at) == ("2025-11-02T10:00:00.250000Z", "2025-11-03T10:00:00.000000Z")


def test_twice_adds_nothing(desk, log):
    content = log.file(
        log.v1("a.png"), log.v1("b.png", size="0,0"), "torn", *[log.v1(box=b, at=a) for b, a in SAME_FILE]
    )
    desk.bring(content)
    before, aside = desk.ledger.head(), desk.aside()
    report = desk.bring(content, name="copy.csv")
    assert (report.accepted, report.known, report.set_aside) == (0, 4, 1)
    assert desk.ledger.head() == before
    assert [(each.line, each.at) for each in desk.aside()] == [(each.line, each.at) for each in aside]


def test_headers_empty_lines_and_a_byte_order_mark_are_no_rows(desk, log):
    rows = b"\xef\xbb\xbf" + log.file(log.v1("a.png"), "", log.header_v2, log.v2("b.png"), log.header_v1, ",,,")
    assert desk.bring(rows).read == 2


def test_rows_are_recognised_without_a_header_and_with_a_wrong_one(desk, log):
    assert desk.bring(log.file(log.v1(), header=None)).accepted == 1
    report = desk.bring(log.file(log.v1("b.png"), header="some,other,header"))
    assert (report.accepted, report.quarantined) == (1, {"unknown_layout": 1})


def test_a_row_with_nul_bytes_is_not_text(desk, log):
    assert desk.bring(log.file(log.v1(group="g\0h"))).quarantined == {"encoding": 1}


def test_an_empty_file_has_no_rows(desk):
    assert desk.bring(b"").read == 0


# -- the same crop from two logs ----------------------------------------------------------------------------------


def test_the_same_crop_in_the_other_layout_is_known(desk, log):
    desk.bring(log.file(log.v1()))
    head = desk.ledger.head()
    report = desk.bring(log.file(log.v2(at="2025-11-02T10:00:00.250000Z"), header=log.header_v2))
    assert (report.accepted, report.completed, report.known) == (0, 0, 1)
    assert desk.ledger.head() == head


def test_a_layout_that_says_more_completes_what_the_other_said(desk, log):
    desk.bring(log.file(log.v2()))
    assert desk.crops()[0]["directory"] == ""
    report = desk.bring(log.file(log.v1()))
    assert (report.accepted, report.completed) == (0, 1)
    [crop] = desk.crops()
    assert (crop["directory"], crop["group_id"], crop["x1"]) == ("set_x", "g1", 0.125)


@pytest.mark.parametrize("row", [{"box": "0.125,0.125,0.626,0.625"}, {"size": "800,401"}])
def test_two_logs_that_disagree_leave_the_box_unknown_and_say_so(desk, log, row):
    desk.bring(log.file(log.v1()))
    assert desk.bring(log.file(log.v2(**row))).completed == 1
    [crop] = desk.crops()
    assert (crop["x1"], crop["width_px"], crop["warnings"]) == (None, None, '["conflict"]')
    assert desk.rows("SELECT count(*) FROM training") == [(0,)]


def test_a_tolerance_is_a_small_fraction_of_a_pixel(desk, log, new_desk):
    desk.bring(log.file(log.v1(), log.v2(box="0.12506,0.125,0.625,0.625")))  # 0.048 pixels
    assert desk.crops()[0]["x1"] is not None
    with new_desk() as other:
        other.bring(log.file(log.v1(), log.v2(box="0.12507,0.125,0.625,0.625")))  # 0.056 pixels
        assert other.crops()[0]["x1"] is None


def test_a_copy_that_has_the_missing_size_completes_the_crop(desk, log):
    desk.bring(log.file(log.v1(size="0,0")))
    assert desk.crops()[0]["x1"] is None
    assert desk.bring(log.file(log.v1())).completed == 1
    [crop] = desk.crops()
    assert (crop["x1"], crop["width_px"], crop["warnings"]) == (0.125, 800, "[]")


def test_of_every_crop_the_copy_with_the_size_counts(desk, log):
    names = [f"{number}.png" for number in range(12)]
    desk.bring(log.file(*[log.v1(name, size="0,0") for name in names], *[log.v1(name) for name in names]))
    assert [crop["width_px"] for crop in desk.crops()] == [800] * 12


def test_an_image_that_a_source_places_is_not_seen_without_a_directory_too(desk, log):
    desk.bring(log.file(log.v1(), log.v2(), log.v2("b.png")))
    assert desk.rows("SELECT directory, seen, imported FROM progress ORDER BY 1") == [("", 1, 1), ("set_x", 1, 1)]


def test_a_copy_without_the_size_takes_nothing_away(desk, log):
    desk.bring(log.file(log.v1()))
    desk.bring(log.file(log.v1(size="0,0")))
    [crop] = desk.crops()
    assert (crop["x1"], crop["width_px"]) == (0.125, 800)


def test_copies_within_one_file_are_one_crop(desk, log):
    report = desk.bring(log.file(log.v1(), log.v2(), log.v1()))
    assert (report.accepted, report.known) == (1, 2)
    assert len(desk.crops()) == 1


def test_the_same_name_in_another_project_is_another_image(desk, log):
    desk.bring(log.file(log.v1()), project="p")
    assert desk.bring(log.file(log.v1()), project="q").accepted == 1


# -- cropped, saved over, cropped again -----------------------------------------------------------------------------


def test_a_second_crop_that_fits_into_the_first_has_no_known_box(desk, log):
    desk.bring(log.file(*[log.v1(box=box, at=at) for box, at in SAME_FILE]))
    first, second = desk.crops()
    assert (first["x1"], first["warnings"]) == (0.125, "[]")
    assert (second["x1"], second["width_px"], second["warnings"]) == (None, None, '["recropped"]')


def test_a_second_crop_that_does_not_fit_was_drawn_on_the_original(desk, log):
    desk.bring(log.file(log.v1(), log.v1(at="2025-11-02T10:00:08Z")))
    assert all(crop["x1"] for crop in desk.crops())


def test_a_full_frame_leaves_the_file_as_it_was(desk, log):
    desk.bring(log.file(log.v1(box="0.0,0.0,800.0,400.0"), log.v1(at="2025-11-02T11:00:00Z")))
    assert all(crop["x2"] for crop in desk.crops())


def test_a_second_crop_that_names_the_new_size_is_right(desk, log):
    desk.bring(log.file(log.v1(), log.v1(box="0.0,0.0,200.0,100.0", size="400,200", at="2025-11-02T11:00:00Z")))
    assert [crop["width_px"] for crop in desk.crops()] == [800, 400]


def test_a_crop_is_not_judged_by_a_later_one(desk, log):
    desk.bring(log.file(log.v1(box="0.0,0.0,100.0,50.0"), log.v1(at="2025-11-02T11:00:00Z")))
    assert all(crop["x2"] for crop in desk.crops())


def test_a_v2_row_of_the_same_name_says_nothing_about_the_file_of_a_v1_row(desk, log):
    desk.bring(log.file(log.v2(), log.v1(box="0.0,0.0,400.0,200.0", at="2025-11-02T11:00:00Z")))
    assert all(crop["x2"] for crop in desk.crops())


def test_a_file_that_moved_between_its_crops_is_recognised_by_its_name(desk, log):
    first, second = SAME_FILE
    desk.bring(log.file(log.v1(box=first[0], at=first[1]), log.v1(box=second[0], at=second[1], folder="set_y/")))
    assert desk.crops()[1]["warnings"] == '["recropped"]'


def test_a_second_crop_is_recognised_in_whichever_order_the_files_come(desk, log, new_desk):
    for order in (SAME_FILE, SAME_FILE[::-1]):
        with new_desk() as other:
            for number, (box, at) in enumerate(order):
                assert other.bring(log.file(log.v1(box=box, at=at)), name=f"{number}.csv").accepted == 1
            assert [crop["warnings"] for crop in other.crops()] == ["[]", '["recropped"]']


# -- what operators recorded here ---------------------------------------------------------------------------------


def record(desk, box: Box, at: str = "2025-11-02T10:00:00.250000Z") -> None:
    crop = CropRecorded("p", "/photos/x/a.png", box, Dimensions(800, 400), "0" * 64, 9)
    subject = image_subject("p", "/photos/x/a.png")
    desk.ledger.append(Batch.of(Draft(subject, crop, "operator:ann", Instant(at), "c")))


def test_a_crop_recorded_here_and_exported_is_known_when_it_comes_back(desk, log):
    record(desk, Box(0.125, 0.125, 0.625, 0.625))
    report = desk.bring(log.file(log.v2(), header=log.header_v2))
    assert (report.accepted, report.known) == (0, 1)
    assert len(desk.entries()) == 1


def test_it_stays_known_after_a_new_mark_replaced_it(desk, log):
    record(desk, Box(0.125, 0.125, 0.625, 0.625))
    record(desk, Box(0, 0, 0.5, 0.5), "2025-11-02T10:05:00.000000Z")
    assert desk.bring(log.file(log.v2())).known == 1


def test_another_size_for_what_was_recorded_here_is_set_aside(desk, log):
    record(desk, Box(0.125, 0.125, 0.625, 0.625))
    assert desk.bring(log.file(log.v2(size="1600,800"))).quarantined == {"conflict": 1}


def test_another_box_for_what_was_recorded_here_is_set_aside(desk, log):
    record(desk, Box(0, 0, 0.5, 0.5))
    assert desk.bring(log.file(log.v2())).quarantined == {"conflict": 1}


# -- time and zone ------------------------------------------------------------------------------------------------


def test_local_times_leave_the_quarantine_once_their_zone_is_given(desk, log):
    content = log.file(log.v1(at="2025-07-01T10:00:00"), "torn")
    assert desk.bring(content).quarantined == {"zone": 1, "unknown_layout": 1}
    report = desk.bring(content, tz=ZoneInfo("America/New_York"))
    assert (report.accepted, report.quarantined) == (1, {"unknown_layout": 1})
    assert [each.reason for each in desk.aside()] == ["unknown_layout"]


# -- files --------------------------------------------------------------------------------------------------------


def test_what_is_no_readable_file_is_refused_before_anything_happens(desk):
    with pytest.raises(NotFound):
        desk.importer().bring(desk.folder / "none.csv")
    with pytest.raises(Invalid):
        desk.importer().bring(desk.folder)
    with pytest.raises(Invalid):
        desk.importer(" ")
    with pytest.raises(Invalid, match="crop_log_v1"):
        desk.importer(layout="no such format")


def test_the_live_ledger_is_not_opened_as_a_log(desk):
    with pytest.raises(Unsafe):
        desk.importer().bring(desk.home.ledger)


def test_rows_are_decided_in_chunks_and_progress_is_told(desk, log, monkeypatch):
    monkeypatch.setattr("commands.importing.files.CHUNK_ROWS", 10)
    seen: list[tuple[int, int]] = []
    rows = [log.v1(f"{n}.png") for n in range(25)]
    desk.bring(log.file(*rows, *rows), watch=Records(seen))
    assert seen == [(10, 51), (20, 51), (30, 51), (40, 51), (50, 51), (50, 50)]
    assert len(desk.crops()) == 25


def test_a_log_of_many_rows_is_a_few_transactions(desk, log, monkeypatch):
    """What it costs is told by benchmarks/importing.py."""
    monkeypatch.setattr("commands.importing.files.CHUNK_ROWS", 500)
    appended = []
    append = desk.ledger.append
    monkeypatch.setattr(desk.ledger, "append", lambda batch: appended.append(len(batch.drafts)) or append(batch))
    rows = [log.v1(f"{n}.png", at=f"2025-11-02T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z") for n in range(1_200)]
    assert desk.bring(log.file(*rows)).accepted == 1_200
    assert len(desk.crops()) == 1_200
    assert appended == [2 * 500, 2 * 500, 2 * 200]  # each crop, and what the log says of it


def test_found_entries_are_those_of_the_ids_that_exist(desk, log):
    desk.bring(log.file(*[log.v1(f"{n}.png") for n in range(5)]))
    entries = desk.entries()
    assert desk.ledger.find([entries[3].id, "none", entries[1].id]) == [entries[1], entries[3]]
    assert desk.ledger.find([]) == []


def test_entries_are_found_by_their_type_and_instant(desk, log):
    record(desk, Box(0, 0, 0.5, 0.5))
    desk.bring(log.file(log.v1("b.png")))
    [found] = desk.ledger.at("crop.recorded", [Instant("2025-11-02T10:00:00.250000Z")])
    assert found.event.path == "/photos/x/a.png"


def test_a_path_is_kept_as_the_source_wrote_it(desk, log):
    desk.bring(log.file(log.v1(folder="C:\\photos\\")))
    made, more = desk.entries()
    assert (made.event.path, more.event.path) == ("a.png", "C:\\photos\\a.png")
