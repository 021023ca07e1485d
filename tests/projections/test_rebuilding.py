"""Folding again: in place, as of a moment, and to compare."""

import subprocess
import sys

import pytest

from db.lock import held_while_alive
from ledger.errors import Busy, Conflict, Diverged, Invalid, NotFound
from ledger.events.crops import CropRecorded
from ledger.log import Ledger
from projections import rebuild as rebuild_
from projections.catalogue import ALL
from projections.catch_up import catch_up
from projections.compare import Difference, check
from projections.projection import Projection, Put, Table, View
from projections.queue import owed
from projections.reader import Projections
from projections.rebuild import rebuild, rebuild_as_of
from projections.store import Store

BOX = "0.1,0.2,0.8,0.9"
STORY = f"""
    ann records a/1.png {BOX} suggested {BOX}
    ann records a/2.png {BOX}
    ann skips a/3.png
    r1 starts a/1.png
    r1 executes a/1.png companions 1
    log imports b/4.png box {BOX} size 8x8
    ann undoes a/1.png
"""


def edit(stage, sql):
    with Store.open(stage.path) as store, store.exclusive():
        store.connection.execute(sql)


def contents(path):
    with Projections.open(path) as projections:
        return {
            part.name: projections._connection.execute(f"SELECT * FROM {part.name} ORDER BY 1, 2").fetchall()
            for each in ALL
            for part in (*each.tables, *each.views)
        }


def test_projections_as_they_should_be_differ_in_nothing(stage):
    stage.tell(STORY)
    assert check(stage.ledger, stage.path) == []


def test_an_edited_row_is_found_in_its_table_and_in_the_views_over_it(stage):
    stage.tell(STORY)
    stage.catch_up()
    edit(stage, "UPDATE decided_images SET status = 'executed' WHERE filename = '2.png'")
    found = check(stage.ledger, stage.path)
    key = (stage.subject("a/2.png"),)
    assert Difference("progress", "decided_images", key, "status is 'executed', should be 'recorded'") in found
    assert {each.part for each in found} == {"decided_images", "images", "progress"}


def test_a_row_that_is_missing_and_a_row_too_many_are_found(stage):
    stage.tell(STORY)
    stage.catch_up()
    edit(stage, "DELETE FROM image_decisions WHERE filename = '1.png'")
    edit(stage, "INSERT INTO moved_files VALUES (5, 77, 'image/a', 'move', '/a', '/b', NULL, NULL, '2025', 'x', NULL)")
    found = {(each.part, each.key, each.what) for each in check(stage.ledger, stage.path)}
    assert ("image_decisions", (stage.subject("a/1.png"),), "is missing") in found
    assert ("moved_files", (5, 77), "should not be there") in found


def test_a_view_that_was_changed_or_dropped_is_found(stage):
    stage.tell(STORY)
    stage.catch_up()
    edit(stage, "DROP VIEW runs")
    edit(stage, "DROP VIEW stuck")
    edit(stage, "CREATE VIEW stuck AS SELECT 1")
    found = check(stage.ledger, stage.path)
    assert Difference("executions", "runs", (), "is missing") in found
    assert Difference("queue", "stuck", (), "is not made as it should be") in found


def test_equal_rows_of_a_view_are_counted(stage):
    places = Projection(
        "places", 1, "For tests.",
        (Table("CREATE TABLE places ( -- For tests.\n  n INTEGER PRIMARY KEY, -- Number.\n  x TEXT -- It.\n)"),),
        (View("CREATE VIEW names ( -- For tests.\n  x -- It.\n) AS SELECT x FROM places"),),
        {CropRecorded: lambda _event, entry: iter([Put("places", {"n": entry.position, "x": "same"})])},
    )  # fmt: skip
    stage.tell(STORY)
    with Store.open(stage.path) as store:
        catch_up(stage.ledger, store, (places,))
    edit(stage, "INSERT INTO places VALUES (99, 'same')")
    assert check(stage.ledger, stage.path, (places,)) == [
        Difference("places", "places", (99,), "should not be there"),
        Difference("places", "names", (), "has 3 rows, should have 2"),
    ]


