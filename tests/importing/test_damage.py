"""Any bytes at all: no crash, the sums hold, and nothing gets in that the values themselves forbid."""

import io
import random
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.importing.databases import rows as database_rows
from commands.importing.facts import Reading, Told
from commands.importing.layouts import NAMES, Row, rows
from commands.importing.mark_lines import marks_from
from commands.importing.quarantine import SetAside
from commands.importing.reading import records
from commands.recording.marks import Mark
from ledger.codec import encode, structure
from ledger.values import Box, Dimensions, parse_instant
from tests.importing import samples

NEW_YORK = ZoneInfo("America/New_York")
TEXTS = {name: file for name, file in samples.FILES.items() if name != "decisions_database"}
EVERYTHING = b"\xef\xbb\xbf" + b"\r\n".join(content for _, content, _ in TEXTS.values())


def read(content: bytes, name: str = "log.csv") -> list[Row]:
    return list(rows(records(io.BytesIO(content)), Told("p", NEW_YORK, name)))


def check(content: bytes, name: str = "log.csv") -> int:
    """Read it, and check whatever was understood; returns how many rows there were."""
    found = read(content, name)
    for row in found:
        check_row(row)
    return len(found)


def check_row(row: Row) -> None:
    if isinstance(row.meaning, SetAside):
        assert row.meaning.reason
        assert str(row.meaning)
        return
    assert row.meaning.facts or row.meaning.owed
    assert row.layout in NAMES
    for fact in row.meaning.facts:
        event = fact.event
        assert structure(event.TYPE, msgspec.json.decode(encode(event))) == event
        assert fact.at is None or parse_instant(fact.at)
    for mark in row.meaning.owed:
        assert mark.project
        assert structure_of(mark.box) == mark.box


def understood(content: bytes, name: str) -> set[str]:
    return {fact.id for row in read(content, name) if isinstance(row.meaning, Reading) for fact in row.meaning.facts}


@pytest.mark.parametrize("layout", samples.FILES)
def test_each_sample_is_recognised_by_what_is_in_it(layout, desk):
    name, content, count = samples.FILES[layout]
    report = desk.bring(content, name, tz=NEW_YORK)
    assert (dict(report.layouts), report.accepted, report.set_aside) == ({layout: count}, count, 0)
    again = desk.bring(content, name, tz=NEW_YORK)
    assert (again.known, again.accepted) == (count, 0)


def test_all_of_them_in_one_file_are_told_apart():
    found = read(EVERYTHING)
    by_layout = {name: sum(row.layout == name for row in found) for name in TEXTS}
    assert by_layout == {name: count for name, (_, _, count) in TEXTS.items()}
    alone = {"decision_sidecar", "pending_queue"}  # the one means its image by its file's name, the other waits
    assert all(isinstance(row.meaning, Reading) for row in found if row.layout not in alone)


@pytest.mark.parametrize("layout", TEXTS)
def test_every_truncation_of_a_file_is_survived(layout):
    name, content, count = samples.FILES[layout]
    assert check(content, name) == count
    assert all(check(content[:length], name) <= count + 2 for length in range(len(content)))


@pytest.mark.parametrize("layout", [name for name in TEXTS if name not in {"crop_log_v1", "historical_log"}])
def test_a_truncation_never_says_anything_that_the_whole_file_does_not(layout):
    # Of the other two a cut row is still evidence of a crop, with less in its record: see the next test.
    name, content, _ = samples.FILES[layout]
    whole = understood(content, name)
    for length in range(len(content)):
        assert understood(content[:length], name) <= whole


def test_a_cut_row_of_a_crop_log_never_says_another_box():
    def boxes(content: bytes) -> set[tuple[str, str, str]]:
        facts = [f for row in read(content) if isinstance(row.meaning, Reading) for f in row.meaning.facts]
        return {(f.subject, f.at, str(f.event.box)) for f in facts if getattr(f.event, "box", None)}

    whole = boxes(samples.V1)
    assert all(boxes(samples.V1[:length]) <= whole for length in range(len(samples.V1)))


@pytest.mark.parametrize("layout", TEXTS)
def test_every_flip_of_a_bit_is_survived(layout):
    name, content, _ = samples.FILES[layout]
    for at in range(len(content)):
        for bit in range(8):
            flipped = bytearray(content)
            flipped[at] ^= 1 << bit
            check(bytes(flipped), name)


SMALL = samples.database(samples.ROW, samples.REJECTED, page_size=512)


def test_every_cut_and_many_flips_of_a_database_are_survived(tmp_path):
    path = tmp_path / "p.db"
    chance = random.Random(1)  # noqa: S311  # a fixed choice, not a secret
    damaged = [SMALL[:length] for length in range(16, len(SMALL), 7)]
    damaged += [
        SMALL[:at] + bytes([SMALL[at] ^ (1 << chance.randrange(8))]) + SMALL[at + 1 :]
        for at in chance.sample(range(16, len(SMALL)), 900)
    ]
    for content in damaged:
        path.write_bytes(content)
        for row in database_rows(path, Told("p")):
            check_row(row)
    assert [each.name for each in tmp_path.iterdir()] == ["p.db"]


