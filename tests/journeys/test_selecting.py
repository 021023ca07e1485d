"""Choosing one image of a group on the command line, and what that means for its images."""

import csv
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.journeys.conftest import Cli

STAGES = ("1_generated", "1.5_face_swapped", "2_upscaled", "3_enhanced")


def picture(path: Path, shade: int = 0) -> Path:
    Image.linear_gradient("L").rotate(shade).resize((60, 40)).convert("RGB").save(path)
    return path


@pytest.fixture
def group(photos: Path) -> list[Path]:
    """Four images of one subject, in rising stages."""
    return [picture(photos / f"20250803_17234{at}_stage{stage}.png", at) for at, stage in enumerate(STAGES)]


def chosen(crop: Cli, image: Path, *options: str) -> dict[str, object]:
    [group] = crop.json("choose", image, *options, "--project", "p")
    return group


def statuses(crop: Cli, group: list[Path]) -> list[str]:
    """What the ledger says of each image: `kept`, `skipped`, the status of its crop, or `open`."""
    [rows_] = crop.json("query", "select filename, status from images")
    known = {row["filename"]: row["status"] for row in rows_}  # type: ignore[index]
    return [str(known[image.name]) for image in group]


def decisions(crop: Cli) -> int:
    """How many entries there are that are not about what is on the disk."""
    return sum(entry["type"] != "directory.scanned" for entry in crop.json("log"))


def kept(crop: Cli, group: list[Path]) -> list[str]:
    return [image.name for image, status in zip(group, statuses(crop, group), strict=True) if status != "skipped"]


def test_the_groups_of_a_directory_are_told_by_their_names(crop: Cli, photos: Path, group: list[Path]) -> None:
    picture(photos / "20250803_180000_stage1_generated.png")
    picture(photos / "20250803_180100_stage2_upscaled.png")
    picture(photos / "portrait.png")
    first, second = crop.json("groups", photos, "--project", "p")

    assert [image["name"] for image in first["images"]] == [image.name for image in group]  # type: ignore[union-attr]
    assert len(second["images"]) == 2  # type: ignore[arg-type]
    assert str(first["id"]).startswith("p_group_20250803T172340_")
    assert "2 groups in" in crop("groups", photos, "--project", "p")
    assert "2 open, 0 with an image that is kept, 0 rejected" in crop.out


def test_choosing_an_image_keeps_it_and_skips_the_others(crop: Cli, group: list[Path]) -> None:
    found = chosen(crop, group[2], "--whole")

    assert (found["status"], found["chosen"], found["how"]) == ("chosen", group[2].name, "whole")
    assert statuses(crop, group) == ["skipped", "skipped", "kept", "skipped"]


def test_choosing_with_a_box_owes_that_crop_under_the_name_of_the_group(crop: Cli, group: list[Path]) -> None:
    found = chosen(crop, group[1], "--box", "0.1,0.1,0.9,0.9")
    [owed] = crop.json("queue")

    assert owed["path"] == str(group[1])
    assert owed["group_id"] == found["id"]
    assert kept(crop, group) == [group[1].name]


def test_changing_the_crop_of_another_image_lets_the_first_one_go(crop: Cli, group: list[Path]) -> None:
    chosen(crop, group[0], "--suggested", "0.2,0.2,0.8,0.8")
    found = chosen(crop, group[3], "--box", "0.1,0.1,0.9,0.9")
    [owed] = crop.json("queue")

    assert found["chosen"] == group[3].name
    assert owed["path"] == str(group[3])
    assert kept(crop, group) == [group[3].name]
    [_, again] = crop.json("log", "--type", "image.chosen")
    assert again["data"]["supersedes"] == group[0].name  # type: ignore[index]
    assert "instead of" in crop("choose", group[0], "--project", "p")


