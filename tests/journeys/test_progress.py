"""How far directories are, whatever happens to the files meanwhile; starting afresh; following what was moved."""

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


def mark(crop, *paths):
    for path in paths:
        crop("record", path, "--box", BOX, "--project", "p")


def upcoming(crop, directory):
    return [path.rpartition("/")[2] for path in crop("next", directory, "-n", "99").splitlines()]


def progress(crop, directory):
    [row] = crop.json("progress", directory)
    assert row["completed"] + row["skipped"] + row["pending"] + row["failed"] + row["problem"] == row["seen"]
    return row


def some_of_each(crop, photos):
    """0 is executed, 1 skipped, 2 kept, 3 marked, 4 withdrawn, 5 unreadable."""
    mark(crop, photos / "0.png")
    crop("run", "--now")
    crop("skip", photos / "1.png", "--project", "p")
    crop("keep", photos / "2.png", "--project", "p")
    mark(crop, photos / "3.png", photos / "4.png")
    crop("withdraw", photos / "4.png")
    (photos / "5.png").write_bytes(b"no picture")


def test_every_image_is_counted_once(crop, six):
    some_of_each(crop, six)
    row = progress(crop, six)
    assert (row["seen"], row["completed"], row["skipped"], row["pending"], row["problem"]) == (6, 2, 1, 2, 1)
    assert (row["executed"], row["kept"], row["owed"], row["open"], row["decided"]) == (1, 1, 1, 1, 4)
    assert row["percent_decided"] == 66.7


def test_one_directory_in_full_shows_both_bars_where_they_differ_and_what_comes_next(crop, six):
    some_of_each(crop, six)
    said = crop("progress", six)
    assert f"Processing: {six}/ [#############-------] 66% (4/6) recorded" in said
    assert "[##########----------] 50% (3/6) executed" in said
    assert "Next: 4.png, image 5 of 6" in said
    assert "5.png cannot be cropped as it is: it is damaged, breaks off, or is no image" in said
    crop("run", "--now")
    assert f"Processing: {six}/ [#############-------] 66% (4/6)\n" in crop("progress", six)


def test_all_directories_at_a_glance_sorted_and_narrowed(crop, six):
    other = six.with_name("set_b")
    picture(other / "9.png", 9)
    crop("scan", six, other)
    assert [row["project"] for row in crop.json("progress")] == [None, None]
    crop("skip", other / "9.png", "--project", "q")
    by_name = [row["directory"] for row in crop.json("progress")]
    assert by_name == [str(six), str(other)]
    for sort, first in (("left", six), ("seen", six), ("percent", six), ("recent", other)):
        assert crop.json("progress", "--sort", sort)[0]["directory"] == str(first), sort
    assert [row["directory"] for row in crop.json("progress", "--open-only")] == [str(six)]
    assert [row["directory"] for row in crop.json("progress", "--project", "q")] == [str(other)]
    said = crop("progress")
    assert "7 images in 2 directories: 1 done, 6 left." in said
    assert "[####################] 100%" in said
    crop("progress", "--sort", "colour", exits=2)


def test_a_bar_is_full_when_everything_is_done_and_not_before(crop, photos):
    for number in range(41):
        picture(photos / f"{number:02}.png", number)
    crop("skip", *sorted(photos.glob("*.png"))[:40], "--project", "p")
    assert "[###################-] 97% (40/41)" in crop("progress", photos)
    crop("skip", photos / "40.png", "--project", "p")
    assert "[####################] 100% (41/41)" in crop("progress", photos)


def test_a_directory_nobody_knows_is_not_found_and_one_that_is_gone_is_told_of_as_it_was(crop, six):
    crop("progress", six / "none", exits=4)
    crop("skip", six / "1.png", "--project", "p")
    crop("scan", six)
    shutil.rmtree(six)
    [row] = crop.json("progress", six)
    assert (row["seen"], row["skipped"]) == (6, 1)
    assert "As it was last seen" in crop.err


def test_starting_afresh_presents_every_image_again_and_keeps_the_history(crop, six):
    some_of_each(crop, six)
    before = len(crop.json("log"))
    [planned] = crop.json("progress", "reset", six, "--dry-run")
    assert (planned["withdrawn"], planned["reopened"], planned["no_longer_counted"]) == (1, 2, 1)
    assert len(crop.json("log")) == before + 1  # the scan of what has changed
    assert "Started afresh" in crop("progress", "reset", six, "--reason", "other framing")
    assert upcoming(crop, six) == ["1.png", "2.png", "3.png", "4.png"]
    row = progress(crop, six)
    assert (row["seen"], row["pending"], row["problem"], row["decided"]) == (5, 4, 1, 0)
    assert "0 owed" in crop("skip", six / "1.png", "--project", "p")
    crop("undo", six / "0.png")
    assert progress(crop, six)["owed"] == 1
    [restarted] = crop.json("log", "--type", "directory.restarted")
    assert restarted["data"]["completed"] == 2
    assert restarted["data"]["reason"] == "other framing"
    crop("audit")


def test_starting_afresh_from_nothing_records_nothing(crop, six):
    assert "nothing to start afresh from" in crop("progress", "reset", six)
    assert crop.json("log", "--type", "directory.restarted") == []


