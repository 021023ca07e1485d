"""Damaged files of every kind: a typed error or a verified crop, in little memory, and nothing else on the disk."""

import random
import struct
import zlib
from pathlib import Path

import pytest

from imaging.formats import ifd, tiff_tags
from imaging.formats.header import Malformed
from imaging.formats.png_chunks import SIGNATURE
from imaging.problems import Unusable
from imaging.read import observe
from imaging.write import write
from ledger.values import PixelBox
from tests.imaging.sources import LOSSLESS, LOSSY, made, suffix_of

MOST_MIB = 400
"""What a few damaged bytes may ever take: they can claim gigabytes."""


def damaged(raw, chance):
    """The file with some bits or bytes wrong, most of them in its first part, or without its end."""
    if chance.random() < 0.2:
        return raw[: chance.randrange(1, len(raw))]
    broken, reach = bytearray(raw), min(len(raw), 400) if chance.random() < 0.7 else len(raw)
    for _ in range(chance.choice((1, 1, 2, 4))):
        place = chance.randrange(reach)
        broken[place] = chance.choice((broken[place] ^ 1 << chance.randrange(8), 0, 0xFF, chance.randrange(256)))
    return resealed(bytes(broken)) if raw.startswith(SIGNATURE) and chance.random() < 0.8 else bytes(broken)


def resealed(raw):
    """The PNG with checksums that are right again, so that the damage is not told by them."""
    sealed, place = raw[:8], 8
    while place + 12 <= len(raw):
        body = raw[place + 4 : place + 8 + int.from_bytes(raw[place : place + 4], "big")]
        sealed += raw[place : place + 4] + body + struct.pack(">I", zlib.crc32(body))
        place += 8 + len(body)
    return sealed


def cropped_or_refused(desk, photo):
    """Whether it was cropped; whatever else than `Unusable` comes out is a fault of ours."""
    before = desk.files()
    try:
        seen = observe(photo).dimensions
        right, bottom = min(50, seen.width_px), min(37, seen.height_px)
        started = desk.started(photo, PixelBox(min(3, right - 1), min(5, bottom - 1), right, bottom))
        write(started)
    except Unusable:
        assert desk.files() == before
        return False
    Path(started.temporary).unlink()
    assert desk.files() == before
    return True


def most_held_mib():
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


def survives(desk, raw, path, seeds):
    photo, held = desk.photos / f"a{suffix_of(path)}", most_held_mib()
    for seed in seeds:
        photo.write_bytes(damaged(raw, random.Random(f"{path} {seed}")))  # noqa: S311  # damage, not secrets
        cropped_or_refused(desk, photo)
        assert most_held_mib() < held + MOST_MIB, seed
    photo.write_bytes(raw)
    assert cropped_or_refused(desk, photo)


@pytest.mark.parametrize("path", [*LOSSLESS, *LOSSY])
def test_a_damaged_file_is_refused_or_cropped_right(desk, textured, rung, path):
    survives(desk, made(path, textured, rung), path, range(12))


@pytest.mark.campaign
@pytest.mark.parametrize("path", [*LOSSLESS, *LOSSY])
def test_thousands_of_damaged_files_are_refused_or_cropped_right(desk, textured, rung, path):
    survives(desk, made(path, textured, rung), path, range(12, 3000))


def counting(raw, tag, count, *, at=None):
    """The TIFF with another number of values, and another place of them, in a tag."""
    block = ifd.parse(raw)
    (begin,) = struct.unpack_from(block.order + "I", raw, 4)
    (entries,) = struct.unpack_from(block.order + "H", raw, begin)
    patched = bytearray(raw)
    for place in range(begin + 2, begin + 2 + 12 * entries, 12):
        if struct.unpack_from(block.order + "H", raw, place)[0] == tag:
            struct.pack_into(block.order + "I", patched, place + 4, count)
            if at is not None:
                struct.pack_into(block.order + "I", patched, place + 8, at)
    return bytes(patched)


@pytest.mark.parametrize("count", [5, 2**31, 2**32 - 1])
def test_a_tag_that_counts_to_four_billion_is_found_out_without_counting(desk, textured, count):
    photo, held = desk.photos / "a.tif", most_held_mib()
    photo.write_bytes(counting(made("TIFF RGB", textured, "Pillow"), 0x111, count, at=8000))
    with pytest.raises(Unusable, match="points outside its block"):
        observe(photo)
    with pytest.raises(Malformed, match="points outside its block"):
        ifd.Block(bytes(100), "<").value(ifd.Entry(0x111, 4, count, 90))
    assert most_held_mib() < held + 50


def test_tags_that_all_hold_the_same_bytes_are_refused(desk, textured):
    """A megabyte could be told of by a thousand tags, each of which would be carried over."""
    plain = made("TIFF RGB", textured, "Pillow")
    block = ifd.parse(plain)
    block.refuse_more_than_there_is(block.first()[0])
    half = len(plain) // 2 + 1
    raw = counting(counting(plain, 0x116, half // 4, at=0), 0x117, half // 4, at=0)
    with pytest.raises(Malformed, match="hold more than there is"):
        ifd.parse(raw).refuse_more_than_there_is(ifd.parse(raw).first()[0])
    photo = desk.photos / "a.tif"
    photo.write_bytes(raw)
    with pytest.raises(Unusable, match="hold more than there is"):
        observe(photo)


@pytest.mark.parametrize("is_twice", [False, True])
def test_the_tags_of_a_directory_below_are_counted_as_well(textured, is_twice):
    # An EXIF directory with one or two long notes that lie in the same place.
    picture = made("TIFF RGB", textured, "Pillow")
    length = len(picture) * 2 // 3
    rows = [struct.pack("<HHII", tag, 7, length, 0) for tag in (0x9286, 0x927C)][: 1 + is_twice]
    below = struct.pack("<H", len(rows)) + b"".join(rows) + bytes(4)
    (begin,) = struct.unpack_from("<I", picture, 4)
    (entries,) = struct.unpack_from("<H", picture, begin)
    table = picture[begin + 2 : begin + 2 + 12 * entries]
    raw = bytearray(picture + bytes(len(picture) & 1))
    exif = len(raw)
    raw += below
    again = struct.pack("<H", entries + 1) + table + struct.pack("<HHII", 0x8769, 4, 1, exif) + bytes(4)
    struct.pack_into("<I", raw, 4, len(raw))
    raw += again
    told = ifd.parse(bytes(raw))
    if is_twice:
        with pytest.raises(Malformed, match="hold more than there is"):
            tiff_tags.carried(told, told.first()[0], 9, 9)
    else:
        assert len(tiff_tags.carried(told, told.first()[0], 9, 9)[ifd.EXIF_IFD].content[0x9286].content) == length
