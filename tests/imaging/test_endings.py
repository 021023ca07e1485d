"""Images that break off: told from a few bytes wherever an image is looked at, and whole ones with odd ends are not."""

import numpy as np
import pytest
from PIL import Image

from imaging.problems import Unusable
from imaging.read import glance, observe
from imaging.scan import FoundFile, observe_found

KINDS = {
    "png": ("PNG", {}),
    "jpg": ("JPEG", {}),
    "progressive.jpg": ("JPEG", {"progressive": True}),
    "webp": ("WEBP", {}),
    "lossless.webp": ("WEBP", {"lossless": True}),
    "tif": ("TIFF", {}),
    "lzw.tif": ("TIFF", {"compression": "tiff_lzw"}),
    "strips.tif": ("TIFF", {"compression": "tiff_deflate", "strip_size": 4000}),
    "bmp": ("BMP", {}),
    "grey.bmp": ("BMP", {}),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Bytes of a whole image of each kind."""
    pixels = np.random.default_rng(1).integers(0, 255, (121, 163, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    folder = tmp_path_factory.mktemp("whole")

    def raw(kind: str) -> bytes:
        path = folder / f"a.{kind}"
        name, options = KINDS[kind]
        (picture.convert("L") if kind.startswith("grey") else picture).save(path, name, **options)
        return path.read_bytes()

    return raw


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", [1, 2, 3, 100, 0.1, 0.5, 0.9])
def test_what_breaks_off_is_unreadable_before_anything_is_decoded(tmp_path, whole, kind, missing):
    raw = whole(kind)
    cut = missing if isinstance(missing, int) else int(len(raw) * missing)
    path = tmp_path / f"a.{kind}"
    path.write_bytes(raw[:-cut])
    for look in (observe, lambda path: glance(path, "0" * 64)):
        with pytest.raises(Unusable) as caught:
            look(path)
        assert caught.value.reason == "unreadable"
        assert str(path) in caught.value.message
    state = path.stat()
    assert observe_found(FoundFile(path, state.st_size, state.st_mtime_ns, True)).problem == "unreadable"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("behind", [b"\0", b"\0" * 5000, b"a film " * 400_000])
def test_what_stands_behind_a_whole_image_does_not_make_it_unreadable(tmp_path, whole, kind, behind):
    path = tmp_path / f"a.{kind}"
    path.write_bytes(whole(kind) + behind)
    assert str(observe(path, decode_check=True).dimensions) == "163x121"


def test_an_end_marker_across_two_blocks_is_found(tmp_path, whole, monkeypatch):
    raw = whole("jpg")
    path = tmp_path / "a.jpg"
    path.write_bytes(raw + b"\0" * 9000)
    for block in range(1, 8):
        monkeypatch.setattr("imaging.formats.ending._BLOCK", block * 2 + 1)
        assert observe(path).format == "JPEG"


def test_zeros_in_place_of_the_end_are_a_broken_copy(tmp_path, whole):
    raw = whole("jpg")
    path = tmp_path / "a.jpg"
    path.write_bytes(raw[: len(raw) // 2] + bytes(len(raw) - len(raw) // 2))
    with pytest.raises(Unusable, match="breaks off"):
        observe(path)


def test_the_end_of_a_preview_in_front_is_not_the_end(tmp_path, whole):
    """A camera's preview is a JPEG of its own, within the segments that come before the pixels."""
    raw = whole("jpg")
    preview = b"\xff\xe2" + (len(raw[:200]) + 4).to_bytes(2, "big") + raw[:200] + b"\xff\xd9"
    path = tmp_path / "a.jpg"
    path.write_bytes(raw[:2] + preview + raw[2:-2])
    with pytest.raises(Unusable, match="breaks off"):
        observe(path)


def test_rows_of_a_bitmap_that_are_packed_have_no_length_to_tell(tmp_path, whole):
    raw = bytearray(whole("grey.bmp"))
    raw[30:34] = (1).to_bytes(4, "little")
    path = tmp_path / "a.bmp"
    path.write_bytes(raw[:-4000])
    assert observe(path).format == "BMP"
