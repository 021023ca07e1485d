"""A directory that was moved on disk: decided groups, what is in the staging folder, undo and exports go with it."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from ledger.events.groups import GroupRelocated
from ledger.log import Ledger
from tests.journeys.conftest import Cli, sha256

STAMPS = ("20250101_000001", "20250101_000002", "20250101_000003")
STAGES = ("stage1_generated", "stage2_upscaled", "stage3_enhanced")


def name(group: int, stage: int) -> str:
    return f"{STAMPS[group]}_{STAGES[stage]}.png"


@pytest.fixture
def sets(crop: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Three groups of three: of the first one image is to be cropped, of the second one kept, the third is rejected."""
    monkeypatch.setenv("CROP_PROJECT", "p")
    old, new = tmp_path / "photos" / "set_a", tmp_path / "archive" / "set_z"
    old.mkdir(parents=True)
    new.parent.mkdir()
    for group in range(3):
        for stage in range(3):
            Image.new("RGB", (80, 60), (group * 60, stage * 60, 9)).save(old / name(group, stage))
            (old / name(group, stage)).with_suffix(".txt").write_text(f"{group} {stage}")
    crop("scan", old)
    crop("choose", old / name(0, 1), "--box", "0.1,0.1,0.6,0.6")
    crop("choose", old / name(1, 0), "--whole")
    crop("reject", old / name(2, 0), "--reason", "six fingers")
    return old, new


def decisions_on(crop: Cli, directory: Path) -> list[object]:
    return [(group["status"], group["chosen"], group["how"]) for group in crop.json("groups", directory)]


def asked(crop: Cli, sql: str) -> list[dict[str, object]]:
    return json.loads(crop("query", sql, "--json"))


def test_decided_groups_go_with_their_directory(crop, sets):
    old, new = sets
    before = decisions_on(crop, old)
    old.rename(new)
    crop("relocate", old, new)
    assert decisions_on(crop, new) == before
    assert before == [("chosen", name(0, 1), "crop"), ("chosen", name(1, 0), "whole"), ("rejected", None, None)]
    assert {row["directory"] for row in asked(crop, "select directory from selections")} == {str(new)}
    assert {row["directory"] for row in asked(crop, "select directory from decisions")} == {str(new)}
    assert {row["directory"] for row in asked(crop, "select directory from ai_decisions")} == {str(new)}
    crop("rebuild", "--all", "--check")
    crop("audit")


def test_following_twice_says_nothing_new_and_back_again_is_as_before(crop, sets):
    old, new = sets
    before = decisions_on(crop, old)
    old.rename(new)
    crop("relocate", old, new)
    new.rename(old)
    crop("relocate", new, old)
    assert decisions_on(crop, old) == before
    with Ledger.open(crop.home / "ledger.db") as ledger:
        moves = [entry.event for entry in ledger.read(0, 1000) if isinstance(entry.event, GroupRelocated)]
    assert [(move.source, move.directory) for move in moves] == [(str(old), str(new))] * 3 + [(str(new), str(old))] * 3


def test_a_dry_run_moves_no_group(crop, sets):
    old, new = sets
    shutil.copytree(old, new)
    shutil.rmtree(old)
    crop("relocate", old, new, "--dry-run")
    assert {row["directory"] for row in asked(crop, "select directory from selections")} == {str(old)}


def test_a_group_of_which_an_image_stayed_behind_stays(crop, sets):
    old, new = sets
    shutil.copytree(old, new)
    for path in old.iterdir():
        if not path.name.startswith(STAMPS[0]):
            path.unlink()
    crop("relocate", old, new, exits=1)
    places = {row["group_id"][-6:]: row["directory"] for row in asked(crop, "select * from decided_groups")}
    assert sorted(places.values()) == [str(new), str(new), str(old)]
    assert [group["status"] for group in crop.json("groups", old)] == ["chosen"]


@pytest.mark.parametrize("stage", [0, 1])
def test_an_image_of_a_decided_group_that_is_renamed_alone_is_shown_under_its_name(crop, sets, stage):
    """Whether it is kept or not."""
    old, _ = sets
    new = old / f"20250101_000001_{STAGES[stage]}_better.png"
    (old / name(0, stage)).rename(new)
    crop("scan", old)
    group, *others = crop.json("groups", old)
    assert [image["name"] for image in group["images"]].count(new.name) == 1
    assert name(0, stage) not in str(group)
    assert group["chosen"] == (new.name if stage == 1 else name(0, 1))
    assert [each["status"] for each in others] == ["chosen", "rejected"]
    if stage == 1:
        assert asked(crop, "select filename from kept_images where how = 'crop'") == [{"filename": new.name}]
    else:
        assert str(new) in {row["path"] for row in asked(crop, "select path from rejected_images")}
    crop("choose", old / name(0, 2))
    crop("choose", new)
    assert crop.json("groups", old)[0]["chosen"] == new.name
    crop("rebuild", "--all", "--check")
    crop("audit")


