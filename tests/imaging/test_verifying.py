"""The verifier: who reads a crop back, what else than pixels must be right, what it tells."""

import hashlib
import importlib
import io

import pytest
from attrs import evolve
from PIL import Image

from imaging import ladder
from imaging import write as writer
from imaging.disk import write_new
from imaging.formats import bmp, pictures, png, png_chunks, tiff, webp
from imaging.formats.header import Malformed
from imaging.pixels import Pixels, Strips
from imaging.problems import Unusable
from imaging.verify import check, source_of
from ledger.values import PixelBox
from tests.imaging.crops import BOX, assert_wrong, checked, encode, photo, region, source
from tests.imaging.sources import LOSSLESS, LOSSY, made

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


@pytest.mark.skipif(ladder.fast() is None, reason="the extra `fast` is not installed")
@pytest.mark.parametrize("path", [path for path in (*LOSSLESS, *LOSSY) if path.startswith(("TIFF", "WEBP", "JPEG"))])
def test_what_pillow_wrote_is_read_back_by_libvips_in_every_mode(textured, path, monkeypatch):
    if path == "JPEG CMYK":
        pytest.skip("four inks are left to libturbojpeg")
    origin = source_of(io.BytesIO(made(path, textured, "fast")), "source")
    cut = origin.region(PixelBox(3, 5, 50, 37))
    crop = encode(origin, cut)
    for module in (tiff, webp, pictures):
        monkeypatch.setattr(module, "region", None)
    check(origin, cut, io.BytesIO(crop), "crop")


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
