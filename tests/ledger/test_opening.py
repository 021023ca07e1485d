"""Opening a ledger and closing it: what is one, what is none, and what is one no more."""

# an exception that ends a block of several appends is what is tested

import pytest

from db.lock import WriterLock
from ledger.entry import Batch, Head
from ledger.errors import Damaged, Invalid, NotFound
from ledger.log import Ledger
from tests.ledger.besides import python, raw


def test_what_is_not_there_is_not_found(tmp_path):
    with pytest.raises(NotFound, match="crop init"):
        Ledger.open(tmp_path / "ledger.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"", b"not a database, but a text of some length " * 20, b"SQLite format 3\0" + b"x" * 4080]
)
def test_what_is_no_ledger_is_damaged_and_left_alone(tmp_path, content):
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with pytest.raises(Damaged):
        Ledger.open(path)
    assert path.read_bytes() == content or not content


@pytest.mark.parametrize(
    "tables",
    [
        "CREATE TABLE crops (id)",
        "CREATE TABLE ledger (id); CREATE TABLE events (id)",
        "CREATE TABLE ledger (id, format); CREATE TABLE events (id)",
    ],
)
def test_another_programs_database_is_no_ledger(tmp_path, tables):
    raw(tmp_path / "ledger.db", tables)
    for open_ in (Ledger.open, Ledger.create):
        with pytest.raises(Damaged):
            open_(tmp_path / "ledger.db")


def test_a_ledger_of_a_newer_format_is_refused(filled):
    filled.close()
    raw(filled.path, "DROP TRIGGER the_ledger_keeps_its_id")
    raw(filled.path, "UPDATE ledger SET format = 2")
    with pytest.raises(Invalid, match="format 2"):
        Ledger.open(filled.path)


def test_create_opens_what_is_there(filled):
    filled.close()
    with Ledger.create(filled.path) as again:
        assert again.head().position == 12


def test_many_processes_may_create_the_same_ledger_at_once(tmp_path):
    script = "import sys, pathlib; from ledger.log import Ledger; Ledger.create(pathlib.Path(sys.argv[1])).close()"
    racers = [python(script, tmp_path / "ledger.db") for _ in range(6)]
    assert [racer.wait() for racer in racers] == [0] * 6
    with Ledger.open(tmp_path / "ledger.db") as opened:
        assert list(opened.faults()) == []


def test_a_copy_is_a_ledger_with_the_same_head(filled, draft, tmp_path):
    filled.copy_to(tmp_path / "copy.db")
    filled.append(Batch.of(draft()))
    with Ledger.open(tmp_path / "copy.db") as copy:
        assert copy.head() == Head(12, filled.hash_at(12))
        assert copy.read() == filled.read(limit=12)
        assert list(copy.faults()) == []


def test_a_ledger_cut_at_its_end_does_not_grow_on(filled, draft):
    filled.close()
    raw(filled.path, "DROP TRIGGER events_are_never_deleted")
    raw(filled.path, "DELETE FROM events WHERE position = 12")
    with Ledger.open(filled.path) as cut, pytest.raises(Damaged) as refused:
        cut.append(Batch.of(draft()))
    assert refused.value.position == 11


@pytest.mark.parametrize(
    "edit", ["actor = 'operator:eve'", "hash = zeroblob(32)", "salt = zeroblob(16)", "hash = CAST('x' AS BLOB)"]
)
def test_a_ledger_whose_last_entry_was_edited_does_not_grow_on(filled, draft, edit):
    filled.close()
    raw(filled.path, "DROP TRIGGER events_are_never_changed")
    raw(filled.path, f"UPDATE events SET {edit} WHERE position = 12")
    with Ledger.open(filled.path) as edited, pytest.raises(Damaged) as refused:
        edited.append(Batch.of(draft()))
    assert refused.value.position == 12


def test_closing_twice_is_allowed_and_frees_the_lock(filled):
    filled.close()
    filled.close()
    lock = WriterLock(filled.path.with_name("ledger.db.lock"), timeout_s=0.1)
    with lock:
        pass
    lock.close()


def test_a_reader_makes_no_lock_file(filled):
    filled.close()
    for lock in filled.path.parent.glob("*.lock*"):
        lock.unlink()
    with Ledger.open(filled.path) as reading:
        assert reading.head().position == 12
    assert list(filled.path.parent.glob("*.lock*")) == []
