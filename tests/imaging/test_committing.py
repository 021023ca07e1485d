"""What commit, recovery and undo refuse, what they share, and what they leave alone."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from attrs import evolve

from imaging import commit as committing
from imaging.commit import commit, recover
from imaging.problems import Unfinished, Unusable, from_os_error
from imaging.undo import undo
from imaging.write import write
from ledger.values import PixelBox

BOX = PixelBox(2, 1, 9, 8)


@pytest.fixture
def source(desk, textured):
    path = desk.photos / "a.png"
    textured((12, 9)).save(path)
    (desk.photos / "a.txt").write_text("a caption")
    return path


@pytest.fixture
def started(desk, source):
    return desk.started(source, BOX, companions=[desk.photos / "a.txt"])


def refused(call, reason, match="."):
    with pytest.raises(Unusable, match=match) as caught:
        call()
    assert caught.value.reason == reason
    return caught.value


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


def without_archive(files):
    return {name: content for name, content in files.items() if not name.startswith("home/")}


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


def test_an_empty_file_that_someone_made_meanwhile_outlives_the_recovery(desk, started):
    write(started)
    taken = Path(started.output)
    taken.touch()
    before = desk.files()
    assert recover(started) is None
    del before[str(Path(started.temporary).relative_to(desk.root))]
    assert desk.files() == before


def test_a_file_under_the_temporary_name_is_never_written_to(desk, started):
    Path(started.temporary).parent.mkdir()
    Path(started.temporary).write_bytes(b"mine")
    before = desk.files()
    refused(lambda: write(started), "destination_exists")
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


def test_undo_needs_the_archived_original(desk, started):
    executed = desk.crop(started)
    kept = Path(started.archive)
    kept.chmod(0o600)
    raw = kept.read_bytes()
    kept.write_bytes(raw[:-1])
    before = desk.files()
    refused(lambda: undo(executed, started), "verification")
    assert desk.files() == before
    kept.unlink()
    refused(lambda: undo(executed, started), "missing", "archived original")


def test_undo_keeps_a_crop_that_was_edited(desk, started):
    executed = desk.crop(started)
    Path(started.output).write_bytes(b"edited")
    before = desk.files()
    refused(lambda: undo(executed, started), "changed", "edited since")
    assert desk.files() == before


@pytest.mark.parametrize("name", ["a.png", "a.txt"])
@pytest.mark.parametrize("content", [b"", b"another"])
def test_undo_never_replaces_what_took_the_old_place(desk, started, name, content):
    executed = desk.crop(started)
    (desk.photos / name).write_bytes(content)
    before = desk.files()
    refused(lambda: undo(executed, started), "destination_exists")
    assert desk.files() == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize("step", ["open", "write", "link", "fsync"])
@pytest.mark.parametrize("after", [0, 1])
def test_an_undo_that_fails_can_be_done_again(desk, started, faults, code, step, after):
    before = without_archive(desk.files())
    executed = desk.crop(started)
    faults.failing(step, code, after=after)
    with suppress(Unusable):
        undo(executed, started)
    faults.lift()
    undo(executed, started)
    assert without_archive(desk.files()) == before


def test_undo_twice_is_undo_once(desk, started):
    executed = desk.crop(started)
    first = undo(executed, started)
    files = desk.files()
    second = undo(executed, started)
    assert desk.files() == files
    assert (first.source, first.output, len(first.companions)) == (started.source, started.output, 1)
    assert evolve(second, companions=()) == evolve(first, companions=())


def test_undo_goes_on_without_a_crop_or_companion_that_was_deleted(desk, source, started):
    raw = source.read_bytes()
    executed = desk.crop(started)
    Path(started.output).unlink()
    Path(started.companions[0].destination).unlink()
    assert undo(executed, started).companions == ()
    assert source.read_bytes() == raw


def test_undo_brings_an_edited_companion_back_as_edited(desk, started):
    executed = desk.crop(started)
    Path(started.companions[0].destination).write_text("a better caption")
    undo(executed, started)
    assert (desk.photos / "a.txt").read_text() == "a better caption"


def killed_before_the_end(desk, started, faults):
    """A crop whose source is gone and whose temporary name still stands."""
    step = 0
    while True:
        if not faults.kill(lambda: desk.crop(started), step):
            pytest.fail("the crop never came to that point")
        if not Path(started.source).exists():
            return
        assert recover(started) is None
        step += 1


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
