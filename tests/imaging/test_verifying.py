"""The verifier: planted faults are caught, honest encodings of real photographs are not."""

import hashlib
import importlib
import io
import random
import zlib
from pathlib import Path

import pytest
import skimage
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFilter, PngImagePlugin

from imaging import ladder
from imaging import write as writer
from imaging.disk import write_new
from imaging.formats import bmp, jpeg, png, png_chunks, tiff, webp
from imaging.formats.header import Malformed
from imaging.likeness import Likeness
from imaging.pixels import Pixels, Strips
from imaging.problems import Unusable
from imaging.verify import check, source_of
from ledger.values import PixelBox

PHOTOS = Path(skimage.__file__).parent / "data"
BOX = PixelBox(101, 53, 402, 290)
MODULES = {"BMP": bmp, "PNG": png, "JPEG": jpeg, "WEBP": webp, "TIFF": tiff}


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


def moved(picture, across, down):
    return ImageChops.offset(picture, across, down)


def channels_swapped(picture):
    red, green, blue = picture.split()
    return Image.merge("RGB", (blue, green, red))


def a_row_doubled(picture):
    faulty = picture.copy()
    faulty.paste(picture.crop((0, 10, picture.width, 11)), (0, 11))
    return faulty


def one_pixel_off(picture):
    faulty = picture.copy()
    red, green, blue = faulty.getpixel((5, 5))
    faulty.putpixel((5, 5), (red ^ 1, green, blue))
    return faulty


def a_block_lost(picture):
    faulty = picture.copy()
    faulty.paste((128, 128, 128), (64, 64, 80, 80))
    return faulty


FAULTS_SEEN_BY_ALL = {
    "a row too low": lambda picture: moved(picture, 0, -1),
    "a column to the left": lambda picture: moved(picture, 1, 0),
    "red and blue swapped": channels_swapped,
    "upside down": lambda picture: picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    "a block lost": a_block_lost,
    "a row short": lambda picture: picture.crop((0, 0, picture.width, picture.height - 1)),
    "turned": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
}
FAULTS_SEEN_WHEN_LOSSLESS = {"one bit of one pixel": one_pixel_off, "a row doubled": a_row_doubled}


def speckled(picture):
    """Brighter and darker pixels in turn: no small square is off in its mean."""
    signs = Image.frombytes("L", picture.size, (b"\x0c\0" * picture.width)[: picture.width] * picture.height)
    grey = Image.merge("RGB", (signs,) * 3)
    return ImageChops.subtract(ImageChops.add(picture, grey), moved(grey, 1, 0))


def assert_wrong(origin, crop):
    with pytest.raises(Unusable) as caught:
        checked(origin, BOX, crop)
    assert caught.value.reason == "verification"


@pytest.mark.parametrize("fault", FAULTS_SEEN_BY_ALL)
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("TIFF", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"quality": 90}),
        ("JPEG", {"quality": 95}),
        ("JPEG", {"quality": 85}),
        ("JPEG", {"quality": 75, "subsampling": 0}),
    ],
)
def test_a_fault_of_the_encoder_is_caught(rung, kind, options, fault):
    origin = source(kind, **options)
    good = encode(origin, region(origin))
    checked(origin, BOX, good)
    bad = encode(origin, FAULTS_SEEN_BY_ALL[fault](region(origin)))
    assert_wrong(origin, bad)


def test_specks_that_no_mean_shows_are_caught():
    origin = source("JPEG", quality=95)
    assert_wrong(origin, encode(origin, speckled(region(origin))))


def said(data, kind):
    """Some of what a format can say about its picture."""
    turn = Image.Exif()
    turn[0x0112] = data.draw(st.integers(1, 8))
    turn[0x010E] = data.draw(st.sampled_from(["", "a cat"]))
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", "a cat, Steps: 20")
    known = {
        "exif": (("PNG", "JPEG", "WEBP", "TIFF"), turn),
        "icc_profile": (("PNG", "JPEG", "WEBP", "TIFF"), bytes(3) + b"\x80" + bytes(124)),
        "xmp": (("JPEG", "WEBP"), xmp),
        "tiffinfo": (("TIFF",), {0x2BC: xmp, 0x10F: "a maker"}),
        "pnginfo": (("PNG",), text),
        "dpi": (("PNG", "JPEG", "TIFF", "BMP"), (300, 300)),
        "comment": (("JPEG",), b"a comment"),
    }
    chosen = data.draw(st.sets(st.sampled_from(sorted(known))))
    return {name: known[name][1] for name in sorted(chosen) if kind in known[name][0]}


