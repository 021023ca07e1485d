"""Rejected images out of the way and back, on the command line."""

from pathlib import Path

import pytest
from PIL import Image

from tests.journeys.conftest import Cli, sha256

STAGES = ("1_generated", "1.5_face_swapped", "2_upscaled")


@pytest.fixture
def group(photos: Path) -> list[Path]:
    """Three images of one subject, each with a caption."""
    images = [photos / f"20250803_17234{at}_stage{stage}.png" for at, stage in enumerate(STAGES)]
    for at, image in enumerate(images):
        Image.linear_gradient("L").rotate(at).resize((60, 40)).convert("RGB").save(image)
        image.with_suffix(".caption").write_text(image.stem)
    return images


def tree(directory: Path) -> dict[str, str]:
    return {str(path.relative_to(directory)): sha256(path) for path in directory.rglob("*") if path.is_file()}


def test_rejected_images_move_with_their_companions_and_the_kept_one_stays(
    crop: Cli, photos: Path, group: list[Path]
) -> None:
    crop("choose", group[1], "--whole", "--project", "p")
    assert "Moved 2 images and 2 companions to the staging folder." in crop("stage-rejected")

    staged = photos.parent / "__delete_staging" / photos.name
    assert sorted(path.name for path in photos.iterdir()) == sorted([group[1].name, f"{group[1].stem}.caption"])
    assert len(list(staged.iterdir())) == 4, "and no marker is left"
    assert "Moved 0 images" in crop("stage-rejected")


def test_bringing_them_back_leaves_every_byte_as_it_was(crop: Cli, photos: Path, group: list[Path]) -> None:
    before = tree(photos)
    crop("reject", group[1], "--project", "p")
    crop("stage-rejected", photos)
    assert tree(photos) == {}
    assert "Brought 3 images and 3 companions back" in crop("unstage", "--all")
    assert tree(photos) == before
    crop("reopen", group[0])
    crop("audit")


def test_one_image_can_be_brought_back_by_the_path_it_had(crop: Cli, photos: Path, group: list[Path]) -> None:
    crop("reject", group[1], "--project", "p")
    crop("stage-rejected")
    crop("unstage", group[2])
    assert sorted(path.name for path in photos.iterdir()) == sorted([group[2].name, f"{group[2].stem}.caption"])
    crop("unstage", group[2], exits=4)
    crop("unstage", exits=2)


def test_a_dry_run_says_what_would_move_and_moves_nothing(crop: Cli, photos: Path, group: list[Path]) -> None:
    crop("reject", group[1], "--project", "p")
    before, entries = tree(photos.parent), len(crop.json("log"))
    assert "Would move 3 images and 3 companions" in crop("stage-rejected", "--dry-run")
    assert tree(photos.parent) == before
    assert len(crop.json("log")) == entries


def test_nothing_is_replaced_and_the_others_go_on(crop: Cli, photos: Path, group: list[Path]) -> None:
    taken = photos.parent / "__delete_staging" / photos.name / f"{group[0].stem}.caption"
    taken.parent.mkdir(parents=True)
    taken.write_text("somebody else's")
    crop("reject", group[1], "--project", "p")
    for option in ("--dry-run", "--json"):
        crop("stage-rejected", option, exits=1)
    assert "1 image stayed" in crop("stage-rejected", exits=1) or "1 image stayed" in crop.out
    assert taken.read_text() == "somebody else's"
    assert group[0].exists()
    assert not group[1].exists()


def test_images_of_open_groups_and_images_without_a_group_stay(crop: Cli, photos: Path, group: list[Path]) -> None:
    crop("groups", photos, "--project", "p")
    crop("skip", group[0], "--project", "p", "--reason", "blurred")

    assert "Moved 0 images" in crop("stage-rejected")


def test_an_image_that_was_opened_again_by_hand_stays(crop: Cli, photos: Path, group: list[Path]) -> None:
    crop("choose", group[1], "--whole", "--project", "p")
    crop("restore", group[0])
    crop("stage-rejected")

    assert group[0].exists()
    assert not group[2].exists()


def test_a_staged_image_is_brought_back_before_it_is_chosen(crop: Cli, group: list[Path]) -> None:
    crop("choose", group[1], "--whole", "--project", "p")
    crop("stage-rejected")
    crop("choose", group[0], "--whole", exits=3)
    assert "crop unstage" in crop.err
    crop("reopen", group[1], exits=3)
    crop("unstage", group[0])
    crop("choose", group[0], "--whole")


def test_an_image_with_a_crop_of_its_own_is_nobodys_companion(crop: Cli, photos: Path, group: list[Path]) -> None:
    wanted = group[0].with_suffix(".jpg")
    Image.new("RGB", (60, 40)).save(wanted)
    crop("record", wanted, "--box", "0.1,0.1,0.9,0.9", "--project", "p")
    crop("choose", group[1], "--whole", "--project", "p")
    crop("stage-rejected")

    assert wanted.exists()
    assert not group[0].exists()


def test_outside_the_allowed_places_nothing_moves(crop: Cli, photos: Path, group: list[Path], tmp_path: Path) -> None:
    crop("reject", group[1], "--project", "p")
    config = crop.home / "config.toml"
    config.write_text(f'roots = ["{photos.parent}"]\nstaging = "{tmp_path}/elsewhere"\n')
    crop("stage-rejected", exits=1)

    assert "Unsafe" in crop.err
    assert all(image.exists() for image in group)


def test_a_kill_between_the_files_and_the_entry_is_finished_by_asking_again(
    crop: Cli, photos: Path, group: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    crop("reject", group[1], "--project", "p")
    monkeypatch.setattr("commands.choosing.staging.handle", _dies)
    crop("stage-rejected", exits=70)
    assert not group[0].exists()
    monkeypatch.undo()
    assert "Moved 3 images and 3 companions" in crop("stage-rejected")
    assert len(list((photos.parent / "__delete_staging" / photos.name).iterdir())) == 6
    assert "Brought 3 images and 3 companions back" in crop("unstage", "--all")
    assert len(list(photos.iterdir())) == 6


def _dies(*_: object, **__: object) -> None:
    raise SystemError("killed")


def test_the_audit_trail_tells_of_every_file(crop: Cli, photos: Path, group: list[Path]) -> None:
    crop("choose", group[1], "--whole", "--project", "p")
    crop("stage-rejected")
    crop("unstage", "--all")
    crop("export", "tracker")
    [log] = (crop.home / "data" / "file_operations_logs").iterdir()

    assert log.read_text().count('"operation": "stage_delete"') == 2
    assert log.read_text().count('"back from the staging folder"') == 2


def test_progress_counts_staged_images_as_skipped(crop: Cli, photos: Path, group: list[Path]) -> None:
    crop("choose", group[1], "--whole", "--project", "p")
    crop("stage-rejected")
    crop("scan", photos)

    assert crop.json("next", photos) == []
