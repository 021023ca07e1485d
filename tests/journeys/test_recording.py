"""Recording on the command line: what is accepted, what is refused and why, and that a refusal records nothing."""

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.journeys.conftest import Cli


@pytest.fixture
def image(photos: Path) -> Path:
    path = photos / "20250803_172343_stage2_upscaled.png"
    Image.new("RGB", (200, 100), "red").save(path)
    return path


def length(crop: Cli) -> int:
    return len(crop.json("log"))


def test_a_recorded_crop_is_an_event_and_no_pixel_changes(crop: Cli, image: Path) -> None:
    before = image.read_bytes()
    out = crop("record", image, "--pixels", "20,10,180,90", "--project", "p", "--group", "g", "--suggested", "0,0,1,1",
               "--actor", "ann", "--at", "2025-10-27T09:00:00-07:00")  # fmt: skip
    assert "Recorded the box 0.1,0.1,0.9,0.9" in out
    assert "Queue: 1 owed." in out
    assert image.read_bytes() == before
    [entry] = crop.json("log")
    assert (entry["type"], entry["actor"]) == ("crop.recorded", "operator:ann")
    assert entry["occurred_at"] == "2025-10-27T16:00:00.000000Z"
    data = entry["data"]
    assert isinstance(data, dict)
    assert data["utc_offset_s"] == -7 * 3600
    assert data["dimensions"] == {"width_px": 200, "height_px": 100}
    assert data["size_bytes"] == len(before)
    assert data["warnings"] == []


def test_the_same_mark_again_adds_nothing_and_another_replaces_it(crop: Cli, image: Path) -> None:
    crop("record", image, "--box", "0.1,0.1,0.9,0.9", "--project", "p", "--group", "g")
    assert "already" in crop("record", image, "--box", "0.1,0.1,0.9,0.9", "--project", "p", "--group", "g")
    crop("record", image, "--box", "0.2,0.2,0.9,0.9", "--project", "p", "--group", "g")
    first, second = crop.json("log")
    assert second["data"]["supersedes"] == first["version"] == 1  # type: ignore[index]
    [owed] = crop.json("queue")
    assert owed["x1"] == 0.2


def test_a_mark_without_a_group_is_recorded_with_a_warning_that_is_counted(crop: Cli, image: Path) -> None:
    assert "Its group is unknown" in crop("record", image, "--box", "0.1,0.1,0.9,0.9", "--project", "p")
    [row] = crop.json("query", "select warnings from queue")[0]  # type: ignore[misc]
    assert row["warnings"] == '["unknown_group"]'


@pytest.mark.parametrize(
    ("box", "why"),
    [
        ("0,0,1.2,1", "leaves the image"),
        ("-0.1,0,1,1", "leaves the image"),
        ("0.9,0,0.1,1", "reversed or empty"),
        ("0.5,0,0.5,1", "reversed or empty"),
        ("nan,0,1,1", "finite"),
        ("0,0,inf,1", "finite"),
        ("True,0,1,1", "four numbers"),
        ("0,0,1", "four numbers"),
        ("0.5,0.5,0.501,0.501", "no pixel"),
    ],
)
def test_a_box_that_is_none_is_refused_with_the_reason(crop: Cli, image: Path, box: str, why: str) -> None:
    crop("record", image, "--box=" + box, "--project", "p", exits=2)
    assert why in crop.err
    assert length(crop) == 0


def test_pixels_outside_the_image_are_refused(crop: Cli, image: Path) -> None:
    crop("record", image, "--pixels", "0,0,201,100", "--project", "p", exits=2)
    assert "200x100" in crop.err
    assert length(crop) == 0


def test_what_is_not_an_image_that_can_be_cropped_is_refused(crop: Cli, photos: Path) -> None:
    (photos / "text.png").write_text("no image")
    (photos / "empty.png").write_bytes(b"")
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(photos / "moving.png", save_all=True, append_images=frames[1:])
    (photos / "link.png").symlink_to("/etc/hostname")
    for name, code, why in [
        ("missing.png", 3, "missing.png"), ("text.png", 3, "text.png"), ("empty.png", 3, "empty.png"),
        ("moving.png", 3, "animated"), ("link.png", 7, "outside"),
    ]:  # fmt: skip
        crop("record", photos / name, "--box", "0.1,0.1,0.9,0.9", "--project", "p", exits=code)
        assert why in crop.err.lower()
    crop("record", Path("/etc/hostname"), "--box", "0.1,0.1,0.9,0.9", "--project", "p", exits=7)
    crop("record", photos / "../../../etc/hostname", "--box", "0.1,0.1,0.9,0.9", "--project", "p", exits=7)
    assert length(crop) == 0


def test_the_project_is_named_or_that_of_the_open_manifest_and_never_guessed(crop: Cli, image: Path) -> None:
    crop("record", image, "--box", "0.1,0.1,0.9,0.9", exits=3)
    assert "Which project" in crop.err
    manifest = image.parent.parent / "m.project.json"
    manifest.write_text(json.dumps({"projectId": "mojo", "finishedAt": None, "status": "finished"}))
    crop("record", image, "--box", "0.1,0.1,0.9,0.9")
    assert crop.json("queue")[0]["project"] == "mojo"
    (image.parent.parent / "n.project.json").write_text(json.dumps({"projectId": "n", "finishedAt": None}))
    crop("record", image, "--box", "0.1,0.1,0.8,0.8", exits=3)
    assert "Several projects are open" in crop.err
    manifest.write_text(json.dumps({"projectId": "mojo", "finishedAt": "2025-10-01T00:00:00Z"}))
    crop("record", image, "--box", "0.1,0.1,0.8,0.8")
    assert {str(row["project"]) for row in crop.json("queue")} == {"mojo", "n"}


