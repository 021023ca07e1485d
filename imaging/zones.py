"""Where files may be read and written, and the one spelling of a path."""

import os
from pathlib import Path
from typing import Self

from attrs import frozen

from ledger.errors import Invalid, Unsafe


def canonical(path: str | os.PathLike[str]) -> Path:
    """The one absolute spelling of a path: no `..`, no symlink in any part that exists; raises `Invalid`.

    Two spellings of one place (relative, trailing slash, through a symlinked directory) become equal.
    """
    text = os.fspath(path)
    if "\0" in text:
        raise Invalid(f"a path cannot contain a NUL byte: {text!r}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        # Events are UTF-8 text: a name they cannot hold could never be found again from the ledger.
        raise Invalid(f"the name {text!r} is not UTF-8.", mend="Rename the file first.") from error
    try:
        return Path(text).resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of symlinks
        raise Invalid(f"the path {text!r} cannot be followed: {error}") from error


@frozen
class Zones:
    """The directories below which files may be read and written; each already in its canonical spelling."""

    roots: tuple[Path, ...]

    @classmethod
    def of(cls, *roots: str | os.PathLike[str]) -> Self:
        """Zones below these directories, however they are spelt."""
        return cls(tuple(canonical(root) for root in roots))

    def check(self, path: str | os.PathLike[str]) -> Path:
        """The canonical path, if it lies below a root; raises `Unsafe` otherwise. The file need not exist.

        Symlinks are followed first, a dangling one too: a link inside a zone that points out of it is outside.
        """
        place = canonical(path)
        if any(place.is_relative_to(root) for root in self.roots):
            return place
        allowed = ", ".join(map(str, self.roots)) or "none is set"
        led = "" if os.fspath(path) == str(place) else f" leads to {place}, which"
        raise Unsafe(
            f"{os.fspath(path)}{led} is outside the allowed places ({allowed}).",
            mend="Allow its directory in the setting roots (crop settings says where), or move the file.",
        )
