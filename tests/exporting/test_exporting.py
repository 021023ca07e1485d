"""The files of other programs: whole, the same each time, and harmless when they come back."""

import csv
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands.exporting.exporting import export, queue_jsonl, tracker_jsonl, training_csv
from commands.exporting.progress_files import DirectoryState, progress_names
from commands.exporting.whole_files import written_whole
from commands.importing.importing import Importer
from ledger.errors import Invalid, Refused
from ledger.events.directories import DirectoryScanned
from ledger.events.sittings import SittingEnded, SittingStarted
from ledger.values import Box, Dimensions, directory_subject, sitting_subject
from projections.file_operations import FileOperation
from projections.queue import QueueLine
from projections.training import TrainingLine

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
TRAINING = "data/training/crop_training_data.csv"


def test_the_training_csv_has_its_nine_columns_and_crlf(some_of_everything):
    story = some_of_everything()
    story.export("training")
    lines = story.files()[TRAINING].split(b"\r\n")
    assert lines[0] == b"timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height"
    assert lines[1] == b"2025-10-01T10:00:00.000000Z,p,h.png,0.25,0.25,0.75,0.75,800,400"
    assert lines[2] == b"2025-12-01T10:00:01.000000Z,p,a.png,0.125,0.125,0.625,0.625,800,400"
    assert lines[-1] == b""
    assert [line.split(b",")[2] for line in lines[1:-1]] == [b"h.png", b"a.png", b"b.png", b"c.png", b"e.png", b"f.png"]


def test_names_that_csv_must_quote_come_back_whole():
    names = ['a,"b".png', "c\nd.png", "é.png", "e\r\nf.png"]
    lines = [TrainingLine("t", "p", name, 0, 0, 1, 1, 2, 2) for name in names]
    written = b"".join(training_csv(lines)).decode()
    assert [row[2] for row in csv.reader(io.StringIO(written, newline=""))][1:] == names


def test_a_name_in_the_training_csv_has_no_directory():
    [_, row] = b"".join(training_csv([TrainingLine("t", "p", "x\\y\\a.png", 0, 0, 1, 1, 2, 2)])).splitlines()
    assert row.split(b",")[2] == b"a.png"


def test_the_queue_has_what_is_owed_and_what_was_executed(some_of_everything):
    story = some_of_everything()
    story.export("queue")
    folder = "data/ai_data/crop_queue"
    pending = [json.loads(line) for line in story.files()[f"{folder}/pending.jsonl"].splitlines()]
    processed = [json.loads(line) for line in story.files()[f"{folder}/processed.jsonl"].splitlines()]
    assert [line["filename"] for line in pending] == ["b.png", "c.png", "e.png", "f.png"]
    assert processed == [
        {
            "created_at": "2025-12-01T10:00:01.000000Z", "project_id": "p", "group_id": "g", "filename": "a.png",
            "dir": "/photos/x", "width": 800, "height": 400, "crop_norm": [0.125, 0.125, 0.625, 0.625],
        }
    ]  # fmt: skip
    assert pending[0]["group_id"] is None


def test_a_pending_line_reads_back_as_the_mark_it_is(some_of_everything):
    from commands.importing.mark_lines import marks_from

    story = some_of_everything()
    story.export("queue")
    [_, mark, *_] = marks_from(io.BytesIO(story.files()["data/ai_data/crop_queue/pending.jsonl"]))
    assert (mark.meaning.path, mark.meaning.dimensions) == ("/photos/x/c.png", Dimensions(800, 400))


def test_a_progress_file_tells_the_state_of_its_directory(some_of_everything):
    story = some_of_everything()
    [written] = story.export("progress")
    assert written.path == story.home.root / "crop_progress" / "_photos_x_progress.json"
    state = json.loads(written.path.read_bytes())
    assert list(state) == [
        "directory", "directory_hash", "total_images", "completed_count", "current_index", "last_processed_file",
        "last_session_start", "last_session_end", "session_count", "completed_files", "skipped_files",
        "output_directory", "created", "modified",
    ]  # fmt: skip
    assert (state["directory"], state["total_images"], state["completed_count"]) == ("/photos/x", 7, 1)
    assert (state["completed_files"], state["skipped_files"]) == (["a.png"], ["g.png"])
    assert (state["current_index"], state["last_processed_file"]) == (1, "g.png")
    assert state["output_directory"] == "/photos/__cropped/x"
    assert state["last_session_start"] is None
    assert state["modified"].endswith("Z")