@pytest.mark.parametrize("first", [["--whole"], ["--box", "0.1,0.1,0.9,0.9"], []])
@pytest.mark.parametrize("second", [["--whole"], ["--box", "0.2,0.2,0.9,0.9"], []])
def test_every_way_of_keeping_can_follow_every_other(
    crop: Cli, group: list[Path], first: list[str], second: list[str]
) -> None:
    chosen(crop, group[0], *first)
    for image in (group[1], group[0], group[0]):
        chosen(crop, image, *second)
        assert kept(crop, group) == [image.name]
    assert len(crop.json("queue")) == (1 if "--box" in second else 0)


def test_the_same_choice_again_records_nothing(crop: Cli, group: list[Path]) -> None:
    for options in (["--whole"], ["--box", "0.1,0.1,0.9,0.9"]):
        chosen(crop, group[0], *options)
        before = decisions(crop)
        chosen(crop, group[0], *options)
        assert decisions(crop) == before


def test_a_rejected_group_keeps_none_and_can_be_opened_again(crop: Cli, photos: Path, group: list[Path]) -> None:
    chosen(crop, group[0], "--box", "0.1,0.1,0.9,0.9")
    crop("reject", group[2], "--project", "p", "--reason", "six fingers")
    assert statuses(crop, group) == ["skipped"] * 4
    assert crop.json("queue") == []
    assert crop.json("groups", photos, "--open-only") == []
    crop("reopen", group[1])
    assert statuses(crop, group) == ["open"] * 4
    assert len(crop.json("groups", photos, "--open-only")) == 1


def test_opening_again_leaves_what_was_skipped_for_another_reason(crop: Cli, group: list[Path]) -> None:
    crop("skip", group[3], "--project", "p", "--reason", "blurred")
    chosen(crop, group[0])
    crop("reopen", group[0])

    assert statuses(crop, group)[1:] == ["open", "open", "skipped"]


def test_a_group_with_an_executed_crop_is_decided(crop: Cli, photos: Path, group: list[Path]) -> None:
    chosen(crop, group[0], "--box", "0.1,0.1,0.9,0.9")
    crop("run", "--now")
    before = decisions(crop)
    crop("choose", group[1], "--whole", exits=3)
    assert "crop undo" in crop.err
    crop("reject", group[1], exits=3)
    crop("reopen", group[1], exits=3)
    assert decisions(crop) == before, "all or nothing"
    [found] = crop.json("groups", photos)
    assert found["chosen"] == group[0].name, "a decided group stays as it was, though its image has gone"


def test_new_images_do_not_change_a_group_that_was_decided(crop: Cli, photos: Path, group: list[Path]) -> None:
    group[1].unlink()
    chosen(crop, group[0])
    picture(photos / "20250803_172341_stage1.5_face_swapped.png", 1)
    [found] = crop.json("groups", photos)

    assert len(found["images"]) == 3  # type: ignore[arg-type]


def test_an_image_without_a_group_cannot_be_chosen(crop: Cli, photos: Path) -> None:
    crop("choose", picture(photos / "a.png"), "--project", "p", exits=4)
    assert "crop groups" in crop.err
    assert [entry["type"] for entry in crop.json("log")] == ["directory.scanned"]


def test_an_image_is_kept_in_one_way(crop: Cli, group: list[Path]) -> None:
    crop("choose", group[0], "--whole", "--box", "0,0,1,1", exits=2)


def test_a_file_that_is_no_image_any_more_changes_nothing(crop: Cli, group: list[Path]) -> None:
    chosen(crop, group[1], "--whole")
    group[0].write_bytes(b"no image")
    crop("choose", group[0], "--box", "0.1,0.1,0.9,0.9", exits=3)

    assert kept(crop, group) == [group[1].name]


def test_the_skipped_images_of_a_group_are_presented_no_more(crop: Cli, photos: Path, group: list[Path]) -> None:
    chosen(crop, group[2])

    assert [image["path"] for image in crop.json("next", photos, "-n", "9")] == [str(group[2])]


