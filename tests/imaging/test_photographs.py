"""Real photographs, in several formats, there and back."""

from pathlib import Path

import pytest
import skimage
from PIL import Image, ImageOps

from imaging.undo import undo
from ledger.values import PixelBox

PHOTOS = Path(skimage.__file__).parent / "data"
LOSSLESS = [
    "astronaut.png",
    "brick.png",
    "cell.png",
    "chelsea.png",
    "clock_motion.png",
    "coffee.png",
    "coins.png",
    "color.png",
    "horse.png",
    "ihc.png",
    "logo.png",
    "moon.png",
    "page.png",
    "phantom.png",
    "chessboard_GRAY.png",
    "microaneurysms.png",
]
LOSSY = ["hubble_deep_field.jpg", "retina.jpg", "rocket.jpg"]


@pytest.mark.parametrize("name", LOSSLESS + LOSSY)
def test_a_photograph_is_cropped_exactly_and_comes_back_byte_for_byte(desk, rung, name):
    source = desk.photos / name
    source.write_bytes(raw := (PHOTOS / name).read_bytes())
    caption = source.with_suffix(".txt")
    caption.write_text("what it shows")
    with Image.open(source) as image:
        image.load()
    seen = ImageOps.exif_transpose(image)
    box = PixelBox(seen.width // 5, seen.height // 7, seen.width * 4 // 5, seen.height * 3 // 4)
    started = desk.started(source, box, companions=[caption])
    executed = desk.crop(started)
    with Image.open(executed.output) as crop:
        crop.load()
    assert (crop.format, crop.mode) == (image.format, image.mode)
    wanted = seen.crop((box.left, box.top, box.right, box.bottom))
    if name in LOSSLESS:
        assert ImageOps.exif_transpose(crop).convert("RGBA").tobytes() == wanted.convert("RGBA").tobytes()
    assert crop.info.keys() >= image.info.keys() - {"interlace"}
    assert [Path(move.destination).read_text() for move in executed.companions] == ["what it shows"]
    undo(executed, started)
    assert source.read_bytes() == raw
    assert caption.read_text() == "what it shows"
