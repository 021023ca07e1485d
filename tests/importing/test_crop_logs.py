"""One row -> evidence, or the reason it is none."""

from zoneinfo import ZoneInfo

import pytest

from commands.importing import crop_logs, times
from commands.importing.facts import Fact, Reading, Told
from commands.importing.quarantine import SetAside
from ledger.events.history import HistoryCompleted, HistoryImported
from ledger.values import Box, Dimensions, image_subject


def reading(row: str, project: str | None = "p", tz: ZoneInfo | None = None, *, ended: bool = True) -> Reading:
    return crop_logs.read(row.split(","), row, Told(project, tz), ended=ended)


def read(row: str, project: str | None = "p", tz: ZoneInfo | None = None, *, ended: bool = True) -> Fact:
    """What the row says of the crop itself."""
    return reading(row, project, tz, ended=ended).facts[0]


def more(row: str, project: str | None = "p") -> HistoryCompleted:
    """What the row says beyond that."""
    event = reading(row, project).facts[1].event
    assert isinstance(event, HistoryCompleted)
    return event


def reason(row: str, **how: object) -> str:
    with pytest.raises(SetAside) as refused:
        read(row, **how)  # type: ignore[arg-type]
    return refused.value.reason


def test_pixels_become_fractions_of_the_chosen_image(log):
    row = log.v1()
    assert read(row).event == HistoryImported(
        "p", "a.png", "crop_log", "2025-11-02T10:00:00.250000Z", Box(0.125, 0.125, 0.625, 0.625), Dimensions(800, 400)
    )
    assert read(row).subject == image_subject("p", "a.png")


def test_what_only_this_layout_says_is_kept_beside_the_crop_with_the_row_itself(log):
    row = log.v1()
    assert more(row) == HistoryCompleted(
        "p", "a.png", "set_x/a.png", "crop_log_v1", "2025-11-02T10:00:00.250000Z", "g1", "2025-11-02 05:59:00", row
    )
    assert [fact.subject for fact in reading(row).facts] == [image_subject("p", "a.png")] * 2


def test_fractions_are_told_from_pixels_by_their_value(log):
    assert read(log.v1(box="0.125,0.125,0.625,0.625")).event.box == read(log.v1()).event.box


def test_a_rectangle_that_is_neither_whole_pixels_nor_fractions_is_set_aside(log):
    assert reason(log.v1(box="0.0,0.0,400.5,200.25")) == "box"


@pytest.mark.parametrize(
    "box",
    ["500.0,50.0,100.0,250.0", "100.0,50.0,100.0,250.0", "-1.0,50.0,399.0,250.0", "0.5,0.1,0.2,0.9", "0,0,0,0"],
)
def test_a_reversed_empty_or_negative_rectangle_is_set_aside(log, box):
    assert reason(log.v1(box=box)) == "box"


@pytest.mark.parametrize("cell", ["nan", "inf", "", "True", "1_0", "1e999", "٣", " 1.0", "0x10"])
def test_what_only_python_calls_a_number_is_none(log, cell):
    assert reason(log.v1(box=f"0.0,{cell},400.0,200.0")) == "number"


@pytest.mark.parametrize("size", ["0,0", "0,400", "800,0", ",", "800,"])
def test_without_a_size_the_crop_is_known_and_its_box_is_not(log, size):
    row = log.v1(size=size)
    event = read(row).event
    assert (event.box, event.dimensions, event.warnings) == (None, None, ("size_unknown",))
    assert "500.0" in str(more(row).record)


def test_fractions_need_no_size(log):
    event = read(log.v1(box="0.1,0.1,0.5,0.5", size="0,0")).event
    assert (event.box, event.dimensions, event.warnings) == (Box(0.1, 0.1, 0.5, 0.5), None, ("size_unknown",))


def test_a_full_frame_whose_writer_knew_no_size_is_a_placeholder_and_not_a_box(log):
    event = read(log.v1(box="0.0,0.0,1.0,1.0", size="0,0")).event
    assert (event.box, event.warnings) == (None, ("placeholder",))


def test_a_full_frame_with_its_size_is_a_box(log):
    assert read(log.v1(box="0.0,0.0,800.0,400.0")).event.box == Box(0, 0, 1, 1)


@pytest.mark.parametrize("box", ["0.0,0.0,400.0,250.0", "500.0,0.0,900.0,200.0", "0.0,0.0,900.0,450.0"])
def test_a_rectangle_of_another_shape_or_outside_gives_a_wrong_size_away(log, box):
    event = read(log.v1(box=box)).event
    assert (event.box, event.dimensions, event.warnings) == (None, None, ("size_contradicted",))


def test_the_shape_may_differ_by_the_rounding_of_both_sides_and_no_more(log):
    assert read(log.v1(box="0.0,0.0,401.0,200.0")).event.box is not None
    assert read(log.v1(box="0.0,0.0,404.0,199.0")).event.box is None


def test_the_chosen_image_is_the_one_whose_size_counts():
    images = "d/a.png,stage1_generated,100,100,d/b.png,stage2_upscaled,400,400"
    row = f"s,g,d,2,1,d/b.png,0.0,0.0,100.0,100.0,2025-11-02T10:00:00Z,{images}"
    assert (read(row).event.dimensions, more(row).path) == (Dimensions(400, 400), "d/b.png")


