"""The pages' settings: every action has its keys, no key has two meanings, shapes are shapes."""

import re
from pathlib import Path

import pytest

from configs.keys import CHOOSING, MARKING, PER_IMAGE, spelt
from configs.settings import load
from ledger.errors import Invalid


@pytest.fixture
def settings(tmp_path):
    def read(text):
        config = tmp_path / "config.toml"
        config.write_text(text)
        return load(config)

    return read


def test_the_defaults_are_those_of_the_guide(settings):
    keys = settings("").keys

    assert keys["submit"] == "Enter"
    assert keys["skip"].split()[:3] == ["1", "2", "3"]
    assert keys["reset"].split()[:3] == ["x", "c", "v"]


def test_a_key_that_is_set_replaces_the_default(settings):
    keys = settings('key_submit = "Space"\nkey_undo = "u Ctrl+z"').keys

    assert (keys["submit"], keys["undo"], keys["redo"]) == ("Space", "u Ctrl+z", "Shift+z")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('key_undo = "b"', "the key b cannot be both key_back and key_undo"),
        ('key_undo = "SHIFT+Z"', "the key shift+z cannot be both key_undo and key_redo"),
        ('key_undo = "u u"', "cannot be both key_undo and key_undo"),
        ('key_undo = ""', "key_undo names no key"),
        ('key_skip = "1 2 3"', "key_skip names six keys, one per image, not 3"),
        ('choose_key_whole = "q s d f"', "the key q cannot be both choose_key_whole and choose_key_crop"),
        ('choose_key_crop = "q w e"', "choose_key_crop names four keys, one per image, not 3"),
        ('choose_key_next = "Escape"', "choose_key_next cannot be escape"),
        ('choose_key_back = ""', "choose_key_back names no key"),
        ('key_undo = "Tab"', "cannot be tab, which moves between the boxes"),
        ('key_undo = "Hyper+z"', "a key is written like z, Shift+z or ArrowLeft"),
        ('key_undo = "Shift+"', "a key is written like"),
        ('key_jump = "j"', "unknown setting 'key_jump'"),
        ("images_side_by_side = 0", "images_side_by_side is from 1 to 6"),
        ("images_side_by_side = 7", "images_side_by_side is from 1 to 6"),
        ('shapes = ["1:0"]', "shapes are written like 4:5"),
        ('shapes = ["wide"]', "shapes are written like 4:5"),
        ("previews_mb = 0", "previews_mb must be more than 0"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(settings, text, why):
    with pytest.raises(Invalid, match=re.escape(why)):
        settings(text)


@pytest.mark.parametrize(("page", "of"), [("MARKING", "keys"), ("CHOOSING", "choosing_keys")])
def test_a_page_has_words_for_exactly_the_actions_that_can_be_bound(settings, page, of):
    source = (Path(__file__).parents[2] / "web" / "static" / "keys.js").read_text("utf-8")
    table = source.partition(f"export const {page} = {{")[2].partition("  },\n")[0]
    several = source.partition(f"export const {page} = {{")[2].partition("several: new Set([")[2].partition("])")[0]

    assert set(re.findall(r"^    (\w+):", table, re.MULTILINE)) == set(getattr(settings(""), of))
    assert set(re.findall(r"\w+", several)) == PER_IMAGE[{"MARKING": MARKING, "CHOOSING": CHOOSING}[page]][1]


def test_the_choosing_page_has_keys_of_its_own(settings):
    assert settings('choose_key_next = "Space"\nkey_undo = "a"').choosing_keys["next"] == "Space"


def test_a_key_has_one_spelling():
    assert spelt("shift+ctrl+Z") == "ctrl+shift+z"
    assert spelt("+") == "+"
