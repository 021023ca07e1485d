"""An import that breaks off before the queue is in line: it is told, and the next import puts the queue in order."""

import pytest

from commands.importing.importing import Watch
from commands.importing.unfinished import Notes, Unfinished
from ledger.errors import Damaged, Refused
from tests.importing.conftest import Log
from tests.importing.queued import batch, line, lines, owed


class Killed(BaseException):
    """What nobody catches."""


class Dying(Watch):
    """Dies when all records have landed and the queue's turn comes."""

    def aligning(self, *_):
        raise Killed


@pytest.fixture
def broken_off(desk, images):
    """Two crops wait by an import that broke off; none is owed."""
    images("q.png", "r.png")
    with pytest.raises(Killed):
        desk.bring(lines(line(desk), line(desk, "r.png")), "pending.jsonl", queue=True, watch=Dying())
    assert owed(desk) == []
    return desk


def left(desk):
    return list(Notes.of(desk.home).left().values())


def test_it_is_known_with_its_files_and_options_until_it_is_completed(broken_off):
    desk = broken_off
    [unfinished] = left(desk)
    assert unfinished.files == (str(desk.folder.resolve() / "pending.jsonl"),)
    assert unfinished.place == unfinished.files[0]
    assert unfinished.command == f"crop import {unfinished.files[0]} --project p"


def test_the_same_import_again_completes_it_and_has_nothing_to_tell(broken_off):
    brought = broken_off.importer(queue=True).bring_all([broken_off.folder / "pending.jsonl"])
    assert [(report.known, report.owed) for report in brought.reports] == [(2, 2)]
    assert (brought.completed, brought.completed_owed) == ((), 0)
    assert [row[0] for row in owed(broken_off)] == ["q.png", "r.png"]
    assert left(broken_off) == []
    assert list(broken_off.home.imports.iterdir()) == []


def test_an_import_of_anything_else_puts_the_queue_in_order_and_says_so(broken_off):
    [unfinished] = left(broken_off)
    brought = broken_off.bring_all([("log.csv", Log.file(Log.v1()))], queue=True)
    assert [report.owed for report in brought.reports] == [0]
    assert (brought.completed, brought.completed_owed) == ((unfinished,), 2)
    assert [row[0] for row in owed(broken_off)] == ["q.png", "r.png"]
    assert left(broken_off) == []


def test_what_was_carried_out_is_owed_no_more(desk, images):
    """It broke off after a queue had said so: a run would cut the image a second time."""
    images("a.png")
    desk.bring(lines(batch(desk, "a.png")), "crop_queue.jsonl", queue=True)
    assert len(owed(desk)) == 1
    with pytest.raises(Killed):
        desk.bring(lines(batch(desk, "a.png", status="completed")), "later.jsonl", queue=True, watch=Dying())
    assert len(owed(desk)) == 1
    desk.bring(Log.file(Log.v1()), queue=True)
    assert owed(desk) == []


def test_the_order_is_that_of_marking_also_where_there_are_many(desk, images, monkeypatch):
    monkeypatch.setattr("commands.importing.aligning.AT_ONCE", 1)
    images("q.png", "r.png", "s.png")
    early, late = line(desk, "s.png", created_at="2025-11-01T10:00:00Z"), line(desk, "q.png")
    with pytest.raises(Killed):
        desk.bring(lines(late, early), "pending.jsonl", queue=True, watch=Dying())
    between = line(desk, "r.png", created_at="2025-11-01T20:00:00Z")
    desk.bring_all([("pending.jsonl", lines(between))], queue=True)
    assert desk.rows("SELECT filename FROM queue ORDER BY position") == [("s.png",), ("r.png",), ("q.png",)]


def test_an_import_that_is_under_way_has_not_broken_off(desk, images):
    images("q.png")
    found = []

    class Looking(Watch):
        def aligning(self, *_):
            found.append((left(desk), len(list(desk.home.imports.glob("*.json")))))

    desk.bring(lines(line(desk)), "pending.jsonl", queue=True, watch=Looking())
    assert found == [([], 1), ([], 1)]
    assert list(desk.home.imports.iterdir()) == []


def test_trying_out_leaves_no_note_and_completes_nothing(broken_off):
    path = broken_off.folder / "other.jsonl"
    path.write_bytes(lines(line(broken_off)))
    broken_off.importer(queue=True).try_out([path])
    assert len(left(broken_off)) == 1
    assert owed(broken_off) == []


def test_of_many_files_the_directory_is_named_and_a_blank_is_quoted():
    files = tuple(f"/my logs/{name}.csv" for name in "abcd")
    many = Unfinished("2026-01-05T12:00:00.000000Z", files, ("--tz", "UTC"))
    assert many.place == "/my logs"
    assert many.command == "crop import '/my logs' --tz UTC"
    assert Unfinished(many.begun_at, ()).place == "/"
    few = Unfinished(many.begun_at, files[:2])
    assert few.command == "crop import '/my logs/a.csv' '/my logs/b.csv'"


def test_a_note_that_cannot_be_read_says_what_to_do(broken_off):
    [note] = broken_off.home.imports.glob("*.json")
    note.write_text("{")
    with pytest.raises(Damaged, match="broke off") as caught:
        left(broken_off)
    assert "Remove it" in str(caught.value.mend)


def test_where_no_note_can_be_kept_nothing_is_brought_in(desk, images):
    images("q.png")
    desk.home.imports.write_text("in the way")
    with pytest.raises(Refused, match="imports cannot be written"):
        desk.bring(lines(line(desk)), "pending.jsonl", queue=True)
    assert desk.entries() == []


def test_the_rest_is_told_unless_all_its_files_come_again(desk, images):
    images("q.png")
    paths = [desk.folder / name for name in ("pending.jsonl", "log.csv", "more.csv")]
    for path, content in zip(paths, (lines(line(desk)), Log.file(Log.v1()), Log.file(Log.v1("z.png"))), strict=True):
        path.write_bytes(content)
    for files, told in ((paths[:1], 1), (paths, 0)):
        with pytest.raises(Killed):
            desk.importer(queue=True).bring_all(paths[:2], Dying())
        assert len(desk.importer(queue=True).bring_all(files).completed) == told
