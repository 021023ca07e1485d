"""Looking at the ledger on the command line: log, show, submit, audit, backup, rebuild, query, publish, export."""

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from commands.cli.app import run
from ledger.entry import Batch, Draft
from ledger.events.crops import CropWithdrawn
from ledger.log import Ledger
from ledger.values import image_subject, instant
from tests.journeys.conftest import Cli

TAMPER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.executescript("DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted;" + sys.argv[2])
connection.commit()
connection.close()
"""

SWAP = """
UPDATE events SET position = 99 WHERE position = 3;
UPDATE events SET position = 3 WHERE position = 6;
UPDATE events SET position = 6 WHERE position = 99;
"""


@pytest.fixture
def images(crop: Cli, photos: Path) -> list[Path]:
    """Three executed crops, one of them undone."""
    paths = [photos / f"{name}.png" for name in "abc"]
    for path in paths:
        Image.linear_gradient("L").resize((60, 40)).convert("RGB").save(path)
        crop("record", path, "--box", "0.1,0.1,0.9,0.9", "--project", "p", "--group", "g", "--actor", "ann")
    crop("run", "--now")
    crop("undo", paths[0], "--actor", "ben")
    return paths


def tamper(crop: Cli, sql: str) -> None:
    subprocess.run([sys.executable, "-c", TAMPER, str(crop.home / "ledger.db"), sql], check=True)


def test_log_is_narrowed_by_subject_type_actor_and_time(crop: Cli, images: list[Path]) -> None:
    everything = crop.json("log")
    assert [entry["position"] for entry in everything] == list(range(1, 13))
    assert len(crop.json("log", "--type", "crop.executed")) == 3
    assert [entry["type"] for entry in crop.json("log", "--actor", "operator:ben")] == ["crop.undone"]
    assert len(crop.json("log", "--actor", "runner:")) == 8
    assert len(crop.json("log", "--subject", str(everything[0]["subject"]))) == 4
    assert [entry["position"] for entry in crop.json("log", "--since", "11")] == [11, 12]
    assert crop.json("log", "--since", "2999-01-01T00:00:00Z") == []
    assert len(crop("log", "--limit", "2").splitlines()) == 2
    crop("log", "--type", "crop.recoded", exits=2)
    crop("log", "--since", "2025-01-01T00:00:00", exits=2)


def test_log_follows_what_others_append(crop: Cli, images: list[Path]) -> None:
    entry = "from commands.cli.app import main; main()"
    command = [sys.executable, "-c", entry, "--home", str(crop.home), "log", "--follow", "--since", "12", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["position"] == 12
        crop("withdraw", images[0])
        begun = time.monotonic()
        assert json.loads(process.stdout.readline())["type"] == "crop.withdrawn"
        assert time.monotonic() - begun < 5
        process.kill()


def test_what_log_prints_submit_takes_and_adds_nothing(crop: Cli, images: list[Path], tmp_path: Path) -> None:
    kept = ("type", "subject", "actor", "occurred_at", "data")
    lines = [json.dumps({key: entry[key] for key in kept}) for entry in crop.json("log", "--type", "crop.undone")]
    script = tmp_path / "events.jsonl"
    wrong = [
        "{",
        '{"type": "crop.flown", "data": {}}',
        '{"type": "crop.withdrawn"}',
        lines[0].replace("actor", "who"),
        "",
    ]
    script.write_text("\n".join([*lines, *wrong]))
    told = crop.json("submit", script, exits=1)
    assert told == [{"read": 5, "recorded": 0, "unchanged": 1, "refused": 4}]
    for line, why in [(2, "JSON"), (3, "crop.flown"), (4, "crop.withdrawn"), (5, "unknown field 'who'")]:
        assert f"{script}:{line}: " in crop.err
        assert why in crop.err


def test_submitted_events_pass_the_same_rules(crop: Cli, images: list[Path], tmp_path: Path) -> None:
    executed = crop.json("log", "--type", "crop.executed")[1]
    script = tmp_path / "events.jsonl"
    script.write_text(json.dumps({"type": "crop.withdrawn", "subject": executed["subject"], "data": {}}))
    crop("submit", script, exits=1)
    assert "already executed" in crop.err
    undone = {"type": "crop.withdrawn", "subject": crop.json("log")[0]["subject"], "data": {"reason": "by script"}}
    script.write_text(json.dumps(undone))
    assert "1 can be understood" in crop("submit", script, "--dry-run")
    assert "Recorded 1 event" in crop("submit", script)
    assert crop.json("log")[-1]["data"] == {"reason": "by script"}


def test_audit_of_a_sound_ledger_says_so_and_gives_a_checkpoint(crop: Cli, images: list[Path]) -> None:
    out = crop("audit")
    assert "12 events, positions 1..12, chain ok, legal order ok" in out
    assert "equal to a fresh fold, 2 outputs match" in out
    checkpoint = out.split("elsewhere: ")[1].strip()
    crop("audit", "--checkpoint", checkpoint)
    crop("audit", "--checkpoint", "7:" + "0" * 64, exits=8)
    crop("audit", "--checkpoint", "nonsense", exits=2)


@pytest.mark.parametrize(
    ("sql", "position"),
    [
        ("UPDATE events SET actor = 'operator:eve' WHERE position = 4", 4),
        ("UPDATE events SET data = replace(data, '0.1', '0.2') WHERE position = 2", 2),
        ("DELETE FROM events WHERE position = 5", 5),
        ("DELETE FROM events WHERE position = 12", 12),
        (SWAP, 3),
    ],
)
def test_audit_finds_what_was_tampered_with_and_exits_8(crop: Cli, images: list[Path], sql: str, position: int) -> None:
    tamper(crop, sql)
    crop("audit", exits=8)
    assert f"the first bad position is {position}." in crop.err
    assert crop.json("audit", exits=8)[0]["first_bad_position"] == position


def test_audit_finds_a_history_that_no_rule_allows(crop: Cli, images: list[Path]) -> None:
    with Ledger.open(crop.home / "ledger.db") as ledger:
        draft = Draft(image_subject("p", images[1]), CropWithdrawn(), "operator:eve", instant(datetime.now(UTC)), "c")
        ledger.append(Batch.of(draft))
    crop("audit", exits=8)
    assert "position 13: crop.withdrawn cannot follow while the image is executed" in crop.err


def test_audit_sees_changed_projections_and_lost_files_and_exits_1(crop: Cli, images: list[Path]) -> None:
    script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit(); c.close()"
    edit = "UPDATE queue_crops SET project = 'q'"
    subprocess.run([sys.executable, "-c", script, str(crop.home / "projections.db"), edit], check=True)
    crop("audit", exits=1)
    assert "queue_crops" in crop.err
    crop("rebuild", "--all", "--check", exits=1)
    crop("rebuild", "queue")
    crop("rebuild", "--all", "--check")
    output = images[1].parent.parent / "__cropped" / "set_a" / "b.png"
    output.write_bytes(output.read_bytes() + b"!")
    crop("audit", exits=1)
    assert "has other content than recorded" in crop.err
    output.unlink()
    crop("audit", exits=1)
    assert "is missing" in crop.err
    crop("audit", "--no-files")


def test_a_backup_is_a_ledger_and_never_replaces_a_file(crop: Cli, images: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "ledger.db"
    copy.parent.mkdir()
    assert "Copied 12 events" in crop("backup", copy)
    crop("backup", copy, exits=5)
    assert run(["--home", str(copy.parent), "audit", "--no-files"]) == 0


def test_damaged_projections_are_said_and_folded_again(crop: Cli, images: list[Path]) -> None:
    for suffix in ("", "-wal", "-shm"):
        (crop.home / f"projections.db{suffix}").unlink(missing_ok=True)
    (crop.home / "projections.db").write_bytes(b"not a database" * 1000)
    crop("queue", exits=8)
    assert "crop rebuild --all" in crop.err
    crop("rebuild", "--all")
    assert "1 crop owed" in crop("queue")


def test_an_older_ledger_under_newer_projections_is_said_and_mended(
    crop: Cli, images: list[Path], tmp_path: Path
) -> None:
    crop("backup", tmp_path / "old.db")
    crop("withdraw", images[0])
    for suffix in ("-wal", "-shm"):
        (crop.home / f"ledger.db{suffix}").unlink(missing_ok=True)
    shutil.copy(tmp_path / "old.db", crop.home / "ledger.db")
    crop("queue", exits=8)
    assert "crop rebuild --all" in crop.err
    crop("rebuild", "--all")
    assert "1 crop owed" in crop("queue")


def test_the_projections_as_of_a_position_are_those_of_then(crop: Cli, images: list[Path], tmp_path: Path) -> None:
    then = tmp_path / "then.db"
    crop("rebuild", "--as-of", "3", "--to", then)
    with sqlite3.connect(then) as connection:
        assert connection.execute("SELECT count(*) FROM queue").fetchone() == (3,)
    connection.close()
    crop("rebuild", "--as-of", "3", "--to", then, exits=5)
    crop("rebuild", "--as-of", "3", exits=2)
    crop("rebuild", "--as-of", "2000-01-01T00:00:00Z", "--to", tmp_path / "before.db")


def test_queries_read_and_do_nothing_else(crop: Cli, images: list[Path]) -> None:
    assert crop.json("query", "select executed from progress") == [[{"executed": 2}]]
    markdown = crop("query", "select type, count(*) as n from ledger.events group by 1", "--format", "markdown")
    assert "| crop.executed |" in markdown
    assert crop("query", "select :a + :b as sum", "-p", "a=1", "-p", "b=2.5", "--format", "csv") == "sum\r\n3.5\r\n"
    for sql in ("delete from queue_crops", "attach 'x' as y", "pragma user_version = 3", "drop view queue",
                "insert into ledger.events select * from ledger.events", "create table t (x)"):  # fmt: skip
        crop("query", sql, exits=3)
        assert "only reads" in crop.err
    crop("query", "selec 1", exits=2)
    crop("query", exits=2)
    crop("query", "select 1", "-p", "nonsense", exits=2)
    crop("query", "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n", "--limit", "3")
    assert "Only the first 3 rows" in crop.err


def test_a_question_that_takes_too_long_is_refused(crop: Cli, images: list[Path]) -> None:
    config = crop.home / "config.toml"
    config.write_text(config.read_text() + "query_time_limit_s = 0.2\n")
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    crop("query", endless, exits=3)


def test_every_shipped_report_answers(crop: Cli, images: list[Path]) -> None:
    names = [str(each["name"]) for each in crop.json("report")]
    assert len(names) >= 12
    for name in names:
        crop("report", name)
        crop("query", "--report", name.replace("_", "-"), "--format", "jsonl")
    crop("report", "no_such_report", exits=4)


def test_schema_has_a_sentence_per_column(crop: Cli) -> None:
    parts = crop.json("schema")
    assert {"queue", "progress", "training", "ledger.events"} <= {part["name"] for part in parts}
    assert all(all(part["columns"].values()) for part in parts)  # type: ignore[union-attr]
    assert "failed_reason" in crop("schema", "queue")
    crop("schema", "nothing", exits=4)


def test_a_published_report_stands_alone(crop: Cli, images: list[Path], tmp_path: Path) -> None:
    target = tmp_path / "report.db"
    assert "Wrote" in crop("publish", target)
    connection = sqlite3.connect(target)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        keys = connection.execute("SELECT count(*) FROM pragma_foreign_key_list('queue_crops')").fetchone()
        assert keys == (1,)
        found = connection.execute("SELECT count(*) FROM queue_crops_fts WHERE queue_crops_fts MATCH 'a'").fetchone()
        assert found[0] >= 1
        described = connection.execute("SELECT description FROM column_descriptions WHERE table_name = 'queue'")
        assert described.fetchone()[0]
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (12,)
        indexed = connection.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'index'").fetchone()
        assert indexed[0] > 5
    finally:
        connection.close()
    assert json.loads((tmp_path / "report.metadata.json").read_text())["databases"]
    crop("publish", target)


def test_exports_are_written_whole_at_their_places(crop: Cli, images: list[Path]) -> None:
    crop("export", "all")
    training = (crop.home / "data/training/crop_training_data.csv").read_text().splitlines()
    assert training[0] == "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height"
    assert len(training) == 4
    pending = (crop.home / "data/ai_data/crop_queue/pending.jsonl").read_text().splitlines()
    assert [json.loads(line)["filename"] for line in pending] == ["a.png"]
    assert (crop.home / "crop_progress").is_dir()
    before = {path: path.read_bytes() for path in crop.home.rglob("*") if path.is_file() and "data" in path.parts}
    crop("export", "all")
    assert {path: path.read_bytes() for path in before} == before
    crop("export", "nonsense", exits=2)


def test_an_unknown_setting_is_refused_by_name(crop: Cli) -> None:
    config = crop.home / "config.toml"
    config.write_text('rots = ["~"]\n')
    crop("settings", exits=2)
    assert "unknown setting 'rots'; did you mean 'roots'?" in crop.err
    for line, why in [
        ('timezone = "Mars"', "no such time zone"), ("attempts_max = 0", "more than 0"),
        ('attempts_max = "3"', "number"), ("roots = 3", "roots"), ("roots = [", "TOML"),
        ("late_max_s = 0", "at least 1"), ("late_max_s = nan", "at least 1"), ("retry_max_s = -1", "negative"),
        ("stop_after_failures = -1", "negative"), ("retry_jitter_percent = 101", "0 to 100"),
        ('missed = "burst"', "spread"),
    ]:  # fmt: skip
        config.write_text(line + "\n")
        crop("settings", exits=2)
        assert why in crop.err


def test_a_home_without_a_ledger_says_how_to_make_one(crop: Cli, tmp_path: Path) -> None:
    assert run(["--home", str(tmp_path / "nowhere"), "queue"]) == 4
