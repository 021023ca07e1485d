"""TIFF with 16 bits per colour: every bit kept, in the file's own compression."""

import io
import random
import struct

import pytest

from imaging import ladder
from imaging.formats import ifd, tiff, tiff_deep
from imaging.pixels import Pixels, channels
from imaging.problems import Unusable
from imaging.verify import check, source_of
from ledger.values import PixelBox

pyvips = pytest.importorskip("pyvips")
tifffile = pytest.importorskip("tifffile")

MODES = ("LA;16", "RGB;16", "RGBA;16", "CMYK;16")
BOX = PixelBox(3, 5, 50, 37)
SIZE = 61, 43
PHOTOMETRIC = {"LA;16": "minisblack", "RGB;16": "rgb", "RGBA;16": "rgb", "CMYK;16": "separated"}


def noise(mode):
    return random.Random(mode).randbytes(SIZE[0] * SIZE[1] * channels(mode) * 2)  # noqa: S311


def made(mode, *, compression="none", predictor="none"):
    """By libvips."""
    interpretation = {"LA;16": "grey16", "CMYK;16": "cmyk"}.get(mode, "rgb16")
    image = pyvips.Image.new_from_memory(noise(mode), *SIZE, channels(mode), "ushort")
    image = image.copy(interpretation=interpretation)
    return image.tiffsave_buffer(compression=compression, predictor=predictor)


def big_endian(mode):
    import numpy as np

    out = io.BytesIO()
    samples = np.frombuffer(noise(mode), "<u2").reshape(SIZE[1], SIZE[0], channels(mode))
    extra = {"extrasamples": ["unassalpha"]} if mode in ("RGBA;16", "LA;16") else {}
    tifffile.imwrite(out, samples, byteorder=">", photometric=PHOTOMETRIC[mode], planarconfig="contig", **extra)
    return out.getvalue()


def by_hand(mode):
    """The box out of the samples."""
    each, raw = channels(mode) * 2, noise(mode)
    return b"".join(raw[(y * SIZE[0] + BOX.left) * each : (y * SIZE[0] + BOX.right) * each] for y in range(5, 37))


def crop_of(raw):
    origin = source_of(io.BytesIO(raw), "source")
    assert origin.header.damage is None
    cut = origin.region(BOX)
    crop = b"".join(tiff.encode(origin.stream, origin.header, cut).pieces)
    check(origin, cut, io.BytesIO(crop), "crop")
    return crop, cut


def tags_of(raw):
    block = ifd.parse(raw)
    return {tag: block.value(entry) for tag, entry in block.first()[0].items()}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("compression", ["none", "lzw", "deflate", "packbits"])
@pytest.mark.parametrize("predictor", ["none", "horizontal"])
def test_every_bit_is_kept_in_the_compression_that_was_found(rung, mode, compression, predictor):
    if rung == "Pillow" and mode == "LA;16":
        return
    raw = made(mode, compression=compression, predictor=predictor)
    crop, cut = crop_of(raw)
    assert bytes(cut.samples) == by_hand(mode)
    seen = pyvips.Image.new_from_buffer(crop, "")
    assert (seen.width, seen.height, seen.bands, seen.format) == (47, 32, channels(mode), "ushort")
    assert bytes(seen.write_to_memory()) == by_hand(mode)
    had, has = tags_of(raw), tags_of(crop)
    same = [0x102, 0x103, 0x106, 0x115, 0x152] + ([0x13D] if rung == "fast" and 0x13D in had else [])
    assert [has.get(tag) for tag in same] == [had.get(tag) for tag in same]


@pytest.mark.parametrize("mode", ["RGB;16", "RGBA;16", "CMYK;16"])
def test_the_high_byte_may_stand_first(rung, mode):
    crop, cut = crop_of(big_endian(mode))
    assert bytes(cut.samples) == by_hand(mode)
    assert tifffile.imread(io.BytesIO(crop)).astype("<u2").tobytes() == by_hand(mode)


@pytest.mark.parametrize("mode", ["RGB;16", "RGBA;16", "CMYK;16"])
def test_both_ways_of_decoding_see_the_same(monkeypatch, mode):
    raw = made(mode, compression="lzw", predictor="horizontal")
    quick = tiff_deep.region(raw, mode, BOX)
    monkeypatch.setattr(ladder, "FAST_ALLOWED", False)
    assert tiff_deep.region(raw, mode, BOX).same_samples(quick)


def test_grey_with_alpha_is_refused_by_name_without_libvips(monkeypatch):
    raw = made("LA;16")
    monkeypatch.setattr(ladder, "FAST_ALLOWED", False)
    with pytest.raises(Unusable, match="not read without libvips") as caught:
        crop_of(raw)
    assert caught.value.reason == "unsupported"


FAULTS = {
    "one bit": lambda raw: raw[:700] + bytes((raw[700] ^ 1,)) + raw[701:],
    "bytes of samples swapped": lambda raw: bytes(raw[place ^ 1] for place in range(len(raw))),
    "a row doubled": lambda raw: raw[: 47 * 6] + raw[: len(raw) - 47 * 6],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_encoder_is_found(rung, fault):
    origin = source_of(io.BytesIO(made("RGB;16", compression="deflate", predictor="horizontal")), "source")
    cut = origin.region(BOX)
    bad = Pixels(cut.mode, *cut.size, FAULTS[fault](bytes(cut.samples)))
    crop = b"".join(tiff.encode(origin.stream, origin.header, bad).pieces)
    with pytest.raises(Unusable) as caught:
        check(origin, cut, io.BytesIO(crop), "crop")
    assert caught.value.reason == "verification"


@pytest.mark.parametrize(
    ("tag", "kind", "value", "why"),
    [
        (0x11C, 3, 2, "planes of their own"),
        (0x153, 3, 2, "numbers below zero"),
        (0x152, 3, 1, "premultiplied"),
    ],
)
def test_what_would_be_changed_is_refused_by_name(tag, kind, value, why):
    raw = big_endian("RGBA;16")
    block = ifd.parse(raw)
    entry = block.first()[0].get(tag)
    patched = bytearray(raw)
    if entry is None:
        return
    for place in range(entry.count):
        struct.pack_into(">H", patched, entry.offset + 2 * place, value)
    assert why in source_of(io.BytesIO(bytes(patched)), "a").header.damage


def test_colours_of_different_depths_are_refused_by_name():
    raw = bytearray(big_endian("RGB;16"))
    struct.pack_into(">H", raw, ifd.parse(bytes(raw)).first()[0][0x102].offset + 4, 8)
    assert "different depths" in source_of(io.BytesIO(bytes(raw)), "a").header.damage


def test_other_depths_of_colour_are_refused_by_name():
    image = pyvips.Image.new_from_memory(bytes(61 * 43 * 3 * 4), *SIZE, 3, "float")
    raw = image.copy(interpretation="rgb").tiffsave_buffer()
    assert "32 bits per colour" in source_of(io.BytesIO(raw), "a").header.damage
