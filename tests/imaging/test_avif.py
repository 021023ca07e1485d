"""AVIF: lossless stays lossless, what is said about a picture stays said, and what would be lost is refused by name."""

import io
import random
import struct

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, features

from imaging import ladder
from imaging.formats import avif
from imaging.formats.header import Malformed
from imaging.formats.isobmff import Item, Reference, box, parse
from imaging.formats.isobmff_build import built
from imaging.pixels import Pixels
from imaging.problems import Unusable
from imaging.verify import check, source_of
from ledger.values import PixelBox

pyvips = pytest.importorskip("pyvips")
pytestmark = pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")

BOX = PixelBox(3, 5, 50, 37)
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>a cat</x:xmpmeta>"
ICC = b"\0\0\2\x0c" + bytes(520)


def exif():
    block = Image.Exif()
    block[0x010E] = "a cat"
    block.get_ifd(0x8769)[0xA002] = 61
    block.get_ifd(0x8769)[0xA003] = 43
    return block


def lossy(picture, **options):
    out = io.BytesIO()
    picture.save(out, "AVIF", **{"quality": 80, "speed": 9} | options)
    return out.getvalue()


def lossless(picture):
    bands = len(picture.getbands())
    image = pyvips.Image.new_from_memory(picture.tobytes(), *picture.size, bands, "uchar")
    return image.copy(interpretation="srgb").heifsave_buffer(compression="av1", lossless=True, effort=1)


def encoded(origin, cut):
    return b"".join(avif.encode(origin.stream, origin.header, cut).pieces)


def crop_of(raw, wanted=BOX):
    origin = source_of(io.BytesIO(raw), "source")
    assert origin.header.damage is None
    cut = origin.region(wanted)
    crop = encoded(origin, cut)
    check(origin, cut, io.BytesIO(crop), "crop")
    return crop, cut


def loaded(raw):
    with Image.open(io.BytesIO(raw)) as image:
        image.load()
        return image


def changed(raw, *, main=None, more=(), references=()):
    """The file with another main item, and more items and references."""
    container = parse(raw)
    items = dict(container.items)
    if main is not None:
        items[container.primary] = main(items[container.primary])
    items |= {100 + number: item for number, item in enumerate(more)}
    return built(evolve(container, items=items, references=(*container.references, *references)))


def with_property(name, body):
    return lambda item: evolve(item, properties=(*item.properties, (box(name, body), True)))


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_a_lossless_crop_is_the_region_bit_by_bit(data):
    mode = data.draw(st.sampled_from(["RGB", "RGBA"]))
    width, height = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    noise = random.Random(data.draw(st.integers(0, 99))).randbytes(width * height * len(mode))  # noqa: S311
    picture = Image.frombytes(mode, (width, height), noise)
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    crop, _ = crop_of(lossless(picture), PixelBox(left, top, right, bottom))
    assert loaded(crop).convert(mode).tobytes() == picture.crop((left, top, right, bottom)).tobytes()


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_a_lossy_one_is_encoded_again_in_its_own_subsampling(rung, textured, mode, subsampling):
    raw = lossy(textured((61, 43), mode), **({} if mode == "L" else {"subsampling": subsampling}))
    crop, _ = crop_of(raw)
    assert loaded(crop).size == (47, 32)
    assert loaded(crop).mode == loaded(raw).mode == mode
    had, has = (parse(each).items[parse(each).primary].property(b"av1C")[2] & 0x1C for each in (raw, crop))
    assert has == had


def test_a_lossy_one_says_that_it_lost(textured):
    origin = source_of(io.BytesIO(lossy(textured((61, 43)))), "source")
    assert not origin.header.lossless
    assert avif.encode(origin.stream, origin.header, origin.region(BOX)).warnings == ("generation_loss",)


def test_a_lossless_one_is_refused_by_name_without_libvips(textured, monkeypatch):
    raw = lossless(textured((61, 43)))
    monkeypatch.setattr(ladder, "FAST_ALLOWED", False)
    with pytest.raises(Unusable, match="not written without libvips") as caught:
        crop_of(raw)
    assert caught.value.reason == "unsupported"


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_crop_is_turned_as_its_source_is(textured, turn):
    block = exif()
    block[0x0112] = turn
    raw = lossy(textured((61, 43)), exif=block)
    origin = source_of(io.BytesIO(raw), "source")
    assert origin.header.orientation == turn
    crop, _ = crop_of(raw, PixelBox(3, 5, 40, 37))
    assert source_of(io.BytesIO(crop), "crop").header.orientation == turn
    assert loaded(crop).getexif().get(0x0112, 1) == turn