@pytest.mark.parametrize("is_fast", [True, False])
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_box_of_any_small_picture_is_encoded_and_accepted(is_fast, data):
    kind, modes = data.draw(
        st.sampled_from(
            [
                ("PNG", ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
                ("TIFF", ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16")),
                ("WEBP", ("RGB", "RGBA")),
                ("JPEG", ("L", "RGB", "CMYK")),
                ("BMP", ("1", "L", "P", "RGB")),
            ]
        )
    )
    mode = data.draw(st.sampled_from(modes))
    width, height = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    noise = random.Random(data.draw(st.integers(0, 99))).randbytes(width * height * 3)  # noqa: S311
    picture = Image.frombytes("RGB", (width, height), noise).convert("I" if mode == "I;16" else mode).convert(mode)
    options = said(data, kind) | ({"lossless": data.draw(st.booleans())} if kind == "WEBP" else {})
    allowed, ladder.FAST_ALLOWED = ladder.FAST_ALLOWED, is_fast
    try:
        origin = source(kind, picture, **options)
        shown = origin.dimensions
        left, top = data.draw(st.integers(0, shown.width_px - 1)), data.draw(st.integers(0, shown.height_px - 1))
        right = data.draw(st.integers(left + 1, shown.width_px))
        bottom = data.draw(st.integers(top + 1, shown.height_px))
        cut = origin.region(PixelBox(left, top, right, bottom))
        check(origin, cut, io.BytesIO(encode(origin, cut)), "crop")
    finally:
        ladder.FAST_ALLOWED = allowed


@pytest.mark.parametrize("quality", [20, 40, 60, 90])
@pytest.mark.parametrize("shift", [(0, 1), (0, -1), (1, 0), (-1, 0)])
def test_a_region_one_pixel_beside_is_caught_at_any_quality(quality, shift):
    origin = source("JPEG", photo("astronaut.png"), quality=quality)
    picture = region(origin, PixelBox(100, 52, 405, 292))
    beside = moved(picture, *shift)
    beside.paste(picture.crop((0, 0, 1, picture.height)), (0, 0))
    with pytest.raises(Unusable, match=r"beside the one marked|levels"):
        checked(origin, PixelBox(100, 52, 405, 292), encode(origin, beside))


READERS = {
    ("PNG", "fast"): "imaging.formats.png_rows.uncompressed",
    ("PNG", "Pillow"): "imaging.formats.png_pillow.region",
    ("JPEG", "fast"): "imaging.vips.strips",
    ("WEBP", "fast"): "imaging.vips.strips",
    ("TIFF", "fast"): "imaging.vips.strips",
    ("BMP", "fast"): "imaging.formats.bmp._rows",
    ("BMP", "Pillow"): "imaging.formats.bmp._rows",
    ("JPEG", "Pillow"): "imaging.formats.jpeg_turbo.decoded",
}
"""What reads a crop back that Pillow, or ISA-L, wrote."""


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
def test_what_reads_a_crop_back_is_not_what_wrote_it(rung, kind, monkeypatch):
    if (kind, rung) not in READERS:
        pytest.skip("no second library is at hand")
    if kind == "JPEG" and ladder.turbojpeg() is None:
        pytest.skip("libturbojpeg is not here")
    origin = source(kind)
    crop = encode(origin, region(origin))
    called, (module, _, name) = [], READERS[kind, rung].rpartition(".")
    real = getattr(importlib.import_module(module), name)
    monkeypatch.setattr(f"{module}.{name}", lambda *given: called.append(1) or real(*given))
    cut = origin.region(BOX)
    monkeypatch.setattr(Image, "open", None if kind in ("WEBP", "JPEG") else Image.open)  # TIFF's, BMP's: for metadata
    check(origin, cut, io.BytesIO(crop), "crop")
    assert called


@pytest.mark.parametrize("fault", FAULTS_SEEN_WHEN_LOSSLESS)
@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True})])
def test_a_lossless_crop_is_compared_bit_by_bit(rung, kind, options, fault):
    origin = source(kind, **options)
    bad = encode(origin, FAULTS_SEEN_WHEN_LOSSLESS[fault](region(origin)))
    assert_wrong(origin, bad)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_a_crop_cut_off_anywhere_is_caught(rung, kind):
    origin = source(kind)
    good = encode(origin, region(origin))
    for length in range(0, len(good) - 1, len(good) // 12):
        assert_wrong(origin, good[:length])


def test_a_wrong_checksum_is_caught(rung):
    origin = source("PNG")
    good = encode(origin, region(origin))
    place = good.rindex(b"IEND") - 5
    assert_wrong(origin, good[:place] + bytes((good[place] ^ 1,)) + good[place + 1 :])


def test_another_format_mode_or_metadata_is_caught(rung):
    origin = source("PNG")
    assert_wrong(origin, source("BMP", region(origin)).stream.getvalue())
    assert_wrong(origin, source("PNG", region(origin).convert("RGBA")).stream.getvalue())
    assert_wrong(origin, source("PNG", region(origin), dpi=(300, 300)).stream.getvalue())
    lossless = source("WEBP", lossless=True)
    assert_wrong(lossless, source("WEBP", region(lossless), quality=100).stream.getvalue())
    assert_wrong(origin, b"")


def test_a_palette_with_another_colour_is_caught(rung):
    origin = source("PNG", photo("coffee.png").quantize(16))
    good = encode(origin, origin.region(BOX))
    checked(origin, BOX, good)
    chunks = [
        png_chunks.Chunk(chunk.name, b"\0\1\2" + chunk.body[3:]) if chunk.name == b"PLTE" else chunk
        for chunk in png_chunks.chunks(good)
    ]
    assert_wrong(origin, png_chunks.SIGNATURE + b"".join(map(bytes, chunks)))


def test_a_bmp_palette_with_another_colour_is_caught(textured):
    origin = source("BMP", textured((61, 43), "P"))
    good = encode(origin, region(origin, PixelBox(3, 5, 50, 37)))
    checked(origin, PixelBox(3, 5, 50, 37), good)
    bad = good[:54] + bytes((good[54] ^ 0x40,)) + good[55:]
    with pytest.raises(Unusable):
        checked(origin, PixelBox(3, 5, 50, 37), bad)


def test_what_the_writer_got_wrong_never_stays_on_the_disk(desk, textured, monkeypatch):
    path = desk.photos / "a.png"
    textured((61, 43)).save(path)
    started = desk.started(path)
    real = png.encode
    monkeypatch.setattr(
        png, "encode", lambda raw, found, cut: real(raw, found, Pixels.of(channels_swapped(cut.picture())))
    )
    before = desk.files()
    with pytest.raises(Unusable, match="not those of the source") as caught:
        writer.write(started)
    assert caught.value.reason == "verification"
    assert desk.files() == before


def written_but_spoilt(place, pieces, mode, **options):
    """What is on the disk is not what was sent there."""
    checksum = write_new(place, pieces, mode, **options)
    raw = place.read_bytes()
    place.write_bytes(raw[:-1] + b"?")
    return checksum


def test_what_the_disk_got_wrong_is_read_back_and_caught(desk, textured, monkeypatch):
    path = desk.photos / "a.png"
    textured((61, 43)).save(path)
    before = desk.files()
    for box in (PixelBox(1, 1, 40, 40), PixelBox(0, 0, 61, 43)):
        started = desk.started(path, box)
        with monkeypatch.context() as patch:
            patch.setattr(writer, "write_new", written_but_spoilt)
            with pytest.raises(Unusable, match="bytes that were written"):
                writer.write(started)
        assert desk.files() == before


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


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_the_hash_told_is_that_of_the_pixels_found(rung, kind):
    origin = source(kind)
    box = PixelBox(11, 13, 590, 390)
    told = checked(origin, box, encode(origin, origin.region(box)))
    samples = photo("coffee.png").crop((11, 13, 590, 390)).tobytes()
    assert told == hashlib.sha256(b"RGB 579x377\n" + samples).hexdigest()


def test_pixels_of_another_kind_than_the_source_s_are_wrong(monkeypatch):
    origin = source("PNG")
    crop = encode(origin, region(origin))
    strips = Strips.of(Pixels("RGBA", *origin.region(BOX).size, bytes(4)))
    monkeypatch.setattr("imaging.verify.read_back", lambda *_: strips)
    with pytest.raises(Unusable, match="it is RGBA") as caught:
        checked(origin, BOX, crop)
    assert caught.value.reason == "verification"


def test_a_decoder_that_hands_out_too_few_rows_is_not_believed(monkeypatch):
    origin = source("PNG")
    crop = encode(origin, region(origin))
    real = png.read_back

    def short(stream, found):
        strips = real(stream, found)
        return evolve(strips, each=iter(list(strips.each)[:-1]))

    monkeypatch.setattr(png, "read_back", short)
    with pytest.raises(Unusable, match="another size") as caught:
        checked(origin, BOX, crop)
    assert caught.value.reason == "verification"


def test_a_bmp_with_compressed_rows_is_not_read_back(textured):
    origin = source("BMP", textured((61, 43), "P"))
    good = bytearray(encode(origin, origin.region(PixelBox(3, 5, 50, 37))))
    good[30] = 1
    with pytest.raises(Malformed, match="compressed"):
        bmp.read_back(io.BytesIO(good), origin.header)
    with pytest.raises(Unusable) as caught:
        checked(origin, PixelBox(3, 5, 50, 37), bytes(good))
    assert caught.value.reason == "verification"
