"""`crop check` on real directories: everything that can be wrong with a queue, found before a pixel changes."""

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from commands.running.leases import lock_of
from configs.home import Home
from db.lock import held_while_alive
from tests.journeys.conftest import Cli, sha256


def picture(path: Path, size: tuple[int, int] = (60, 40), shade: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.linear_gradient("L").rotate(shade).resize(size).convert("RGB").save(path)
    return path


def marked(crop: Cli, *images: Path, project: str = "p") -> None:
    for image in images:
        crop("record", image, "--box", "0.1,0.1,0.9,0.9", "--project", project, "--group", "g")


def checked(crop: Cli, *arguments: str | Path, exits: int = 1) -> dict[str, object]:
    [result] = crop.json("check", *arguments, exits=exits)
    return result


def codes(result: dict[str, object]) -> dict[str, str]:
    return {Path(each["path"]).name: each["code"] for each in result["findings"]}  # type: ignore[attr-defined, union-attr]


def tree(directory: Path) -> dict[str, str]:
    """Every file below a directory, with its content."""
    return {str(path): sha256(path) for path in directory.rglob("*") if path.is_file()}


def aged(path: Path) -> None:
    """The file says that it was changed long ago."""
    os.utime(path, ns=(0, 1_000_000_000))


def test_a_sound_queue_passes_and_nothing_is_read_beyond_the_headers(crop: Cli, photos: Path) -> None:
    marked(crop, *(picture(photos / f"{shade}.png", shade=shade) for shade in range(3)))
    result = checked(crop, exits=0)

    assert result["findings"] == []
    assert result["looked"] == {"nothing": 0, "header": 3, "content": 0, "pixels": 0}
    assert "3 crops owed, nothing found." in crop("check")


def test_an_empty_queue_passes(crop: Cli) -> None:
    assert "0 crops owed, nothing found." in crop("check")


def test_everything_that_is_wrong_has_its_line_and_its_mend(crop: Cli, photos: Path, tmp_path: Path) -> None:
    names = ("gone", "garbage", "drifted", "reshaped", "edited", "taken", "sound", "twin")
    images = {name: picture(photos / f"{name}.png", shade=shade) for shade, name in enumerate(names)}
    shutil.copy(images["sound"], images["twin"])
    marked(crop, *images.values())
    images["gone"].unlink()
    images["garbage"].write_bytes(b"no image")
    picture(images["drifted"], (120, 80))
    picture(images["reshaped"], (60, 60))
    picture(images["edited"], shade=90)
    taken = photos.parent / "__cropped" / photos.name / "taken.png"
    picture(taken)
    before = tree(tmp_path / "photos")

    assert codes(checked(crop)) == {
        "gone.png": "missing", "garbage.png": "unreadable", "drifted.png": "dimension_drift",
        "reshaped.png": "aspect_changed", "edited.png": "content_changed", "taken.png": "destination_exists",
        "twin.png": "same_content",
    }  # fmt: skip
    out = crop("check", exits=1)
    assert "8 crops owed: 4 would fail, 3 to look at, 0 notes." in out
    assert "crop withdraw" in out
    assert tree(tmp_path / "photos") == before, "it only looks"


def test_what_would_fail_is_what_then_fails_and_for_the_same_reason(crop: Cli, photos: Path) -> None:
    images = [picture(photos / f"{name}.png", shade=shade) for shade, name in enumerate("abcd")]
    marked(crop, *images)
    images[0].unlink()
    images[1].write_bytes(b"\x89PNG\r\n\x1a\n")
    picture(images[2], (60, 60))
    blocks = {each["path"]: each["code"] for each in checked(crop)["findings"] if each["level"] == "blocks"}  # type: ignore[union-attr]
    crop("run", "--now", exits=1)

    assert {owed["path"]: owed["failed_reason"] for owed in crop.json("queue", "--failed")} == blocks
    assert len(blocks) == 3


def test_the_report_has_everything_and_is_written_anew(crop: Cli, photos: Path) -> None:
    image = picture(photos / "a|b.png")
    marked(crop, image)
    image.unlink()
    assert "... and" not in crop("check", exits=1)
    [report] = (crop.home / "data" / "daily_summaries").glob("crop_check_*.md")
    text = report.read_text()

    assert "## A run would fail here" in text
    assert "a\\|b.png" in text, "a table in Markdown stays a table"
    crop("withdraw", image)
    crop("check")
    assert "nothing found" in report.read_text()


def test_many_findings_are_cut_on_the_screen_and_whole_in_the_report(crop: Cli, photos: Path) -> None:
    images = [picture(photos / f"{shade}.png", shade=shade) for shade in range(5)]
    marked(crop, *images)
    for image in images:
        image.unlink()

    assert "... and 3 more; all of them are in the report." in crop("check", "--limit", "2", exits=1)
    [report] = (crop.home / "data" / "daily_summaries").glob("crop_check_*.md")
    assert report.read_text().count("| missing | /") == 5


def test_content_that_changed_behind_its_size_and_time_is_found_by_looking_deep(crop: Cli, photos: Path) -> None:
    image = photos / "a.bmp"
    Image.new("RGB", (40, 30), "red").save(image)
    aged(image)
    marked(crop, image)
    Image.new("RGB", (40, 30), "blue").save(image)
    aged(image)

    assert codes(checked(crop, exits=0)) == {}
    deep = checked(crop, "--deep")
    assert codes(deep) == {"a.bmp": "content_changed"}
    assert deep["looked"]["pixels"] == 1  # type: ignore[index]


def test_pixels_that_cannot_be_decoded_are_found_by_looking_deep(crop: Cli, photos: Path) -> None:
    image = picture(photos / "a.png")
    raw = bytearray(image.read_bytes())
    at = raw.index(b"IDAT") + 8
    raw[at : at + 4] = b"\0\0\0\0"
    image.write_bytes(bytes(raw))
    marked(crop, image)

    assert codes(checked(crop, exits=0)) == {}, "its header is sound"
    assert codes(checked(crop, "--deep")) == {"a.png": "unreadable"}


def test_a_touched_file_with_the_same_content_is_read_and_found_sound(crop: Cli, photos: Path) -> None:
    image = picture(photos / "a.png")
    marked(crop, image)
    os.utime(image)
    result = checked(crop, exits=0)

    assert result["looked"] == {"nothing": 0, "header": 0, "content": 1, "pixels": 0}
    assert result["findings"] == []


def test_a_file_of_another_size_is_read_however_old_it_says_it_is(crop: Cli, photos: Path) -> None:
    image = picture(photos / "a.png")
    marked(crop, image)
    picture(image, shade=90)
    aged(image)

    assert codes(checked(crop)) == {"a.png": "content_changed"}


def test_images_with_crops_of_their_own_do_not_get_in_each_others_way(crop: Cli, photos: Path) -> None:
    marked(crop, picture(photos / "a.png"), picture(photos / "a.bmp", shade=9))

    assert checked(crop, exits=0)["findings"] == []


def test_one_image_under_two_spellings_is_found_after_a_directory_became_a_link(crop: Cli, photos: Path) -> None:
    copy = photos.parent / "set_b"
    copy.mkdir()
    image = picture(photos / "a.png")
    other = Path(shutil.copy(image, copy))
    marked(crop, image, other)
    shutil.rmtree(copy)
    copy.symlink_to(photos)

    assert "two_spellings" in {each["code"] for each in checked(crop)["findings"]}  # type: ignore[union-attr]


def test_two_projects_cannot_both_crop_one_image(crop: Cli, photos: Path) -> None:
    image = picture(photos / "a.png")
    marked(crop, image)
    marked(crop, image, project="q")

    assert codes(checked(crop)) == {"a.png": "two_boxes"}
    assert checked(crop, "--project", "q", exits=0)["crops"] == 1


def test_outside_the_allowed_roots_nothing_can_be_cropped(crop: Cli, photos: Path, tmp_path: Path) -> None:
    image = picture(photos / "a.png")
    marked(crop, image)
    config = crop.home / "config.toml"
    config.write_text(config.read_text().replace(str(tmp_path), str(tmp_path / "elsewhere")))

    assert codes(checked(crop)) == {"a.png": "unsafe"}


def test_crops_that_share_a_destination_are_found(crop: Cli, photos: Path, tmp_path: Path) -> None:
    marked(crop, picture(photos / "a.png"), picture(photos.parent / "set_b" / "a.png", shade=9))
    with (crop.home / "config.toml").open("a") as config:
        config.write('destination = "{parent}/all"\n')

    assert codes(checked(crop)) == {"a.png": "destination_shared"}


def test_a_crop_that_a_dead_run_left_started_is_a_note_and_one_at_work_another(
    crop: Cli, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked(crop, picture(photos / "a.png"))
    monkeypatch.setattr("commands.running.runner.Runner._settled", _dies)
    with pytest.raises(SystemError):
        _run_and_die(crop)
    result = checked(crop, exits=0)
    assert codes(result) == {"a.png": "stuck"}
    [owed] = crop.json("queue")
    with held_while_alive(lock_of(Home(crop.home), str(owed["run"]))):
        assert codes(checked(crop, exits=0)) == {"a.png": "at_work"}


def _dies(*_: object) -> None:
    raise SystemError("killed")


def _run_and_die(crop: Cli) -> None:
    crop("run", "--now", exits=70)
    raise SystemError("killed")


def test_sidecars_and_companions_without_an_image_are_found_in_the_directory_itself(crop: Cli, photos: Path) -> None:
    marked(crop, picture(photos / "20250803_172343_stage2_upscaled.png"))
    (photos / "20250803_172400_stage1_generated.caption").write_text("lost")
    (photos / "20250803_172400_stage1_generated.decision").write_text('{"filename": "lost.png"}')
    (photos / "notes.txt").write_text("nobody's")

    assert sorted(codes(checked(crop)).values()) == ["companion_orphaned", "sidecar_orphaned"]


def test_a_directory_can_be_checked_where_nothing_is_owed(crop: Cli, photos: Path) -> None:
    (photos / "20250803_172400_stage1_generated.caption").write_text("lost")
    result = checked(crop, photos)

    assert result["crops"] == 0
    assert codes(result) == {photos.name: "companion_orphaned"}


def test_only_the_named_directory_is_checked_whatever_its_spelling(crop: Cli, photos: Path, tmp_path: Path) -> None:
    gone = picture(photos.parent / "set_b" / "gone.png")
    marked(crop, picture(photos / "a.png"), gone)
    gone.unlink()
    (tmp_path / "link").symlink_to(photos)

    assert checked(crop, tmp_path / "link", exits=0)["crops"] == 1
    assert checked(crop, photos.parent / "set_b")["crops"] == 1


def test_the_space_that_is_needed_is_compared_with_what_is_free(
    crop: Cli, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked(crop, picture(photos / "a.png"))
    [room] = checked(crop, exits=0)["rooms"]  # type: ignore[misc]
    assert 0 < room["needed_bytes"] < 10_000 < room["free_bytes"]

    class Full:
        f_bavail, f_frsize = 0, 4096

    monkeypatch.setattr("commands.inspection.looking.os.statvfs", lambda _: Full)
    assert [each["code"] for each in checked(crop)["findings"]] == ["disk_full"]  # type: ignore[union-attr]


def test_a_file_that_is_not_a_file_does_not_hang(crop: Cli, photos: Path) -> None:
    image = picture(photos / "a.png")
    marked(crop, image)
    image.unlink()
    os.mkfifo(image)

    assert codes(checked(crop)) == {"a.png": "unsupported"}


def test_a_failed_crop_is_looked_at_again(crop: Cli, photos: Path, tmp_path: Path) -> None:
    image = picture(photos / "a.png")
    marked(crop, image)
    away = shutil.move(image, tmp_path / "away.png")
    crop("run", "--now", exits=1)
    assert codes(checked(crop)) == {"a.png": "missing"}
    shutil.move(away, image)
    assert codes(checked(crop)) == {"a.png": "failed"}


def test_a_run_looks_first_and_says_what_it_would_not_mention_otherwise(crop: Cli, photos: Path) -> None:
    edited, gone = picture(photos / "edited.png"), picture(photos / "gone.png", shade=9)
    marked(crop, edited, gone)
    picture(edited, shade=90)
    gone.unlink()
    assert "Executed 1, failed 1" in crop("run", "--now", exits=1)

    assert "content_changed: " in crop.err
    assert "See whether the box still fits" in crop.err
    assert crop.err.count("gone.png") == 1, "what fails is told once, when it fails"


def test_a_run_looks_only_at_what_it_is_about_to_claim(crop: Cli, photos: Path) -> None:
    first, edited = picture(photos / "first.png"), picture(photos / "second.png", shade=9)
    marked(crop, first, edited)
    picture(edited, shade=90)
    crop("run", "--now", "--limit", "1")
    assert crop.err == ""
    crop("run", "--now")
    assert "content_changed: " in crop.err


def test_a_run_with_too_little_space_says_so_before_it_begins(
    crop: Cli, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked(crop, picture(photos / "a.png"))

    class Full:
        f_bavail, f_frsize = 0, 4096

    monkeypatch.setattr("commands.inspection.looking.os.statvfs", lambda _: Full)
    crop("run", "--now")
    assert "disk_full: " in crop.err


def test_many_odd_images_do_not_flood_a_run(crop: Cli, photos: Path) -> None:
    images = [picture(photos / f"{shade}.png", shade=shade) for shade in range(12)]
    marked(crop, *images)
    for shade, image in enumerate(images):
        picture(image, shade=90 + shade)
    crop("run", "--now")

    assert crop.err.count("content_changed: ") == 10
    assert "... and 2 more; to see them: crop check" in crop.err


def test_a_run_by_schedule_looks_first_too(crop: Cli, photos: Path) -> None:
    with (crop.home / "config.toml").open("a") as config:
        config.write("queue_margin_percent = 0\nburst_min_s = 240\nburst_max_s = 240\n")
    images = [picture(photos / f"{shade}.png", shade=shade) for shade in range(60)]
    marks = photos.parent / "marks.jsonl"
    line = {"project_id": "p", "group_id": "g", "dir": str(photos), "crop_norm": [0.1, 0.1, 0.9, 0.9]}
    marks.write_text("".join(json.dumps(line | {"filename": image.name}) + "\n" for image in images))
    crop("record", "--from", marks)
    picture(images[0], shade=90)
    crop("schedule", "build", "--start", "2025-10-27T09:00:00", "--tz", "America/Los_Angeles")
    crop("run", "--schedule", "--first", "2025-10-27", "--confirm", "--speed", "3600")

    assert "content_changed: " in crop.err
