"""What earlier tools left behind, brought in at the command line: a dry run, the import, the review, and back out."""

import json
from pathlib import Path

import pytest
from PIL import Image

from commands.importing.aligning import Aligned
from tests.importing import samples
from tests.journeys.conftest import Cli

NEW_YORK = ("--project", "p", "--tz", "America/New_York")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder as people have it: one file of every format, images, and what is broken."""
    folder = tmp_path / "old"
    (folder / "deeper").mkdir(parents=True)
    for name, content, _ in samples.FILES.values():
        (folder / name).write_bytes(content)
    (folder / "deeper" / "broken.csv").write_bytes(samples.V1[:700] + b"\0\xff,,\n")
    (folder / "deeper" / "empty.log").write_bytes(b"")
    (folder / "deeper" / "a.png").write_bytes(b"an image is no record")
    return folder


def test_a_dry_run_says_what_would_happen_and_nothing_does(crop: Cli, old: Path) -> None:
    out = crop("import", old, *NEW_YORK, "--dry-run", exits=1)
    assert "would read" in out
    assert "decision_sidecar" in out
    [would] = [line for line in out.splitlines() if line.startswith("Would accept")]
    assert "encoding" in out
    assert crop("log") == ""
    assert "Nothing is set aside" in crop("import", "review")
    [did] = [line for line in crop("import", old, *NEW_YORK, exits=1).splitlines() if line.startswith("Accepted")]
    assert did == would.replace("Would accept", "Accepted")


def test_every_file_is_brought_in_and_a_broken_one_stops_no_other(crop: Cli, old: Path) -> None:
    reports = crop.json("import", old, *NEW_YORK, exits=1)
    assert len(reports) == len(samples.FILES) + 2
    for report in reports:
        aside = sum(report["quarantined"].values())
        assert report["accepted"] + report["completed"] + report["known"] + aside == report["read"]
    assert [Path(report["file"]).name for report in reports if report["quarantined"]] == ["broken.csv"]
    assert "broken.csv" in crop("import", "review")
    again = crop.json("import", old, *NEW_YORK, exits=1)
    assert sum(report["accepted"] + report["completed"] for report in again) == 0


def test_a_file_that_is_not_there_stops_no_other_and_is_told(crop: Cli, old: Path, tmp_path: Path) -> None:
    out = crop("import", tmp_path / "none.csv", old / "log.csv", "--project", "p", exits=1)
    assert "Accepted 3" in out
    assert "There is no file" in crop.err
    assert "NotFound" in (crop("import", tmp_path / "none.csv", exits=4) or crop.err)


def test_the_order_in_which_files_are_named_shows_nowhere(crop: Cli, old: Path, tmp_path: Path, capsys) -> None:
    Image.new("RGB", (800, 400), "red").save(tmp_path / "a.png")
    for number, status in enumerate(("waits", "completed", "pending")):
        batch = samples.batch(status if status != "waits" else "pending", str(tmp_path / "a.png"), number)
        (old / f"queue{number}.jsonl").write_text(json.dumps(batch))
    other = Cli(tmp_path / "other", capsys)
    other("init", "--root", tmp_path)
    files = sorted(path for path in old.iterdir() if path.is_file())
    said = [
        crop.json("import", *files, *NEW_YORK),
        other.json("import", *reversed(files), old / "deeper" / ".." / files[0].name, *NEW_YORK),
    ]
    assert said[0] == said[1]
    seen = [[(line["type"], line["subject"], line["data"]) for line in each.json("log")] for each in (crop, other)]
    assert seen[0] == seen[1]
    for view in ("queue", "images", "imported_history", "progress"):
        sql = f"SELECT * FROM {view} ORDER BY 1, 2, 3, 4, 5"
        assert crop("query", sql) == other("query", sql)


def test_a_crop_that_waits_and_cannot_be_owed_is_told_and_reviewed(crop: Cli, tmp_path: Path, monkeypatch) -> None:
    queue, image = tmp_path / "crop_queue.jsonl", tmp_path / "a.png"
    queue.write_text(json.dumps(samples.batch("pending", str(image))))
    Image.new("RGB", (800, 400), "red").save(image)
    with monkeypatch.context() as patched:
        patched.setattr("commands.importing.aligning.Aligner.align", lambda *_: Aligned())  # as if it was killed there
        crop("import", queue)
    Image.new("RGB", (400, 200), "red").save(image)
    out = crop("import", queue, exits=1)
    assert "known already 1, set aside 0" in out
    assert "Not put into the queue: 1 crop: 1 refused. See: crop import review" in out
    [told] = [line for line in crop("import", "review").splitlines() if "refused" in line]
    assert told.startswith(str(image))
    assert "the mark was made on 800x400" in told
    Image.new("RGB", (800, 400), "red").save(image)
    assert "Put 1 crop into the queue." in crop("import", queue)
    assert crop("import", "review") == "Nothing is set aside.\n"


def test_an_import_that_is_interrupted_says_how_to_complete_it(crop: Cli, old: Path, monkeypatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("commands.importing.aligning.Aligner.align", interrupted)
    crop("import", old / "log.csv", "--project", "p", exits=130)
    assert "What was read so far is kept. The same command again completes it." in crop.err
    crop("import", old / "log.csv", "--project", "p", "--dry-run", exits=130)
    assert "completes" not in crop.err


def test_of_a_directory_what_is_hidden_or_plainly_no_record_is_left_out(crop: Cli, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in (".git/config", "deep/.DS_Store", "README.md", "Thumbs.db", "a.PNG", "tool.py"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("no record\n")
    (tree / "deep" / "log.csv").write_bytes(samples.V1)
    assert [Path(report["file"]).name for report in crop.json("import", tree, "--project", "p")] == ["log.csv"]
    assert crop.json("import", tree / "README.md", exits=1)[0]["quarantined"] == {"unknown_layout": 1}


def test_a_local_time_needs_its_zone_and_a_project_its_name(crop: Cli, old: Path) -> None:
    assert "1 zone" in crop("import", old / "session.json", "--project", "p", exits=1)
    assert "3 project" in crop("import", old / "log.csv", exits=1)
    assert "Accepted 3" in crop("import", old / "log.csv", "--project", "p")
    assert "No such time zone" in (crop("import", old / "log.csv", "--tz", "Mars", exits=2) or crop.err)


def test_a_format_can_be_said_and_an_unknown_one_is_named(crop: Cli, old: Path) -> None:
    assert "2 crop_log_v1" in crop("import", old / "focus_sessions.csv", "--as", "crop_log_v1", exits=1)
    crop("import", old / "log.csv", "--as", "crop_log_v9", exits=2)
    assert "focus_sessions" in crop.err


def test_a_directory_called_like_a_command_is_a_file_all_the_same(crop: Cli, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "review").write_bytes(samples.V2)
    monkeypatch.chdir(tmp_path)
    assert "Accepted 1" in crop("import", "files", "review")


def test_decisions_are_shown_and_exported(crop: Cli, old: Path, tmp_path: Path) -> None:
    crop("import", old / "p.db", old / "c.decision")
    out = crop("decisions", "--project", "p")
    assert samples.GROUP in out
    assert "p: 2 groups decided; the image as suggested 100 %, the box 100 %." in out
    assert [each["group_id"] for each in crop.json("decisions")] == ["g2", samples.GROUP]
    assert "No group" in crop("decisions", "--project", "q")
    assert "Wrote 2 records" in crop("export", "decisions", "--project", "p", "--to", tmp_path / "out.db")
    assert "known already 2" in crop("import", tmp_path / "out.db")
    assert "Wrote 1 record" in crop("export", "sidecars", "--to", tmp_path / "sidecars")
    assert json.loads((tmp_path / "sidecars" / "c.decision").read_text()) == samples.SIDECARS["by stem"]
    crop("export", "decisions", exits=2)
    crop("export", "training", "--to", tmp_path / "x", exits=2)


def test_every_export_of_a_ledger_that_has_worked_comes_back_without_a_trace(
    crop: Cli, old: Path, photos: Path, tmp_path: Path
) -> None:
    crop("import", old, *NEW_YORK, exits=1)
    for name in ("a.png", "b.png", "c.png"):
        Image.effect_noise((80, 40), 90).save(photos / name)
        (photos / name).with_suffix(".decision").write_text(json.dumps(samples.SIDECARS["by stem"]))
        crop("record", photos / name, "--box", "0.1,0.1,0.9,0.9", "--project", "p")
    crop("run", "--now", "--limit", "2")
    crop("undo", photos / "a.png")
    crop("skip", photos / "c.png")
    crop("export", "all")
    crop("export", "decisions", "--project", "p", "--to", tmp_path / "home" / "data" / "p.db")
    files = {path: path.read_bytes() for path in exported(tmp_path / "home")}
    assert {path.suffix for path in files} >= {".csv", ".jsonl", ".json", ".log", ".db"}
    head = crop.json("log")[-1]["position"]
    for path in sorted(files):
        [report] = crop.json("import", path, "--project", "p")
        assert (report["accepted"], report["completed"]) == (0, 0), path
        assert report["known"] == report["read"], path
    assert crop.json("log")[-1]["position"] == head
    crop("cadence", "--project", "p")
    assert "set aside 0" in crop("import", tmp_path / "home" / "data", "--project", "p")
    assert crop.json("log")[-1]["position"] == head
    (tmp_path / "home" / "data" / "dashboard_cache" / "pattern_analysis.json").unlink()
    crop("export", "all")
    crop("export", "decisions", "--project", "p", "--to", tmp_path / "home" / "data" / "p.db")
    assert {path: path.read_bytes() for path in exported(tmp_path / "home")} == files


def exported(home: Path) -> list[Path]:
    return [
        path
        for folder in ("data", "crop_progress")
        for path in sorted((home / folder).rglob("*"))
        if path.is_file() and path.suffix != ".bak"
    ]


def test_a_whole_import_stands_up_to_an_audit(crop: Cli, old: Path) -> None:
    crop("import", old, *NEW_YORK, exits=1)
    assert "legal order ok" in crop("audit")
    assert "equal to a fresh fold" in crop("rebuild", "--all", "--check")
