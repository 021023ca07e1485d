"""What the smaller layouts say: operations, sittings, progress, projects, choices, and crops without coordinates."""

import json
from zoneinfo import ZoneInfo

import pytest

from commands.importing import bare_logs, operations, progress_files, sittings
from commands.importing.facts import Reading, Told
from commands.importing.quarantine import SetAside
from tests.importing import samples

NEW_YORK = ZoneInfo("America/New_York")
TOLD = Told("p", NEW_YORK)


def only(reading: Reading):
    [fact] = reading.facts
    return fact


def reason(read, *arguments: object, **how: object) -> str:
    with pytest.raises(SetAside) as why:
        read(*arguments, **how)
    return why.value.reason


# -- operations ---------------------------------------------------------------------------------------------------

TRACKED = [json.loads(line) for line in samples.TRACKER.splitlines()]


def tracked(record, told: Told = TOLD):
    return only(operations.read_tracker_line(record, "text", told))


def test_a_line_of_the_tracker_is_kept_as_it_was():
    fact = tracked(TRACKED[1])
    event = fact.event
    assert (fact.at, fact.actor) == ("2025-11-20T10:25:02.116053Z", "import:tracker_log")
    assert (event.kind, event.operation, event.source_dir, event.destination_dir) == (
        "file_operation", "move", "/a", "__cropped",
    )  # fmt: skip
    assert (event.count, event.files, event.notes, event.record) == (3, ("1.png", "2.png"), "n", "text")


def test_a_field_with_its_neighbour_s_value_is_a_warning_and_not_put_right():
    event = tracked(TRACKED[2]).event
    assert (event.operation, event.count, event.source_dir) == ("/a", None, None)
    assert event.warnings == ("unknown_operation", "unknown_count")


def test_an_early_time_is_local():
    early = TRACKED[1] | {"timestamp": "2025-10-30T10:00:00.5"}
    assert tracked(early).at == "2025-10-30T14:00:00.500000Z"
    assert reason(operations.read_tracker_line, early, "text", Told("p")) == "zone"


def test_a_guessed_zone_was_written_as_utc_and_is_local():
    record = json.loads(samples.OPERATIONS)
    assert only(operations.read_operation_event(record, "t", TOLD)).at == "2025-11-20T10:25:02.000000Z"
    guessed = record | {"tz_source": "local_guess"}
    assert only(operations.read_operation_event(guessed, "t", TOLD)).at == "2025-11-20T15:25:02.000000Z"
    assert reason(operations.read_operation_event, guessed, "t", Told("p")) == "zone"


def timing(**changes: str) -> list[str]:
    row = dict(zip(operations.TIMING_NAMES, samples.TIMING.decode().splitlines()[1].split(","), strict=True))
    return list((row | changes).values())


def test_a_batch_that_was_carried_out_is_told_with_its_size():
    event = only(operations.read_timing(timing(), "text", TOLD)).event
    assert (event.kind, event.count, event.project, event.stamp) == ("batch_timing", 3, "p", "2025-11-02T11:00:02Z")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"crops_in_batch": "x"}, "number"),
        ({"crops_in_batch": "1.5"}, "number"),
        ({"total_time_ms": "nan"}, "number"),
        ({"timestamp_started": "soon"}, "time"),
        ({"timestamp_completed": "2025-11-02T01:30:00"}, "zone"),
    ],
)
def test_a_timing_that_breaks_a_rule_is_set_aside(change, why):
    assert reason(operations.read_timing, timing(**change), "text", TOLD) == why
    assert reason(operations.read_timing, timing(), "text", TOLD, ended=False) == "torn"


# -- sittings -----------------------------------------------------------------------------------------------------


def timer(**changes: object):
    return only(sittings.read_timer(json.loads(samples.TIMER) | changes, "text", TOLD))


def test_a_timed_session_has_its_start_its_end_and_its_work():
    fact = timer()
    assert (fact.at, fact.event.ended_at) == ("2025-11-02T10:00:00.500000Z", "2025-11-02T11:00:00.500000Z")
    assert (fact.event.active_s, fact.event.idle_s, fact.event.warnings) == (3000.0, 600.0, ())


def test_a_session_that_never_ended_has_no_end_made_up():
    event = timer(end_time=None).event
    assert (event.ended_at, event.warnings) == (None, ("never_ended",))


def test_more_work_than_there_was_time_is_odd():
    assert timer(active_time=3700.0).event.warnings == ("too_active",)


@pytest.mark.parametrize("change", [{"end_time": 1762077500.0}, {"start_time": -1}, {"start_time": "1762077600"}])
def test_a_session_with_an_impossible_time_is_set_aside(change):
    assert reason(timer, **change) == "time"


