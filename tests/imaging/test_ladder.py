"""Two rungs, one result: what the quick libraries refuse, and may not decide alone, and what stands in for them."""

import io
import struct
import zlib
from pathlib import Path

import pytest
import skimage
from PIL import Image

from imaging import ladder, vips
from imaging.decode import read_back, read_header
from imaging.formats import png, png_rows
from imaging.formats.header import Malformed
from imaging.pixels import Pixels, stride
from imaging.problems import Unusable
from imaging.verify import source_of
from ledger.values import PixelBox

PHOTO = Path(skimage.__file__).parent / "data" / "astronaut.png"
BOX = PixelBox(31, 17, 402, 290)

quick = pytest.mark.skipif(ladder.fast() is None, reason="the extra `fast` is not installed")


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@quick
def test_a_photograph_is_read_by_libvips_and_nothing_else(monkeypatch):
    monkeypatch.setattr(png, "_by_pillow", None)
    with PHOTO.open("rb") as stream, Image.open(PHOTO) as image:
        cut = source_of(stream, "a").region(BOX)
        assert cut.size == (371, 273)
        assert bytes(cut.samples) == image.crop((31, 17, 402, 290)).tobytes()


@quick
def test_a_file_that_libvips_refuses_is_read_by_pillow(monkeypatch):
    def refuse(*_):
        raise vips.Unread("not today")

    monkeypatch.setattr(vips, "region", refuse)
    with PHOTO.open("rb") as stream, Image.open(PHOTO) as image:
        cut = source_of(stream, "a").region(BOX)
        assert bytes(cut.samples) == image.crop((31, 17, 402, 290)).tobytes()


@quick
def test_the_stream_can_be_read_on_after_libvips_had_its_descriptor():
    with PHOTO.open("rb") as stream:
        before = stream.read()
        stream.seek(0)
        stream.read(16)  # so that Python holds the beginning, and need not ask where the descriptor stands
        vips.region(ladder.fast(), stream, "RGB", BOX)
        stream.seek(0)
        assert stream.read() == before


def test_damage_below_the_box_is_seen(rung):
    raw = bytearray(PHOTO.read_bytes())
    raw[-2000] ^= 1
    with pytest.raises(Unusable, match="checksum of chunk IDAT"):
        source_of(io.BytesIO(raw), "a").region(PixelBox(0, 0, 40, 40))


@quick
def test_a_crop_of_an_older_version_is_read_back_too():
    out = io.BytesIO()
    with Image.open(PHOTO) as image:
        image.save(out, "PNG")
        found = read_back(out, read_header(out, "a"), "a")
        assert bytes(found.samples) == image.tobytes()


def bodies(cut, *, rung_is_fast=True):
    return list(png_rows.compressed(cut, ladder.fast() if rung_is_fast else None))


@quick
@pytest.mark.parametrize(
    ("mode", "size"), [("RGB", (1, 1)), ("L", (1, 700)), ("RGBA;16", (333, 5)), ("P;2", (9, 4)), ("RGB", (700, 900))]
)
def test_both_rungs_write_rows_that_both_read(mode, size):
    length = stride(mode, size[0]) * size[1]
    cut = Pixels(mode, *size, zlib.compress(b"x" * length * 2, 0)[:length])
    for is_fast in (True, False):
        back = png_rows.uncompressed(bodies(cut, rung_is_fast=is_fast), mode, size, ladder.fast())
        assert bytes(back.samples) == cut.samples
        assert back.same_samples(cut)


@quick
def test_a_stream_that_is_too_short_or_too_long_or_damaged_is_malformed():
    cut = Pixels("RGB", 40, 30, bytes(range(200)) * 18)
    [body] = bodies(cut)
    for size in ((40, 31), (40, 29)):
        with pytest.raises(Malformed):
            png_rows.uncompressed([body], "RGB", size, ladder.fast())
    with pytest.raises(Malformed, match="damaged"):
        png_rows.uncompressed([body[: len(body) // 2]], "RGB", (40, 30), ladder.fast())


@quick
def test_rows_filtered_in_another_way_are_unfamiliar():
    rows = b"".join(b"\1" + bytes(120) for _ in range(30))
    with pytest.raises(png_rows.Unfamiliar):
        png_rows.uncompressed([zlib.compress(rows)], "RGB", (40, 30), ladder.fast())


def test_pixels_differ_in_any_byte_and_not_beyond_the_margin():
    one = Pixels("RGB", 20, 10, bytes(600))
    assert one.same_samples(Pixels("RGB", 20, 10, bytes(600)))
    assert not one.same_samples(Pixels("RGB", 20, 10, bytes(597)))
    for place, seen in (
        (0, False),
        (599, False),
        (3 * (20 * 5 + 10), True),
        (3 * (20 * 2 + 2), True),
        (3 * 41, False),
        (3 * (20 * 7 + 17), True),
        (3 * (20 * 7 + 18), False),
        (3 * (20 * 8 + 10), False),
    ):
        changed = bytearray(600)
        changed[place] = 1
        other = Pixels("RGB", 20, 10, bytes(changed))
        assert not one.same_samples(other)
        assert one.same_samples(other, inside=(2, 2)) != seen


def test_a_transparent_colour_makes_no_channel(desk, rung, textured):
    source = desk.photos / "a.png"
    textured((61, 43)).save(source, transparency=(10, 20, 30))
    crop = Path(desk.crop(desk.started(source, PixelBox(3, 5, 50, 37))).output)
    with Image.open(crop) as image:
        assert (image.mode, image.info["transparency"]) == ("RGB", (10, 20, 30))