@pytest.mark.parametrize(
    ("choice", "why"),
    [("0,d/b.png", "chosen"), ("1,d/a.png", "chosen"), ("2,d/b.png", "chosen"), ("-1,d/b.png", "number")],
)
def test_a_chosen_path_that_is_not_that_of_the_chosen_image_is_set_aside(choice, why):
    images = "d/a.png,stage1_generated,100,100,d/b.png,stage2_upscaled,400,400"
    assert reason(f"s,g,d,2,{choice},0.0,0.0,100.0,100.0,2025-11-02T10:00:00Z,{images}") == why


def test_a_row_may_be_as_short_as_its_images(log):
    assert read(log.v1().rstrip(",")).event.box == read(log.v1()).event.box


def test_a_row_that_goes_on_behind_its_images_is_set_aside(log):
    assert reason(log.v1().rstrip(",") + ",x/b.png,stage2_upscaled,9,9") == "fields"


def test_two_rows_on_one_line_are_set_aside(log):
    assert reason(log.v1().rstrip(",") + log.v1()) in {"fields", "number"}
    assert reason(log.v2() + log.v2()) == "unknown_layout"


def test_an_absent_group_is_a_warning(log):
    assert more(log.v1(group="")).warnings == reading(log.v1(group="")).warnings == ("unknown_group",)


# -- v2 ---------------------------------------------------------------------------------------------------------


def test_a_v2_row_has_fractions_and_a_bare_name(log):
    event = read(log.v2()).event
    assert (event.source, event.path, event.box) == ("crop_log", "a.png", Box(0.125, 0.125, 0.625, 0.625))
    assert reading(log.v2()).warnings == ("unknown_group",)


def test_a_v2_row_says_the_crop_and_nothing_more_but_a_time_in_another_form():
    plain = "2025-11-02T10:00:00.250000Z,p,a.png,0.125,0.125,0.625,0.625,800,400"
    assert len(reading(plain).facts) == 1
    assert more(plain.replace("10:00:00.250000Z", "11:00:00.25+01:00")).stamp == "2025-11-02T11:00:00.25+01:00"


def test_the_same_crop_has_one_id_in_both_layouts(log):
    assert read(log.v1()).id == read(log.v2()).id == read(log.v2(at="2025-11-02T11:00:00.25+01:00")).id
    assert read(log.v1()).id != read(log.v1(), project="q").id


def test_a_v2_row_names_its_own_project(log):
    assert read(log.v2(project="mine"), project="told").event.project == "mine"
    assert read(log.v2(project=""), project="told").event.project == "told"
    assert reason(log.v2(project=""), project=None) == "project"
    assert reason(log.v1(), project=None) == "project"


@pytest.mark.parametrize("name", ["d/a.png", "d\\a.png", "", "..", "/"])
def test_a_v2_file_name_has_no_directory(log, name):
    assert reason(log.v2(name=name)) == "filename"


@pytest.mark.parametrize(("size", "why"), [("0,400", "size"), ("800,", "number"), ("800,2000000", "size")])
def test_a_v2_size_is_at_least_one_pixel(log, size, why):
    assert reason(log.v2(size=size)) == why


@pytest.mark.parametrize("box", ["0.5,0.1,0.2,0.9", "0,0,1.01,1", "-0.1,0,1,1", "0.1,0.1,0.1,0.9"])
def test_a_v2_box_lies_in_the_image(log, box):
    assert reason(log.v2(box=box)) == "box"


def test_a_last_v2_line_without_its_end_may_be_cut_in_a_number(log):
    assert reason(log.v2(), ended=False) == "torn"
    assert read(log.v1(), ended=False).event.box is not None  # its shape or its commas show that it is whole


def test_nine_fields_of_another_log_are_not_a_v2_row():
    row = "2025-11-02 05:59:00,g,d,1,0,d/a.png,stage1_generated,3,2025-11-02T10:00:00Z"
    assert reason(row) == "unknown_layout"


@pytest.mark.parametrize("row", ["", "a,b,c", "s,g,d/a.png,['d/b.png'],2025-11-02T10:00:00Z", "x" * 500, "," * 18])
def test_a_row_of_no_layout_is_set_aside(row):
    assert reason(row) == "unknown_layout"


# -- time -------------------------------------------------------------------------------------------------------

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("stamp", "utc"),
    [
        ("2025-11-02T10:00:00Z", "2025-11-02T10:00:00.000000Z"),
        ("2025-11-02 10:00:00.5+02:00", "2025-11-02T08:00:00.500000Z"),
    ],
)
def test_a_time_with_a_zone_is_stored_in_utc(stamp, utc):
    assert times.read_time(stamp, None) == utc


def test_a_local_time_needs_a_zone(log):
    assert reason(log.v1(at="2025-07-01T10:00:00")) == "zone"
    assert read(log.v1(at="2025-07-01T10:00:00"), tz=NEW_YORK).at == "2025-07-01T14:00:00.000000Z"


def test_a_local_time_that_was_there_twice_or_never_is_set_aside(log):
    assert reason(log.v1(at="2025-11-02T01:30:00"), tz=NEW_YORK) == "zone"
    assert reason(log.v1(at="2025-03-09T02:30:00"), tz=NEW_YORK) == "zone"


@pytest.mark.parametrize("stamp", ["2025-13-01T10:00:00Z", "2025-02-30T10:00:00Z", "2025-11-02T25:00:00Z"])
def test_a_time_that_is_none_is_set_aside(log, stamp):
    assert reason(log.v1(at=stamp)) in {"time", "unknown_layout"}
