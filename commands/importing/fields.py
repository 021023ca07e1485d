"""A JSON object's fields, each of the type it should have; what is not raises `SetAside` and names the key. Pure."""

import math
from collections.abc import Mapping, Sequence

from attrs import frozen

from commands.importing.quarantine import SetAside
from ledger.errors import Invalid
from ledger.values import Box, Dimensions


@frozen
class Fields:
    """The fields of one object; a key that is missing reads as null."""

    values: Mapping[str, object]

    def text(self, key: str) -> str | None:
        """A text; an empty one is none."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            raise SetAside("fields", f"{key} is a text, not {_short(value)}")
        if value and not _is_text(value):
            raise SetAside("fields", f"{key} has characters that are no text: {value!r}")
        return value or None

    def required(self, key: str) -> str:
        """A text that must be there."""
        value = self.text(key)
        if value is None:
            raise SetAside("fields", f"{key} is missing")
        return value

    def whole(self, key: str) -> int | None:
        """A whole number from 0."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**12:
            raise SetAside("number", f"{key} is a whole number from 0, not {_short(value)}")
        return value

    def number(self, key: str) -> float | None:
        """A number from 0."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
            raise SetAside("number", f"{key} is a number from 0, not {_short(value)}")
        return float(value)

    def flag(self, key: str) -> bool | None:
        """True or false; SQLite has 1 and 0 for it."""
        value = self.values.get(key)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int) and value in {0, 1}:
            return bool(value)
        raise SetAside("fields", f"{key} is true or false, not {_short(value)}")

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) and each and _is_text(each) for each in value):
            raise SetAside("fields", f"{key} is a list of texts, not {_short(value)}")
        return tuple(value)

    def box(self, key: str) -> Box | None:
        """A list of four fractions."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 4:
            raise SetAside("box", f"{key} is a list of four fractions, not {_short(value)}")
        try:
            return Box(*value)
        except Invalid as error:
            raise SetAside("box", f"{key}: {error}") from error

    def dimensions(self, width: str, height: str) -> Dimensions | None:
        """A size in pixels; None where the source wrote nothing or 0."""
        sides = self.whole(width), self.whole(height)
        if None in sides or 0 in sides:
            return None
        try:
            return Dimensions(*sides)  # type: ignore[arg-type]  # neither is None here
        except Invalid as error:
            raise SetAside("size", str(error)) from error

    def object(self, key: str) -> "Fields | None":
        """An object within."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise SetAside("fields", f"{key} is an object, not {_short(value)}")
        return Fields(value)

    def objects(self, key: str) -> "list[Fields]":
        """A list of objects."""
        value = self.values.get(key)
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise SetAside("fields", f"{key} is a list of objects, not {_short(value)}")
        return [Fields(each) for each in value]

    def first(self, *keys: str) -> str | None:
        """The first of these keys that has a value."""
        return next((key for key in keys if self.values.get(key) is not None), None)


def _is_text(value: str) -> bool:
    # File names may hold anything but these; a lone surrogate could not be written down again.
    return "\0" not in value and value.isprintable()


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def score(value: float | None) -> float | None:
    """A model's score, which is a number from 0 to 1; raises `SetAside`."""
    if value is not None and not (math.isfinite(value) and 0 <= value <= 1):
        raise SetAside("number", f"a confidence is a number from 0 to 1, not {value!r}")
    return value
