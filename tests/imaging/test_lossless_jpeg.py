"""A JPEG cut in whole blocks: nothing is encoded, the box grows left and up, the inside is the source's."""

import io
import struct
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from imaging import ladder
from imaging.commit import commit
from imaging.formats import jpeg, jpeg_turbo
from imaging.formats.header import Malformed
from imaging.formats.jpeg_segments import segments
from imaging.geometry import on_grid
from imaging.pixels import Pixels
from imaging.plan import Ways, plan
from imaging.problems import Unusable
from imaging.read import observe
from imaging.write import write
from ledger.values import Dimensions, PixelBox
from tests.imaging.jpegs import segment

LOSSLESS = Ways(jpeg="lossless")

blocks = pytest.mark.skipif(ladder.turbojpeg() is None, reason="libturbojpeg is not here")


def started(desk, source, box, how=LOSSLESS):
    image = observe(source)
    return plan(
        image, box.normalise(image.dimensions), recorded=image.dimensions, recorded_sha256=image.sha256, run="r",
        attempt=1, output=desk.output(source.name), archive_root=desk.originals, how=how,
    )  # fmt: skip


def tags(orientation):
    block = Image.Exif()
    block[0x0112] = orientation
    return block


@blocks
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("subsampling", "step"), [(0, (8, 8)), (1, (16, 8)), (2, (16, 16))])
def test_the_box_grows_to_the_blocks_and_the_inside_is_the_source_s(
    desk, rung, textured, orientation, subsampling, step
):
    source = desk.photos / "a.jpg"
    textured((203, 155)).save(
        source,
        quality=80,
        subsampling=subsampling,
        exif=tags(orientation),
        comment=b"by hand",
        progressive=orientation > 4,
    )
    with Image.open(source) as image:
        seen, tables = ImageOps.exif_transpose(image), image.quantization
    box = PixelBox(21, 37, 121, 139)
    start = started(desk, source, box)
    wide = start.pixel_box
    assert start.whole_blocks
    assert start.warnings == ("box_widened",)
    assert (wide.left <= 21, wide.top <= 37, wide.right >= 121, wide.bottom >= 139) == (True,) * 4
    reach = step if orientation < 5 else step[::-1]
    assert max(21 - wide.left, wide.right - 121) < reach[0]
    assert max(37 - wide.top, wide.bottom - 139) < reach[1]
    executed = commit(start, write(start))
    assert executed.output_dimensions == wide.dimensions
    with Image.open(executed.output) as crop:
        shown = ImageOps.exif_transpose(crop)
        assert crop.quantization == tables
        assert crop.info["comment"] == b"by hand"
        assert bool(crop.info.get("progressive")) == (orientation > 4)
    assert shown.size == (wide.dimensions.width_px, wide.dimensions.height_px)
    inner = (2, 2, shown.width - 2, shown.height - 2)
    cut = seen.crop((wide.left, wide.top, wide.right, wide.bottom))
    assert shown.crop(inner).tobytes() == cut.crop(inner).tobytes()


@blocks
@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_stays_grey_and_four_inks_stay_four(desk, textured, mode):
    source = desk.photos / "a.jpg"
    textured((80, 70), mode).save(source, quality=85)
    start = started(desk, source, PixelBox(9, 10, 60, 66))
    assert start.pixel_box == PixelBox(8, 8, 60, 66)
    with Image.open(source) as image:
        cut = image.crop((8, 8, 60, 66)).tobytes()
    with Image.open(commit(start, write(start)).output) as crop:
        assert (crop.mode, crop.tobytes()) == (mode, cut)


