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
from imaging.formats import pictures, png, png_rows
from imaging.formats.header import Malformed
from imaging.pixels import Pixels, Strips, stride
from imaging.problems import Unusable
from imaging.sameness import Sameness
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


def jpeg(size=(1200, 900), **options):
    out = io.BytesIO()
    with Image.open(PHOTO) as image:
        image.resize(size).save(out, "JPEG", quality=90, **options)
    return out


@quick
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_is_read_back_by_libvips_in_strips(monkeypatch, progressive):
    monkeypatch.setattr(pictures, "region", None)
    out = jpeg(progressive=progressive)
    strips = list(read_back(out, read_header(out, "a"), "a").each)
    assert len(strips) > 1
    assert all(strip.height_px % 8 == 0 for strip in strips[:-1])
    with Image.open(out) as image:
        assert b"".join(strip.samples for strip in strips) == image.tobytes()


@quick
def test_libvips_hands_out_no_picture_of_another_size():
    out = jpeg()
    with pytest.raises(vips.Unread, match="sees 1200x900"):
        vips.strips(ladder.fast(), out, "RGB", (1200, 899))


@quick
def test_a_strip_that_libvips_cannot_read_has_a_typed_error():
    raw = jpeg().getvalue()
    torn = io.BytesIO(raw[: len(raw) * 2 // 3])
    with pytest.raises(Unusable, match="cannot be read as JPEG"):
        list(read_back(torn, read_header(torn, "a"), "a").each)


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
        found = read_back(out, read_header(out, "a"), "a").whole()
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
        back = inflated(bodies(cut, rung_is_fast=is_fast), mode, size)
        assert back.size == cut.size
        assert back.same_samples(cut)


def inflated(pieces, mode, size):
    return Strips(mode, *size, png_rows.uncompressed(pieces, mode, size, ladder.fast())).whole()


TALL = Pixels("RGB", 400, 600, bytes(range(240)) * 3000)
"""Several strips."""


@quick
def test_a_strip_is_a_chunk_that_can_be_read_alone():
    *strips, end = bodies(TALL)
    assert len(strips) > 2
    rows = [zlib.decompressobj(-15).decompress(strip) for strip in (strips[0][2:], *strips[1:])]
    assert b"".join(rows) == zlib.decompress(b"".join((*strips, end)))


@quick
def test_a_stream_that_is_too_short_or_too_long_or_damaged_is_malformed():
    *strips, end = bodies(TALL)
    assert inflated([*strips, end], "RGB", TALL.size).same_samples(TALL)
    first, second, third, *more = strips
    for wrong in (
        [first],
        [first, second[: len(second) // 2], third, *more, end],
        [first, third, second, *more, end],
        [first, second, second, third, *more, end],
        [*strips, end[:-1] + bytes((end[-1] ^ 1,))],
        [*strips, end[-4:]],
        [*strips, strips[-1] + end],
    ):
        with pytest.raises(Malformed):
            inflated(wrong, "RGB", TALL.size)


@quick
def test_a_single_byte_behind_the_pixels_is_malformed():
    *strips, end = bodies(TALL)
    last = zlib.compressobj(1, wbits=-15)
    tail = last.compress(b"x") + last.flush() + end[-4:]
    with pytest.raises(Malformed, match="behind its pixels"):
        inflated([*strips, tail], "RGB", TALL.size)


@quick
def test_what_was_not_written_here_is_unfamiliar_before_anything_is_handed_out():
    whole = b"".join(bodies(TALL))
    for pieces in ([whole], [whole[:3000], whole[3000:]], [], [b""]):
        with pytest.raises(png_rows.Unfamiliar):
            next(png_rows.uncompressed(pieces, "RGB", TALL.size, ladder.fast()))


@quick
def test_rows_filtered_in_another_way_are_unfamiliar():
    rows = b"".join(b"\1" + bytes(120) for _ in range(30))
    with pytest.raises(png_rows.Unfamiliar):
        next(png_rows.uncompressed(strips_of(rows), "RGB", (40, 30), ladder.fast()))


@quick
def test_a_later_strip_filtered_in_another_way_is_malformed():
    *strips, end = bodies(TALL)
    checksum = zlib.adler32(zlib.decompress(b"".join((*strips, end))))
    row = b"\1" + bytes(1200)
    wrong = zlib.compressobj(1, wbits=-15)
    count = len(zlib.decompressobj(-15).decompress(strips[1])) // len(row)
    body = wrong.compress(row * count) + wrong.flush(zlib.Z_FULL_FLUSH)
    with pytest.raises(Malformed, match="filtered in another way"):
        inflated([strips[0], body, *strips[2:], b"\3\0" + checksum.to_bytes(4, "big")], "RGB", TALL.size)


def strips_of(rows):
    deflater = zlib.compressobj(1)
    return [deflater.compress(rows) + deflater.flush(zlib.Z_FULL_FLUSH), deflater.flush()]


def test_pixels_differ_in_any_byte_and_not_beyond_the_margin():
    one = Pixels("RGB", 20, 10, bytes(600))
    assert alike(one, bytes(600))
    assert not one.same_samples(Pixels("RGB", 20, 10, bytes(597)))
    for place, seen in (
        (0, False),
        (599, False),
        (3 * (20 * 5 + 10), True),
        (3 * (20 * 2 + 2), True),
        (3 * 41, False),
        (3 * (20 * 1 + 10), False),
        (3 * (20 * 7 + 17), True),
        (3 * (20 * 7 + 18), False),
        (3 * (20 * 8 + 10), False),
    ):
        changed = bytearray(600)
        changed[place] = 1
        for rows in (10, 3, 1):
            assert not alike(one, changed, rows=rows)
            assert alike(one, changed, (2, 2), rows) != seen


def alike(region, samples, margin=(0, 0), rows=10):
    judge, other = Sameness(region, margin), Pixels(region.mode, *region.size, samples)
    for top in range(0, region.height_px, rows):
        judge.see(other.rows(top, min(rows, region.height_px - top)))
    return judge.unlike() is None


def test_a_transparent_colour_makes_no_channel(desk, rung, textured):
    source = desk.photos / "a.png"
    textured((61, 43)).save(source, transparency=(10, 20, 30))
    crop = Path(desk.crop(desk.started(source, PixelBox(3, 5, 50, 37))).output)
    with Image.open(crop) as image:
        assert (image.mode, image.info["transparency"]) == ("RGB", (10, 20, 30))
