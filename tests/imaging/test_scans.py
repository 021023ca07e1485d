"""A small file must not ask for hours: how often a progressive JPEG goes over its pixels has a limit."""

import io

import pytest
from PIL import Image

from imaging import ladder
from imaging.decode import picture, read_header
from imaging.formats import jpeg_turbo
from imaging.formats.header import Malformed
from imaging.formats.jpeg_segments import MAX_SCANS
from imaging.preview import preview_of
from imaging.problems import Unusable
from imaging.verify import source_of
from ledger.values import PixelBox
from tests.imaging.jpegs import progressive, segment

BOX = PixelBox(0, 0, 8, 8)

blocks = pytest.mark.skipif(ladder.turbojpeg() is None, reason="libturbojpeg is not here")


def test_a_progressive_jpeg_of_many_scans_is_read(rung):
    raw = progressive(MAX_SCANS, 16)
    with Image.open(io.BytesIO(raw)) as image:
        expected = image.crop((0, 0, 8, 8)).tobytes()
    assert bytes(source_of(io.BytesIO(raw), "a").region(BOX).samples) == expected


HIDES = {
    "nothing": b"",
    "an end marker in a comment": segment(0xFE, b"\xff\xd9"),
    "fill bytes": b"\xff\xff\xff",
    "a restart": b"\xff\xd0",
    "a marker without a body": b"\xff\x01",
}


@pytest.mark.parametrize("between", HIDES.values(), ids=HIDES)
def test_one_scan_more_is_refused_from_the_header_whatever_stands_between(between):
    raw = progressive(MAX_SCANS + 1, between=between)
    for read in (read_header, source_of, lambda stream, name: preview_of(stream.read(), name)):
        with pytest.raises(Unusable, match="more than 500 scans") as caught:
            read(io.BytesIO(raw), "a")
        assert caught.value.reason == "too_large"
    with pytest.raises(Unusable, match="more than 500 scans"):
        picture(raw, "a")


def test_what_stands_behind_the_end_is_no_scan():
    raw = progressive(3) + b"\0\2" + segment(0xDA, b"\1\1\0\0\0\0") * MAX_SCANS
    assert read_header(io.BytesIO(raw), "a").mode == "L"


@blocks
def test_libturbojpeg_has_the_same_limit_of_its_own():
    within, beyond = bytearray(progressive(MAX_SCANS)), bytearray(progressive(MAX_SCANS + 1))
    library = ladder.turbojpeg()
    jpeg_turbo.cut(within, BOX, progressive=True)
    jpeg_turbo.decoded(library, bytes(within), "L", (8, 8))
    with pytest.raises(Malformed, match="more than 500 scans"):
        jpeg_turbo.cut(beyond, BOX, progressive=True)
    with pytest.raises(Malformed, match="more than 500 scans"):
        jpeg_turbo.decoded(library, bytes(beyond), "L", (8, 8))
