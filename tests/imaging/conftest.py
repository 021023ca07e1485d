"""Small images, a desk to crop them on, and ways to stop, refuse or starve the disk under it."""

import errno
import os
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import frozen
from PIL import Image

from imaging import disk, ladder
from imaging.commit import commit
from imaging.plan import Ways, plan
from imaging.read import observe
from imaging.write import write
from ledger.values import PixelBox


@frozen
class Desk:
    """Where one test's files live."""

    root: Path

    @property
    def photos(self):
        return self.root / "photos"

    @property
    def originals(self):
        return self.root / "home" / "originals"

    def output(self, name):
        return self.photos / "__cropped" / name

    def started(self, source, box=None, *, run="run1", attempt=1, companions=(), output=None):
        """The started event for a pixel box, in the displayed frame, on a file."""
        image = observe(source)
        drawn = box or PixelBox(1, 1, image.dimensions.width_px - 1, image.dimensions.height_px - 1)
        return plan(
            image,
            drawn.normalise(image.dimensions),
            recorded=image.dimensions,
            recorded_sha256=image.sha256,
            run=run,
            attempt=attempt,
            output=output or self.output(source.name),
            archive_root=self.originals,
            companions=companions,
            how=Ways(reencode=True),
        )

    def crop(self, started):
        return commit(started, write(started))

    def files(self):
        """Every file with its bytes."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def desk(tmp_path):
    root = tmp_path.resolve() / "desk"
    (root / "photos").mkdir(parents=True)
    return Desk(root)


def _textured(size, mode="RGB"):
    width, height = size
    down = Image.linear_gradient("L").resize(size)
    across = Image.linear_gradient("L").rotate(90).resize(size)
    grain = Image.frombytes("L", size, bytes((x * 7 + y * 13) % 64 + 96 for y in range(height) for x in range(width)))
    picture = Image.merge("RGB", (down, across, grain))
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").rotate(180).resize(size))
        return picture
    return picture.convert(mode)


@pytest.fixture
def textured():
    """Makes a picture in which rows, columns and channels all differ."""
    return _textured


@pytest.fixture(params=["fast", "Pillow"])
def rung(request, monkeypatch):
    """Every step with the extra's libraries, and without them."""
    if request.param == "Pillow":
        monkeypatch.setattr(ladder, "FAST_ALLOWED", False)
    elif ladder.fast() is None:
        pytest.skip("the extra `fast` is not installed")
    return request.param


@pytest.fixture
def source(desk, textured):
    path = desk.photos / "a.png"
    textured((12, 9)).save(path)
    (desk.photos / "a.txt").write_text("a caption")
    return path


@pytest.fixture
def started(desk, source):
    return desk.started(source, PixelBox(2, 1, 9, 8), companions=[desk.photos / "a.txt"])


class Killed(BaseException):
    """The process is gone: no handler of ours may see it."""


STEPS = ("link", "unlink", "rename", "replace", "fsync", "mkdir", "write", "utime", "fchmod", "chmod", "open")


class Faults:
    """What can go wrong under a program."""

    def __init__(self, monkeypatch):
        self._patch = monkeypatch

    def steps_of(self, call):
        """How many steps on the disk a call takes."""
        with self._counted(None) as taken:
            call()
        return len(taken)

    def kill(self, call, step):
        """Run the call and kill it at this step; False if it was through before."""
        try:
            with self._counted(step):
                call()
        except Killed:
            return True
        return False

    @contextmanager
    def _counted(self, stop_at):
        """A write is cut in its middle. Once dead nothing reaches the disk, whatever cleanup code tries."""
        taken = []

        def wrap(name, real):
            def step(*arguments, **options):
                if name == "open" and not arguments[1] & os.O_CREAT:
                    return real(*arguments, **options)
                taken.append(name)
                if stop_at is not None and len(taken) > stop_at:
                    if name == "write" and len(taken) == stop_at + 1:
                        real(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                    raise Killed
                return real(*arguments, **options)

            return step

        with self._patch.context() as patch:
            for name in STEPS:
                patch.setattr(os, name, wrap(name, getattr(os, name)))
            if disk._renameat2 is not None:
                patch.setattr(disk, "_renameat2", wrap("renameat2", disk._renameat2))
            yield taken

    def without_waiting(self):
        """A kill loses nothing the kernel has: fsync stays a step, but costs no time."""
        self._patch.setattr(os, "fsync", lambda _: None)

    def without_hard_links(self, code=errno.EPERM):
        """A file system like exFAT."""

        def link(*_, **__):
            raise OSError(code, "no hard links here")

        self._patch.setattr(os, "link", link)

    def without_renaming_safely(self):
        """A system whose rename always replaces."""
        self._patch.setattr(disk, "_renameat2", None)

    def two_disks(self, far):
        """Everything below `far` is on another file system. As in the kernel, that is said before anything else."""
        for name in ("link", "replace", "rename"):
            self._patch.setattr(os, name, self._on_one_disk(getattr(os, name), far))

    @staticmethod
    def _on_one_disk(real, far):
        def step(source, target, **options):
            if Path(source).is_relative_to(far) != Path(target).is_relative_to(far):
                raise OSError(errno.EXDEV, "another file system")
            return real(source, target, **options)

        return step

    def failing(self, name, code, *, after=0):
        """Let one kind of step fail with this error code from a call on, counted from 0."""
        real, calls = getattr(os, name), []

        def step(*arguments, **options):
            calls.append(name)
            if len(calls) > after:
                raise OSError(code, os.strerror(code))
            return real(*arguments, **options)

        self._patch.setattr(os, name, step)

    def lift(self):
        """Undo all of it."""
        self._patch.undo()


@pytest.fixture
def faults(monkeypatch):
    return Faults(monkeypatch)
