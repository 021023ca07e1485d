"""What is set aside is kept whole, once, with its reason."""

import base64

import pytest

from commands.importing.quarantine import Quarantine, SetAside, Source
from commands.importing.reading import Record
from ledger.errors import Damaged, Refused


def record(line: int, raw: bytes = b"x") -> Record:
    return Record(line, raw, b"\n", len(raw))


SOURCE = Source("a.csv", "ab" * 32)


def keep(folder, now, *records: Record, reason: str = "box") -> None:
    with Quarantine(folder).keeping(SOURCE, now) as keeper:
        for each in records:
            keeper.add(each, "crop_log_v1", SetAside(reason, "the box is reversed"))


def test_raw_bytes_come_back_as_they_were(desk):
    raw = bytes(range(256)).replace(b"\n", b"")
    desk.bring(raw + b"\r\n")
    [kept] = desk.aside()
    assert (kept.raw, kept.line, kept.reason, kept.layout) == (raw, 1, "encoding", "unknown")
    assert kept.source == str(desk.folder / "log.csv")
    assert base64.b64decode(kept.raw_base64) == raw


def test_of_a_huge_line_the_beginning_the_length_and_the_hash_are_kept(desk):
    desk.bring(b"y" * 1_000_000)
    [kept] = desk.aside()
    assert (len(kept.raw), kept.size, kept.reason) == (64 * 1024, 1_000_000, "too_long")
    assert kept.sha256


def test_reading_a_source_again_replaces_what_it_had_set_aside(tmp_path, desk):
    now = desk.ledger._clock()
    keep(tmp_path / "q", now, record(1), record(2))
    keep(tmp_path / "q", now.replace(year=2027), record(2), record(3), reason="time")
    kept = list(Quarantine(tmp_path / "q").all())
    assert [(each.line, each.reason, each.at[:4]) for each in kept] == [(2, "time", "2026"), (3, "time", "2027")]


def test_a_source_that_is_understood_leaves_no_file(tmp_path, desk):
    keep(tmp_path / "q", desk.ledger._clock(), record(1))
    keep(tmp_path / "q", desk.ledger._clock())
    assert list((tmp_path / "q").iterdir()) == []


def test_the_same_source_read_for_another_project_is_kept_apart(desk):
    desk.bring(b"junk\r\n", project="p")
    desk.bring(b"junk\r\n", project="q")
    assert sorted(str(each.project) for each in desk.aside()) == ["p", "q"]


def test_an_interrupted_reading_leaves_what_stood_there(tmp_path, desk):
    keep(tmp_path / "q", desk.ledger._clock(), record(1))
    before = [(path.name, path.read_bytes()) for path in (tmp_path / "q").iterdir()]
    with (
        pytest.raises(KeyboardInterrupt),
        Quarantine(tmp_path / "q").keeping(SOURCE, desk.ledger._clock()),
    ):
        raise KeyboardInterrupt
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "q").iterdir()] == before


def test_an_empty_quarantine_has_nothing(tmp_path):
    assert list(Quarantine(tmp_path / "q").all()) == []


def test_a_damaged_quarantine_file_is_named_and_not_passed_over(tmp_path, desk):
    keep(tmp_path / "q", desk.ledger._clock(), record(1))
    [path] = (tmp_path / "q").iterdir()
    path.write_bytes(path.read_bytes() + b"{torn")
    with pytest.raises(Damaged, match="line 2"):
        list(Quarantine(tmp_path / "q").all())


def test_a_place_that_cannot_be_written_is_a_refusal(tmp_path, desk):
    (tmp_path / "q").write_text("a file where the folder should be")
    with pytest.raises(Refused, match="cannot be written"):
        keep(tmp_path / "q", desk.ledger._clock(), record(1))
