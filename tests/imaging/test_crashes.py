"""A kill at every single step of commit, recovery and undo, on eight kinds of places."""

import os
import shutil
from pathlib import Path

import pytest
from attrs import frozen

from imaging.commit import recover
from imaging.undo import undo
from ledger.events.crops import CropStarted
from ledger.values import PixelBox

KINDS = (
    "one disk", "archive far", "output far", "no links", "no links, no safe rename", "no links, output far",
    "full frame", "no companions",
)  # fmt: skip


@frozen
class Scene:
    """A source with two companions, one of them empty, and what the finished crop must look like."""

    desk: object
    started: CropStarted
    before: dict
    crop_bytes: bytes

    def reset(self):
        shutil.rmtree(self.desk.root)
        for name, content in self.before.items():
            path = self.desk.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        source = Path(self.started.source)
        source.chmod(0o664)
        os.utime(source, ns=(self.started.modified_ns, self.started.modified_ns))

    def crop(self):
        return self.desk.crop(self.started)

    @property
    def original(self):
        return self.before["photos/a.png"]


@pytest.fixture(params=KINDS)
def scene(request, desk, faults, textured):
    kind = request.param
    faults.without_waiting()
    far = desk.root / "far"
    source, notes, empty = (desk.photos / name for name in ("a.png", "a.txt", "a.flag"))
    textured((12, 9)).save(source)
    notes.write_text("a caption")
    empty.touch()
    companions = () if kind == "no companions" else (notes, empty)
    output = (far if "output far" in kind else desk.photos / "__cropped") / "a.png"
    box = PixelBox(0, 0, 12, 9) if kind == "full frame" else PixelBox(2, 1, 9, 8)
    started = desk.started(source, box, companions=companions, output=output)
    if "no links" in kind:
        faults.without_hard_links()
    if "no safe rename" in kind:
        faults.without_renaming_safely()
    if "far" in kind:
        faults.two_disks(far if "output" in kind else desk.root / "home")
    before = desk.files()
    desk.crop(started)
    made = Scene(desk, started, before, output.read_bytes())
    made.reset()
    return made


def assert_nothing_happened(scene):
    files = scene.desk.files()
    kept = {name for name in files if name.startswith("home/")}
    # A whole copy in the archive under its own hash harms nobody; a hidden or torn file would.
    assert all(files[name] == scene.original and "/." not in name for name in kept)
    assert {name: content for name, content in files.items() if name not in kept} == scene.before
    assert Path(scene.started.source).stat().st_nlink == 1


def assert_done(scene):
    place = lambda path: str(Path(path).relative_to(scene.desk.root))  # noqa: E731
    expected = dict(scene.before)
    expected[place(scene.started.archive)] = expected.pop(place(scene.started.source))
    for move in scene.started.companions:
        expected[place(move.destination)] = expected.pop(place(move.source))
    expected[place(scene.started.output)] = scene.crop_bytes
    assert scene.desk.files() == expected


def assert_settled(scene, outcome):
    if outcome is None:
        assert_nothing_happened(scene)
    else:
        assert_done(scene)
        assert outcome.recovered
        assert [moved.destination for moved in outcome.companions] == [
            move.destination for move in scene.started.companions
        ]


def test_a_kill_at_any_step_leaves_the_original_or_the_verified_crop_and_nothing_else(scene, faults):
    outcomes = []
    for step in range(faults.steps_of(scene.crop)):
        scene.reset()
        assert faults.kill(scene.crop, step)
        assert scene.original in scene.desk.files().values()
        outcome = recover(scene.started)
        assert_settled(scene, outcome)
        again = recover(scene.started)
        assert_settled(scene, again)
        assert (again is None) == (outcome is None)
        outcomes.append(outcome is None)
    # Rolled back up to one point, finished from there on.
    assert outcomes == sorted(outcomes, reverse=True)
    assert set(outcomes) == {True, False}


def test_after_a_kill_and_a_recovery_the_crop_can_be_made(scene, faults):
    for step in range(0, faults.steps_of(scene.crop), 3):
        scene.reset()
        faults.kill(scene.crop, step)
        if recover(scene.started) is None:
            scene.crop()
        assert_done(scene)


def test_a_recovery_killed_at_any_step_is_done_again(scene, faults):
    for step in range(faults.steps_of(scene.crop)):
        scene.reset()
        faults.kill(scene.crop, step)
        image = scene.desk.files()
        second = step % 3
        while faults.kill(lambda: recover(scene.started), second):
            assert_settled(scene, recover(scene.started))
            scene.reset()
            faults.kill(scene.crop, step)
            second += 3
        assert scene.original in image.values()


def test_an_undo_killed_at_any_step_is_finished_by_the_next(scene, faults):
    executed = scene.crop()
    take_back = lambda: undo(executed, scene.started)  # noqa: E731
    for step in range(steps := faults.steps_of(take_back)):
        for second in {step % 5, step * 7 % steps}:
            scene.reset()
            scene.crop()
            assert faults.kill(take_back, step)
            faults.kill(take_back, second)
            assert scene.original in scene.desk.files().values()
            undone = take_back()
            assert_nothing_happened(scene)
            assert undone.source_sha256 == scene.started.sha256
            state = Path(scene.started.source).stat()
            assert (state.st_mtime_ns, state.st_mode & 0o777) == (scene.started.modified_ns, 0o664)


def test_an_undone_crop_can_be_made_and_undone_again(scene):
    for _ in range(2):
        undo(scene.crop(), scene.started)
        assert_nothing_happened(scene)
