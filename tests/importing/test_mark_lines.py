"""Marks as JSON lines."""

import io
import json

import pytest

from commands.importing.mark_lines import marks_from
from commands.importing.quarantine import SetAside
from commands.recording.marks import Mark
from ledger.values import Box, Dimensions, Suggestion

LINE = {
    "created_at": "2025-10-27T09:00:00-07:00", "project_id": "p", "group_id": "g1", "filename": "a.png",
    "dir": "/photos/x", "width": 800, "height": 400, "crop_norm": [0.1, 0.2, 0.8, 0.9],
}  # fmt: skip


def read(line: object, project: str | None = None) -> Mark | SetAside:
    content = line if isinstance(line, bytes) else json.dumps(line).encode()
    [read] = marks_from(io.BytesIO(content + b"\n"), project)
    return read.meaning


def reason(line: object) -> str:
    why = read(line)
    assert isinstance(why, SetAside)
    return why.reason


def test_a_line_of_the_pending_queue_is_a_mark():
    assert read(LINE) == Mark(
        "p", "/photos/x/a.png", Box(0.1, 0.2, 0.8, 0.9), Dimensions(800, 400), "g1", None,
        "2025-10-27T16:00:00.000000Z", -25200,
    )  # fmt: skip


def test_group_time_size_and_suggestion_may_be_left_out():
    line = {key: LINE[key] for key in ("project_id", "filename", "dir", "crop_norm")}
    assert read(line) == Mark("p", "/photos/x/a.png", Box(0.1, 0.2, 0.8, 0.9))


def test_a_suggestion_may_come_with_the_mark():
    mark = read(LINE | {"ai_crop_coords": [0, 0, 1, 1], "ai_confidence": 0.75})
    assert isinstance(mark, Mark)
    assert mark.suggestion == Suggestion(Box(0, 0, 1, 1), 0.75)


def test_the_caller_may_name_the_project_of_lines_that_name_none():
    line = {key: value for key, value in LINE.items() if key != "project_id"}
    assert reason(line) == "project"
    assert isinstance(mark := read(line, "told"), Mark)
    assert mark.project == "told"
    assert isinstance(mark := read(LINE, "told"), Mark)
    assert mark.project == "p"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"dir": "photos/x"}, "dir"),
        ({"dir": None}, "dir"),
        ({"dir": 5}, "fields"),
        ({"filename": "x/a.png"}, "filename"),
        ({"filename": "x\\a.png"}, "filename"),
        ({"filename": ".."}, "filename"),
        ({"filename": "a\nb.png"}, "fields"),
        ({"crop_norm": [0.8, 0.2, 0.1, 0.9]}, "box"),
        ({"crop_norm": [0, 0, True, 1]}, "box"),
        ({"crop_norm": [0, 0, 1]}, "box"),
        ({"crop_norm": [100, 50, 500, 250]}, "box"),
        ({"crop_norm": "0,0,1,1"}, "box"),
        ({"width": 0}, "size"),
        ({"width": None}, "size"),
        ({"height": 400.0}, "size"),
        ({"created_at": "2025-10-27T09:00:00"}, "zone"),
        ({"created_at": "today"}, "time"),
        ({"created_at": 17}, "fields"),
        ({"gruop_id": "g"}, "fields"),
        ({"ai_crop_coords": [0, 0, 2, 2]}, "box"),
        ({"ai_crop_coords": [0, 0, 1, 1], "ai_confidence": 7}, "fields"),
        ({"ai_crop_coords": [0, 0, 1, 1], "ai_confidence": True}, "fields"),
    ],
)
def test_what_cannot_be_understood_is_set_aside_with_its_reason(change, why):
    assert reason(LINE | change) == why


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"a": 1', "json"),
        (json.dumps(LINE).encode()[:40] + json.dumps(LINE).encode(), "json"),
        (json.dumps(LINE).encode() * 2, "json"),
        (b"[1]", "json"),
        (b'{"crop_norm": [NaN]}', "json"),
        (b"[" * 60_000, "json"),
        (b'{"dir": "\xff"}', "encoding"),
        (b"\0", "json"),
        (b"x" * 70_000, "too_long"),
    ],
)
def test_lines_that_are_no_json_object_are_set_aside(content, why):
    assert reason(content) in {why, "json"}


def test_good_lines_around_a_bad_one_are_kept_with_their_line_numbers():
    good = json.dumps(LINE).encode()
    content = b"\r\n".join([good, b"", good[:30] + good, good])
    read = [(line.record.line, isinstance(line.meaning, Mark)) for line in marks_from(io.BytesIO(content))]
    assert read == [(1, True), (3, False), (4, True)]