def test_a_second_image_of_a_group_that_was_marked_by_hand_is_found_by_the_check(crop: Cli, group: list[Path]) -> None:
    chosen(crop, group[2], "--box", "0.1,0.1,0.9,0.9")
    crop("restore", group[0])
    crop("record", group[0], "--box", "0.1,0.1,0.9,0.9", "--project", "p", "--group", "g")
    [result] = crop.json("check", exits=1)

    assert [(each["code"], each["path"]) for each in result["findings"]] == [("not_chosen", str(group[0]))]  # type: ignore[union-attr]


def test_the_settings_say_what_a_group_is(crop: Cli, photos: Path, group: list[Path]) -> None:
    with (crop.home / "config.toml").open("a") as config:
        config.write("group_images_min = 5\n")
    assert crop.json("groups", photos, "--project", "p") == []
    (crop.home / "config.toml").write_text(f'roots = ["{photos.parent}"]\ngroup_images_min = 1\n')
    crop("groups", photos, exits=2)
    assert "group_images_min must be at least 2" in crop.err


# -- the logs -------------------------------------------------------------------------------------------------------


def rows(crop: Cli, name: str) -> list[dict[str, str]]:
    raw = (crop.home / "data" / "training" / name).read_bytes()
    assert raw.endswith(b"\r\n")
    return list(csv.DictReader(raw.decode().splitlines()))


def test_choices_with_a_crop_and_without_are_written_to_their_logs(crop: Cli, photos: Path, group: list[Path]) -> None:
    others = [picture(photos / f"20250804_17234{at}_stage{stage}.png", at) for at, stage in enumerate(STAGES[:2])]
    rejected = [picture(photos / f"20250805_17234{at}_stage{stage}.png", at) for at, stage in enumerate(STAGES[:2])]
    found = chosen(crop, group[2], "--box", "0.1,0.1,0.9,0.9")
    chosen(crop, others[0], "--whole")
    crop("reject", rejected[0], "--project", "p")
    crop("export", "selection")

    [cropped] = rows(crop, "select_crop_log.csv")
    assert cropped["set_id"] == found["id"]
    assert (cropped["image_count"], cropped["chosen_index"]) == ("4", "2")
    assert cropped["chosen_path"] == cropped["image_2_path"] == str(group[2])
    assert [cropped[f"crop_{edge}"] for edge in ("x1", "y1", "x2", "y2")] == ["6.0", "4.0", "54.0", "36.0"]
    assert (cropped["width_3"], cropped["height_3"]) == ("60", "40")
    assert cropped["image_1_stage"] == "stage1.5_face_swapped"
    [selected] = rows(crop, "selection_only_log.csv")
    assert selected["chosen_path"] == str(others[0])
    assert json.loads(selected["neg_paths"]) == [str(others[1])]
    assert selected["timestamp"].endswith("Z")


def test_a_log_of_choices_that_comes_back_as_an_import_changes_nothing(
    crop: Cli, photos: Path, group: list[Path]
) -> None:
    whole = [picture(photos / f"20250804_17234{at}_stage{stage}.png", at) for at, stage in enumerate(STAGES[:2])]
    chosen(crop, group[2], "--box", "0.1,0.1,0.9,0.9")
    chosen(crop, whole[0], "--whole")
    crop("export", "selection")
    before = decisions(crop)
    for name in ("select_crop_log.csv", "selection_only_log.csv"):
        crop("import", crop.home / "data" / "training" / name, "--project", "p")

    assert decisions(crop) == before


def test_a_crop_that_was_withdrawn_is_no_crop_in_the_logs(crop: Cli, group: list[Path]) -> None:
    chosen(crop, group[2], "--box", "0.1,0.1,0.9,0.9")
    crop("withdraw", group[2])
    crop("export", "selection")

    assert rows(crop, "select_crop_log.csv") == []
    assert len(rows(crop, "selection_only_log.csv")) == 1
