"""Faults planted in the encoder, in every format and on every path, are caught."""

import io

import pytest
from attrs import evolve
from PIL import Image, ImageChops, ImageStat

from imaging import write as writer
from imaging.pixels import Pixels, bits, channels
from imaging.problems import Unusable
from imaging.verify import source_of
from ledger.values import PixelBox
from tests.imaging.crops import BOX, MODULES, assert_wrong, checked, encode, moved, region, source
from tests.imaging.sources import LOSSLESS, LOSSY, looked_at, made, suffix_of


def channels_swapped(picture):
    red, green, blue = picture.split()
    return Image.merge("RGB", (blue, green, red))


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


@pytest.mark.parametrize("fault", FAULTS_SEEN_BY_ALL)
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
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


PATHS = {**dict.fromkeys(LOSSLESS, PixelBox(3, 5, 50, 37)), **dict.fromkeys(LOSSY, PixelBox(9, 11, 150, 130))}


def rows(cut):
    return [bytes(cut.samples[place : place + cut.stride]) for place in range(0, len(cut.samples), cut.stride)]


def first_channels_swapped(cut):
    sample = bits(cut.mode) // 8
    pixel = sample * channels(cut.mode)
    samples = bytearray(cut.samples)
    for byte in range(sample):
        one, other = slice(byte, None, pixel), slice(sample + byte, None, pixel)
        samples[one], samples[other] = samples[other], samples[one]
    return bytes(samples)


def a_bit_wrong(cut):
    samples = bytearray(cut.samples)
    samples[len(samples) // 2] ^= 0x80
    return bytes(samples)


FAULTS = {
    "a row too low": lambda cut: b"".join(rows(cut)[-1:] + rows(cut)[:-1]),
    "upside down": lambda cut: b"".join(rows(cut)[::-1]),
    "two channels swapped": first_channels_swapped,
    "a row doubled": lambda cut: b"".join(rows(cut)[:8] + rows(cut)[7:8] + rows(cut)[9:]),
    "one bit": a_bit_wrong,
}
ONLY_WHEN_LOSSLESS = ("a row doubled", "one bit")


@pytest.mark.parametrize("path", PATHS)
def test_wrong_pixels_are_caught_on_every_path(textured, rung, path):
    origin = source_of(io.BytesIO(made(path, textured, rung)), "source")
    cut = origin.region(PATHS[path])
    checked(origin, PATHS[path], encode(origin, cut))
    for name, fault in FAULTS.items():
        if (name == "two channels swapped" and channels(cut.mode) == 1) or (
            name in ONLY_WHEN_LOSSLESS and path in LOSSY
        ):
            continue
        wrong = fault(cut)
        assert wrong != bytes(cut.samples), name
        crop = encode(origin, Pixels(cut.mode, *cut.size, wrong, cut.palette))
        assert_wrong(origin, crop, PATHS[path])


@pytest.mark.parametrize("path", PATHS)
def test_a_crop_that_breaks_off_is_caught_on_every_path(textured, rung, path):
    origin = source_of(io.BytesIO(made(path, textured, rung)), "source")
    good = encode(origin, origin.region(PATHS[path]))
    for length in range(0, len(good) - 1, max(1, len(good) // 24)):
        assert_wrong(origin, good[:length], PATHS[path])


@pytest.mark.parametrize("path", PATHS)
def test_a_wrong_byte_is_caught_on_every_path_or_changes_nothing_that_matters(textured, rung, path):
    origin = source_of(io.BytesIO(made(path, textured, rung)), "source")
    good = encode(origin, origin.region(PATHS[path]))
    seen, caught = looked_at(good), 0
    for place in range(3, len(good), max(1, len(good) // 48)):
        bad = good[:place] + bytes((good[place] ^ 0x55,)) + good[place + 1 :]
        if is_accepted(origin, PATHS[path], bad):
            assert_alike(seen, looked_at(bad), path)
        else:
            caught += 1
    assert caught > 4
    assert not path.startswith("PNG") or caught == len(range(3, len(good), max(1, len(good) // 48)))


def is_accepted(origin, box, crop):
    try:
        checked(origin, box, crop)
    except Unusable as refusal:
        if refusal.reason != "verification":
            raise
        return False
    return True


def assert_alike(good, bad, path):
    """Not a pixel differs; where encoding loses anyway, none by much, and most by little."""
    assert (bad.mode, bad.size, bad.info.get("icc_profile")) == (good.mode, good.size, good.info.get("icc_profile"))
    if path in LOSSLESS:
        assert bad.tobytes() == good.tobytes()
    else:
        assert max(ImageStat.Stat(ImageChops.difference(bad, good)).rms) < 16


@pytest.mark.parametrize("path", PATHS)
def test_no_fault_leaves_a_file_behind(desk, textured, rung, path, monkeypatch):
    photo = desk.photos / f"a{suffix_of(path)}"
    photo.write_bytes(made(path, textured, rung))
    started, before = desk.started(photo, PATHS[path]), desk.files()
    module = MODULES[path.partition(" ")[0]]
    real = module.encode
    faulty = lambda cut: Pixels(cut.mode, *cut.size, FAULTS["upside down"](cut), cut.palette)  # noqa: E731
    for encode_badly in (
        lambda stream, found, cut: real(stream, found, faulty(cut)),
        lambda stream, found, cut: evolve(real(stream, found, cut), pieces=cut_short(real(stream, found, cut).pieces)),
    ):
        monkeypatch.setattr(module, "encode", encode_badly)
        with pytest.raises(Unusable) as caught:
            writer.write(started)
        assert caught.value.reason == "verification"
        assert desk.files() == before
    monkeypatch.setattr(module, "encode", real)
    writer.write(started)


def cut_short(pieces):
    whole = b"".join(pieces)
    return [whole[: len(whole) * 2 // 3]]


def test_a_wrong_checksum_is_caught(rung):
    origin = source("PNG")
    good = encode(origin, region(origin))
    place = good.rindex(b"IEND") - 5
    assert_wrong(origin, good[:place] + bytes((good[place] ^ 1,)) + good[place + 1 :])
