"""Any TIFF with 16 bits per colour, whoever wrote it and whatever it says, cropped anywhere: every bit, every tag."""

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging import ladder
from imaging.pixels import channels
from imaging.verify import check, source_of
from ledger.values import PixelBox
from tests.imaging.crops import encode

np = pytest.importorskip("numpy")
pyvips = pytest.importorskip("pyvips")
tifffile = pytest.importorskip("tifffile")

MODES = {
    "LA;16": ("minisblack", "grey16"),
    "RGB;16": ("rgb", "rgb16"),
    "RGBA;16": ("rgb", "rgb16"),
    "CMYK;16": ("separated", "cmyk"),
}
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>a cat</x:xmpmeta>"


def by_tifffile(samples, mode, data):
    """In either order of bytes, in strips of any height, saying any of a few things."""
    tags = {
        "turn": (0x112, "H", 1, data.draw(st.integers(1, 8))),
        "xmp": (0x2BC, "B", len(XMP), XMP),
        "maker": (0x10F, "s", 0, "a maker"),
        "number": (0xC5E0, "d", 2, (0.1, 1e300)),
        "profile": (0x8773, 7, 128, bytes(36) + b"acsp" + bytes(88)),
    }
    said = data.draw(st.sets(st.sampled_from(sorted(tags))))
    out = io.BytesIO()
    tifffile.imwrite(
        out, samples, byteorder=data.draw(st.sampled_from("<>")), photometric=MODES[mode][0], planarconfig="contig",
        rowsperstrip=data.draw(st.integers(1, len(samples))), resolution=data.draw(st.sampled_from([None, (300, 72)])),
        extrasamples=["unassalpha"] if mode in ("LA;16", "RGBA;16") else None, metadata=None,
        description=data.draw(st.sampled_from([None, "a cat, by hand"])),
        extratags=[tags[name] for name in sorted(said)],
    )  # fmt: skip
    return out.getvalue()


def by_libvips(samples, mode, data):
    """In any compression, in strips or in tiles."""
    image = pyvips.Image.new_from_memory(samples.tobytes(), *samples.shape[1::-1], samples.shape[2], "ushort")
    tiles = {"tile": True, "tile_width": 16, "tile_height": 16} if data.draw(st.booleans()) else {}
    return image.copy(interpretation=MODES[mode][1]).tiffsave_buffer(
        compression=data.draw(st.sampled_from(["none", "lzw", "deflate", "packbits"])),
        predictor=data.draw(st.sampled_from(["none", "horizontal"])), **tiles,
    )  # fmt: skip


def a_box(data, shown):
    left, top = data.draw(st.integers(0, shown.width_px - 1)), data.draw(st.integers(0, shown.height_px - 1))
    right, bottom = data.draw(st.integers(left + 1, shown.width_px)), data.draw(st.integers(top + 1, shown.height_px))
    return PixelBox(left, top, right, bottom)


def tags_of(raw):
    """What tifffile reads of what the two writers say."""
    with tifffile.TiffFile(io.BytesIO(raw)) as file:
        tags = file.pages[0].tags
        return {
            code: tags[code].value
            for code in (0x10E, 0x10F, 0x112, 0x11A, 0x11B, 0x2BC, 0x8773, 0xC5E0)
            if code in tags
        }


@pytest.mark.parametrize("is_fast", [True, False])
@given(st.data())
@settings(max_examples=50, deadline=None)
def test_any_box_of_any_deep_tiff_keeps_every_bit_and_tag(is_fast, data):
    mode = data.draw(st.sampled_from([mode for mode in MODES if is_fast or mode != "LA;16"]))
    width, height = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    noise = random.Random(data.draw(st.integers(0, 99))).randbytes(width * height * channels(mode) * 2)  # noqa: S311
    samples = np.frombuffer(noise, "<u2").reshape(height, width, channels(mode))
    raw = data.draw(st.sampled_from([by_tifffile, by_libvips]))(samples, mode, data)
    allowed, ladder.FAST_ALLOWED = ladder.FAST_ALLOWED, is_fast
    try:
        origin = source_of(io.BytesIO(raw), "source")
        assert (origin.header.mode, origin.header.damage) == (mode, None)
        box = a_box(data, origin.dimensions)
        cut = origin.region(box)
        crop = encode(origin, cut)
        check(origin, cut, io.BytesIO(crop), "crop")
    finally:
        ladder.FAST_ALLOWED = allowed
    stored = origin.stored(box)
    expected = samples[stored.top : stored.bottom, stored.left : stored.right].tobytes()
    seen = pyvips.Image.new_from_buffer(crop, "")
    assert (seen.format, seen.bands, bytes(seen.write_to_memory())) == ("ushort", channels(mode), expected)
    assert tags_of(crop) == tags_of(raw)