def test_a_decision_after_a_renaming_has_the_names_it_saw(crop, sets):
    old, _ = sets
    first, again = old / f"20250101_000001_{STAGES[2]}_x.png", old / f"20250101_000001_{STAGES[2]}_y.png"
    (old / name(0, 2)).rename(first)
    crop("scan", old)
    crop("choose", first)
    first.rename(again)
    crop("scan", old)
    assert crop.json("groups", old)[0]["chosen"] == again.name


def test_an_image_that_left_its_group_for_another_directory_keeps_the_name_it_had_there(crop, sets):
    old, new = sets
    new.mkdir()
    (old / name(0, 0)).rename(new / "elsewhere.png")
    crop("scan", new)
    crop("scan", old)
    assert [image["name"] for image in crop.json("groups", old)[0]["images"]] == [name(0, stage) for stage in range(3)]


def test_a_group_whose_images_are_renamed_while_they_move_goes_with_them(crop, sets):
    old, new = sets
    new.mkdir()
    for path in sorted(old.glob(f"{STAMPS[0]}*.png")):
        path.rename(new / f"{path.stem}_moved.png")
    crop("scan", new)
    [group] = crop.json("groups", new)
    assert (group["status"], group["chosen"]) == ("chosen", f"{Path(name(0, 1)).stem}_moved.png")


def test_a_group_that_a_scan_finds_moved_goes_with_its_images(crop, sets):
    old, new = sets
    new.mkdir()
    for path in sorted(old.glob(f"{STAMPS[0]}*")):
        path.rename(new / path.name)
    crop("scan", new)
    assert decisions_on(crop, new) == [("chosen", name(0, 1), "crop")]
    assert len(decisions_on(crop, old)) == 2


def test_a_changed_decision_replaces_the_one_that_was_moved(crop, sets):
    old, new = sets
    old.rename(new)
    crop("relocate", old, new)
    crop("choose", new / name(0, 2), "--whole")
    assert decisions_on(crop, new)[0] == ("chosen", name(0, 2), "whole")
    crop("reopen", new / name(2, 0))
    assert decisions_on(crop, new)[2] == ("open", None, None)


def test_rejected_images_are_staged_from_their_new_place(crop, sets):
    old, new = sets
    old.rename(new)
    crop("relocate", old, new)
    assert "Moved 7 images and 7 companions" in crop("stage-rejected", new)
    assert sorted(path.name for path in new.glob("*.png")) == [name(0, 1), name(1, 0)]


def test_what_is_in_the_staging_folder_goes_back_to_the_new_place(crop, sets):
    old, new = sets
    held = {path.name: sha256(path) for path in old.iterdir()}
    crop("stage-rejected", old)
    crop("run", "--now")
    old.rename(new)
    crop("relocate", old, new)
    assert [row[0] for row in decisions_on(crop, new)] == ["chosen", "chosen", "rejected"]
    assert "Brought 7 images and 7 companions back" in crop("unstage", new)
    crop("undo", new / name(0, 1))
    assert {path.name: sha256(path) for path in new.iterdir()} == held
    assert not old.exists()
    crop("audit")


def test_a_copy_of_a_staged_image_elsewhere_does_not_take_its_place(crop, sets):
    old, new = sets
    new.mkdir()
    shutil.copy(old / name(2, 0), new / "copy.png")
    crop("stage-rejected", old)
    crop("scan", new)
    crop("unstage", old)
    assert (old / name(2, 0)).is_file()


@pytest.mark.parametrize("gone", ["old", "both", "new"])
def test_undo_restores_where_the_directory_is_now(crop, sets, gone):
    """The old place is gone; so is the new one; or the directory is back where it was, and nobody said so."""
    old, new = sets
    held = sha256(old / name(0, 1))
    crop("run", "--now")
    old.rename(new)
    crop("relocate", old, new)
    if gone == "both":
        shutil.rmtree(new)
    elif gone == "new":
        new.rename(old)
    crop("undo", new / name(0, 1))
    place = old if gone == "new" else new
    assert sha256(place / name(0, 1)) == held
    assert (place / name(0, 1)).with_suffix(".txt").read_text() == "0 1"
    assert [owed["path"] for owed in crop.json("queue")] == [str(place / name(0, 1))]
    crop("audit")


def test_the_progress_file_of_the_old_place_is_not_left_to_mislead(crop, sets):
    old, new = sets
    folder = crop.home / "crop_progress"
    crop("export", "progress")
    [first] = folder.glob("*_progress.json")
    content = first.read_bytes()
    (folder / "notes.txt").write_text("no export")
    old.rename(new)
    crop("relocate", old, new)
    crop("export", "progress")
    [written] = folder.glob("*_progress.json")
    assert written != first
    assert str(new) in written.read_text()
    assert first.with_name(f"{first.name}.bak").read_bytes() == content
    assert (folder / "notes.txt").exists()