def test_two_spellings_of_a_path_are_one_image(crop: Cli, image: Path, tmp_path: Path) -> None:
    (tmp_path / "other").symlink_to(image.parent)
    crop("record", image, "--box", "0.1,0.1,0.9,0.9", "--project", "p", "--group", "g")
    spelt = image.parent / ".." / "set_a" / "." / image.name
    assert "already" in crop("record", spelt, "--box", "0.1,0.1,0.9,0.9", "--project", "p", "--group", "g")
    assert "already" in crop(
        "record", tmp_path / "other" / image.name, "--box", "0.1,0.1,0.9,0.9", "--project", "p", "--group", "g"
    )


def marks(photos: Path, names: list[str]) -> str:
    line = {"created_at": "2025-10-27T16:00:00Z", "project_id": "p", "group_id": None, "dir": str(photos),
            "width": 20, "height": 20, "crop_norm": [0.1, 0.1, 0.9, 0.9]}  # fmt: skip
    return "".join(json.dumps(line | {"filename": name}) + "\n" for name in names)


def test_a_file_of_marks_is_recorded_and_what_is_wrong_set_aside(crop: Cli, photos: Path, tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(30)]
    for name in names:
        Image.new("RGB", (20, 20), "blue").save(photos / name)
    Image.new("RGB", (30, 20), "blue").save(photos / "other_size.png")
    file = tmp_path / "marks.jsonl"
    file.write_text(marks(photos, [*names, "gone.png", "other_size.png"]) + "{torn")
    out = crop("record", "--from", file, exits=1)
    assert "Recorded 30 crops, 3 set aside (crop import review). 30 marks without a group. Queue: 30 owed." in out
    aside = crop.json("import", "review")
    assert [(record["line"], record["reason"]) for record in aside] == [(33, "json"), (31, "missing"), (32, "refused")]
    assert "30 were so already" in crop("record", "--from", file, exits=1)
    assert len(crop.json("import", "review")) == 3


def test_a_file_of_marks_again_after_the_run_is_no_complaint(crop: Cli, photos: Path, tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), "blue").save(photos / "a.png")
    file = tmp_path / "marks.jsonl"
    file.write_text(marks(photos, ["a.png"]))
    crop("record", "--from", file)
    crop("run", "--now")
    assert "1 were so already" in crop("record", "--from", file)
    file.write_text(marks(photos, ["a.png"]).replace("0.9, 0.9", "0.8, 0.8"))
    assert "1 set aside" in crop("record", "--from", file, exits=1), "another box is another matter"


def test_an_image_of_several_projects_is_named_with_its_project(crop: Cli, image: Path) -> None:
    for project in ("p", "q"):
        crop("record", image, "--box", "0.1,0.1,0.9,0.9", "--project", project)
    crop("withdraw", image, exits=3)
    assert "several projects (p, q)" in crop.err
    assert "Queue: 1 owed" in crop("withdraw", image, "--project", "q")


def test_marks_outside_the_named_directory_are_set_aside(crop: Cli, photos: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for place in (photos, elsewhere):
        Image.new("RGB", (20, 20), "blue").save(place / "a.png")
    file = tmp_path / "marks.jsonl"
    file.write_text(marks(photos, ["a.png"]) + marks(elsewhere, ["a.png"]))
    assert "Recorded 1 crop in" in crop("record", photos, "--from", file, exits=1)
    assert [owed["directory"] for owed in crop.json("queue")] == [str(photos)]


def test_withdraw_skip_and_restore(crop: Cli, image: Path) -> None:
    crop("record", image, "--box", "0.1,0.1,0.9,0.9", "--project", "p", "--group", "g")
    assert "Queue: 0 owed" in crop("withdraw", image, "--reason", "wrong face")
    assert "(1 already)" in crop("withdraw", image)
    crop("record", image, "--box", "0.1,0.1,0.9,0.9", "--project", "p", "--group", "g")
    assert "Queue: 0 owed" in crop("skip", image, "--reason", "blurred")
    crop("record", image, "--box", "0.1,0.1,0.9,0.9", "--project", "p", exits=3)
    assert "is skipped" in crop.err
    assert "crop restore" in crop.err
    crop("restore", image)
    crop("restore", image.parent / "never_seen.png", exits=4)
    assert [entry["type"] for entry in crop.json("log")] == [
        "crop.recorded", "crop.withdrawn", "crop.recorded", "crop.withdrawn", "image.skipped", "image.restored",
    ]  # fmt: skip
    story = crop("show", image)
    assert "wrong face" in story
    assert "blurred" in story


def test_a_refusal_as_json_is_one_object_on_standard_error(crop: Cli, image: Path) -> None:
    crop("withdraw", image, "--json", exits=4)
    told = json.loads(crop.err)
    assert told["error"] == "NotFound"
    assert told["exit"] == 4
    assert crop.out == ""
