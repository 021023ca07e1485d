"""What a crop needed of the memory is given back when it is done."""

import pytest

from imaging import memory
from imaging.problems import Unusable
from imaging.write import write


@pytest.fixture
def given_back(monkeypatch):
    calls = []
    monkeypatch.setattr(memory, "_trim", calls.append)
    return calls


def test_memory_is_given_back_after_a_crop_and_after_one_that_fails(desk, textured, given_back):
    path = desk.photos / "a.png"
    textured((61, 43)).save(path)
    started = desk.started(path)
    write(started)
    assert given_back == [0]
    with pytest.raises(Unusable):  # its temporary name is taken now
        write(started)
    assert given_back == [0, 0]


def test_where_the_library_cannot_nothing_happens(monkeypatch):
    monkeypatch.setattr(memory, "_trim", None)
    with memory.given_back():
        pass
