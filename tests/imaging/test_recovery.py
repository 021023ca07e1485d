"""Recovery after a kill: what it finishes, takes back, and never removes."""

import errno
import os
from pathlib import Path

import pytest

from imaging.commit import recover
from imaging.undo import undo
from imaging.write import write
from tests.imaging.settling import BOX, killed_before_the_end, refused, without_archive


def test_an_empty_file_that_someone_made_meanwhile_outlives_the_recovery(desk, started):
    write(started)
    taken = Path(started.output)
    taken.touch()
    before = desk.files()
    assert recover(started) is None
    del before[str(Path(started.temporary).relative_to(desk.root))]
    assert desk.files() == before


def test_a_companion_of_another_owner_that_may_not_be_linked_is_moved_or_left(desk, started, faults, monkeypatch):
    """As Linux does by default: a link to someone else's file is refused, everything else is allowed."""
    real = os.link

    def link(source, target, **options):
        if str(source).endswith(".txt"):
            raise OSError(errno.EPERM, "not yours")
        return real(source, target, **options)

    monkeypatch.setattr(os, "link", link)
    before = desk.files()
    step = 0
    while faults.kill(lambda: desk.crop(started), step):
        if recover(started) is not None:
            break
        assert desk.files() == before
        step += 1
    assert step > 10
    moved = Path(started.companions[0].destination)
    assert (moved.read_text(), (desk.photos / "a.txt").exists()) == ("a caption", False)


def test_a_companion_edited_after_it_was_copied_to_another_disk_is_not_lost(desk, textured, faults):
    path, notes = desk.photos / "a.png", desk.photos / "a.txt"
    textured((12, 9)).save(path)
    notes.write_text("a caption")
    started = desk.started(path, BOX, companions=[notes], output=desk.root / "far" / "a.png")
    faults.two_disks(desk.root / "far")
    killed_before_the_end(desk, started, faults)
    notes.write_text("a better caption")
    executed = recover(started)
    assert executed is not None
    assert executed.warnings == ("companion_left",)
    assert notes.read_text() == "a better caption"


def test_rolling_one_crop_back_never_takes_the_original_of_another(desk, source, started, faults):
    """The first is killed after its archive link; the second, an identical original, goes through; then recovery."""
    raw = source.read_bytes()
    for step in range(faults.steps_of(lambda: write(started)), 200):
        Path(started.temporary).unlink(missing_ok=True)
        other = desk.photos / "b.png"
        other.write_bytes(raw)
        second = desk.started(other, BOX, run="run2")
        if not faults.kill(lambda: desk.crop(started), step):
            break
        two = desk.crop(second)
        recover(started)
        undo(two, second)
        assert other.read_bytes() == raw
        for path in (*desk.originals.rglob("*.png"), *desk.photos.glob("__cropped/*"), desk.photos / "a.txt", source):
            path.unlink(missing_ok=True)
        source.write_bytes(raw)
        os.utime(source, ns=(started.modified_ns, started.modified_ns))
        (desk.photos / "a.txt").write_text("a caption")
    else:
        pytest.fail("the crop never came to its end")


def test_a_crop_damaged_before_its_recovery_gives_the_original_back(desk, source, started, faults):
    before = desk.files()
    killed_before_the_end(desk, started, faults)
    Path(started.temporary).write_bytes(b"torn")
    assert recover(started) is None
    assert without_archive(desk.files()) == before
    assert source.stat().st_mtime_ns == started.modified_ns


def test_a_new_file_under_the_old_name_does_not_confuse_recovery(desk, source, started, faults):
    killed_before_the_end(desk, started, faults)
    source.write_bytes(b"a new file")
    executed = recover(started)
    assert executed is not None
    assert executed.recovered
    assert source.read_bytes() == b"a new file"
    assert Path(started.output).exists()


def test_recovery_never_removes_the_last_of_an_image(desk, started, faults):
    killed_before_the_end(desk, started, faults)
    kept = Path(started.archive)
    kept.unlink()
    before = desk.files()
    refused(lambda: recover(started), "missing", "all that is left")
    assert desk.files() == before


def test_recovery_does_not_judge_a_finished_crop_that_was_edited(desk, started):
    desk.crop(started)
    Path(started.output).write_bytes(b"edited")
    before = desk.files()
    refused(lambda: recover(started), "verification")
    assert desk.files() == before


def test_recovery_says_where_the_original_is_when_all_else_is_gone(desk, started):
    desk.crop(started)
    Path(started.output).unlink()
    assert started.archive in str(refused(lambda: recover(started), "missing"))


def test_recovery_before_anything_happened_does_nothing(desk, source, started):
    before = desk.files()
    assert recover(started) is None
    assert desk.files() == before
    source.unlink()
    assert recover(started) is None
