"""Sources in memory, the crops that the engine makes of them, and its verdict on others."""

import io
from pathlib import Path

import pytest
import skimage
from PIL import Image, ImageChops

from imaging.formats import avif, bmp, jpeg, png, tiff, webp
from imaging.pixels import Pixels
from imaging.problems import Unusable
from imaging.verify import check, source_of
from ledger.values import PixelBox

PHOTOS = Path(skimage.__file__).parent / "data"
BOX = PixelBox(101, 53, 402, 290)
MODULES = {"AVIF": avif, "BMP": bmp, "PNG": png, "JPEG": jpeg, "WEBP": webp, "TIFF": tiff}


def photo(name):
    with Image.open(PHOTOS / name) as image:
        return image.convert("RGB")


def source(kind, picture=None, **options):
    out = io.BytesIO()
    (picture or photo("coffee.png")).save(out, kind, **options)
    return source_of(out, "source")


def encode(origin, cut):
    """A whole file like the origin's around other pixels."""
    cut = cut if isinstance(cut, Pixels) else Pixels.of(cut)
    return b"".join(MODULES[origin.header.format].encode(origin.stream, origin.header, cut).pieces)


def region(origin, box=BOX):
    return origin.region(box).picture()


def checked(origin, box, crop):
    return check(origin, origin.region(box), io.BytesIO(crop), "crop")


def assert_wrong(origin, crop, box=BOX):
    with pytest.raises(Unusable) as caught:
        checked(origin, box, crop)
    assert caught.value.reason == "verification"


def moved(picture, across, down):
    return ImageChops.offset(picture, across, down)
