"""What the demo needs: a sandbox with pictures, companions, and a file of marks as a marking tool would write it."""

import json
import random
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen

from imaging.problems import Unusable
from imaging.read import ImageFile, observe
from imaging.samples import make_samples
from ledger.errors import Invalid, NotFound
from ledger.values import Box

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".avif"})


@frozen
class Sandbox:
    """Where the demo plays."""

    root: Path
    home: Path
    photos: Path
    marks: Path
    marked: tuple[Path, ...]
    """The pictures that keep their mark."""
    withdrawn: Path
    """The picture whose crop is withdrawn."""
    skipped: Path
    """The picture that gets no crop."""
    count: int
    companions: int


def prepare(root: Path | None, images: Path | None, count: int) -> Sandbox:
    """Make the sandbox; `images` is a directory whose photos are copied. Raises `Invalid` and `NotFound`."""
    root = _empty(root)
    photos = root / "photos" / "set_a"
    if images is None:
        paths = [sample.path for sample in make_samples(photos, count)]
    else:
        paths = list(_copied(images, photos, count))
    found = [image for image in map(_usable, paths) if image is not None]
    if len(found) < 3:
        raise NotFound(f"The demo needs three images it can read; {images} has {len(found)}.")
    marks = root / "marks.jsonl"
    marks.write_text("".join(_mark(image) + "\n" for image in found), "utf-8")
    beside = sum(1 for path in photos.iterdir()) - len(paths)
    *marked, withdrawn, skipped = (image.path for image in found)
    return Sandbox(root, root / "home", photos, marks, tuple(marked), withdrawn, skipped, len(found), beside)


def _empty(root: Path | None) -> Path:
    if root is None:
        return Path(tempfile.mkdtemp(prefix="crop-demo-")).resolve()
    try:
        root.mkdir(parents=True, exist_ok=True)
        if any(root.iterdir()):
            raise Invalid(f"{root} is not empty.", mend="Name a new directory.")
    except OSError as error:
        raise Invalid(f"{root} cannot be used: {error.strerror}.") from error
    return root.resolve()


def _copied(images: Path, photos: Path, count: int) -> Iterator[Path]:
    if not images.is_dir():
        raise NotFound(f"{images} is not a directory.")
    photos.mkdir(parents=True)
    originals = sorted(path for path in images.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
    for original in originals[:count]:
        yield Path(shutil.copy2(original, photos / original.name))


def _usable(path: Path) -> ImageFile | None:
    try:
        return observe(path)
    except Unusable:
        return None  # a photo the product refuses is no photo for a demo; recording it for real would say why


def _mark(image: ImageFile) -> str:
    chance = random.Random(image.path.name)  # noqa: S311  # boxes, not secrets
    side = chance.uniform(0.45, 0.8)
    x1, y1 = chance.uniform(0, 1 - side), chance.uniform(0, 1 - side)
    frame = image.dimensions
    box = Box(x1, y1, x1 + side, y1 + side).denormalise(frame).normalise(frame)
    return json.dumps(
        {
            "created_at": datetime.now(UTC).isoformat(),
            "project_id": "demo",
            "group_id": f"demo_{image.path.stem[:15]}",
            "filename": image.path.name,
            "dir": str(image.path.parent),
            "width": frame.width_px,
            "height": frame.height_px,
            "crop_norm": [box.x1, box.y1, box.x2, box.y2],
        }
    )
