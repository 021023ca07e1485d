"""What the settings say of the pages' keys and shapes, checked when they are read."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ledger.errors import Invalid

MARKING, CHOOSING = "key_", "choose_key_"
"""What the names of a page's keys begin with in the settings."""

PER_IMAGE = {MARKING: (6, {"skip", "reset"}), CHOOSING: (4, {"suggested", "whole", "crop"})}
"""How many images there can be at once, and the actions that have one key for each."""

_NUMBERS = {4: "four", 6: "six"}

MOVING = frozenset({"tab", "shift+tab", "escape"})
"""Keys that are how a box is reached and left without a mouse; nothing else may be bound to them."""

_MODIFIERS = ("ctrl", "alt", "meta", "shift")
_SHAPE = re.compile(r"([1-9]\d{0,3}):([1-9]\d{0,3})")


def check_keys(keys: Mapping[str, str], page: str, config: Path) -> None:
    """Raise `Invalid` for an action of a page without a key, and for a key with two meanings on it."""
    count, per_image = PER_IMAGE[page]
    taken: dict[str, str] = {}
    for action, text in keys.items():
        names = [spelt(key, f"{config}: {page}{action}") for key in text.split()]
        if not names:
            raise Invalid(f"{config}: {page}{action} names no key.")
        if action in per_image and len(names) < count:
            raise Invalid(f"{config}: {page}{action} names {_NUMBERS[count]} keys, one per image, not {len(names)}.")
        for name in names:
            if name in MOVING:
                raise Invalid(f"{config}: {page}{action} cannot be {name}, which moves between the boxes.")
            if name in taken:
                raise Invalid(f"{config}: the key {name} cannot be both {page}{taken[name]} and {page}{action}.")
            taken[name] = action


def spelt(key: str, where: str = "key") -> str:
    """A key in its one spelling: modifiers in order, names in lower case; raises `Invalid`."""
    *modifiers, name = key.lower().split("+") if key != "+" else ["+"]
    unknown = [each for each in modifiers if each not in _MODIFIERS]
    if unknown or not name:
        raise Invalid(f"{where} has {key!r}; a key is written like z, Shift+z or ArrowLeft.")
    return "+".join([*(each for each in _MODIFIERS if each in modifiers), name])


def check_shapes(shapes: Iterable[str], config: Path) -> None:
    """Raise `Invalid` for a shape that is not two whole numbers, width to height."""
    for shape in shapes:
        if _SHAPE.fullmatch(shape) is None:
            raise Invalid(f"{config}: shapes are written like 4:5, not {shape!r}.")
