"""What commit refuses, what it shares, and what it leaves alone."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from imaging import commit as committing
from imaging.commit import commit, recover
from imaging.problems import Unfinished, Unusable, from_os_error
from imaging.undo import undo
from imaging.write import write
from tests.imaging.settling import BOX, refused, without_archive


def test_an_output_that_exists_is_never_replaced(desk, started):
    for content in (b"", b"mine"):
        taken = Path(started.output)
        taken.parent.mkdir(exist_ok=True)
        taken.write_bytes(content)
        before = desk.files()
        refused(lambda: desk.crop(started), "destination_exists", "already there")
        assert desk.files() == before
        assert recover(started) is None
        assert desk.files() == before
        taken.unlink()


def test_a_companion_that_exists_is_never_replaced(desk, started, faults):
    for hard_links in (True, False):
        if not hard_links:
            faults.without_hard_links()
        for content in (b"", b"mine", b"a caption"):
            taken = Path(started.companions[0].destination)
            taken.parent.mkdir(exist_ok=True)
            taken.write_bytes(content)
            before = desk.files()
            refused(lambda: desk.crop(started), "destination_exists")
            assert without_archive(desk.files()) == before
            assert recover(started) is None
            assert without_archive(desk.files()) == before
            taken.unlink()


def test_someone_elses_dangling_link_in_place_of_the_output_stays(desk, started):
    taken = Path(started.output)
    taken.parent.mkdir()
    taken.symlink_to("nowhere")
    refused(lambda: desk.crop(started), "destination_exists")
    assert taken.is_symlink()


def test_an_output_that_appears_at_the_last_moment_is_not_replaced(desk, started, monkeypatch):
    before = desk.files()
    real = committing.archive.keep

    def keep(plan):
        real(plan)
        Path(plan.output).write_bytes(b"mine")

    monkeypatch.setattr(committing.archive, "keep", keep)
    refused(lambda: desk.crop(started), "destination_exists")
    assert desk.files() == {**before, "photos/__cropped/a.png": b"mine"}


def test_a_file_under_the_temporary_name_is_never_written_to(desk, started):
    Path(started.temporary).parent.mkdir()
    Path(started.temporary).write_bytes(b"mine")
    before = desk.files()
    refused(lambda: write(started), "destination_exists")
    assert desk.files() == before


def test_a_source_edited_between_start_and_writing_is_refused(desk, source, started):
    source.write_bytes(source.read_bytes() + b" ")
    before = desk.files()
    assert refused(lambda: write(started), "changed").transient
    assert desk.files() == before


@pytest.mark.parametrize("how", ["in place", "replaced"])
def test_a_source_edited_while_it_is_cropped_is_left_as_edited(desk, source, started, monkeypatch, how):
    edited = source.read_bytes() + b" edited"
    real = committing.archive.keep

    def keep(plan):
        real(plan)
        if how == "replaced":
            source.unlink()
        source.write_bytes(edited)

    monkeypatch.setattr(committing.archive, "keep", keep)
    refused(lambda: desk.crop(started), "changed")
    files = desk.files()
    assert files["photos/a.png"] == edited
    assert files["photos/a.txt"] == b"a caption"
    assert not any("__cropped" in name for name in files)


def test_a_source_merely_touched_meanwhile_is_cropped(source, started):
    written = write(started)
    os.utime(source, ns=(1, 1))
    assert commit(started, written).output == started.output


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EACCES, errno.EROFS])
@pytest.mark.parametrize("step", ["write", "fsync", "open", "link"])
@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_a_disk_that_fails_leaves_everything_as_it_was_or_done(desk, started, faults, code, step, after):
    before = desk.files()
    faults.failing(step, code, after=after)
    problem = None
    try:
        desk.crop(started)
    except Unusable as refusal:
        problem = refusal
    faults.lift()
    if problem is None or desk.files() == before:
        return
    # Taking it back failed, too: the runner leaves such a crop started, and recovery settles it.
    if recover(started) is None:
        assert without_archive(desk.files()) == before
    else:
        assert isinstance(problem, Unfinished)


REASONS = [(errno.ENOSPC, "disk_full"), (errno.EACCES, "permission"), (errno.EIO, "io_error")]


@pytest.mark.parametrize(("code", "reason"), REASONS)
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_failure_while_committing_has_its_reason(desk, started, faults, code, reason, after):
    before = desk.files()
    faults.failing("link", code, after=after)
    refused(lambda: desk.crop(started), reason)
    assert desk.files() == before


def test_a_full_disk_is_worth_another_try_and_leaves_no_torn_file(desk, started, faults):
    before = desk.files()
    faults.failing("write", errno.ENOSPC)
    assert refused(lambda: write(started), "disk_full", "the disk is full").transient
    assert desk.files() == before
    faults.lift()
    desk.crop(started)


def test_a_companion_that_is_gone_fails_before_anything_moves(desk, started):
    (desk.photos / "a.txt").unlink()
    before = desk.files()
    refused(lambda: desk.crop(started), "missing")
    assert desk.files() == before


def test_identical_originals_share_one_file_in_the_archive(desk, source, started):
    other = desk.photos / "b.png"
    other.write_bytes(raw := source.read_bytes())
    second = desk.started(other, BOX, run="run2")
    one, two = desk.crop(started), desk.crop(second)
    assert one.archive == two.archive
    assert [path.read_bytes() for path in desk.originals.rglob("*.png")] == [raw]
    undo(one, started)
    undo(two, second)
    assert source.read_bytes() == other.read_bytes() == raw


def test_a_source_with_other_names_is_copied_to_the_archive(desk, source, started):
    other = desk.photos / "elsewhere.png"
    os.link(source, other)
    raw = source.read_bytes()
    executed = desk.crop(started)
    other.write_bytes(b"edited through the other name")
    undo(executed, started)
    assert source.read_bytes() == raw


def test_an_archive_file_that_is_damaged_stops_everything(desk, started):
    kept = Path(started.archive)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"rotten")
    before = desk.files()
    refused(lambda: desk.crop(started), "verification", "archived original")
    assert desk.files() == before


def test_many_crops_at_once_share_their_directories(desk, textured):
    photos = [desk.photos / f"{number}.png" for number in range(16)]
    for number, path in enumerate(photos):
        textured((12 + number % 3, 9)).save(path)
    plans = [desk.started(path, BOX) for path in photos]
    before = desk.files()
    with ThreadPoolExecutor(8) as pool:
        executed = list(pool.map(desk.crop, plans))
        list(pool.map(undo, executed, plans))
    assert without_archive(desk.files()) == before
    assert len([path for path in desk.originals.rglob("*") if path.is_file()]) == 3


@pytest.mark.parametrize(
    ("code", "reason", "transient"),
    [
        (errno.ENOSPC, "disk_full", True),
        (errno.EDQUOT, "disk_full", True),
        (errno.EACCES, "permission", False),
        (errno.EPERM, "permission", False),
        (errno.EROFS, "permission", False),
        (errno.ENOENT, "missing", False),
        (errno.EEXIST, "destination_exists", False),
        (errno.ENAMETOOLONG, "name_too_long", False),
        (errno.EIO, "io_error", True),
    ],
)
def test_an_error_of_the_system_has_a_reason_and_names_the_file_or_the_full_place(code, reason, transient):
    problem = from_os_error(OSError(code, os.strerror(code)), "/photos/a.png")
    assert (problem.reason, problem.transient) == (reason, transient)
    assert str(problem).startswith("/photos: " if reason == "disk_full" else "/photos/a.png: ")
