"""Every format and mode: the crop is the region, everything else is kept, undo gives the file back."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin, TiffImagePlugin

from imaging.formats import ifd, jpeg, tiff, webp
from imaging.formats import png_chunks as png
from imaging.pixels import Pixels
from imaging.problems import Unusable
from imaging.undo import undo
from ledger.values import PixelBox
from tests.imaging.pngs import chunk, png_of

BOX = PixelBox(3, 5, 50, 37)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>kept</x:xmpmeta>"
MODES = [
    ("PNG", ".png", ("1", "L", "P", "LA", "RGB", "RGBA", "I;16")),
    ("JPEG", ".jpg", ("L", "RGB", "CMYK")),
    ("WEBP", ".webp", ("RGB", "RGBA")),
    ("TIFF", ".tif", ("1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "I;16", "I", "F")),
    ("BMP", ".bmp", ("1", "L", "P", "RGB")),
]


def exif(orientation=1, **_):
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010F] = "A maker"
    below = block.get_ifd(0x8769)
    below[0xA002], below[0xA003], below[0x9286] = 61, 43, b"ASCII\0\0\0a note"
    block.get_ifd(0x8825)[1] = "N"
    return block


def cropped(desk, path, box=BOX):
    """Crop, check that undo gives everything back, crop again; the output and its event."""
    before = desk.files()
    started = desk.started(path, box)
    executed = desk.crop(started)
    undo(executed, started)
    after = {name: content for name, content in desk.files().items() if not name.startswith("home/")}
    assert after == {name: content for name, content in before.items() if not name.startswith("home/")}
    return Path(desk.crop(started).output), executed


def loaded(path):
    with Image.open(path) as image:
        image.load()
        return image


@pytest.mark.parametrize(
    ("kind", "suffix", "mode"), [(kind, suffix, mode) for kind, suffix, all_ in MODES for mode in all_]
)
def test_a_crop_is_the_region_and_keeps_format_and_mode(desk, textured, rung, kind, suffix, mode):
    source = desk.photos / f"a{suffix}"
    options = {"lossless": True} if kind == "WEBP" else {}
    textured((61, 43), mode).save(source, kind, **options)
    original = loaded(source)
    output, executed = cropped(desk, source)
    crop = loaded(output)
    assert (crop.format, crop.mode, crop.size) == (original.format, original.mode, (47, 32))
    region = original.crop((BOX.left, BOX.top, BOX.right, BOX.bottom))
    if kind != "JPEG":
        assert crop.convert("RGBA").tobytes() == region.convert("RGBA").tobytes()
        assert executed.warnings == ()
    assert executed.output_size_bytes == output.stat().st_size
    assert executed.output_dimensions == BOX.dimensions


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_box_means_what_the_person_saw(desk, textured, rung, kind, orientation):
    source = desk.photos / "a.img"
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind == "JPEG" else {}
    textured((61, 43)).save(source, kind, exif=exif(orientation), **options)
    seen = ImageOps.exif_transpose(loaded(source))
    box = PixelBox(2, 4, 40, 43)
    output, executed = cropped(desk, source, box)
    shown = ImageOps.exif_transpose(loaded(output))
    wanted = seen.crop((box.left, box.top, box.right, box.bottom))
    assert shown.size == wanted.size == (executed.output_dimensions.width_px, executed.output_dimensions.height_px)
    if kind != "JPEG":
        assert shown.tobytes() == wanted.tobytes()
    assert ifd_of(output)[0x0112] == (orientation,)


def ifd_of(path):
    """The EXIF or TIFF tags of a file, by our own reader."""
    raw = Path(path).read_bytes()
    with Image.open(path) as image:
        block = raw if image.format == "TIFF" else image.info["exif"].removeprefix(b"Exif\0\0")
    block = ifd.parse(block)
    tags, _ = block.first()
    below = block.sub(tags, ifd.EXIF_IFD)
    place = block.sub(tags, ifd.GPS_IFD)
    return {tag: block.value(entry) for tag, entry in {**place, **tags, **below}.items()}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_metadata_is_kept_and_the_pixel_sizes_follow(desk, textured, rung, kind):
    source = desk.photos / "a.img"
    options = {"dpi": (300, 150)} if kind != "WEBP" else {"lossless": True}
    if kind in ("WEBP", "JPEG"):
        options["xmp"] = XMP
    block = exif()
    if kind == "TIFF":
        block[0x010E], block[700] = "a description", XMP
    textured((61, 43)).save(source, kind, exif=block.tobytes(), icc_profile=PROFILE, **options)
    output, _ = cropped(desk, source)
    before, after = loaded(source_of(desk, output, source)), loaded(output)
    assert after.info["icc_profile"] == PROFILE
    assert after.info.get("dpi") == before.info.get("dpi")
    assert after.info.get("xmp") == before.info.get("xmp")
    tags = ifd_of(output)
    assert (tags[0xA002], tags[0xA003]) == ((47,), (32,))
    assert bytes(tags[0x9286]) == b"ASCII\0\0\0a note"
    assert tags[0x010F] == b"A maker\0"
    assert tags[1] == b"N\0"
    if kind == "TIFF":
        assert tags[0x010E] == b"a description\0"
        assert (tags[0x100], tags[0x101]) == ((47,), (32,))


def source_of(desk, output, source):
    kept = next(path for path in desk.originals.rglob("*") if path.is_file())
    assert output.exists()
    assert not source.exists()
    return kept


def with_chunks(path, *extra, behind=()):
    """Put chunks behind IHDR, and others before IEND."""
    raw = path.read_bytes()
    path.write_bytes(raw[:33] + b"".join(extra) + raw[33:-12] + b"".join(behind) + raw[-12:])


ANCILLARY = (
    chunk(b"gAMA", struct.pack(">I", 45455)),
    chunk(b"cHRM", struct.pack(">8I", *range(8))),
    chunk(b"sBIT", b"\x05\x06\x05"),
    chunk(b"pHYs", struct.pack(">IIB", 11811, 5905, 1)),
    chunk(b"tIME", b"\x07\xe9\x08\x03\x11\x22\x33"),
    chunk(b"tEXt", b"parameters\0a cat, Steps: 20"),
    chunk(b"tEXt", b"parameters\0a second one"),
    chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"{}" * 800_000, 9)),
    chunk(b"iTXt", b"Title\0\0\0fr-CA\0Titre\0\xc3\xa9t\xc3\xa9"),
    chunk(b"prVt", b"private, safe to copy"),
    chunk(b"eXIf", exif().tobytes()[6:]),
)


def test_every_png_chunk_is_kept_byte_for_byte_in_its_place(desk, textured, rung):
    source = desk.photos / "a.png"
    textured((61, 43)).save(source)
    late = chunk(b"tEXt", b"late\0behind the pixels")
    with_chunks(source, *ANCILLARY, behind=(late,))
    output, executed = cropped(desk, source)
    raw = output.read_bytes()
    for piece in ANCILLARY[:-1]:
        assert piece in raw
    assert raw.endswith(late + chunk(b"IEND", b""))
    patched = next(piece.body for piece in png.chunks(raw) if piece.name == b"eXIf")
    assert patched == ifd.resized(exif().tobytes()[6:], 47, 32)
    assert executed.warnings == ()


def test_a_chunk_that_lies_after_a_crop_is_left_and_said(desk, textured, rung):
    source = desk.photos / "a.png"
    textured((61, 43)).save(source)
    with_chunks(source, chunk(b"iDOT", bytes(28)))
    output, executed = cropped(desk, source)
    assert b"iDOT" not in output.read_bytes()
    assert executed.warnings == ("chunk_dropped",)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("kind", ["palette", "grey"])
def test_the_bit_depth_of_small_pngs_is_kept(desk, rung, kind, depth):
    source = desk.photos / "a.png"
    rows = b"".join(b"\0" + bytes((x * 3 + y) % 256 for x in range(61 * depth // 8 + 1)) for y in range(43))
    palette = bytes(range(3 << depth)) if depth < 8 else bytes(range(256)) * 3
    body = png.SIGNATURE + chunk(
        b"IHDR", struct.pack(">IIBBBBB", 61, 43, depth, 3 if kind == "palette" else 0, 0, 0, 0)
    )
    if kind == "palette":
        body += chunk(b"PLTE", palette) + chunk(b"tRNS", b"\x10\x80")
    else:
        body += chunk(b"tRNS", b"\0\1")
    source.write_bytes(body + chunk(b"IDAT", zlib.compress(fitted(rows, depth))) + chunk(b"IEND", b""))
    original = loaded(source).convert("RGBA")
    output, _ = cropped(desk, source)
    raw = output.read_bytes()
    assert raw[24:26] == bytes((depth, 3 if kind == "palette" else 0))
    assert loaded(output).convert("RGBA").tobytes() == original.crop((3, 5, 50, 37)).tobytes()
    assert raw.count(b"PLTE") == (kind == "palette")


def fitted(rows, depth):
    stride = (61 * depth + 7) // 8
    step = 61 * depth // 8 + 2
    return b"".join(rows[y * step : y * step + 1 + stride] for y in range(43))


def test_a_palette_of_few_colours_keeps_eight_bits(desk, rung):
    source = desk.photos / "a.png"
    picture = Image.new("P", (61, 43), 1)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    picture.putpixel((10, 10), 0)
    body = (
        png.SIGNATURE
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 61, 43, 8, 3, 0, 0, 0))
        + chunk(b"PLTE", b"\0\0\0\xff\0\0")
    )
    rows = b"".join(b"\0" + picture.crop((0, y, 61, y + 1)).tobytes() for y in range(43))
    source.write_bytes(body + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    output, _ = cropped(desk, source)
    assert output.read_bytes()[24:26] == b"\x08\x03"
    assert loaded(output).convert("RGB").getpixel((7, 5)) == (0, 0, 0)


@pytest.mark.parametrize("colours", [2, 17, 256])
def test_a_bmp_keeps_its_palette(desk, textured, rung, colours):
    source = desk.photos / "a.bmp"
    textured((61, 43)).quantize(colours).save(source)
    before = loaded(source)
    output, _ = cropped(desk, source)
    assert loaded(output).mode == "P"
    assert loaded(output).convert("RGB").tobytes() == before.convert("RGB").crop((3, 5, 50, 37)).tobytes()


@pytest.mark.parametrize("colour", [0, 2, 4, 6])
@pytest.mark.parametrize("interlaced", [False, True])
def test_sixteen_bits_stay_sixteen_bits(desk, rung, colour, interlaced):
    source = desk.photos / "a.png"
    samples = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    pixel = lambda x, y: b"".join(struct.pack(">H", (x * 257 + y * 4099 + n * 21) % 65536) for n in range(samples))  # noqa: E731
    source.write_bytes(png_of(61, 43, 16, colour, pixel, interlaced=interlaced))
    output, executed = cropped(desk, source)
    raw = output.read_bytes()
    assert raw[24:26] == bytes((16, colour))
    rows = zlib.decompress(b"".join(piece.body for piece in png.chunks(raw) if piece.name == b"IDAT"))
    stride = 47 * samples * 2
    above = bytes(stride)
    for y in range(32):
        row = rows[y * (stride + 1) : (y + 1) * (stride + 1)]
        assert row[0] == 2
        above = bytes((one + two) % 256 for one, two in zip(row[1:], above, strict=True))
        assert above == b"".join(pixel(x + 3, y + 5) for x in range(47))
    assert executed.warnings == ()


def test_a_crop_of_the_whole_image_is_a_copy_that_shares_nothing_with_the_archive(desk, textured, rung):
    source = desk.photos / "a.jpg"
    textured((61, 43)).save(source)
    raw = source.read_bytes()
    output, _ = cropped(desk, source, PixelBox(0, 0, 61, 43))
    kept = source_of(desk, output, source)
    assert output.read_bytes() == kept.read_bytes() == raw
    assert output.stat().st_ino != kept.stat().st_ino


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [30, 75, 95])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_keeps_tables_subsampling_and_progression(desk, textured, rung, subsampling, quality, progressive):
    source = desk.photos / "a.jpg"
    picture = textured((61, 43))
    picture.save(source, quality=quality, subsampling=subsampling, progressive=progressive, comment=b"a comment")
    before = loaded(source)
    output, executed = cropped(desk, source)
    after = loaded(output)
    assert after.quantization == before.quantization
    assert [layer[1:] for layer in after.layer] == [layer[1:] for layer in before.layer]
    assert after.info.get("progressive") == before.info.get("progressive")
    assert after.info["comment"] == b"a comment"
    assert executed.warnings == ()


def test_a_jpeg_with_rgb_components_stays_one(desk, textured, rung):
    source = desk.photos / "a.jpg"
    textured((61, 43)).save(source, quality=95, keep_rgb=True, subsampling=0)
    output, _ = cropped(desk, source)
    assert loaded(output).info["adobe_transform"] == 0
    assert [layer[0] for layer in loaded(output).layer] == [
        layer[0] for layer in loaded(source_of(desk, output, source)).layer
    ]


def test_what_stands_behind_a_jpeg_stays_in_the_archive_and_is_said(desk, textured, rung):
    source = desk.photos / "a.jpg"
    textured((61, 43)).save(source)
    source.write_bytes(source.read_bytes() + b"a film behind the photo \xff\xd9")
    _, executed = cropped(desk, source)
    assert executed.warnings == ("trailing_dropped",)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_lossy_webp_is_encoded_again_and_says_so(desk, textured, rung, mode):
    source = desk.photos / "a.webp"
    textured((61, 43), mode).save(source, quality=80)
    output, executed = cropped(desk, source)
    assert executed.warnings == ("generation_loss",)
    with output.open("rb") as stream:
        assert not webp.header(stream).lossless


def test_a_lossless_webp_keeps_colour_under_transparent_pixels(desk, textured, rung):
    source = desk.photos / "a.webp"
    picture = textured((61, 43), "RGBA")
    picture.paste((10, 20, 30, 0), (0, 0, 30, 43))
    picture.save(source, lossless=True, exact=True)
    output, executed = cropped(desk, source)
    assert loaded(output).getpixel((1, 1)) == (10, 20, 30, 0)
    assert executed.warnings == ()


@pytest.mark.parametrize("compression", ["raw", "packbits", "tiff_lzw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_a_tiff_keeps_its_compression(desk, textured, rung, compression, mode):
    source = desk.photos / "a.tif"
    textured((61, 43), mode).save(source, compression=compression)
    output, _ = cropped(desk, source)
    assert loaded(output).info["compression"] == compression


def test_a_fax_stays_a_fax(desk, textured, rung):
    source = desk.photos / "a.tif"
    textured((61, 43), "1").save(source, compression="group4")
    output, _ = cropped(desk, source)
    assert loaded(output).info["compression"] == "group4"


def test_a_big_endian_tiff_keeps_its_tags(desk, textured, rung):
    source = desk.photos / "a.tif"
    info = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"MM")
    info[0x010E], info[0x011A] = "turned", 72.5
    picture = textured((61, 43), "I;16").convert("I;16B")
    picture.save(source, tiffinfo=info)
    assert source.read_bytes()[:2] == b"MM"
    output, _ = cropped(desk, source)
    assert ifd_of(output)[0x010E] == b"turned\0"
    original = source_of(desk, output, source).read_bytes()
    assert tiff.metadata(io.BytesIO(output.read_bytes()), 47, 32) == tiff.metadata(io.BytesIO(original), 47, 32)


@pytest.mark.parametrize(
    ("save", "why"),
    [
        ({"format": "TIFF", "compression": "jpeg"}, "compression 7"),
        ({"format": "BMP", "mode": "RGBA"}, "32 bits"),
    ],
)
def test_what_the_encoder_would_change_is_refused_by_name(desk, textured, rung, save, why):
    source = desk.photos / "a.img"
    how = dict(save)
    textured((61, 43), how.pop("mode", "RGB")).save(source, **how)
    before = desk.files()
    with pytest.raises(Unusable, match=why) as caught:
        desk.crop(desk.started(source, BOX))
    assert caught.value.reason == "unsupported"
    assert desk.files() == before


def test_text_keywords_written_by_generators_read_back(desk, textured, rung):
    source = desk.photos / "a.png"
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", "masterpiece, Steps: 30")
    text.add_itxt("XML:com.adobe.xmp", XMP.decode(), "x-default", "XMP")
    textured((61, 43)).save(source, pnginfo=text)
    output, _ = cropped(desk, source)
    assert loaded(output).text == {"parameters": "masterpiece, Steps: 30", "XML:com.adobe.xmp": XMP.decode()}


def test_the_crop_has_the_permissions_of_its_source(desk, textured, rung):
    source = desk.photos / "a.png"
    textured((61, 43)).save(source)
    source.chmod(0o640)
    output, _ = cropped(desk, source)
    assert output.stat().st_mode & 0o777 == 0o640
    assert source_of(desk, output, source).stat().st_mode & 0o777 == 0o440


def test_segments_put_together_again_are_the_same_file(textured):
    out = io.BytesIO()
    textured((61, 43)).save(out, "JPEG", exif=exif())
    raw = io.BytesIO(out.getvalue())
    encoded = jpeg.encode(raw, jpeg.header(raw), Pixels.of(textured((61, 43))))
    assert b"".join(encoded.pieces) == out.getvalue()
