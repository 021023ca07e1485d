"""Several crops committed at once: each for itself, durable before it counts, and one wait for the disk for all."""

import errno
import os
from pathlib import Path

import pytest

from imaging import disk
from imaging.commit import commit_all, recover
from imaging.problems import Unusable
from imaging.publish import Move, finish, stage
from imaging.write import write
from ledger.events.crops import CropExecuted
from ledger.values import PixelBox

NAMES = ("a", "b", "c")


@pytest.fixture
def plans(desk, textured):
    """Three pictures, the first with a companion; the last is the first's twin."""
    made = []
    for name in NAMES:
        source = desk.photos / f"{name}.png"
        textured((12, 9), "L" if name == "b" else "RGB").save(source)
        notes = desk.photos / f"{name}.txt"
        if name == "a":
            notes.write_text("a caption")
        companions = (notes,) if name == "a" else ()
        made.append(desk.started(source, PixelBox(2, 1, 9, 8), run=f"run{name}", companions=companions))
    return made


def crop(plans):
    return commit_all([(plan, write(plan)) for plan in plans])


def test_all_are_made_as_each_alone_would_be(desk, plans):
    outcomes = crop(plans)
    assert all(isinstance(outcome, CropExecuted) for outcome in outcomes)
    assert [outcome.output for outcome in outcomes] == [plan.output for plan in plans]
    files = desk.files()
    assert {name for name in files if name.startswith("photos/")} == {
        "photos/__cropped/a.png", "photos/__cropped/a.txt", "photos/__cropped/b.png", "photos/__cropped/c.png",
    }  # fmt: skip
    assert len({outcome.archive for outcome in outcomes}) == 2


def test_nothing_committed_is_nothing(plans):
    assert commit_all([]) == []


