"""Crops on disk that the ledger does not know, and crops it knows that are no longer there."""

import shutil

import pytest
from PIL import Image

BOX = "0.1,0.1,0.9,0.9"


def picture(path, shade, size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (shade % 256, shade // 256, 7)).save(path)


@pytest.fixture
def six(photos):
    for number in range(6):
        picture(photos / f"{number}.png", number)
    return photos


@pytest.fixture
def output(six):
    """0 smaller, 1 as large, 2 larger, 3 unreadable, 9 of an image that is gone; 4 and 5 have no crop."""
    crops = six.parent / "cropped"
    picture(crops / "0.png", 0, (20, 20))
    shutil.copy(six / "1.png", crops / "1.png")
    picture(crops / "2.png", 0, (41, 30))
    (crops / "3.png").write_bytes(b"no picture")
    picture(crops / "9.png", 0, (20, 20))
    return crops


def test_a_crop_smaller_than_its_image_is_evidence_and_nothing_else_is(crop, six, output):
    before = len(crop.json("log"))
    [planned] = crop.json("progress", "recover", six, "--output", output, "--project", "p", "--dry-run", exits=1)
    assert len(crop.json("log")) == before + 1  # the scan
    [done] = crop.json("progress", "recover", six, "--output", output, "--project", "p", exits=1)
    assert {**planned, "dry_run": False} == done
    assert (done["files"], done["recovered"], done["known"]) == (5, ["0.png", "9.png"], 0)
    why = dict(done["left"])
    assert list(why) == ["1.png", "2.png", "3.png"]
    assert "as large as its image" in why["1.png"]
    assert "larger than its image" in why["2.png"]
    assert "unreadable" in why["3.png"]
    [row] = crop.json("progress", six)
    assert (row["seen"], row["imported"], row["open"], row["completed"]) == (7, 2, 5, 2)
    assert [line.rpartition("/")[2] for line in crop("next", six, "-n", "9").splitlines()] == [
        "1.png", "2.png", "3.png", "4.png", "5.png",
    ]  # fmt: skip


def test_no_box_is_made_up_and_sizes_are_those_of_the_image(crop, six, output):
    crop("progress", "recover", six, "--output", output, "--project", "p", exits=1)
    [cropped, gone] = crop.json("log", "--type", "history.imported")
    assert (cropped["data"].get("box"), gone["data"].get("box")) == (None, None)
    assert cropped["data"]["dimensions"] == {"width_px": 40, "height_px": 30}
    assert gone["data"].get("dimensions") is None
    assert gone["data"]["warnings"] == ["source_missing"]
    assert cropped["actor"] == "import:output_directory"
    assert "20x20" in cropped["data"]["record"]


def test_the_same_again_adds_nothing(crop, six, output):
    for _ in range(2):
        crop("progress", "recover", six, "--output", output, "--project", "p", exits=1)
    assert len(crop.json("log", "--type", "history.imported")) == 2
    [done] = crop.json("progress", "recover", six, "--output", output, "--project", "p", exits=1)
    assert (done["recovered"], done["known"], len(done["left"])) == ([], 2, 3)
    crop("audit")


def test_files_as_large_as_their_image_count_if_a_person_says_so(crop, six, output):
    [done] = crop.json("progress", "recover", six, "--output", output, "--project", "p", "--whole", exits=1)
    assert done["recovered"] == ["0.png", "1.png", "9.png"]
    [row] = crop.json("progress", six)
    assert row["imported"] == 3


def test_what_is_decided_here_is_not_overruled_by_a_file(crop, six, output):
    crop("skip", six / "0.png", "--project", "p")
    (output / "9.png").unlink()
    [done] = crop.json("progress", "recover", six, "--output", output, exits=1)
    assert done["recovered"] == []
    assert dict(done["left"])["0.png"] == "its image is skipped here"


def test_the_ledger_s_own_crops_are_known_and_vanished_ones_are_named(crop, six):
    for number in range(3):
        crop("record", six / f"{number}.png", "--box", BOX, "--project", "p")
    crop("run", "--now")
    crops = six.parent / "__cropped" / "set_a"
    assert crop.json("progress", six)[0]["vanished"] == []
    (crops / "1.png").unlink()
    [done] = crop.json("progress", "recover", six, "--output", crops, exits=1)
    assert (done["files"], done["known"], done["recovered"], done["left"]) == (2, 2, [], [])
    assert done["vanished"] == [str(crops / "1.png")]
    assert f"{crops}/1.png was executed, and is no longer there" in crop("progress", six)
    assert crop.json("progress", six)[0]["vanished"] == [str(crops / "1.png")]
    crop("undo", six / "0.png")
    assert crop.json("progress", six)[0]["vanished"] == [str(crops / "1.png")]


def test_recovered_crops_are_no_evidence_of_when_people_worked(crop, six, output):
    from projections.cadence import human_crops
    from projections.reader import Projections

    crop("progress", "recover", six, "--output", output, "--project", "p", exits=1)
    crop("progress")
    with Projections.open(crop.home / "projections.db") as projections:
        assert human_crops(projections) == []


def test_a_directory_is_no_evidence_of_its_own_crops(crop, six):
    crop("progress", "recover", six, "--output", six, "--project", "p", exits=3)
    crop("progress", "recover", six, "--output", six / "none", "--project", "p", exits=4)
    crop("progress", "recover", six, "--output", six.parent, exits=3)  # no project is named, and none is at work