@pytest.mark.parametrize("make", [lossy, lossless])
def test_profile_exif_and_xmp_are_kept_byte_for_byte(textured, make):
    raw = changed(
        make(textured((61, 43))),
        main=lambda item: evolve(
            item,
            properties=(*item.properties, (box(b"colr", b"prof" + ICC), False), (box(b"pasp", b"\0\0\0\1" * 2), False)),
        ),
        more=(Item(b"Exif", bytes(4) + exif().tobytes()[6:]), Item(b"mime", XMP, (), b"application/rdf+xml")),
        references=(Reference(b"cdsc", 100, (1,)), Reference(b"cdsc", 101, (1,))),
    )
    crop, _ = crop_of(raw)
    with Image.open(io.BytesIO(crop)) as image:
        assert image.info["icc_profile"] == ICC
        assert image.info["xmp"] == XMP
        assert image.getexif()[0x010E] == "a cat"
        assert dict(image.getexif().get_ifd(0x8769)) == {0xA002: 47, 0xA003: 32}
    main = parse(crop).items[1]
    assert main.property(b"pasp") == b"\0\0\0\1" * 2


@pytest.mark.parametrize(("name", "byte", "bits"), [(b"nclx", 10, 0x80), (b"av1C", 6, 0x0C), (b"nclx", 9, 1)])
def test_only_full_range_and_colour_at_full_size_are_lossless(textured, name, byte, bits):
    raw = bytearray(lossless(textured((61, 43))))
    assert source_of(io.BytesIO(bytes(raw)), "a").header.lossless
    raw[raw.index(name) + byte] ^= bits
    assert not source_of(io.BytesIO(bytes(raw)), "a").header.lossless


def test_what_colours_mean_is_kept_and_how_they_are_coded_is_the_encoders(textured):
    raw = lossy(textured((61, 43)))
    meaning = struct.pack(">HH", 12, 16)  # as displays with wide colour and brightness have it

    def wide(item):
        others = tuple(each for each in item.properties if each[0][4:8] != b"colr")
        return evolve(item, properties=(*others, (box(b"colr", b"nclx" + meaning + b"\0\6\x80"), False)))

    crop, _ = crop_of(changed(raw, main=wide))
    assert parse(crop).items[1].property(b"colr")[4:8] == meaning


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda raw: changed(raw, main=with_property(b"clap", bytes(32))), "with clap"),
        (lambda raw: changed(raw, main=with_property(b"lsel", bytes(2))), "with lsel"),
        (lambda raw: changed(raw, more=(Item(b"av01", b"x"),), references=(Reference(b"auxl", 100, (1,)),)), "further"),
        (lambda raw: changed(raw, more=(Item(b"tmap", b"x"),)), "further images"),
        (lambda raw: changed(raw, references=(Reference(b"prem", 1, (1,)),)), "premultiplied"),
    ],
)
def test_what_a_crop_would_lose_is_refused_by_name(textured, make, why):
    assert why in source_of(io.BytesIO(make(lossy(textured((61, 43))))), "a").header.damage


@pytest.mark.parametrize("depth", [10, 12])
def test_more_than_eight_bits_are_refused_by_name(depth):
    image = pyvips.Image.new_from_memory(bytes(61 * 43 * 6), 61, 43, 3, "ushort").copy(interpretation="rgb16")
    raw = image.heifsave_buffer(compression="av1", bitdepth=depth, effort=0)
    assert f"of {depth} bits" in source_of(io.BytesIO(raw), "a").header.damage


def test_grey_with_alpha_is_refused_by_name(textured):
    raw = lossy(textured((61, 43), "RGBA"))
    grey = parse(lossy(textured((61, 43), "L"))).items[1]
    assert "grey with alpha" in source_of(io.BytesIO(changed(raw, main=lambda _: grey)), "a").header.damage


def test_a_thumbnail_is_left_and_said(textured):
    raw = changed(
        lossy(textured((61, 43))), more=(Item(b"av01", b"small"),), references=(Reference(b"thmb", 100, (1,)),)
    )
    origin = source_of(io.BytesIO(raw), "a")
    assert origin.header.damage is None
    made = avif.encode(origin.stream, origin.header, origin.region(BOX))
    assert made.warnings == ("generation_loss", "chunk_dropped")
    assert len(parse(b"".join(made.pieces)).items) == 1


def test_tiles_and_films_are_refused_by_name(textured):
    grid = changed(lossy(textured((61, 43))), main=lambda item: evolve(item, kind=b"grid"))
    with pytest.raises(Unusable, match="of kind grid"):
        source_of(io.BytesIO(grid), "a")
    film = lossy(textured((61, 43)), save_all=True, append_images=[textured((61, 43), "L").convert("RGB")])
    with pytest.raises(Unusable) as caught:
        source_of(io.BytesIO(film), "a")
    assert caught.value.reason == "animated"
    with pytest.raises(Unusable, match="animated"):
        source_of(io.BytesIO(film.replace(b"ftypavis", b"ftypavif")), "a")


