"""Small images and a desk to crop them on: a directory of sources, one for outputs and an archive."""

import hashlib
from pathlib import Path

import pytest
from attrs import frozen
from PIL import Image

from imaging.plan import plan
from imaging.read import observe
from ledger.events.crops import CropStarted
from ledger.values import Dimensions, PixelBox


@frozen
class Desk:
    """Where one test's files live."""

    root: Path

    @property
    def sources(self):
        return self.root / "photos"

    @property
    def originals(self):
        return self.root / "home" / "originals"

    def output(self, name):
        return self.root / "photos" / "__cropped" / name

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
        )


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "photos").mkdir()
    return Desk(tmp_path.resolve())


def textured(size, mode="RGB"):
    """A picture in which every row, column and channel differs, smooth enough for lossy formats."""
    width, height = size
    red = Image.linear_gradient("L").resize(size)
    green = Image.linear_gradient("L").rotate(90).resize(size)
    blue = Image.radial_gradient("L").resize(size)
    picture = Image.merge("RGB", (red, green, blue))
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").rotate(180).resize(size))
        return picture
    return picture.convert(mode)


def snapshot(root):
    """Every file below a directory with its bytes."""
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def sha256(content):
    return hashlib.sha256(content).hexdigest()


__all__ = ["CropStarted", "Desk", "Dimensions", "snapshot", "textured"]
