"""Observing an image: facts from its header, and no trouble from hostile or broken files."""

import io
import os
import struct
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from imaging.decode import decode as decode_stream
from imaging.formats import png_chunks as png
from imaging.problems import Unusable
from imaging.read import glance, observe
from ledger.errors import CropledgerError, Invalid
from ledger.values import Dimensions


def decode(raw, name):
    return decode_stream(io.BytesIO(raw), name)


FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")


def encoded(picture, kind, **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def refused(path, reason, match):
    with pytest.raises(Unusable, match=match) as caught:
        observe(path)
    assert caught.value.reason == reason
    assert str(path) in caught.value.message
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("kind", FORMATS)
def test_an_observation_states_what_the_file_is(tmp_path, textured, kind):
    path = tmp_path / "misleading.txt"
    turn = Image.Exif()
    turn[0x0112] = 6
    options = {} if kind == "BMP" else {"exif": turn}
    path.write_bytes(raw := encoded(textured((30, 20)), kind, **options))
    os.utime(path, ns=(5, 1_700_000_000_123_456_789))
    image = observe(path)
    assert (image.format, image.mode, image.size_bytes) == (kind, "RGB", len(raw))
    assert image.modified_ns == 1_700_000_000_123_456_789
    assert image.path == path.resolve()
    turned = kind != "BMP"
    assert image.orientation == (6 if turned else 1)
    assert image.dimensions == (Dimensions(20, 30) if turned else Dimensions(30, 20))
    assert observe(path, decode_check=True) == image
    assert glance(path, image.sha256) == image


def test_a_glance_reads_the_header_and_believes_the_rest(tmp_path, textured):
    path = tmp_path / "a.png"
    textured((30, 20)).save(path)
    assert glance(path, "b" * 64).sha256 == "b" * 64
    path.write_bytes(b"no image")
    with pytest.raises(Unusable, match="not a PNG"):
        glance(path, "b" * 64)


def test_a_path_is_observed_under_its_canonical_spelling(tmp_path, textured):
    (tmp_path / "real").mkdir()
    textured((4, 4)).save(tmp_path / "real" / "a.png")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert observe(tmp_path / "link" / "a.png").path == tmp_path.resolve() / "real" / "a.png"


def test_what_is_not_there_or_no_file_is_refused_at_once(tmp_path):
    refused(tmp_path / "nothing.png", "missing", "no such file")
    refused(tmp_path, "unsupported", "a directory")
    os.mkfifo(tmp_path / "pipe.png")
    began = time.monotonic()
    refused(tmp_path / "pipe.png", "unsupported", "not a regular file")
    assert time.monotonic() - began < 10
    with pytest.raises(Unusable, match="not a regular file"):
        observe("/dev/zero")
    with pytest.raises(Invalid):
        observe("a\0b.png")


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG", b"hello", b"\0" * 100, b"RIFF\0\0\0\0WAVE", b"BM", b"II*\0", b"\xff\xd8\xff"]
)
def test_what_is_no_image_is_unreadable(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    refused(path, "unreadable", "a.png")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_one_may_not_read_is_refused(tmp_path, textured):
    path = tmp_path / "a.png"
    textured((4, 4)).save(path)
    path.chmod(0)
    refused(path, "permission", "denied")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_cut_off_anywhere_is_refused_or_decodes_to_its_size(textured, rung, kind):
    raw = encoded(textured((30, 20)), kind)
    for length in range(0, len(raw) - 1, max(1, len(raw) // 200)):
        try:
            header, pixels = decode(raw[:length], "cut")
        except Unusable:
            continue
        assert kind != "PNG"
        assert pixels.size == (header.width_px, header.height_px)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "JPEG"])
def test_half_an_image_is_refused(textured, rung, kind):
    raw = encoded(textured((200, 100)), kind)
    with pytest.raises(Unusable):
        decode(raw[: len(raw) // 2], "half")


@pytest.mark.parametrize("kind", FORMATS)
def test_any_byte_may_be_wrong(textured, rung, kind):
    raw = encoded(textured((12, 9)), kind)
    for place in range(0, min(len(raw), 400), 2):
        for value in (0x00, 0xFF, raw[place] ^ 0x41):
            broken = raw[:place] + bytes((value,)) + raw[place + 1 :]
            try:
                decode(broken, "broken")
            except Unusable:
                continue


@pytest.mark.parametrize("kind", FORMATS)
def test_noise_behind_a_true_beginning_is_refused_or_read(textured, rung, kind):
    start = encoded(textured((12, 9)), kind)[:60]
    for seed in range(60):
        noise = b"".join(struct.pack(">I", zlib.crc32(bytes((seed, n)))) for n in range(100))
        try:
            decode(start + noise, "noise")
        except Unusable:
            continue


def bomb_png(width, height):
    body = png.Chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = png.Chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return png.SIGNATURE + bytes(body) + bytes(pixels) + bytes(png.Chunk(b"IEND", b""))


def test_a_bomb_is_refused_from_its_header(tmp_path, textured):
    path = tmp_path / "a.png"
    for side in (20_000, 60_000, 0x7FFFFFFF):
        path.write_bytes(bomb_png(side, side))
        refused(path, "too_large", "the limit is 300,000,000")
    bmp = bytearray(encoded(textured((4, 4)), "BMP"))
    bmp[18:26] = struct.pack("<ii", 30_000, 30_000)
    path.write_bytes(bmp)
    refused(path, "too_large", "limit")
    tiff = encoded(textured((4, 4)), "TIFF", tiffinfo={}).replace(
        struct.pack("<HHII", 256, 4, 1, 4), struct.pack("<HHII", 256, 4, 1, 10**9)
    )
    path.write_bytes(tiff)
    refused(path, "too_large", "limit")


def test_a_size_of_nothing_is_refused(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(bomb_png(0, 5))
    refused(path, "unreadable", "claims 0x5")


def test_a_header_that_lies_about_the_pixels_is_unreadable(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(bomb_png(500, 500))
    assert observe(path).dimensions == Dimensions(500, 500)
    with pytest.raises(Unusable) as caught:
        observe(path, decode_check=True)
    assert caught.value.reason == "unreadable"


def test_a_wrong_checksum_in_any_chunk_is_unreadable(textured, rung):
    raw = bytearray(encoded(textured((12, 9)), "PNG"))
    raw[29] ^= 1
    with pytest.raises(Unusable, match="checksum of chunk IHDR"):
        decode(bytes(raw), "a.png")


def frames(textured, kind, **options):
    first, second = textured((12, 9)), textured((12, 9), "L").convert("RGB")
    return encoded(first, kind, save_all=True, append_images=[second], **options)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("GIF", "an animated GIF"),
        ("PNG", "APNG"),
        ("WEBP", "an animated WebP"),
        ("TIFF", "a TIFF with several pages"),
        ("MPO", "MPO"),
    ],
)
def test_more_than_one_image_in_a_file_is_refused_by_name(tmp_path, textured, kind, name):
    path = tmp_path / "a.img"
    path.write_bytes(frames(textured, kind))
    refused(path, "animated", name)


def test_other_kinds_are_refused_by_name(tmp_path, textured):
    path = tmp_path / "a.img"
    path.write_bytes(encoded(textured((12, 9)), "GIF"))
    refused(path, "unsupported", "a GIF, which is not supported")
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    refused(path, "unsupported", "a HEIC, which is not supported")
    raw = encoded(textured((12, 9)), "PNG")
    path.write_bytes(raw[:8] + bytes(png.Chunk(b"CgBI", b"\x50\0\x20\x06")) + raw[8:])
    refused(path, "unsupported", "CgBI")
    path.write_bytes(encoded(textured((12, 9)), "TIFF", big_tiff=True))
    refused(path, "unsupported", "BigTIFF")
    path.write_bytes(encoded(textured((12, 9)), "TIFF", tiffinfo={0xC612: b"\1\4\0\0"}))
    refused(path, "unsupported", "DNG")


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, textured, monkeypatch):
    path = tmp_path / "a.png"
    textured((12, 9)).save(path)
    real = os.fstat
    calls = []

    def fstat(descriptor):
        calls.append(descriptor)
        if len(calls) == 2:
            with path.open("ab") as stream:
                stream.write(b"more")
        return real(descriptor)

    monkeypatch.setattr(os, "fstat", fstat)
    with pytest.raises(Unusable, match="changed while it was read") as caught:
        observe(path)
    assert (caught.value.reason, caught.value.transient) == ("changed", True)


def test_a_link_put_in_place_of_the_file_is_not_followed(tmp_path, textured, monkeypatch):
    path = tmp_path / "a.png"
    textured((12, 9)).save(path)
    real = Path.lstat

    def lstat(self):
        state = real(self)
        if self == path.resolve() and not os.path.islink(path):  # noqa: PTH114  # Path.is_symlink asks lstat
            path.rename(tmp_path / "moved.png")
            path.symlink_to(tmp_path / "moved.png")
        return state

    monkeypatch.setattr(Path, "lstat", lstat)
    with pytest.raises(CropledgerError):
        observe(path)
