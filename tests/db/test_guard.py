"""The traps of the house's design around SQLite's locks, each with its guard."""

# ruff: noqa: PTH123  # the plain open() is what is tested

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

import db as package
from db import backup, guard
from db.connect import LiveConnection, TooOldError, open_live, open_reader, require_new_enough
from db.guard import LiveFileError

SOURCES = str(Path(package.__file__).parents[1])


@pytest.fixture
def live(tmp_path):
    connection = open_live(tmp_path / "ledger.db", synchronous="FULL")
    connection.execute("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
    yield connection
    connection.close()


WAYS = {
    "open": lambda path: open(path, "rb").close(),
    "open to write": lambda path: open(path, "r+b").close(),
    "os.open": lambda path: os.close(os.open(path, os.O_RDONLY)),
    "Path.read_bytes": lambda path: Path(path).read_bytes(),
    "a path as bytes": lambda path: open(os.fsencode(path), "rb").close(),
    "sqlite3": lambda path: sqlite3.connect(path).close(),
    "sqlite3 by URI": lambda path: sqlite3.connect(f"file:{path}?mode=ro", uri=True).close(),
    "sqlite3 by a long URI": lambda path: sqlite3.connect(
        f"file://{str(path).replace('ledger', 'l%65dger')}?mode=ro", uri=True
    ).close(),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_live_file_may_not_be_opened_beside_sqlite(live, way):
    with pytest.raises(LiveFileError, match=r"db\.backup"):
        way(live.path)
    live.close()
    way(live.path)  # afterwards it is a file like any other


@pytest.mark.parametrize("ending", ["-wal", "-shm"])
@pytest.mark.parametrize("way", ["open", "os.open", "sqlite3"])
def test_nor_may_its_companions(live, ending, way):
    assert Path(f"{live.path}{ending}").exists()
    with pytest.raises(LiveFileError):
        WAYS[way](f"{live.path}{ending}")


@pytest.mark.parametrize("way", ["open", "os.open", "sqlite3"])
@pytest.mark.parametrize("name", ["other.db", "ledger.db"])
@pytest.mark.parametrize("link", [os.symlink, os.link], ids=["symbolic", "hard"])
def test_nor_may_it_be_opened_by_another_name(live, tmp_path, link, name, way):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link(live.path, elsewhere / name)
    with pytest.raises(LiveFileError):
        WAYS[way](elsewhere / name)
    live.close()
    WAYS[way](elsewhere / name)


def test_nor_may_it_be_opened_by_a_relative_name(live, monkeypatch):
    monkeypatch.chdir(live.path.parent)
    for name in ("ledger.db", "./ledger.db", f"../{live.path.parent.name}/ledger.db"):
        with pytest.raises(LiveFileError):
            open(name, "rb").close()


def test_a_companion_that_is_not_there_yet_may_not_be_made(tmp_path):
    connection = open_reader(made(tmp_path / "a.db"))
    with pytest.raises(LiveFileError):
        open(tmp_path / "a.db-wal", "wb").close()
    connection.close()


def made(path):
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    return path


@pytest.mark.usefixtures("live")
def test_other_files_open_as_ever(tmp_path):
    other = tmp_path / "elsewhere" / "ledger.db"
    other.parent.mkdir()
    other.write_bytes(b"x")
    assert other.read_bytes() == b"x"
    sqlite3.connect(":memory:").close()
    sqlite3.connect(tmp_path / "other.db").close()
    with open(os.open(os.devnull, os.O_RDONLY)) as by_number:
        assert by_number.read() == ""


def test_the_guard_stays_until_the_last_connection_is_closed(live):
    second = open_reader(live.path)
    live.close()
    live.close()  # twice, and it still counts once
    with pytest.raises(LiveFileError):
        WAYS["open"](second.path)
    second.close()
    WAYS["open"](second.path)


def test_a_connection_that_cannot_be_opened_leaves_no_guard(tmp_path):
    with pytest.raises(apsw.CantOpenError):
        LiveConnection(tmp_path / "none" / "x.db", apsw.SQLITE_OPEN_READWRITE)
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "x.db").write_bytes(b"")
    (tmp_path / "text.db").write_bytes(b"a text, and no database at all" * 100)
    with pytest.raises(apsw.NotADBError):
        open_live(tmp_path / "text.db", synchronous="FULL")
    (tmp_path / "text.db").read_bytes()


def test_a_place_that_moved_meanwhile_can_still_be_closed(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "one")
    connection = open_live(tmp_path / "link" / "a.db", synchronous="NORMAL")
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to(tmp_path)
    connection.close()
    (tmp_path / "one" / "a.db").read_bytes()
    assert not any(name.startswith(str(tmp_path)) for name in guard._live)


# -- what the guard is there for

LOSING = """
import os, sqlite3, subprocess, sys
from pathlib import Path
from db.connect import open_live
path, how = Path(sys.argv[1]), sys.argv[2]
if how == "unguarded":
    from db import guard
    guard._live.clear()
    guard.protect = lambda path: ()
connection = open_live(path, synchronous="FULL")
connection.execute("BEGIN IMMEDIATE; INSERT INTO t VALUES ('mine')")
try:
    open(str(path) + "-shm", "rb").close()  # drops this process's locks on the index of the WAL
except Exception as error:
    print(type(error).__name__, flush=True)
other = "import apsw, sys; c = apsw.Connection(sys.argv[1]); c.set_busy_timeout(0); c.execute('BEGIN IMMEDIATE')"
print(subprocess.run([sys.executable, "-c", other, str(path)], capture_output=True, text=True).returncode)
"""


def second_writer(path, how):
    env = {**os.environ, "PYTHONPATH": SOURCES}
    told = subprocess.run(
        [sys.executable, "-c", LOSING, path, how], env=env, capture_output=True, text=True, check=True
    )
    return told.stdout.split()


def test_the_locks_that_a_stray_open_would_drop_are_kept(tmp_path):
    path = made(tmp_path / "a.db")
    assert second_writer(path, "unguarded") == ["0"]  # two writers at once: the trap is real
    assert second_writer(path, "guarded") == ["LiveFileError", "1"]


# -- opening


@pytest.mark.parametrize("version", ["3.51.2", "3.50.9", "3.9.99", "2.99.99"])
def test_a_sqlite_with_the_wal_reset_bug_is_refused(version):
    with pytest.raises(TooOldError, match=r"3\.51\.3 or newer"):
        require_new_enough(version)


@pytest.mark.parametrize("version", ["3.51.3", "3.51.10", "3.52.0", "4.0.0", "3.51.3.1"])
def test_a_newer_one_is_taken(version):
    require_new_enough(version)


def test_both_ways_of_opening_ask_for_the_version(tmp_path, monkeypatch):
    path = made(tmp_path / "a.db")
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.51.2")
    with pytest.raises(TooOldError):
        open_live(path, synchronous="FULL")
    with pytest.raises(TooOldError):
        open_reader(path)
    path.read_bytes()


@pytest.mark.parametrize(("synchronous", "level"), [("FULL", 2), ("NORMAL", 1)])
def test_a_live_file_has_its_pragmas(tmp_path, synchronous, level):
    connection = open_live(tmp_path / "a.db", synchronous=synchronous)
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("synchronous") == level
    assert connection.pragma("fullfsync") == connection.pragma("checkpoint_fullfsync") == (level == 2)
    assert connection.pragma("foreign_keys") == 1
    assert connection.pragma("trusted_schema") == 0
    connection.close()


def test_a_reader_cannot_change_anything(live):
    reader = open_reader(live.path)
    with pytest.raises((apsw.ReadOnlyError, apsw.SQLError)):
        reader.execute("INSERT INTO t VALUES (2)")
    assert reader.execute("SELECT x FROM t").get == 1
    reader.close()


def test_a_reader_makes_no_file(tmp_path):
    with pytest.raises(apsw.CantOpenError):
        open_reader(tmp_path / "a.db")
    assert list(tmp_path.iterdir()) == []


# -- copies


def test_a_copy_is_whole_and_stands_alone(live, tmp_path):
    backup.copy(live, tmp_path / "copy.db")
    live.execute("INSERT INTO t VALUES (2)")
    assert {file.name for file in tmp_path.glob("copy*")} == {"copy.db"}
    copy = sqlite3.connect(tmp_path / "copy.db")
    assert copy.execute("SELECT x FROM t").fetchall() == [(1,)]
    assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    copy.close()


def test_a_copy_never_replaces_a_file(live, tmp_path):
    (tmp_path / "copy.db").write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        backup.copy(live, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_bytes() == b"precious"


def test_a_copy_that_fails_leaves_no_half_file(live, tmp_path, monkeypatch):
    monkeypatch.setattr(backup, "PAGES_PER_STEP", "none")
    with pytest.raises(TypeError):
        backup.copy(live, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_a_copy_is_of_one_moment_and_ends_even_while_another_writes(live, tmp_path, monkeypatch):
    monkeypatch.setattr(backup, "PAGES_PER_STEP", 1)
    live.execute("INSERT INTO t SELECT hex(randomblob(2000)) FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]')")
    rows = live.execute("SELECT count(*) FROM t").get
    writer = open_live(live.path, synchronous="NORMAL")
    steps = 0

    class Interrupted(apsw.Connection):
        """A target at whose every step somebody writes to the source."""

        def backup(self, *arguments):
            real = super().backup(*arguments)

            class Step:
                done = property(lambda _: real.done)

                def step(self, pages):
                    nonlocal steps
                    steps += 1
                    assert steps < 500, "the copy begins anew for ever"
                    real.step(pages)
                    writer.execute("INSERT INTO t VALUES ('late')")

                def __enter__(self):
                    real.__enter__()
                    return self

                def __exit__(self, *how):
                    return real.__exit__(*how)

            return Step()

    monkeypatch.setattr(backup.apsw, "Connection", Interrupted)
    backup.copy(live, tmp_path / "copy.db")
    monkeypatch.undo()
    writer.close()
    copy = apsw.Connection(str(tmp_path / "copy.db"))
    assert copy.execute("SELECT count(*) FROM t").get == rows
    copy.close()
    live.execute("INSERT INTO t VALUES ('after')")
