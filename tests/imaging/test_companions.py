"""Which files belong to an image."""

import os
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis.strategies import text

from imaging.companions import companions, list_directory, stem_of
from imaging.problems import Unusable


@pytest.fixture
def directory(tmp_path):
    def fill(*names):
        for name in names:
            (tmp_path / name).write_text(name)
        return tmp_path

    return fill


def names(found):
    return [path.name for path in found]


def test_the_same_stem_with_any_extension_or_none(directory):
    place = directory("a.png", "a.yaml", "a.caption", "a", "b.yaml", "A.txt", "ab.txt", "a.png.bak")
    assert names(companions(place / "a.png")) == ["a", "a.caption", "a.yaml"]


def test_a_stage_never_takes_the_files_of_another_stage(directory):
    place = directory("x_stage1_y.png", "x_stage1_y.yaml", "x_stage1.5_y.png", "x_stage1.5_y.yaml", "x_stage1.txt")
    assert names(companions(place / "x_stage1_y.png")) == ["x_stage1_y.yaml"]
    assert names(companions(place / "x_stage1.5_y.png")) == ["x_stage1.5_y.yaml"]


def test_only_the_last_suffix_is_cut_off(directory):
    place = directory("a.b.png", "a.b.yaml", "a.yaml", "a.b")
    assert names(companions(place / "a.b.png")) == ["a.b.yaml"]


def test_a_leading_dot_belongs_to_the_stem(directory):
    place = directory(".png", ".yaml", ".a.png", ".a.yaml", "a.yaml")
    assert names(companions(place / ".a.png")) == [".a.yaml"]
    assert names(companions(place / ".png")) == []


def test_an_image_with_a_crop_of_its_own_stays(directory):
    place = directory("a.png", "a.jpg", "a.yaml")
    assert names(companions(place / "a.png", exclude={place / "a.jpg"})) == ["a.yaml"]


def test_directories_and_symlinks_belong_to_nobody(directory):
    place = directory("a.png", "elsewhere")
    (place / "a").mkdir()
    (place / "a.yaml").symlink_to(place / "elsewhere")
    os.mkfifo(place / "a.pipe")
    assert names(companions(place / "a.png")) == []


def test_a_declared_sidecar_goes_along_if_it_is_there(directory):
    place = directory("a.png", "a.yaml", "group.json")
    listing = list_directory(place)
    assert names(listing.of(place / "a.png", sidecar=place / "group.json")) == ["a.yaml", "group.json"]
    assert names(listing.of(place / "a.png", sidecar=place / "a.yaml")) == ["a.yaml"]
    assert names(listing.of(place / "a.png", sidecar=place / "missing.json")) == ["a.yaml"]


def test_a_listing_serves_every_image_of_its_directory_and_forgets_what_is_gone(directory):
    place = directory(*(f"{number}.{kind}" for number in range(50) for kind in ("png", "yaml")))
    listing = list_directory(place)
    (place / "7.yaml").unlink()
    found = [names(listing.of(place / f"{number}.png")) for number in range(50)]
    assert found == [[] if number == 7 else [f"{number}.yaml"] for number in range(50)]


@given(text(alphabet="ab. ", min_size=1).filter(lambda name: name not in {".", ".."}))
def test_the_stem_is_that_of_a_path(name):
    assert stem_of(name) == PurePath(name).stem


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(Unusable, match="nowhere") as caught:
        list_directory(tmp_path / "nowhere")
    assert caught.value.reason == "missing"
