"""Any bytes at all: no crash, the sums hold, and nothing gets in that the values themselves forbid."""

import io

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.crop_files import rows
from commands.evidence import Evidence
from commands.mark_lines import marks_from
from commands.marks import Mark
from commands.quarantine import SetAside
from ledger.codec import encode, structure
from ledger.values import Box, Dimensions, parse_instant


@pytest.fixture(scope="session")
def sample(log) -> bytes:
    """Every layout and a good deal of dirt in one small file."""
    two = (
        "s,g,d,2,1,d/b.png,0.0,0.0,100.0,100.0,2025-11-02T10:00:00Z,"
        "d/a.png,stage1_generated,100,100,d/b.png,stage2_upscaled,400,400"
    )
    quoted = log.v1("c.png", group='"a, ""quoted""\r\nset"')
    return b"\xef\xbb\xbf" + log.file(
        log.v1(), two, quoted, log.header_v2, log.v2("e.png"), log.v1("f.png", size="0,0"), "s,g,a,[],t", log.v2("g")
    )  # fmt: skip


def check(content: bytes) -> int:
    """Read it, and check whatever was understood; returns how many rows there were."""
    count = 0
    for row in rows(io.BytesIO(content), "p", None):
        count += 1
        if isinstance(row.meaning, Evidence):
            event = row.meaning.event
            assert structure(event.TYPE, msgspec.json.decode(encode(event))) == event
            assert parse_instant(row.meaning.at)
            assert row.meaning.filename
            assert event.box or event.warnings
            assert event.dimensions is None or event.box
        else:
            assert isinstance(row.meaning, SetAside)
            assert row.meaning.reason
    return count


def test_the_sample_itself_is_understood(sample, desk):
    report = desk.bring(sample)
    assert (report.read, report.accepted, report.quarantined) == (7, 6, {"unknown_layout": 1})


def test_every_truncation_of_a_file_is_survived(sample):
    assert check(sample) == 7
    assert all(check(sample[:length]) <= 8 for length in range(len(sample)))


def test_a_truncation_never_changes_what_the_whole_rows_say(sample):
    whole = {row.meaning.id: row.meaning.event for row in rows(io.BytesIO(sample), "p", None) if ok(row)}
    for length in range(len(sample)):
        for row in rows(io.BytesIO(sample[:length]), "p", None):
            if ok(row) and row.meaning.event.box:
                event = whole[row.meaning.id]
                assert (row.meaning.event.box, row.meaning.event.dimensions) == (event.box, event.dimensions)


def ok(row) -> bool:
    return isinstance(row.meaning, Evidence)


def test_every_flip_of_a_bit_is_survived(sample):
    for at in range(len(sample)):
        for bit in range(8):
            flipped = bytearray(sample)
            flipped[at] ^= 1 << bit
            check(bytes(flipped))


def test_damaged_files_add_up_and_twice_adds_nothing(sample, desk):
    for number, at in enumerate(range(3, len(sample), 23)):
        damaged = sample[:at] + bytes([sample[at] ^ 0x15]) + sample[at + 1 : len(sample) - number]
        desk.bring(damaged)
        head, aside = desk.ledger.head(), desk.aside()
        assert desk.bring(damaged).accepted == 0
        assert desk.ledger.head() == head
        assert desk.aside() == aside


_WORDS = b"2025-11-02T10:00:00Z p a.png d/a.png session_id 0.1 0.9 1.0 100.0 400 0 1 nan -1 1e9".split()
_MARKS = [b"", b",", b",", b",", b"\r\n", b"\n", b'"', b"\0", b"\xff", b"\xef\xbb\xbf", b"x" * 70_000]
_FRAGMENTS = st.sampled_from([*_WORDS, *_MARKS])
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
        assert len(desk.entries()) == report.accepted
        assert len(desk.aside()) == report.set_aside
        again = desk.bring(content)
        assert (again.accepted, again.read) == (0, report.read)
        assert len(desk.aside()) == report.set_aside


_NUMBERS = st.one_of(
    st.sampled_from(["0", "1", "0.5", "400", "1e-7", "-0.0", "nan", "", "1.0000000001"]), st.floats().map(str)
)


@given(st.lists(_NUMBERS, min_size=4, max_size=4), st.lists(_NUMBERS, min_size=2, max_size=2))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_numbers_in_either_layout_are_checked(log, edges, size):
    box, frame = ",".join(edges), ",".join(size)
    assert check(log.file(log.v1(box=box, size=frame), log.v2(box=box, size=frame))) == 2


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
    [read] = marks_from(io.BytesIO(msgspec.json.encode(good | line)))
    if isinstance(read.meaning, Mark):
        mark = read.meaning
        assert structure_of(mark.box) == mark.box
        assert mark.project
        assert mark.path.startswith("/")
        assert mark.dimensions is None or isinstance(mark.dimensions, Dimensions)


def structure_of(box: Box) -> Box:
    return Box(box.x1, box.y1, box.x2, box.y2)