@blocks
def test_a_fault_of_the_cutter_is_caught(desk, textured, monkeypatch):
    source = desk.photos / "a.jpg"
    textured((203, 155)).save(source, quality=80)
    start = started(desk, source, PixelBox(21, 37, 121, 139))
    real = jpeg_turbo.cut
    beside = lambda raw, box, **how: real(raw, PixelBox(box.left + 16, box.top, box.right + 16, box.bottom), **how)  # noqa: E731
    before = desk.files()
    with monkeypatch.context() as patch:
        patch.setattr(jpeg_turbo, "cut", beside)
        with pytest.raises(Unusable) as caught:
            write(start)
    assert caught.value.reason == "verification"
    again = lambda raw, box, **_: encoded_darker(io.BytesIO(raw), box)  # noqa: E731  # near, but not the same
    with monkeypatch.context() as patch:
        patch.setattr(jpeg_turbo, "cut", again)
        with pytest.raises(Unusable, match="not those of the source"):
            write(start)
    assert {name: raw for name, raw in desk.files().items() if "__cropped" not in name} == before


def encoded_darker(stream, box):
    with Image.open(stream) as image:
        cut = image.crop((box.left, box.top, box.right, box.bottom)).point(lambda level: max(0, level - 3))
    stream.seek(0)
    return b"".join(jpeg.encode(stream, jpeg.header(stream), Pixels.of(cut)).pieces)


