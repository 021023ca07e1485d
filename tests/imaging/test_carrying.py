"""Carrying an image and its companions elsewhere: all or none, nothing replaced, and a kill at any step is finished."""

import errno
import os
from pathlib import Path

import pytest

from imaging import disk
from imaging.carry import Load, carry, load_of, settle
from imaging.problems import Unusable

STEPS = ("make_directory", "write_new", "link_new", "remove", "sync_directory", "refuse_taken", "same_content")


class Killed(BaseException):
    """The process is gone: no handler of the code under test runs."""


@pytest.fixture
def files(tmp_path):
    source = tmp_path / "set_a"
    source.mkdir()
    for name in ("a.png", "a.yaml", "a.txt"):
        (source / name).write_bytes(name.encode() * 100)
    return source


def load(source: Path) -> Load:
    companions = [place for place in (source / "a.txt", source / "a.yaml") if place.exists()]
    return load_of(source / "a.png", source.parent / "staging" / "set_a" / "a.png", companions)


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


WHOLE = {f"set_a/{name}": name.encode() * 100 for name in ("a.png", "a.yaml", "a.txt")}
CARRIED = {f"staging/{name}": content for name, content in WHOLE.items()}


def test_everything_moves_together_and_what_arrived_is_told(files, tmp_path):
    going = load(files)
    first, *others = carry(going)
    settle(going)

    assert tree(tmp_path) == CARRIED
    assert (first.source, first.destination) == (str(files / "a.png"), str(tmp_path / "staging/set_a/a.png"))
    assert first.size_bytes == 500
    assert sorted(Path(each.destination).name for each in others) == ["a.txt", "a.yaml"]


def test_there_and_back_leaves_every_file_as_it_was(files, tmp_path):
    before = {path.name: path.stat().st_mtime_ns for path in files.iterdir()}
    going = load(files)
    first, *others = carry(going)
    settle(going)
    back = load_of(Path(first.destination), Path(first.source), [Path(each.destination) for each in others])
    carry(back)
    settle(back)

    assert tree(tmp_path) == WHOLE
    assert {path.name: path.stat().st_mtime_ns for path in files.iterdir()} == before


@pytest.mark.parametrize("taken", ["a.png", "a.txt", "a.yaml"])
def test_a_place_that_is_taken_moves_nothing(files, tmp_path, taken):
    place = tmp_path / "staging" / "set_a" / taken
    place.parent.mkdir(parents=True)
    place.write_text("somebody else's")
    with pytest.raises(Unusable) as caught:
        carry(load(files))

    assert caught.value.reason == "destination_exists"
    assert tree(tmp_path) == WHOLE | {f"staging/set_a/{taken}": b"somebody else's"}


def test_an_image_that_is_gone_moves_nothing(files, tmp_path):
    (files / "a.png").unlink()
    with pytest.raises(Unusable) as caught:
        carry(load(files))

    assert caught.value.reason == "missing"
    assert set(tree(tmp_path)) == {"set_a/a.txt", "set_a/a.yaml"}


@pytest.mark.parametrize("nth", range(3))
def test_a_disk_that_is_full_half_way_moves_nothing(files, tmp_path, monkeypatch, nth):
    real, calls = disk.link_new, []

    def full(source, target):
        calls.append(target)
        if len(calls) > nth:
            raise OSError(errno.ENOSPC, "full")
        return real(source, target)

    monkeypatch.setattr(disk, "link_new", full)
    with pytest.raises(Unusable) as caught:
        carry(load(files))
    monkeypatch.undo()

    assert caught.value.reason == "disk_full"
    assert tree(tmp_path) == WHOLE


def test_to_another_file_system_it_is_copied_compared_and_then_let_go(files, tmp_path, monkeypatch):
    real = disk.link_new

    def elsewhere(source, target):
        if ("staging" in str(source)) != ("staging" in str(target)):
            raise OSError(errno.EXDEV, "another file system")
        return real(source, target)

    monkeypatch.setattr(disk, "link_new", elsewhere)
    going = load(files)
    carry(going)
    settle(going)

    assert tree(tmp_path) == CARRIED


def test_a_torn_marker_means_that_nothing_had_moved(files, tmp_path):
    going = load(files)
    going.marker.parent.mkdir(parents=True)
    going.marker.write_bytes(b'["a.tx')
    again = load(files)

    assert not again.begun
    carry(again)
    settle(again)
    assert tree(tmp_path) == CARRIED


@pytest.mark.parametrize("foreign", [False, True])
def test_a_kill_at_any_step_is_finished_by_asking_again(tmp_path, foreign):
    killed_at = 0
    while _killed(tmp_path / str(killed_at), killed_at, foreign=foreign):
        killed_at += 1
    assert killed_at > 10, "there are as many steps to be killed at"


def _killed(root: Path, nth: int, *, foreign: bool) -> bool:
    """Kill at the nth step, ask again; whether there was such a step."""
    source = root / "set_a"
    source.mkdir(parents=True)
    for name in ("a.png", "a.yaml", "a.txt"):
        (source / name).write_bytes(name.encode() * 100)
    was_killed = _carry_killed(source, nth)
    expected = dict(CARRIED)
    if foreign:  # a file of the same stem appears meanwhile: it is not on its way, and stays
        (source / "a.json").write_bytes(b"new")
        expected["set_a/a.json"] = b"new"
    everything = tree(root).values()
    assert set(WHOLE.values()) <= set(everything), f"killed at step {nth}, something is lost"
    again = load(source)
    moved = carry(again)
    settle(again)
    assert tree(root) == expected, f"killed at step {nth}"
    assert len(moved) == 3
    return was_killed


def _carry_killed(source: Path, nth: int) -> bool:
    steps = 0

    def counted(real):
        def step(*arguments):
            nonlocal steps
            steps += 1
            if steps > nth:
                raise Killed
            return real(*arguments)

        return step

    with pytest.MonkeyPatch.context() as patch:
        for name in STEPS:
            patch.setattr(disk, name, counted(getattr(disk, name)))
        try:
            carry(load(source))
        except Killed:
            return True
    return False


def test_what_is_no_regular_file_moves_nothing(files, tmp_path):
    (files / "a.png").unlink()
    os.mkfifo(files / "a.png")
    with pytest.raises(Unusable):
        carry(load(files))
    assert (files / "a.txt").exists()