def test_the_check_catches_up_first_and_leaves_no_file_behind(stage):
    stage.tell(STORY)
    before = {"ledger.db", "ledger.db.lock", "ledger.db.lock-turnstile"}
    assert check(stage.ledger, stage.path) == []
    after = {path.name.removesuffix("-wal").removesuffix("-shm") for path in stage.home.iterdir()}
    assert after - before == {"projections.db", "projections.db.lock", "projections.db.lock-turnstile"}


def test_a_rebuild_mends_what_was_edited(stage):
    stage.tell(STORY)
    stage.catch_up()
    edit(stage, "DELETE FROM queue_crops")
    edit(stage, "DROP VIEW queue")
    edit(stage, "UPDATE image_decisions SET action = 'reject'")
    assert rebuild(stage.ledger, stage.path) == stage.ledger.head()
    assert check(stage.ledger, stage.path) == []


def test_one_projection_can_be_rebuilt_by_itself(stage):
    stage.tell(STORY)
    stage.catch_up()
    edit(stage, "DELETE FROM queue_crops")
    edit(stage, "DELETE FROM human_marks")
    rebuild(stage.ledger, stage.path, "queue")
    assert {each.projection for each in check(stage.ledger, stage.path)} == {"cadence"}


def test_an_unknown_projection_is_not_found_and_the_known_are_named(stage):
    with pytest.raises(NotFound, match=r"qeue.*queue, directories, history, progress"):
        rebuild(stage.ledger, stage.path, "qeue")


def test_rebuilding_all_mends_a_divergence_and_rebuilding_one_does_not(stage, tmp_path):
    stage.tell(STORY)
    stage.catch_up()
    with Ledger.create(tmp_path / "other" / "ledger.db") as other:
        with pytest.raises(Diverged):
            rebuild(other, stage.path, "queue")
        rebuild(other, stage.path)
        assert check(other, stage.path) == []
    with Projections.open(stage.path) as projections:
        assert owed(projections) == []


def test_rebuilding_all_forgets_projections_that_are_no_longer_known(stage, tmp_path):
    stage.tell(STORY)
    with Store.open(stage.path) as store:
        catch_up(stage.ledger, store, (*ALL, Projection("former", 1, "For tests.", (), (), {})))
    with Ledger.create(tmp_path / "other" / "ledger.db") as other:
        rebuild(other, stage.path)
        assert check(other, stage.path) == []


def test_rebuilding_all_begins_a_new_file_where_the_old_one_cannot_be_read(stage):
    stage.tell(STORY)
    stage.catch_up()
    stage.path.write_bytes(b"not a database, and long enough to be looked at" * 200)
    rebuild(stage.ledger, stage.path)
    assert check(stage.ledger, stage.path) == []


WITH_LOG = b"\2\2"
"""The format versions of a file with a write-ahead log (https://www.sqlite.org/fileformat.html, 1.3.3)."""


def _versions(path):
    return path.read_bytes()[18:20] if path.is_file() else None


def test_a_rebuild_from_nothing_makes_a_live_file_and_leaves_nothing_beside_it(stage, monkeypatch):
    stage.tell(STORY)
    flush, flushed = rebuild_.flush, []
    monkeypatch.setattr(rebuild_, "flush", lambda path: [flushed.append(_versions(path)), flush(path)])
    for leftover in (".projections.db.unfinished", ".projections.db.unfinished-wal"):
        (stage.home / leftover).write_bytes(b"of a process that was killed")
    assert rebuild(stage.ledger, stage.path) == stage.ledger.head()
    assert {path.name for path in stage.home.iterdir() if path.name.startswith((".", "projections"))} == {
        "projections.db", "projections.db.lock", "projections.db.lock-turnstile",
    }  # fmt: skip
    assert flushed == [WITH_LOG, None], "the file, before it has its name, and then the name"
    assert _versions(stage.path) == WITH_LOG
    assert check(stage.ledger, stage.path) == []
    stage.tell("ann skips a/9.png")
    assert check(stage.ledger, stage.path) == []