def test_a_directory_with_nothing_left_to_decide_points_behind_its_last_image(story):
    story.skip("/photos/x/a.png")
    story.skip("/photos/x/b.png")
    [written] = story.export("progress")
    assert json.loads(written.path.read_bytes())["current_index"] == 2


def test_directories_whose_names_collide_get_a_file_each(story):
    for directory in ("/p/a b", "/p/a_b", "/p_a/b", "/P_A/B", "/p/c"):
        story.skip(f"{directory}/1.png")
    story.skip("/p/c/1.png", project="q")
    written = story.export("progress")
    assert len({each.path.name.casefold() for each in written}) == 6
    assert {json.loads(each.path.read_bytes())["directory"] for each in written} == {
        "/p/a b", "/p/a_b", "/p_a/b", "/P_A/B", "/p/c",
    }  # fmt: skip


def test_a_long_directory_still_gets_a_file():
    names = progress_names([DirectoryState("/" + "é" * 300 + end, "p", []) for end in "xy"])
    assert len(set(names.values())) == 2
    assert all(len(name.encode()) <= 255 for name in names.values())


def test_the_audit_trail_is_in_the_form_of_the_tracker(some_of_everything):
    story = some_of_everything()
    [written] = story.export("tracker")
    assert written.path.name == "file_operations_20251201.log"
    lines = [json.loads(line) for line in written.path.read_bytes().splitlines()]
    assert [line["operation"] for line in lines] == ["crop", "move", "move", "crop", "move", "delete", "move"]
    assert list(lines[0].items()) == list(
        {
            "type": "file_operation", "script": "cropledger", "session_id": "r1", "batch_id": None,
            "timestamp": "2025-12-01T10:00:08.000000+00:00", "operation": "crop", "source_dir": "/photos/x",
            "dest_dir": "/photos/__cropped/x", "file_count": 1, "notes": "", "files": ["a.png"],
        }.items()
    )  # fmt: skip
    assert (lines[2]["file_count"], lines[2]["files"]) == (2, ["a.txt", "a.yaml"])


def test_more_than_ten_files_of_one_operation_are_a_sample():
    at = "2025-12-01T10:00:00.000000Z"
    rows = [FileOperation(1, n, "s", "move", f"/x/{n}.txt", f"/y/{n}.txt", None, None, at, "a", "r") for n in range(11)]
    [line] = map(json.loads, tracker_jsonl(rows))
    assert (line["file_count"], line["files_sample"]) == (11, [f"{n}.txt" for n in range(5)])
    assert "files" not in line


def test_the_same_ledger_gives_the_same_bytes(some_of_everything):
    story = some_of_everything()
    story.export("all")
    first = story.files()
    story.home.projections.unlink()
    story.export("all")
    assert story.files() == first
    assert len(first) == 7


def test_an_export_replaces_the_whole_file_and_leaves_nothing_beside_it(some_of_everything):
    story = some_of_everything()
    path = story.home.root / TRAINING
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 10_000)
    story.export("training")
    assert path.read_bytes().startswith(b"timestamp,")
    assert list(path.parent.iterdir()) == [path]


def test_an_export_that_breaks_off_leaves_the_file_that_was_there(some_of_everything, monkeypatch):
    story = some_of_everything()
    story.export("training")
    before = story.files()

    def broken(_lines):
        yield b"half a"
        raise KeyboardInterrupt

    monkeypatch.setattr("commands.exporting.exporting.training_csv", broken)
    with pytest.raises(KeyboardInterrupt):
        story.export("training")
    assert story.files() == before


def test_a_file_is_synced_before_it_takes_its_name_and_its_folder_after(tmp_path, monkeypatch):
    calls: list[str] = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr("os.fsync", lambda descriptor: (calls.append("sync"), sync(descriptor))[1])
    monkeypatch.setattr(Path, "replace", lambda self, target: (calls.append("replace"), replace(self, target))[1])
    with written_whole(tmp_path / "new" / "a.csv") as stream:
        stream.write(b"a")
    assert calls == ["sync", "replace", "sync"]


def test_a_place_that_cannot_be_written_is_a_refusal(some_of_everything):
    story = some_of_everything()
    (story.home.root / "data").write_text("a file where the folder should be")
    with pytest.raises(Refused):
        story.export("training")


def test_an_unknown_export_is_named_with_those_there_are(some_of_everything):
    with pytest.raises(Invalid, match="training, queue, progress, tracker, selection, all"):
        some_of_everything().export("trianing")


