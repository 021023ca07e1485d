"""Decisions for the tools of the old schema: a database that opens there, and says nothing new when it comes back."""

import json
import sqlite3
from pathlib import Path

import pytest

from commands.exporting.decision_files import write_decisions, write_sidecars
from ledger.errors import Refused
from tests.importing import samples
from tests.importing.conftest import opened


def read(path: Path, sql: str = "SELECT * FROM ai_decisions ORDER BY group_id") -> list[dict[str, object]]:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    found = [dict(row) for row in connection.execute(sql)]
    connection.close()
    return found


def write(desk, name: str = "out.db", project: str = "p") -> Path:
    with desk.projections() as projections:
        return write_decisions(projections, project, desk.folder / name, desk.home).path


OTHER = samples.ROW | {"group_id": "g3", "user_selected_index": 0, "ai_crop_accepted": None, "final_crop_coords": None}
BOUNDARY = samples.ROW | {"group_id": "g4", "final_crop_coords": "[0.15, 0.2, 0.6, 0.9]", "crop_match": 0}


@pytest.fixture
def full(desk):
    """A database, sidecars on top of it, and a rejected group."""
    desk.bring(samples.database(samples.ROW, samples.REJECTED, OTHER, BOUNDARY), "p.db")
    for name, sidecar in samples.SIDECARS.items():
        desk.bring(json.dumps(sidecar).encode(), f"{name}.decision")
    return desk


def test_it_has_the_columns_and_views_of_the_old_schema(full):
    path = write(full)
    assert list(read(path)[0]) == list(samples.COLUMNS)
    [score] = read(path, "SELECT * FROM ai_performance")
    assert list(score) == [
        "project_id", "total", "correct_selections", "correct_crops", "selection_accuracy", "crop_accuracy",
    ]  # fmt: skip
    assert {row["group_id"] for row in read(path, "SELECT * FROM incomplete_crops")} == {"g3"}
    assert "g3" in {row["group_id"] for row in read(path, "SELECT * FROM ai_mistakes")}


def test_what_the_old_rows_got_wrong_is_right(full):
    rows = {row["group_id"]: row for row in read(write(full))}
    assert rows["g2"]["user_selected_index"] is None  # rejected: the index had been forced
    assert rows["g2"]["selection_match"] is None
    assert rows[samples.GROUP]["crop_match"] == 1  # 0.65 and 0.60 are 0.05 apart, whatever binary fractions say
    assert rows["g4"]["crop_match"] == 1
    assert rows["g3"]["selection_match"] == 0


def test_the_same_ledger_gives_the_same_bytes(full):
    assert write(full, "one.db").read_bytes() == write(full, "two.db").read_bytes()


def test_an_export_that_comes_back_brings_nothing_new(full):
    exported = write(full).read_bytes()
    head = full.ledger.head()
    report = full.bring(exported, "back.db")
    assert (report.known, report.read) == (5, 5)
    assert full.ledger.head() == head


def test_an_export_brought_into_a_fresh_ledger_exports_the_same_again(full, tmp_path):
    first = write(full)
    with opened(tmp_path / "second") as other:
        other.bring(first.read_bytes(), "p.db")
        again = write(other)
        assert read(again) == read(first)
        assert again.read_bytes() == first.read_bytes()


def test_another_project_s_groups_stay_out(full):
    assert read(write(full, project="q")) == []


def test_an_earlier_export_is_replaced_and_anything_else_is_not(full):
    assert write(full) == write(full)
    (full.folder / "notes.txt").write_text("mine")
    with pytest.raises(Refused, match="something else"):
        write(full, "notes.txt")
    assert (full.folder / "notes.txt").read_text() == "mine"
    with pytest.raises(Refused, match="live"):
        write(full, "home/ledger.db")
    assert not list(full.folder.glob(".decisions-*"))


def test_every_shape_of_sidecar_comes_out_key_for_key(full, tmp_path):
    folder = tmp_path / "out"
    with full.projections() as projections:
        assert write_sidecars(projections, "p", folder).count == 5
    for name, sidecar in samples.SIDECARS.items():
        assert json.loads((folder / f"{name}.decision").read_text()) == sidecar


def test_sidecars_that_come_back_bring_nothing_new(full, tmp_path):
    with full.projections() as projections:
        write_sidecars(projections, None, tmp_path / "out")
    head = full.ledger.head()
    for path in sorted((tmp_path / "out").iterdir()):
        assert full.bring(path.read_bytes(), path.name).known == 1
    assert full.ledger.head() == head