def test_a_kill_at_any_step_leaves_each_image_untouched_or_done(desk, plans, faults):
    before = desk.files()
    faults.without_waiting()
    outcomes = set()

    def reset():
        for path in sorted(desk.root.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        for name, content in before.items():
            path = desk.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for plan in plans:
            os.utime(plan.source, ns=(plan.modified_ns, plan.modified_ns))

    steps = faults.steps_of(lambda: crop(plans))
    for step in range(steps):
        reset()
        assert faults.kill(lambda: crop(plans), step)
        found = [recover(plan) for plan in plans]
        outcomes.add(tuple(each is None for each in found))
        files = desk.files()
        assert not any("/." in name for name in files)
        for plan, each in zip(plans, found, strict=True):
            kept = Path(plan.source if each is None else plan.archive)
            assert files[str(kept.relative_to(desk.root))] == before[f"photos/{Path(plan.source).name}"]
            assert Path(plan.output).exists() == (each is not None)
            assert Path(plan.source).exists() == (each is None)
        assert (desk.photos / "a.txt").exists() == (found[0] is None)
    assert {(True, True, True), (False, False, False)} <= outcomes


class Trace:
    """What reached the disk, in order."""

    def __init__(self, monkeypatch):
        self.told, self._open = [], {}
        for name in ("link", "unlink", "fsync", "open"):
            monkeypatch.setattr(os, name, self._told(name, getattr(os, name)))

    def _told(self, name, real):
        def step(*given, **options):
            result = real(*given, **options)
            if name == "open":
                self._open[result] = str(given[0])
            else:
                place = self._open.get(given[0], "?") if name == "fsync" else str(given[-1])
                self.told.append((name, place))
            return result

        return step

    def where(self, name, place):
        return [number for number, each in enumerate(self.told) if each == (name, str(place))]


def test_nothing_goes_before_what_takes_its_place_is_durable(plans, monkeypatch):
    trace = Trace(monkeypatch)
    crop(plans)
    gone = {plan.source: trace.where("unlink", plan.source)[0] for plan in plans}
    for plan in plans:
        source, temporary = gone[plan.source], trace.where("unlink", plan.temporary)[-1]
        linked = trace.where("link", plan.output)[0]
        assert any(linked < at < source for at in trace.where("fsync", Path(plan.output).parent))
        assert any(at < source for at in trace.where("fsync", plan.temporary))
        assert any(at < source for at in trace.where("fsync", plan.archive))
        kept = [at for at in trace.where("fsync", Path(plan.archive).parent) if at < source]
        assert kept
        assert all(at > trace.where("link", plan.archive)[0] for at in kept[-1:])
        assert any(source < at < temporary for at in trace.where("fsync", Path(plan.source).parent))
        assert any(at > temporary for at in trace.where("fsync", Path(plan.output).parent))


def test_a_directory_is_waited_for_once_for_all_at_each_step(plans, monkeypatch):
    Path(plans[0].output).parent.mkdir()
    trace = Trace(monkeypatch)
    crop(plans)
    assert len(trace.where("fsync", Path(plans[0].output).parent)) == 2
    assert len(trace.where("fsync", Path(plans[0].source).parent)) == 2  # sources, then companions


def test_without_companions_there_is_one_wait_less(plans, monkeypatch):
    Path(plans[1].output).parent.mkdir()
    trace = Trace(monkeypatch)
    crop(plans[1:])
    assert len(trace.where("fsync", Path(plans[1].source).parent)) == 1


def test_one_that_cannot_be_put_in_its_place_keeps_nobody_else_back(desk, plans):
    written = [(plan, write(plan)) for plan in plans]
    Path(plans[1].output).write_bytes(b"mine")
    first, second, third = commit_all(written)
    assert isinstance(first, CropExecuted)
    assert isinstance(second, Unusable)
    assert second.reason == "destination_exists"
    assert isinstance(third, CropExecuted)
    assert Path(plans[1].source).exists()
    assert Path(plans[1].output).read_bytes() == b"mine"
    assert not any("/." in name for name in desk.files())


@pytest.mark.parametrize("what", ["temporary", "archive"])
def test_a_disk_that_fails_where_one_waits_gives_that_one_back(desk, plans, monkeypatch, what):
    bad, real = Path(getattr(plans[1], what)), disk.sync

    def sync(path):
        if path == bad:
            raise Unusable("the disk is full", reason="disk_full", transient=True)
        real(path)

    written = [(plan, write(plan)) for plan in plans]
    monkeypatch.setattr(disk, "sync", sync)
    first, second, third = commit_all(written)
    assert isinstance(first, CropExecuted)
    assert isinstance(third, CropExecuted)
    assert isinstance(second, Unusable)
    assert (second.reason, second.transient) == ("disk_full", True)
    assert Path(plans[1].source).exists()
    assert not Path(plans[1].output).exists()
    assert not any("/." in name for name in desk.files())


def test_a_rename_never_replaces(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("1")
    other.write_text("2")
    if disk._renameat2 is None:
        assert disk.rename_new(one, other) is False
        return
    with pytest.raises(FileExistsError):
        disk.rename_new(one, other)
    assert other.read_text() == "2"
    assert disk.rename_new(one, tmp_path / "third")
    assert (tmp_path / "third").read_text() == "1"
    with pytest.raises(FileNotFoundError):
        disk.rename_new(one, tmp_path / "fourth")


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EINVAL, errno.ENOTSUP])
def test_a_system_that_cannot_says_so(tmp_path, monkeypatch, code):
    def refuse(*_):
        disk.ctypes.set_errno(code)
        return -1

    (tmp_path / "one").touch()
    monkeypatch.setattr(disk, "_renameat2", refuse)
    assert disk.rename_new(tmp_path / "one", tmp_path / "other") is False


def test_a_file_that_takes_the_place_of_our_reservation_at_the_last_moment_is_not_replaced(
    tmp_path, faults, monkeypatch
):
    if disk._renameat2 is None:
        pytest.skip("this system's rename always replaces")
    move = Move(tmp_path / "origin", tmp_path / "final", tmp_path / "part")
    move.origin.write_text("ours")
    faults.without_hard_links()
    stage(move)
    assert disk.is_empty(move.final)
    real = disk.remove

    def remove(path):
        real(path)
        if path == move.final:
            path.write_text("theirs")

    monkeypatch.setattr(disk, "remove", remove)
    assert not finish(move)
    assert (move.origin.read_text(), move.final.read_text()) == ("ours", "theirs")
