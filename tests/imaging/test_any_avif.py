"""Any AVIF, lossless or lossy, turned any way and whatever is said about it, cropped anywhere."""

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps, features

from imaging.formats import avif
from imaging.formats.isobmff import parse
from imaging.formats.isobmff_build import built
from imaging.verify import check, source_of
from ledger.values import PixelBox
from tests.imaging.crops import encode
from tests.imaging.sources import looked_at

pyvips = pytest.importorskip("pyvips")
pytestmark = pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")

PROFILE = b"\0\0\0\x80" + bytes(12) + b"RGB XYZ " + bytes(12) + b"acsp" + bytes(88)


def said(data):
    """Some of what an AVIF can say about its picture."""
    block = Image.Exif()
    block[0x0112] = data.draw(st.integers(1, 8))
    block[0x010E] = data.draw(st.sampled_from(["a", "a cat", "x" * 300]))
    if data.draw(st.booleans()):
        block.get_ifd(0x8769)[0xA002] = block.get_ifd(0x8769)[0xA003] = 4000
    known = {"exif": block, "xmp": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>a cat</x:xmpmeta>", "icc_profile": PROFILE}
    return {name: known[name] for name in sorted(data.draw(st.sets(st.sampled_from(sorted(known)))))}


def lossy(picture, about):
    out = io.BytesIO()
    picture.save(out, "AVIF", quality=90, speed=10, **about)
    return out.getvalue()


def lossless(picture, about):
    """Coded by libvips, with what Pillow's encoder would say about it."""
    image = pyvips.Image.new_from_memory(picture.tobytes(), *picture.size, len(picture.mode), "uchar")
    coded = image.copy(interpretation="srgb").heifsave_buffer(compression="av1", lossless=True, effort=0)
    return built(avif._joined(parse(lossy(picture, about)), parse(coded), *picture.size))


def told(picture):
    """What Pillow understands of it; sizes are the crop's own."""
    exif = picture.getexif()
    below = {tag: value for tag, value in exif.get_ifd(0x8769).items() if tag not in (0xA002, 0xA003)}
    return dict(exif) | {0x8769: below}, picture.info.get("xmp"), picture.info.get("icc_profile")


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_any_box_of_any_avif_is_the_region_and_says_what_its_source_says(data):
    mode = data.draw(st.sampled_from(["RGB", "RGBA"]))
    width, height = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    noise = random.Random(data.draw(st.integers(0, 99))).randbytes(width * height * len(mode))  # noqa: S311
    picture, make = Image.frombytes(mode, (width, height), noise), data.draw(st.sampled_from([lossless, lossy]))
    raw = make(picture, said(data))
    origin = source_of(io.BytesIO(raw), "source")
    assert (origin.header.lossless, origin.header.damage) == (make is lossless, None)
    shown = origin.dimensions
    left, top = data.draw(st.integers(0, shown.width_px - 1)), data.draw(st.integers(0, shown.height_px - 1))
    right, bottom = data.draw(st.integers(left + 1, shown.width_px)), data.draw(st.integers(top + 1, shown.height_px))
    cut = origin.region(PixelBox(left, top, right, bottom))
    crop = encode(origin, cut)
    check(origin, cut, io.BytesIO(crop), "crop")
    had, has = looked_at(raw), looked_at(crop)
    assert told(has) == told(had)
    assert {
        has.getexif().get_ifd(0x8769).get(tag, size) for tag, size in zip((0xA002, 0xA003), has.size, strict=True)
    } == set(has.size)
    if make is lossless:
        expected = ImageOps.exif_transpose(had).crop((left, top, right, bottom))
        assert ImageOps.exif_transpose(has).convert(mode).tobytes() == expected.convert(mode).tobytes()
