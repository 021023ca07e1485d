"""A person opens directories, sees what is there, and is shown what is left, in order."""

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from commands.cli.app import run

BOX = "0.1,0.1,0.9,0.9"


def picture(path, shade=0, size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (shade % 256, shade // 256, 7)).save(path)


@pytest.fixture
def nine(photos):
    for number in range(9):
        picture(photos / f"{number}.png", number)
    return photos


def shown(text):
    return [line.rpartition("/")[2] for line in text.splitlines()]


def test_a_scan_says_what_is_there_and_then_what_has_changed(crop, nine):
    assert "9 images" in crop("scan", nine)
    assert "nothing has changed" in crop("scan", nine)
    (nine / "1.png").unlink()
    picture(nine / "2.png", 99)
    picture(nine / "new.png", 100)
    [found] = crop.json("scan", nine)
    assert (found["images"], found["first"]) == (9, False)
    assert (found["added"], found["removed"], found["replaced"]) == (["new.png"], ["1.png"], ["2.png"])
    assert len(crop.json("log", "--type", "directory.scanned")) == 2


def test_what_is_known_is_not_read_again(crop, nine, monkeypatch):
    from imaging import read

    looked = []
    observe = read.observe
    monkeypatch.setattr(read, "observe", lambda path: looked.append(path.name) or observe(path))
    crop("scan", nine)
    assert sorted(looked) == [f"{number}.png" for number in range(9)]
    looked.clear()
    os.utime(nine / "3.png", ns=(5, 5))
    crop("scan", nine)
    assert looked == ["3.png"]
    looked.clear()
    crop("scan", nine)
    assert looked == []


def test_an_image_that_cannot_be_read_is_a_problem_and_is_looked_at_again_each_time(crop, nine):
    (nine / "0.png").write_bytes(b"no picture")
    (nine / "link.png").symlink_to(nine / "1.png")
    (nine / "notes.txt").write_text("no picture either")
    (nine / ".hidden.png").write_bytes(b"")
    (nine / "folder.png").mkdir()
    [found] = crop.json("scan", nine)
    assert found["images"] == 10
    assert found["problems"] == [
        {"filename": "0.png", "problem": "unreadable"}, {"filename": "link.png", "problem": "link"},
    ]  # fmt: skip
    assert shown(crop("next", nine, "-n", "99")) == [f"{number}.png" for number in range(1, 9)]
    assert "2 images cannot be cropped" in crop.err
    state = (nine / "0.png").stat()
    raw = (nine / "8.png").read_bytes()
    (nine / "0.png").write_bytes(raw[: len(b"no picture")] + raw[10:])
    os.utime(nine / "0.png", ns=(state.st_atime_ns, state.st_mtime_ns))
    assert shown(crop("next", nine)) == ["0.png"]


def test_a_name_that_is_not_utf_8_is_a_problem_and_stops_nothing(crop, nine):
    shutil.copy(nine / "1.png", os.fsencode(nine) + b"/\xff.png")
    [found] = crop.json("scan", nine)
    assert found["problems"] == [{"filename": "\\xff.png", "problem": "name"}]
    assert len(crop("next", nine, "-n", "99").splitlines()) == 9


def test_every_image_of_two_directories_is_presented_until_decided_and_none_twice(crop, nine):
    other = nine.with_name("set_b")
    for number in range(4):
        picture(other / f"{number}.png", 50 + number)
    presented = []
    while True:
        before = len(presented)
        for directory in (nine, other):
            for path in crop("next", directory).splitlines():
                presented.append(path)
                if len(presented) % 3:
                    crop("record", path, "--box", BOX, "--project", "p")
                else:
                    crop("skip", path, "--project", "p")
        if len(presented) == before:
            break
    assert len(presented) == len(set(presented)) == 13
    assert "waits for a decision" in crop.err
    crop("run", "--now")
    assert crop("next", nine) == crop("next", other) == ""


def test_one_directory_by_any_spelling_is_one_directory(crop, nine, monkeypatch):
    link = nine.parent / "link"
    link.symlink_to(nine)
    monkeypatch.chdir(nine.parent)
    crop("scan", f"{nine}/")
    for spelling in ("set_a", "./set_a/", "link", "../photos/set_a"):
        crop("record", crop("next", spelling).strip(), "--box", BOX, "--project", "p")
    assert len(crop.json("log", "--type", "directory.scanned")) == 1
    assert shown(crop("next", nine)) == ["4.png"]


def test_what_is_marked_is_shown_again_only_when_asked_for_or_withdrawn(crop, nine):
    crop("record", nine / "0.png", "--box", BOX, "--project", "p")
    assert shown(crop("next", nine)) == ["1.png"]
    assert shown(crop("next", nine, "--pending")) == ["0.png"]
    [image] = crop.json("next", nine, "--pending")
    assert (image["status"], image["place"], image["of"], image["project"]) == ("recorded", 1, 9, "p")
    crop("withdraw", nine / "0.png")
    assert shown(crop("next", nine)) == ["0.png"]


def test_a_directory_of_two_projects_is_asked_for_one_of_them(crop, nine):
    for project in ("p", "q"):
        crop("record", nine / "0.png", "--box", BOX, "--project", project)
    crop("record", nine / "1.png", "--box", BOX, "--project", "q")
    crop("next", nine, exits=3)
    assert "p, q" in crop.err
    assert shown(crop("next", nine, "--project", "p")) == ["1.png"]
    assert shown(crop("next", nine, "--project", "q")) == ["2.png"]


def test_a_directory_that_is_not_there_or_not_allowed_is_refused_and_holds_up_no_other(crop, nine, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    crop("scan", nine / "none", exits=4)
    crop("scan", nine / "1.png", exits=4)
    crop("scan", outside, exits=7)
    assert "Scanned" in crop("scan", outside, nine, exits=1)
    assert "Unsafe" in crop.err


def test_next_needs_at_least_one(crop, nine):
    assert run(["next", str(nine), "-n", "0"]) == 2


def test_a_name_that_breaks_the_line_is_spelt_out_and_given_whole_to_programs(crop, photos):
    Image.new("RGB", (8, 8)).save(photos / "new\nline.png")
    Image.new("RGB", (8, 8)).save(photos / "f\u00fcr \U0001f469\u200d\U0001f33e.png")
    told = crop("next", photos, "-n", "5").splitlines()
    assert [Path(line).name for line in told] == ["f\u00fcr \U0001f469\u200d\U0001f33e.png", "new\\nline.png"]
    given = crop("next", photos, "-n", "5", "-0").split("\0")
    assert given[-1] == ""
    assert str(photos / "new\nline.png") in given
    assert all(Path(path).is_file() for path in given[:-1])


def test_a_directory_that_is_named_twice_is_scanned_once(crop, photos):
    Image.new("RGB", (8, 8)).save(photos / "a.png")
    (photos.parent / "link").symlink_to(photos)
    out = crop("scan", photos, f"{photos}/", photos.parent / "link")
    assert out.count("Scanned") == 1


def test_a_scan_says_in_words_why_an_image_cannot_be_cropped(crop, photos):
    Image.new("RGB", (80, 80)).save(photos / "a.png")
    (photos / "torn.png").write_bytes((photos / "a.png").read_bytes()[:-5])
    (photos / "link.png").symlink_to("a.png")
    crop("scan", photos)
    assert "torn.png cannot be cropped as it is: it is damaged, breaks off" in crop.err
    assert "link.png cannot be cropped as it is: it is a link" in crop.err
    assert "torn.png cannot be cropped as it is: it is damaged" in crop("progress", photos)