def test_a_renamed_image_keeps_its_decision_and_its_crop_is_executed_under_its_new_name(crop, six):
    mark(crop, six / "0.png")
    crop("skip", six / "1.png", "--project", "p")
    crop("keep", six / "2.png", "--project", "p")
    crop("next", six)
    for number in range(4):
        (six / f"{number}.png").rename(six / f"new{number}.png")
    [found] = crop.json("scan", six)
    assert [move["to"].rpartition("/")[2] for move in found["moved"]] == ["new0.png", "new1.png", "new2.png"]
    assert upcoming(crop, six) == ["4.png", "5.png", "new3.png"]
    assert "Executed 1, failed 0" in crop("run", "--now")
    assert (six.parent / "__cropped" / "set_a" / "new0.png").is_file()
    row = progress(crop, six)
    assert (row["seen"], row["executed"], row["skipped"], row["kept"], row["open"]) == (6, 1, 1, 1, 3)
    crop("audit")


def test_an_image_that_was_moved_to_another_directory_is_not_presented_there_again(crop, six):
    other = six.with_name("set_b")
    mark(crop, six / "0.png")
    crop("skip", six / "1.png", "--project", "p")
    other.mkdir()
    for number in range(3):
        (six / f"{number}.png").rename(other / f"{number}.png")
    assert upcoming(crop, other) == ["2.png"]
    assert upcoming(crop, six) == ["3.png", "4.png", "5.png"]
    assert (progress(crop, other)["seen"], progress(crop, six)["seen"]) == (3, 3)


def test_a_copy_is_an_image_of_its_own(crop, six):
    crop("skip", six / "1.png", "--project", "p")
    crop("scan", six)
    shutil.copy(six / "1.png", six / "copy.png")
    assert "copy.png" in upcoming(crop, six)
    assert progress(crop, six)["seen"] == 7


def test_another_picture_under_the_name_of_a_decided_one_is_presented_and_can_be_decided(crop, six):
    some_of_each(crop, six)
    for number in range(3):
        (six / f"{number}.png").unlink(missing_ok=True)
        picture(six / f"{number}.png", 100 + number)
    assert upcoming(crop, six) == ["0.png", "1.png", "2.png", "4.png"]
    assert progress(crop, six)["seen"] == 9
    mark(crop, six / "0.png")
    crop("skip", six / "1.png", "--project", "p")
    crop("keep", six / "2.png", "--project", "p")
    assert upcoming(crop, six) == ["4.png"]
    row = progress(crop, six)
    assert (row["executed"], row["skipped"], row["kept"], row["owed"]) == (1, 2, 2, 2)
    crop("withdraw", six / "0.png")
    assert upcoming(crop, six) == ["0.png", "4.png"]


def test_a_problem_that_is_skipped_is_settled(crop, six):
    (six / "5.png").write_bytes(b"no picture")
    crop("scan", six)
    crop("skip", six / "5.png", "--project", "p")
    row = progress(crop, six)
    assert (row["problem"], row["skipped"]) == (0, 1)
    crop("skip", six, "--project", "p", exits=3)
    (six / "notes.txt").write_text("no image")
    crop("skip", six / "notes.txt", "--project", "p", exits=3)


# -- a directory that was moved


def test_a_moved_directory_keeps_its_progress_and_the_queue_follows(crop, six):
    some_of_each(crop, six)
    crop("scan", six)
    new = six.parent / "elsewhere" / "set_z"
    new.parent.mkdir()
    six.rename(new)
    assert "Would follow" in crop("relocate", six, new, "--dry-run")
    said = crop("relocate", six, new)
    assert "4 images with the same content, decisions on 5 images. Queue: 1 owed." in said
    assert crop("progress", six, exits=4) == ""
    row = progress(crop, new)
    assert (row["seen"], row["executed"], row["skipped"], row["kept"], row["owed"], row["open"]) == (6, 1, 1, 1, 1, 1)
    assert upcoming(crop, new) == ["4.png"]
    assert "Executed 1, failed 0" in crop("run", "--now")
    assert (new.parent / "__cropped" / "set_z" / "3.png").is_file()
    crop("audit")
    six.mkdir()
    picture(six / "1.png", 77)
    assert upcoming(crop, six) == ["1.png"]
    mark(crop, six / "1.png")
    assert (progress(crop, six)["owed"], progress(crop, new)["skipped"]) == (1, 1)


def test_only_what_holds_the_same_is_followed_and_the_rest_is_named(crop, six):
    mark(crop, six / "0.png", six / "1.png", six / "2.png")
    crop("scan", six)
    new = six.with_name("set_z")
    shutil.copytree(six, new)
    (six / "0.png").unlink()
    (six / "1.png").unlink()
    picture(new / "1.png", 200)
    crop("relocate", six, new, exits=1)
    assert "1.png stays where it was: it holds something else there" in crop.err
    assert "2.png stays where it was: it is still in the old place" in crop.err
    assert [owed["path"] for owed in crop.json("queue")] == [str(new / "0.png"), str(six / "1.png"), str(six / "2.png")]


def test_a_directory_is_not_followed_to_one_that_holds_nothing_of_it(crop, six):
    mark(crop, six / "0.png")
    other = six.with_name("set_b")
    picture(other / "0.png", 99)
    crop("relocate", six, other, exits=3)
    crop("relocate", other, six, exits=4)
    crop("relocate", six, six.with_name("none"), exits=4)
    assert len(crop.json("log")) == 1


def test_a_directory_that_was_opened_in_its_new_place_first_is_followed_all_the_same(crop, six):
    some_of_each(crop, six)
    crop("scan", six)
    new = six.with_name("set_z")
    six.rename(new)
    assert upcoming(crop, new) == ["4.png"]
    crop("relocate", six, new)
    row = progress(crop, new)
    assert (row["seen"], row["executed"], row["skipped"], row["kept"], row["owed"]) == (6, 1, 1, 1, 1)