def test_damaged_files_add_up_and_twice_adds_nothing(desk):
    chance = random.Random(2)  # noqa: S311  # a fixed choice, not a secret
    for number in range(25):
        start, end = sorted(chance.sample(range(len(EVERYTHING)), 2))
        at = chance.randrange(start, end)
        damaged = EVERYTHING[start:at] + bytes([EVERYTHING[at] ^ 0x15]) + EVERYTHING[at + 1 : end]
        desk.bring(damaged, f"{number}.csv", tz=NEW_YORK, queue=True)
        head, aside = desk.ledger.head(), desk.aside()
        again = desk.bring(damaged, f"{number}.csv", tz=NEW_YORK, queue=True)
        assert (again.accepted, again.completed) == (0, 0)
        assert desk.ledger.head() == head
        assert desk.aside() == aside


_WORDS = b"2025-11-02T10:00:00Z p a.png d/a.png session_id 0.1 0.9 1.0 100.0 400 0 1 nan -1 1e9".split()
_MARKS = [b"", b",", b",", b",", b"\r\n", b"\n", b'"', b"\0", b"\xff", b"\xef\xbb\xbf", b"x" * 70_000]
_JSON = [b"{", b"}", b"[", b"]", b'{"', b'":', b'"crop_norm"', b"}{", *samples.TRACKER.splitlines()]
_FRAGMENTS = st.sampled_from([*_WORDS, *_MARKS, *_JSON])
_BYTES = st.one_of(st.binary(max_size=400), st.lists(_FRAGMENTS, max_size=80).map(b"".join))


@given(_BYTES)
@settings(max_examples=300)
def test_any_bytes_are_survived(content):
    check(content)


@given(_BYTES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_add_up(new_desk, content):
    with new_desk() as desk:
        report = desk.bring(content)
        assert len(desk.aside()) == report.set_aside
        again = desk.bring(content)
        assert (again.accepted, again.completed, again.read) == (0, 0, report.read)
        assert len(desk.aside()) == report.set_aside


_NUMBERS = st.one_of(
    st.sampled_from(["0", "1", "0.5", "400", "1e-7", "-0.0", "nan", "", "1.0000000001"]), st.floats().map(str)
)


@given(st.lists(_NUMBERS, min_size=4, max_size=4), st.lists(_NUMBERS, min_size=2, max_size=2))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_numbers_in_either_layout_are_checked(log, edges, size):
    box, frame = ",".join(edges), ",".join(size)
    assert check(log.file(log.v1(box=box, size=frame), log.v2(box=box, size=frame))) == 2


_VALUES = [None, True, 0, 1, -1, 0.5, 1e308, 800, "", "a.png", "a/b", "..", "\0", "p", "2025-11-02T10:00:00Z"]
_VALUES += [[], [0, 0, 1, 1], [0.9, 0, 0.1, 1], [0, 0, True, 1], {}, [[0]] * 4, [{}], {"a": {}}, "2025-11-02 01:30:00"]


@pytest.mark.parametrize("layout", [each for each, (_, content, _) in TEXTS.items() if content.lstrip()[:1] in b"{["])
def test_any_value_under_any_key_is_read_or_set_aside(layout):
    name, content, _ = samples.FILES[layout]
    value = msgspec.json.decode(content.splitlines()[0]) if content.count(b"}\n{") else msgspec.json.decode(content)
    record = value[0] if isinstance(value, list) else value
    for key in record:
        for each in _VALUES:
            assert check(msgspec.json.encode(record | {key: each}), name) == 1
        assert check(msgspec.json.encode({k: v for k, v in record.items() if k != key}), name) == 1


@given(_BYTES)
def test_any_bytes_are_marks_or_set_aside(content):
    for line in marks_from(io.BytesIO(content)):
        assert isinstance(line.meaning, Mark | SetAside)


_SINGLE = [None, True, 0, 1, -1, 0.5, 1e308, 800, "", "a.png", "a/b", "..", "/d", "\0", "p", "2025-11-02T10:00:00Z"]
_BOXES = [[], [0, 0, 1, 1], [0.9, 0, 0.1, 1], [0, 0, True, 1], [0, 0, "1", 1], [0, 0, 1], {}, [[0]] * 4]
_KEYS = (
    "created_at", "project_id", "group_id", "filename", "dir", "width", "height", "crop_norm",
    "ai_crop_coords", "ai_confidence",
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(_KEYS), st.sampled_from([*_SINGLE, *_BOXES]), max_size=4))
def test_any_object_is_a_mark_or_set_aside(line):
    good = {"project_id": "p", "filename": "a.png", "dir": "/d", "crop_norm": [0, 0, 1, 1]}
    [found] = marks_from(io.BytesIO(msgspec.json.encode(good | line)))
    if isinstance(found.meaning, Mark):
        mark = found.meaning
        assert structure_of(mark.box) == mark.box
        assert mark.project
        assert mark.path.startswith("/")
        assert mark.dimensions is None or isinstance(mark.dimensions, Dimensions)


def structure_of(box: Box) -> Box:
    return Box(box.x1, box.y1, box.x2, box.y2)
