"""PNG crops as others see them: three decoders that have nothing to do with each other, and pngcheck."""

import io
import random
import shutil
import struct
import subprocess
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging import ladder
from imaging.formats import png, png_pillow
from imaging.formats.png_chunks import SIGNATURE, chunks
from imaging.pixels import Pixels, channels, stride
from imaging.verify import check, source_of
from ledger.values import PixelBox
from tests.imaging.pngs import chunk, png_of

MODES = [
    (0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16), (6, 8),
    (6, 16),
]  # fmt: skip
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
EXTRA = (chunk(b"gAMA", struct.pack(">I", 45455)), chunk(b"pHYs", struct.pack(">IIB", 11811, 5905, 1)))


def source_png(colour, depth, width, height, chance, *, interlaced=False):
    """Noise in this kind; samples of less than a byte get rows of their own."""
    if depth >= 8:
        pixel = lambda *_: chance.randbytes(SAMPLES[colour] * depth // 8)  # noqa: E731
        extra = chunk(b"PLTE", chance.randbytes(768)) if colour == 3 else b""
        return png_of(width, height, depth, colour, pixel, interlaced=interlaced, extra=b"".join(EXTRA) + extra)
    length = (width * depth + 7) // 8
    rows = b"".join(b"\0" + chance.randbytes(length) for _ in range(height))
    ihdr = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    palette = chunk(b"PLTE", chance.randbytes(3 << depth)) if colour == 3 else b""
    body = b"".join(EXTRA) + palette + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return SIGNATURE + ihdr + body


def crop_of(raw, box):
    """The crop's bytes, checked as the writer checks it, and the pixels cut out of the source."""
    origin = source_of(io.BytesIO(raw), "source")
    cut = origin.region(box)
    crop = b"".join(png.encode(origin.stream, origin.header, cut).pieces)
    check(origin, cut, io.BytesIO(crop), "crop")
    return crop, cut


def by_the_specification(raw):
    """The rows of a PNG by zlib and plain Python."""
    ihdr = chunks(raw)[0].body
    width, height, depth, colour = struct.unpack(">IIBB", ihdr[:10])
    length = (width * depth * SAMPLES[colour] + 7) // 8
    flat = zlib.decompress(b"".join(each.body for each in chunks(raw) if each.name == b"IDAT"))
    above, rows = bytes(length), []
    for y in range(height):
        kind, row = flat[y * (length + 1)], flat[y * (length + 1) + 1 : (y + 1) * (length + 1)]
        above = bytes((one + two) & 255 for one, two in zip(row, above, strict=True)) if kind == 2 else row
        rows.append(above)
    return b"".join(rows)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
@pytest.mark.parametrize("is_fast", [True, False])
def test_every_kind_size_and_box_reads_the_same_everywhere(is_fast, data):
    colour, depth = data.draw(st.sampled_from(MODES))
    width, height = data.draw(st.integers(1, 24)), data.draw(st.integers(1, 24))
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    interlaced = depth >= 8 and data.draw(st.booleans())
    raw = source_png(colour, depth, width, height, random.Random(data.draw(st.integers(0, 9))), interlaced=interlaced)  # noqa: S311
    allowed, ladder.FAST_ALLOWED = ladder.FAST_ALLOWED, is_fast
    try:
        crop, cut = crop_of(raw, PixelBox(left, top, right, bottom))
    finally:
        ladder.FAST_ALLOWED = allowed
    assert by_the_specification(crop) == bytes(cut.samples)
    bare = SIGNATURE + b"".join(
        bytes(each) for each in chunks(crop) if each.name in (b"IHDR", b"PLTE", b"IDAT", b"IEND")
    )
    assert png_pillow.region(bare, cut.mode, PixelBox(0, 0, *cut.size)).same_samples(cut)
    if not interlaced:
        assert bytes(cut.samples) == cut_by_hand(raw, (left, top, right, bottom))
    kept = [bytes(each) for each in chunks(crop) if each.name not in (b"IHDR", b"IDAT", b"IEND", b"PLTE")]
    assert kept == list(EXTRA)


def cut_by_hand(raw, box):
    """The box out of a source's rows, bit by bit where samples are smaller than a byte."""
    width, _, depth, colour = struct.unpack(">IIBB", chunks(raw)[0].body[:10])
    rows, each = by_the_specification(raw), depth * SAMPLES[colour]
    length = (width * each + 7) // 8
    left, top, right, bottom = box
    out = []
    for y in range(top, bottom):
        row = int.from_bytes(rows[y * length : (y + 1) * length], "big") >> (length * 8 - right * each)
        size = ((right - left) * each + 7) // 8
        row &= (1 << (right - left) * each) - 1
        out.append((row << (size * 8 - (right - left) * each)).to_bytes(size, "big"))
    return b"".join(out)


@pytest.mark.skipif(shutil.which("pngcheck") is None, reason="pngcheck is not installed")
@pytest.mark.parametrize(("colour", "depth"), MODES)
def test_pngcheck_has_nothing_to_say(rung, tmp_path, colour, depth):
    crop, _ = crop_of(source_png(colour, depth, 61, 43, random.Random(1)), PixelBox(3, 5, 50, 37))  # noqa: S311
    (tmp_path / "a.png").write_bytes(crop)
    said = subprocess.run(["pngcheck", "-q", tmp_path / "a.png"], capture_output=True, text=True)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


@pytest.mark.skipif(ladder.fast() is None, reason="the extra `fast` is not installed")
@pytest.mark.parametrize(("colour", "depth"), [kind for kind in MODES if kind[0] != 3 and kind[1] >= 8])
def test_libvips_sees_the_same_pixels(tmp_path, colour, depth):
    import pyvips

    crop, cut = crop_of(source_png(colour, depth, 61, 43, random.Random(2)), PixelBox(3, 5, 50, 37))  # noqa: S311
    image = pyvips.Image.new_from_buffer(crop, "")
    seen = image.byteswap() if depth == 16 else image
    assert (image.width, image.height, image.bands) == (*cut.size, channels(cut.mode))
    assert bytes(seen.write_to_memory()) == bytes(cut.samples)


FAULTS = {
    "a row doubled": lambda rows, length: rows[:length] + rows[: len(rows) - length],
    "channels swapped": lambda rows, _: bytes(b for i in range(0, len(rows), 3) for b in rows[i : i + 3][::-1]),
    "one bit": lambda rows, _: rows[:700] + bytes((rows[700] ^ 1,)) + rows[701:],
    "the last byte": lambda rows, _: rows[:-1] + bytes((rows[-1] ^ 128,)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_encoder_is_found_by_who_did_not_encode(rung, monkeypatch, fault):
    from imaging.formats import png_rows
    from imaging.problems import Unusable

    real = png_rows.compressed

    def faulty(pixels, libraries):
        bad = FAULTS[fault](bytes(pixels.samples), stride(pixels.mode, pixels.width_px))
        return real(Pixels(pixels.mode, pixels.width_px, pixels.height_px, bad), libraries)

    raw = source_png(2, 8, 61, 43, random.Random(3))  # noqa: S311
    crop_of(raw, PixelBox(3, 5, 50, 37))
    monkeypatch.setattr(png_rows, "compressed", faulty)
    with pytest.raises(Unusable) as caught:
        crop_of(raw, PixelBox(3, 5, 50, 37))
    assert caught.value.reason == "verification"


@pytest.mark.parametrize("fault", ["truncated", "wrong checksum", "nothing"])
def test_pixels_that_are_torn_or_have_a_wrong_checksum_are_found(rung, fault):
    from imaging.problems import Unusable

    raw = source_png(2, 8, 61, 43, random.Random(4))  # noqa: S311
    crop, cut = crop_of(raw, PixelBox(3, 5, 50, 37))
    pieces = chunks(crop)
    if fault == "wrong checksum":
        place = crop.index(b"IDAT") + 40
        bad = crop[:place] + bytes((crop[place] ^ 4,)) + crop[place + 1 :]
    else:
        body = next(each.body for each in pieces if each.name == b"IDAT")
        torn = chunk(b"IDAT", body[: len(body) // 2] if fault == "truncated" else b"")
        bad = SIGNATURE + b"".join(torn if each.name == b"IDAT" else bytes(each) for each in pieces)
    with pytest.raises(Unusable) as caught:
        check(source_of(io.BytesIO(raw), "source"), cut, io.BytesIO(bad), "crop")
    assert caught.value.reason == "verification"
