"""Lossy crops: planted faults are caught, honest encodings of real photographs are not."""

import random
import zlib

import pytest
from PIL import Image, ImageChops, ImageFilter

from imaging.likeness import Likeness
from imaging.pixels import Pixels
from imaging.problems import Unusable
from ledger.values import PixelBox
from tests.imaging.crops import assert_wrong, checked, encode, moved, photo, region, source


def speckled(picture):
    """Brighter and darker pixels in turn: no small square is off in its mean."""
    signs = Image.frombytes("L", picture.size, (b"\x0c\0" * picture.width)[: picture.width] * picture.height)
    grey = Image.merge("RGB", (signs,) * 3)
    return ImageChops.subtract(ImageChops.add(picture, grey), moved(grey, 1, 0))


def test_specks_that_no_mean_shows_are_caught():
    origin = source("JPEG", quality=95)
    assert_wrong(origin, encode(origin, speckled(region(origin))))


@pytest.mark.parametrize("quality", [20, 40, 60, 90])
@pytest.mark.parametrize("shift", [(0, 1), (0, -1), (1, 0), (-1, 0)])
def test_a_region_one_pixel_beside_is_caught_at_any_quality(quality, shift):
    origin = source("JPEG", photo("astronaut.png"), quality=quality)
    picture = region(origin, PixelBox(100, 52, 405, 292))
    beside = moved(picture, *shift)
    beside.paste(picture.crop((0, 0, 1, picture.height)), (0, 0))
    with pytest.raises(Unusable, match=r"beside the one marked|levels"):
        checked(origin, PixelBox(100, 52, 405, 292), encode(origin, beside))


HONEST = ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "hubble_deep_field.jpg", "logo.png", "text.png"]


@pytest.mark.parametrize("name", HONEST)
def test_no_honest_lossy_crop_of_a_photograph_is_refused(name):
    picture, chance = photo(name), random.Random(name)  # noqa: S311  # boxes, not secrets
    for kind, options in [
        ("JPEG", {"quality": 10}),
        ("JPEG", {"quality": 60, "subsampling": 2}),
        ("JPEG", {"quality": 90, "subsampling": 1}),
        ("JPEG", {"quality": 100, "subsampling": 0}),
        ("WEBP", {"quality": 40, "method": 0}),
        ("WEBP", {"quality": 95, "method": 0}),
    ]:
        origin = source(kind, picture, **options)
        for _ in range(3):
            left, top = chance.randrange(picture.width - 30), chance.randrange(picture.height - 30)
            box = PixelBox(left, top, chance.randint(left + 1, picture.width), chance.randint(top + 1, picture.height))
            checked(origin, box, encode(origin, region(origin, box)))


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_no_honest_lossy_crop_of_the_worst_pictures_is_refused(kind):
    noise = Image.frombytes("RGB", (160, 120), zlib_noise(160 * 120 * 3))
    stripes = Image.frombytes("RGB", (160, 120), (b"\xff\0\0\0\0\xff" * 80 + b"\0\0\xff\xff\0\0" * 80) * 60)
    flat = Image.new("RGB", (160, 120), (200, 30, 60))
    for picture in (noise, stripes, flat):
        for quality in (20, 75, 95):
            origin = source(kind, picture, quality=quality)
            for box in (PixelBox(1, 1, 150, 111), PixelBox(8, 8, 9, 9), PixelBox(3, 0, 20, 17)):
                checked(origin, box, encode(origin, region(origin, box)))


def zlib_noise(count):
    chance = random.Random(3)  # noqa: S311  # noise, not secrets
    return zlib.compress(chance.randbytes(count))[:count]


def in_strips(region, seen, noise=4.0, rows=64, **options):
    """What a judge says who saw this picture some rows at a time."""
    judge = Likeness(Pixels.of(region), noise, **options)
    whole = Pixels.of(seen)
    for top in range(0, whole.height_px, rows):
        judge.see(whole.rows(top, min(rows, whole.height_px - top)))
    return judge.unlike()


def blurred(picture):
    return picture.filter(ImageFilter.BoxBlur(1))


@pytest.mark.parametrize("rows", [8, 64, 400])
def test_a_likeness_is_the_same_in_strips_of_any_height(rows):
    picture = photo("coffee.png")
    again = source("JPEG", picture, quality=90)
    with Image.open(again.stream) as image:
        assert in_strips(picture, image.convert("RGB"), rows=rows) is None
    assert "beside the one marked" in (in_strips(picture, moved(blurred(picture), 1, 0), noise=60, rows=rows) or "")


@pytest.mark.parametrize("top", [0, 128, 384])
def test_a_block_that_is_lost_in_any_strip_is_seen(top):
    picture = photo("coffee.png")
    faulty = picture.copy()
    faulty.paste((255, 0, 255), (64, top, 80, top + 16))
    assert in_strips(picture, picture) is None
    assert "a part of it is off" in (in_strips(picture, faulty) or "")


@pytest.mark.parametrize("top", [0, 128, 399])
def test_transparency_that_differs_in_one_pixel_is_seen_where_it_must_be_the_same(top):
    picture = photo("coffee.png").convert("RGBA")
    faulty = picture.copy()
    faulty.putpixel((7, top), (*picture.getpixel((7, top))[:3], 254))
    assert in_strips(picture, picture) is None
    assert in_strips(picture, faulty) == "its transparency is not that of the source"
    assert in_strips(picture, faulty, alpha_noise=4.0) is None
