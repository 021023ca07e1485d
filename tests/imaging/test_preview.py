"""Previews: what a person sees, small. The same picture whatever the file's format, depth, turn or colours."""

import io

import pytest
from PIL import Image, ImageCms, ImageOps

from imaging.preview import preview_of
from imaging.problems import Unusable


def _file(picture, form, **options):
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def _seen(raw, **options):
    return Image.open(io.BytesIO(preview_of(raw, "a.png", **options)))


@pytest.fixture
def quarters():
    """Four fields, each of its own colour, twice as wide as high."""
    picture = Image.new("RGB", (400, 200), (200, 30, 30))
    picture.paste((30, 200, 30), (200, 0, 400, 100))
    picture.paste((30, 30, 200), (0, 100, 200, 200))
    picture.paste((220, 220, 220), (200, 100, 400, 200))
    return picture


def _assert_alike(preview, picture, within=8):
    wanted = picture.convert("RGB").resize(preview.size)
    for x in (0.25, 0.75):
        for y in (0.25, 0.75):
            place = int(preview.width * x), int(preview.height * y)
            found, expected = preview.convert("RGB").getpixel(place), wanted.getpixel(place)
            assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= within, (place, found, expected)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
def test_every_format_is_shown_with_its_longer_side_at_the_limit(quarters, form):
    preview = _seen(_file(quarters, form), largest_px=100)

    assert (preview.format, preview.size) == ("JPEG", (100, 50))
    _assert_alike(preview, quarters)


def test_a_preview_is_never_larger_than_the_image(quarters):
    assert _seen(_file(quarters, "PNG")).size == (400, 200)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_as_its_orientation_says(quarters, form, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    raw = _file(quarters, form, exif=exif)

    preview = _seen(raw, largest_px=100)

    tagged = quarters.copy()
    tagged.getexif()[0x0112] = orientation
    wanted = ImageOps.exif_transpose(tagged)
    assert preview.size == ((50, 100) if orientation >= 5 else (100, 50))
    _assert_alike(preview, wanted)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "RGBA", "LA"])
def test_colours_of_every_mode_are_those_of_the_picture(quarters, mode):
    picture = quarters.quantize(16) if mode == "P" else quarters.convert(mode)
    form = "TIFF" if mode == "CMYK" else "PNG"

    _assert_alike(_seen(_file(picture, form)), picture)


def test_sixteen_bits_are_not_cut_off():
    raw = _file(Image.linear_gradient("L").convert("I").point(lambda value: value * 257).convert("I;16"), "PNG")

    preview = _seen(raw)

    assert [abs(preview.getpixel((128, y)) - y) <= 3 for y in (20, 128, 240)] == [True, True, True]


def test_what_is_transparent_shows_grey_and_not_the_colour_under_it():
    picture = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    picture.paste((10, 200, 10, 255), (0, 0, 32, 64))

    preview = _seen(_file(picture, "PNG"))

    assert preview.getpixel((48, 32)) == pytest.approx((128, 128, 128), abs=4)
    assert preview.getpixel((8, 32)) == pytest.approx((10, 200, 10), abs=8)


def test_a_colour_profile_is_kept_where_it_means_the_same(quarters):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    assert _seen(_file(quarters, "PNG", icc_profile=profile)).info["icc_profile"] == profile
    assert "icc_profile" not in _seen(_file(quarters.convert("L"), "PNG", icc_profile=profile)).info


def test_nothing_of_the_file_but_pixels_and_profile_reaches_the_preview(quarters):
    exif = Image.Exif()
    exif[0x010F] = "a camera"

    preview = _seen(_file(quarters, "JPEG", exif=exif, comment=b"private"))

    assert {"exif", "comment"} & preview.info.keys() == set()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
def test_a_file_that_is_cut_off_is_refused_by_name(quarters, form):
    raw = _file(quarters, form)

    with pytest.raises(Unusable, match=r"a\.png"):
        preview_of(raw[: len(raw) // 2], "a.png")


@pytest.mark.parametrize("raw", [b"", b"hello", b"GIF89a" + bytes(20), b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_image_of_ours_is_refused(raw):
    with pytest.raises(Unusable):
        preview_of(raw, "a.png")
