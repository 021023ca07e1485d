"""A person sits down to a directory, marks, gets up, and comes back."""

import pytest
from PIL import Image

BOX = "0.1,0.1,0.9,0.9"


@pytest.fixture
def six(photos):
    for number in range(6):
        Image.new("RGB", (40, 30), (number, 0, 7)).save(photos / f"{number}.png")
    return photos


def test_who_starts_is_told_what_there_is_and_who_comes_back_where_to_go_on(crop, six):
    assert crop("sitting", "start", six, "--project", "p") == f"Starting {six}/: found 6 images\n"
    crop("record", six / "0.png", "--box", BOX, "--project", "p")
    crop("skip", six / "1.png", "--project", "p")
    assert "Got up from" in crop("sitting", "end", six)
    assert crop("sitting", "end") == "No sitting is open.\n"
    assert crop("sitting", "start", six) == (
        f"Resuming {six}/: 2/6 (33.3%), last sitting just now, at image 3: 2.png\n"
    )
    [first, second] = crop.json("log", "--type", "sitting.started")
    assert (first["data"]["decided"], second["data"]["decided"]) == (0, 2)
    assert (second["data"]["project"], second["data"]["seen"]) == ("p", 6)
    crop("audit")


def test_progress_tells_of_this_sitting_the_last_one_and_the_time_left(crop, six):
    crop("sitting", "start", six, "--project", "p")
    crop("skip", six / "0.png", six / "1.png", "--project", "p")
    crop("sitting", "end")
    [row] = crop.json("progress", six)
    assert (row["sitting"], row["last_sitting"]["images"], row["next"]["filename"]) == (None, 2, "2.png")
    assert row["left_s"] == round(3600 * 4 / row["per_hour"])
    crop("sitting", "start", six)
    crop("skip", six / "2.png", "--project", "p")
    said = crop("progress", six)
    assert "This sitting: 1 image in" in said
    assert "Last sitting: just now, 2 images in" in said
    assert "3 images left, about" in said


def test_starting_again_at_once_goes_on_and_sittings_are_each_person_s_own(crop, six):
    for who in ("ann", "ann", "bob"):
        crop("sitting", "start", six, "--project", "p", "--actor", who)
    assert len(crop.json("log", "--type", "sitting.started")) == 2
    assert len(crop.json("sitting", "end", "--actor", "ann")) == 1
    assert [each["who"] for each in crop.json("sitting", "list") if each["ended_at"] is None] == ["operator:bob"]


def test_a_sitting_nobody_ended_long_ago_is_ended_by_the_next_start(crop, six, monkeypatch):
    from commands.progress import sitting_down

    crop("sitting", "start", six, "--project", "p")
    crop("skip", six / "0.png", "--project", "p")
    monkeypatch.setattr(sitting_down, "GOES_ON_S", 0.0)
    crop("sitting", "start", six)
    [ended] = crop.json("log", "--type", "sitting.ended")
    [skipped] = crop.json("log", "--type", "image.skipped")
    assert (ended["data"]["interrupted"], ended["data"]["ended_at"]) == (True, skipped["occurred_at"])
    [now, before] = crop.json("sitting", "list")
    assert (now["ended_at"], before["interrupted"], before["images"]) == (None, 1, 1)
    assert "interrupted" in crop("sitting", "list")
    crop("audit")


def test_days_and_the_idle_threshold(crop, six):
    crop("sitting", "start", six, "--project", "p")
    crop("record", six / "0.png", "--box", BOX, "--project", "p")
    crop("sitting", "end")
    [day] = crop.json("sitting", "list", "--days")
    assert (day["images"], day["work_s"] > 0) == (1, True)
    config = crop.home / "config.toml"
    config.write_text(config.read_text() + "idle_threshold_s = 0.001\n")
    [day] = crop.json("sitting", "list", "--days")
    assert day["work_s"] == pytest.approx(0.002)
    config.write_text(config.read_text().replace("0.001", "0"))
    crop("sitting", "list", exits=2)
    assert "idle_threshold_s" in crop.err


def test_an_empty_directory_has_nothing_to_sit_down_to(crop, photos):
    crop("sitting", "start", photos, exits=4)