@blocks
def test_a_truncated_source_or_one_off_the_grid_is_malformed(desk, textured):
    source = desk.photos / "a.jpg"
    textured((203, 155)).save(source, quality=80)
    raw = source.read_bytes()
    with pytest.raises(Malformed):
        jpeg_turbo.cut(bytearray(raw[: len(raw) // 2]), PixelBox(16, 16, 100, 150), progressive=False)
    with pytest.raises(Malformed, match="multiple of 16"):
        jpeg_turbo.cut(bytearray(raw), PixelBox(17, 16, 100, 150), progressive=False)


def cut(raw, box):
    """The box cut in whole blocks, and whether the frame was ended below it before."""
    stream, told = io.BytesIO(raw), []
    real = jpeg_turbo.cut
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jpeg_turbo, "cut", lambda *given, **how: told.append(how["shortened"]) or real(*given, **how))
        found = jpeg.header(stream)
        pieces = jpeg.cut_whole_blocks(stream, found, box).pieces
    return b"".join(pieces), told == [True]


HIGH = PixelBox(16, 16, 112, 64)


@blocks
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("bottom", [1, 15, 16, 17, 64, 144, 145, 154, 155])
def test_a_cut_is_the_same_whether_what_is_below_it_was_read_or_left_out(textured, mode, bottom, monkeypatch):
    out = io.BytesIO()
    textured((203, 155), mode).save(out, "JPEG", quality=80)
    box = PixelBox(0, 0, 32, bottom)
    step = jpeg.header(io.BytesIO(out.getvalue())).grid[1]
    crop, shortened = cut(out.getvalue(), box)
    assert shortened == (-(-bottom // step) * step < 155)
    monkeypatch.setattr(jpeg, "_end_below", lambda *_: False)
    assert cut(out.getvalue(), box) == (crop, False)


@blocks
def test_what_is_below_is_read_where_later_scans_or_restarts_hang_on_it(textured):
    for options, is_left_out in (({}, True), ({"progressive": True}, False), ({"restart_marker_rows": 1}, False)):
        out = io.BytesIO()
        textured((203, 155)).save(out, "JPEG", quality=80, **options)
        assert cut(out.getvalue(), HIGH)[1] is is_left_out
    assert cut(in_a_scan_each(textured((64, 64))), PixelBox(0, 0, 16, 16))[1] is False


def in_a_scan_each(picture):
    """A sequential JPEG whose components have a scan each: three grey ones, put together."""
    frames, scans = [], []
    for number, channel in enumerate(picture.split(), start=1):
        out = io.BytesIO()
        channel.save(out, "JPEG", quality=80)
        stream = io.BytesIO(out.getvalue())
        parts = [part for part in segments(stream) if part[0] in (0xDB, 0xC4)]
        scans.append((number, parts, out.getvalue()[stream.tell() : -2]))
        frames.append(bytes((number, 0x11, 0)))
    tables = b"".join(segment(marker, body) for marker, body in scans[0][1])
    frame = segment(0xC0, struct.pack(">BHHB", 8, 64, 64, 3) + b"".join(frames))
    each = (segment(0xDA, bytes((1, number, 0, 0, 63, 0))) + coded for number, _, coded in scans)
    return b"\xff\xd8" + tables + frame + b"".join(each) + b"\xff\xd9"


@blocks
def test_damage_in_what_is_cut_is_found_and_damage_below_it_is_not_its_own(textured):
    out = io.BytesIO()
    textured((203, 155)).save(out, "JPEG", quality=80)
    good, stream = out.getvalue(), io.BytesIO(out.getvalue())
    for _ in segments(stream):
        pass
    crop, is_left_out = cut(good, HIGH)
    assert is_left_out
    place = len(good) - 20
    assert cut(good[:place] + b"\1" + good[place + 1 :], HIGH)[0] == crop
    for hurt in (b"\xff\xd0", b"\xff\xd9", b"\xff\xda"):
        place = stream.tell() + 50
        with pytest.raises(Malformed):
            cut(good[:place] + hurt + good[place + 2 :], HIGH)


def test_without_the_library_it_is_refused_by_name(desk, textured, monkeypatch):
    monkeypatch.setattr(ladder, "turbojpeg", lambda: None)
    source = desk.photos / "a.jpg"
    textured((203, 155)).save(source, quality=80)
    start = started(desk, source, PixelBox(21, 37, 121, 139))
    with pytest.raises(Unusable, match="libturbojpeg") as caught:
        write(start)
    assert caught.value.reason == "unsupported"


def test_the_whole_image_is_not_widened(desk, textured):
    source = desk.photos / "a.jpg"
    textured((203, 155)).save(source)
    start = started(desk, source, PixelBox(0, 0, 203, 155))
    assert (start.whole_blocks, start.warnings) == (False, ())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_widened_box_stays_in_the_image(orientation):
    shown = Dimensions(50, 40)
    for box in (PixelBox(0, 0, 1, 1), PixelBox(49, 39, 50, 40), PixelBox(7, 9, 33, 31)):
        wide = on_grid(box, shown, orientation, (16, 16))
        assert wide.inside(shown)
        assert on_grid(wide, shown, orientation, (16, 16)) == wide


def test_a_lossy_webp_is_refused_unless_asked_for(desk, textured):
    source = desk.photos / "a.webp"
    textured((61, 43)).save(source, quality=80)
    with pytest.raises(Unusable, match="lossy WEBP") as caught:
        started(desk, source, PixelBox(3, 5, 50, 37), Ways())
    assert "--reencode" in caught.value.mend
    assert started(desk, source, PixelBox(0, 0, 61, 43), Ways()).warnings == ()
    start = started(desk, source, PixelBox(3, 5, 50, 37), Ways(reencode=True))
    executed = commit(start, write(start))
    assert executed.warnings == ("generation_loss",)
    assert Path(executed.output).exists()


def test_grey_has_blocks_of_eight_whatever_its_sampling_says(textured):
    grey, colour = io.BytesIO(), io.BytesIO()
    textured((80, 70), "L").save(grey, "JPEG")
    textured((80, 70)).save(colour, "JPEG", subsampling=2)
    raw = bytearray(grey.getvalue())
    raw[raw.index(b"\xff\xc0") + 11] = 0x22
    assert jpeg.header(io.BytesIO(raw)).grid == (8, 8)
    assert jpeg.header(io.BytesIO(colour.getvalue())).grid == (16, 16)


@blocks
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_libturbojpeg_sees_what_pillow_sees(textured, mode, options):
    out = io.BytesIO()
    textured((61, 43), mode).save(out, "JPEG", quality=85, **options)
    seen = jpeg_turbo.decoded(ladder.turbojpeg(), out.getvalue(), mode, (61, 43))
    with Image.open(out) as image:
        assert bytes(seen.samples) == image.tobytes()


@blocks
def test_libturbojpeg_reads_no_picture_of_another_size_and_no_torn_one(textured):
    out = io.BytesIO()
    textured((61, 43)).save(out, "JPEG", quality=85)
    for raw, size in ((out.getvalue(), (60, 43)), (out.getvalue(), (61, 86)), (out.getvalue()[:900], (61, 43))):
        with pytest.raises(Malformed):
            jpeg_turbo.decoded(ladder.turbojpeg(), raw, "RGB", size)