def test_the_log_of_a_file_that_was_removed_is_not_played_back_into_the_new_one(stage):
    stage.tell(STORY)
    stage.catch_up()
    program = """
import os, sys, pathlib
from projections.store import Store
store = Store.open(pathlib.Path(sys.argv[1]))
store.connection.execute("DELETE FROM queue_crops")
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", program, stage.path], check=True)
    assert stage.path.with_name("projections.db-wal").stat().st_size > 0
    stage.path.unlink()
    rebuild(stage.ledger, stage.path)
    assert check(stage.ledger, stage.path) == []


def test_a_rebuild_from_nothing_that_fails_leaves_nothing(stage, monkeypatch):
    stage.tell(STORY)
    with monkeypatch.context() as patch:
        patch.setattr("projections.catch_up.Folding.add", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            rebuild(stage.ledger, stage.path)
    left = {path.name for path in stage.home.iterdir() if path.name.startswith((".", "projections"))}
    assert left == {"projections.db.lock", "projections.db.lock-turnstile"}
    assert rebuild(stage.ledger, stage.path) == stage.ledger.head()


def test_a_file_that_somebody_makes_meanwhile_is_not_replaced(stage, monkeypatch):
    stage.tell(STORY)

    def looked(_path):
        stage.catch_up()
        return False

    monkeypatch.setattr("projections.rebuild._can_be_read", looked)
    monkeypatch.setattr("projections.rebuild.fold_into", lambda *_: pytest.fail("it is there already"))
    assert rebuild(stage.ledger, stage.path) == stage.ledger.head()
    assert check(stage.ledger, stage.path) == []


def test_who_waits_for_a_rebuild_from_nothing_is_told_that_it_is_busy(stage, monkeypatch):
    stage.tell(STORY)
    monkeypatch.setattr("projections.rebuild.LOCK_TIMEOUT_S", 0.05)
    with held_while_alive(stage.path.with_name("projections.db.lock")), pytest.raises(Busy, match=r"projections\.db"):
        rebuild(stage.ledger, stage.path)


def test_the_projections_as_of_a_position_are_those_of_a_ledger_that_ended_there(stage):
    then = {}
    for line in STORY.strip().splitlines():
        stage.tell(line)
        stage.catch_up()
        then[stage.ledger.head().position] = contents(stage.path)
    for position, expected in then.items():
        head = rebuild_as_of(stage.ledger, position, stage.home / f"{position}.db")
        assert head.position == position
        assert contents(stage.home / f"{position}.db") == expected


def test_as_of_a_time_means_what_was_recorded_by_then(stage):
    stage.tell(STORY)
    for minute, position in ((0, 0), (3, 3), (99, 7)):
        assert rebuild_as_of(stage.ledger, stage.at(minute), stage.home / f"{minute}.db").position == position


def test_as_of_a_time_counts_late_entries_of_a_clock_that_was_set_back(stage):
    stage.tell(f"ann records a/1.png {BOX}\n ann records a/2.png {BOX}")
    ten = stage.at(1)
    stage.now = stage.now.replace(hour=8)
    stage.tell(f"ann records a/3.png {BOX}")
    assert rebuild_as_of(stage.ledger, ten, stage.home / "then.db").position == 3


def test_as_of_leaves_one_file_that_stands_alone(stage):
    stage.tell(STORY)
    (stage.home / "new").mkdir()
    rebuild_as_of(stage.ledger, 3, stage.home / "new" / "odd [name]*.db")
    assert [path.name for path in (stage.home / "new").iterdir()] == ["odd [name]*.db"]


def test_as_of_never_replaces_a_file(stage):
    stage.tell(STORY)
    (stage.home / "mine.db").write_text("mine")
    with pytest.raises(Conflict):
        rebuild_as_of(stage.ledger, 3, stage.home / "mine.db")
    assert (stage.home / "mine.db").read_text() == "mine"


@pytest.mark.parametrize("position", [8, -1])
def test_as_of_a_position_that_is_not_there_is_refused(stage, position):
    stage.tell(STORY)
    with pytest.raises(Invalid, match="ends at 7"):
        rebuild_as_of(stage.ledger, position, stage.home / "then.db")
    assert not (stage.home / "then.db").exists()