def test_a_focus_session_s_stamp_is_its_end_by_the_local_clock():
    fact = only(sittings.read_focus(["2025-07-01 10:25:00", "25"], "text", TOLD))
    assert (fact.event.started_at, fact.event.ended_at) == (
        "2025-07-01T14:00:00.000000Z",
        "2025-07-01T14:25:00.000000Z",
    )
    assert fact.event.active_s == 1500
    assert reason(sittings.read_focus, ["2025-07-01 10:25:00", "25"], "text", Told("p")) == "zone"
    assert reason(sittings.read_focus, ["2025-07-01 10:25:00", "0"], "text", TOLD) == "number"
    assert reason(sittings.read_focus, ["2025-07-01 10:25:00", "1441"], "text", TOLD) == "number"
    assert reason(sittings.read_focus, ["2025-07-01 10:25:00", "2"], "text", TOLD, ended=False) == "torn"


# -- progress and projects ----------------------------------------------------------------------------------------


def test_a_progress_file_whose_counts_do_not_fit_its_lists_is_odd():
    record = json.loads(samples.PROGRESS)
    assert only(progress_files.read_progress(record, "t", TOLD)).event.warnings == ()
    assert only(progress_files.read_progress(record | {"completed_count": 2}, "t", TOLD)).event.warnings
    assert only(progress_files.read_progress(record | {"total_images": 0}, "t", TOLD)).event.warnings


def test_a_session_s_directories_are_told_one_by_one():
    facts = progress_files.read_session(json.loads(samples.SESSION_PROGRESS), "t", TOLD).facts
    told = [(fact.event.directory, fact.event.status, fact.event.total, fact.event.count) for fact in facts]
    assert told == [("/d/x", "in_progress", 9, None), ("/d/y", "completed", 4, 4)]
    assert {fact.at for fact in facts} == {"2025-11-02T14:00:00.000000Z"}


def test_a_project_is_open_by_its_finish_and_not_by_its_status():
    event = only(progress_files.read_manifest(json.loads(samples.MANIFEST), "t", TOLD)).event
    assert (event.status, event.finished, event.initial_images) == ("finished", None, 10)
    newer = json.loads(samples.MANIFEST) | {"schemaVersion": 2}
    assert reason(progress_files.read_manifest, newer, "t", TOLD) == "fields"


# -- crops without coordinates, and choices -----------------------------------------------------------------------

ROW = samples.HISTORICAL.decode().splitlines()[1].split(",")


def test_a_crop_without_coordinates_has_no_box_made_up_and_is_no_work_of_that_moment(desk):
    desk.bring(samples.HISTORICAL, "old.csv")
    assert [(crop["x1"], crop["warnings"]) for crop in desk.crops()] == [(None, '["box_unknown"]')] * 2
    assert desk.rows("SELECT count(*) FROM training") == [(0,)]
    assert desk.rows("SELECT count(*) FROM human_crops") == [(0,)]


def test_it_happened_when_the_file_was_last_written():
    assert bare_logs.read_historical(ROW, "text", TOLD).at == "2025-06-05T22:00:00.000000Z"


def test_of_two_times_without_a_header_none_is_picked():
    eight = ["2025-06-02 05:59:00", "g", "d", "d/n.png", "2025-06-04T10:00:00Z", "2025-06-05T22:00:01Z", "p", "note"]
    assert reason(bare_logs.read_historical, eight, "text", TOLD) == "time"
    header = ["session_id", "set_id", "directory", "chosen_path", "raw_mtime", "final_mtime", "project_id", "note"]
    assert bare_logs.read_historical(eight, "text", TOLD, header=header).at == "2025-06-05T22:00:01.000000Z"


@pytest.mark.parametrize("others", ['["d/b.png", "d/c.png"]', "['d/b.png', 'd/c.png']"])
def test_the_images_that_were_not_chosen_are_a_list_in_either_language(others):
    event = only(
        bare_logs.read_selection(["s", "g", "d/a.png", others, "2025-11-02T10:00:00Z"], "text", TOLD)
    ).event  # fmt: skip
    assert (event.chosen, event.others, event.group) == ("d/a.png", ("d/b.png", "d/c.png"), "g")


@pytest.mark.parametrize("others", ["[__import__('os')]", "[1]", "['a'", "[" * 3000 + "]"])
def test_a_list_that_is_none_is_set_aside_and_never_run(others):
    row = ["s", "g", "d/a.png", others, "2025-11-02T10:00:00Z"]
    assert reason(bare_logs.read_selection, row, "text", TOLD) == "fields"


@pytest.mark.parametrize("text", [b'{"needs_crop": true, "needs_crop": false}', b'{"ai_confidence": NaN}', b'{"a": 1'])
def test_json_that_could_be_read_in_two_ways_or_in_none_is_set_aside(desk, text):
    assert desk.bring(text, "a.decision").quarantined == {"json": 1}