FAULTS = {
    "red and blue swapped": lambda one: Image.merge("RGB", one.split()[::-1]),
    "a row too low": lambda one: ImageChops.offset(one, 0, 1),
    "upside down": lambda one: one.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    "a part lost": lambda one: Image.new("RGB", one.size, (9, 9, 9)),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("make", [lossy, lossless])
def test_a_fault_of_the_encoder_is_caught(make, fault, textured):
    origin = source_of(io.BytesIO(make(textured((161, 143)))), "source")
    cut = origin.region(PixelBox(3, 5, 150, 137))
    check(origin, cut, io.BytesIO(encoded(origin, cut)), "crop")
    with pytest.raises(Unusable) as caught:
        check(origin, cut, io.BytesIO(encoded(origin, Pixels.of(FAULTS[fault](cut.picture())))), "crop")
    assert caught.value.reason == "verification"


def test_another_transparency_is_caught(textured):
    origin = source_of(io.BytesIO(lossy(textured((161, 143), "RGBA"))), "source")
    cut = origin.region(PixelBox(3, 5, 150, 137))
    check(origin, cut, io.BytesIO(encoded(origin, cut)), "crop")
    other = cut.picture()
    other.putalpha(other.getchannel("A").transpose(Image.Transpose.FLIP_TOP_BOTTOM))
    with pytest.raises(Unusable, match="transparency"):
        check(origin, cut, io.BytesIO(encoded(origin, Pixels.of(other))), "crop")


def test_what_the_encoder_forgot_to_say_is_caught(textured):
    plain = lossy(textured((61, 43)))
    says_more = changed(plain, main=with_property(b"pasp", b"\0\0\0\1" * 2))
    origin, silent = (source_of(io.BytesIO(raw), "source") for raw in (says_more, plain))
    cut = origin.region(BOX)
    check(origin, cut, io.BytesIO(encoded(origin, cut)), "crop")
    with pytest.raises(Unusable, match="metadata is not the source's"):
        check(origin, cut, io.BytesIO(encoded(silent, cut)), "crop")


def test_one_bit_of_a_lossless_one_is_caught(textured):
    origin = source_of(io.BytesIO(lossless(textured((61, 43)))), "source")
    cut = origin.region(BOX)
    samples = bytearray(cut.samples)
    samples[700] ^= 1
    with pytest.raises(Unusable, match="not those of the source"):
        check(origin, cut, io.BytesIO(encoded(origin, Pixels("RGB", *cut.size, samples))), "crop")


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_damaged_container_has_a_typed_error_or_reads(data):
    raw = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(8, 340))] = data.draw(st.integers(0, 255))
    short = bytes(raw[: data.draw(st.integers(12, len(raw)))])
    try:
        origin = source_of(io.BytesIO(short), "a")
        if origin.header.damage is None and origin.header.width_px * origin.header.height_px < 10**6:
            origin.region(PixelBox(0, 0, 1, 1))
    except Unusable:
        pass


def _whole():
    out = io.BytesIO()
    Image.effect_noise((30, 20), 60).convert("RGBA").save(out, "AVIF", speed=10, exif=exif(), xmp=XMP)
    return out.getvalue()


WHOLE = _whole() if features.check("avif") else b""


def test_a_file_taken_apart_and_put_together_is_as_before():
    once = built(parse(WHOLE))
    assert parse(once) == parse(WHOLE) or parse(once).items == parse(WHOLE).items
    assert built(parse(once)) == once
    assert loaded(once).tobytes() == loaded(WHOLE).tobytes()


def test_an_item_that_reaches_beyond_the_file_is_malformed(textured):
    raw = built(parse(lossy(textured((61, 43)))))
    length = struct.pack(">I", len(parse(raw).items[1].content))
    with pytest.raises(Malformed, match="reaches beyond the file"):
        parse(raw.replace(length, struct.pack(">I", 10**6), 1))
    with pytest.raises(Malformed, match="reaches beyond the file"):
        parse(raw.replace(length, bytes(4), 1))


def test_a_box_that_is_longer_than_what_it_stands_in_is_malformed(textured):
    raw = lossy(textured((61, 43)))
    with pytest.raises(Malformed, match="longer than what it stands in"):
        parse(raw[:-1])
    place = raw.index(b"ispe") - 4
    with pytest.raises(Malformed, match="longer than what it stands in"):
        parse(raw[:place] + struct.pack(">I", 10**6) + raw[place + 4 :])
    with pytest.raises(Malformed):
        parse(raw[:place] + struct.pack(">I", 4) + raw[place + 4 :])


@pytest.mark.parametrize("place", ["nothing", "a box beyond the end", "no items"])
def test_what_is_no_container_is_malformed(place):
    raw = {
        "nothing": b"\0\0\0\x10ftypavif\0\0\0\0",
        "a box beyond the end": b"\0\0\0\x10ftypavif\0\0\0\0\0\0\1\0meta",
        "no items": b"\0\0\0\x10ftypavif\0\0\0\0" + box(b"meta", bytes(4)),
    }[place]
    with pytest.raises(Malformed):
        parse(raw)
