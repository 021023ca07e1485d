"""What was freed is given back before a JPEG is cut in whole blocks, and not for every crop."""

import io

import pytest

from imaging import ladder, memory
from imaging.formats import jpeg
from imaging.write import write
from ledger.values import PixelBox


@pytest.fixture
def given_back(monkeypatch):
    calls = []
    monkeypatch.setattr(memory, "_trim", calls.append)
    return calls


@pytest.mark.skipif(ladder.turbojpeg() is None, reason="libturbojpeg is not here")
def test_it_is_given_back_before_whole_blocks_are_cut(textured, given_back):
    out = io.BytesIO()
    textured((61, 43)).save(out, "JPEG")
    jpeg.cut_whole_blocks(out, jpeg.header(io.BytesIO(out.getvalue())), PixelBox(0, 0, 16, 16))
    assert given_back == [0]


def test_other_crops_keep_what_the_next_one_needs(desk, textured, given_back):
    path = desk.photos / "a.jpg"
    textured((61, 43)).save(path)
    write(desk.started(path))
    assert given_back == []


def test_where_the_library_cannot_nothing_happens(monkeypatch):
    monkeypatch.setattr(memory, "_trim", None)
    memory.give_back()