def test_an_empty_ledger_exports_a_header_and_empty_queues(story):
    story.export("all")
    selection = [name for name in story.files() if "selection_only" in name or "select_crop" in name]
    assert len(selection) == 2
    assert set(story.files().values()) - {story.files()[name] for name in selection} == {
        b"", b"timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height\r\n"
    }  # fmt: skip


# -- there and back -----------------------------------------------------------------------------------------------


def test_importing_the_training_export_changes_nothing(some_of_everything):
    story = some_of_everything()
    story.record("/photos/q/odd, name.png", project="q")
    story.export("training")
    head, files = story.ledger.head(), story.files()
    report = Importer.of(story.ledger, story.home, NOW, project="p").bring(story.home.root / TRAINING)
    assert (report.read, report.known, report.accepted, report.set_aside) == (7, 7, 0, 0)
    assert story.ledger.head() == head
    story.export("all")
    assert story.files()[TRAINING] == files[TRAINING]


def test_a_training_export_brought_into_a_fresh_ledger_exports_the_same_again(some_of_everything, tmp_path):
    from configs.home import Home
    from ledger.log import Ledger
    from projections.catch_up import catch_up
    from projections.reader import Projections
    from projections.store import Store

    story = some_of_everything()
    story.record("/photos/y/a.png", Box(0, 0, 0.25, 0.25))  # the same name and size in another directory
    story.export("training")
    home = Home(tmp_path / "second")
    with Ledger.create(home.ledger) as ledger:
        report = Importer.of(ledger, home, NOW).bring(story.home.root / TRAINING)
        assert report.accepted == report.boxes == 7
        with Store.open(home.projections) as store:
            catch_up(ledger, store)
        with Projections.open(home.projections) as projections:
            export("training", projections, home)
    assert (home.root / TRAINING).read_bytes() == story.files()[TRAINING]


def test_many_rows_are_rendered_piece_by_piece():
    training = [
        TrainingLine("2025-12-01T10:00:00.000000Z", "p", f"{n}.png", 0.1, 0.2, 0.3, 0.4, 9, 9) for n in range(10_000)
    ]
    queue = [QueueLine("t", "p", None, f"{n}.png", "/d", 9, 9, 0.1, 0.2, 0.3, 0.4) for n in range(10_000)]
    for pieces, lines in ((list(training_csv(training)), 10_001), (list(queue_jsonl(queue)), 10_000)):
        assert b"".join(pieces).count(b"\n") == lines
        assert max(map(len, pieces)) < 300_000


def test_the_progress_file_before_is_kept_beside_the_new_one(story):
    story.skip("/photos/x/a.png")
    [written] = story.export("progress")
    previous = written.path.with_name(written.path.name + ".bak")
    first = written.path.read_bytes()
    assert not previous.exists()
    story.export("progress")
    assert not previous.exists(), "nothing has changed"
    story.skip("/photos/x/b.png")
    story.export("progress")
    second = written.path.read_bytes()
    assert (json.loads(second)["skipped_files"], previous.read_bytes()) == (["a.png", "b.png"], first)
    story.skip("/photos/x/c.png")
    story.export("progress")
    assert previous.read_bytes() == second


def test_a_progress_file_tells_the_sittings_and_the_scan(story):
    directory, at = directory_subject("/photos/x"), "2025-10-27T17:00:00.000000Z"
    story.tell_of(directory, DirectoryScanned("/photos/x", 0, "c" * 64))
    sitting = sitting_subject("operator:ann", directory)
    story.tell_of(sitting, SittingStarted("/photos/x", directory, None, 1, 0))
    story.skip("/photos/x/a.png")
    story.tell_of(sitting, SittingEnded(1, at, interrupted=False))
    story.tell_of(sitting, SittingStarted("/photos/x", directory, "p", 1, 1))
    [written] = story.export("progress")
    state = json.loads(written.path.read_bytes())
    assert (state["session_count"], state["directory_hash"]) == (2, "c" * 64)
    assert state["last_session_start"] == state["last_session_end"] > state["created"]


def test_a_full_disk_leaves_the_progress_file_and_the_one_before(story, monkeypatch):
    story.skip("/photos/x/a.png")
    [written] = story.export("progress")
    first = written.path.read_bytes()
    story.skip("/photos/x/b.png")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(Refused, match="No space left"):
        story.export("progress")
    monkeypatch.undo()
    assert written.path.read_bytes() == first
    assert [path.name for path in written.path.parent.iterdir()] == [written.path.name]
