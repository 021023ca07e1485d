"""Where files may be read and written."""

import os

import pytest

from imaging.zones import Zones, canonical
from ledger.errors import Invalid, Unsafe


@pytest.fixture
def places(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    return inside, outside, Zones.of(inside)


def test_a_file_below_a_root_may_not_exist_yet(places):
    inside, _, zones = places
    assert zones.check(inside / "new" / "a.png") == inside.resolve() / "new" / "a.png"


@pytest.mark.parametrize("spelling", ["../outside/a.png", "new/../../outside/a.png", "../inside2/a.png", ".."])
def test_dots_do_not_lead_out(places, spelling):
    inside, _, zones = places
    with pytest.raises(Unsafe, match="outside the allowed places"):
        zones.check(inside / spelling)


def test_a_symlinked_directory_does_not_lead_out(places):
    inside, outside, zones = places
    (inside / "link").symlink_to(outside)
    with pytest.raises(Unsafe, match="setting roots"):
        zones.check(inside / "link" / "a.png")


def test_a_dangling_symlink_does_not_lead_out(places):
    inside, outside, zones = places
    (inside / "a.png").symlink_to(outside / "not yet.png")
    with pytest.raises(Unsafe):
        zones.check(inside / "a.png")


def test_a_symlink_into_the_zone_is_inside(places):
    inside, outside, zones = places
    (outside / "link").symlink_to(inside)
    assert zones.check(outside / "link" / "a.png") == inside.resolve() / "a.png"


def test_a_root_whose_name_begins_alike_is_another_place(places, tmp_path):
    _, _, zones = places
    (tmp_path / "inside-too").mkdir()
    with pytest.raises(Unsafe):
        zones.check(tmp_path / "inside-too" / "a.png")


def test_no_zone_allows_nothing(tmp_path):
    with pytest.raises(Unsafe, match="none is set"):
        Zones(()).check(tmp_path)


def test_two_spellings_of_a_directory_are_one(places, monkeypatch):
    inside, outside, _ = places
    (outside / "link").symlink_to(inside)
    monkeypatch.chdir(inside.parent)
    spellings = ["inside", "inside/", "./inside/.", "outside/../inside", "outside/link", str(inside)]
    assert {canonical(spelling) for spelling in spellings} == {inside.resolve()}


def test_names_the_ledger_cannot_hold_are_refused(places):
    inside, _, _ = places
    with pytest.raises(Invalid, match="NUL"):
        canonical(f"{inside}/a\0.png")
    with pytest.raises(Invalid, match="UTF-8"):
        canonical(os.fsdecode(os.fsencode(inside) + b"/\xff.png"))


def test_a_loop_of_symlinks_is_refused(places):
    inside, _, _ = places
    (inside / "one").symlink_to(inside / "two")
    (inside / "two").symlink_to(inside / "one")
    with pytest.raises(Invalid, match="cannot be followed"):
        canonical(inside / "one" / "a.png")
