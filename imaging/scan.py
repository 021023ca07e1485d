"""What images a directory holds: names and file states in one pass, contents only of what is new."""

import os
import stat
from pathlib import Path

from attrs import frozen

from imaging.problems import Reason, Unusable, naming
from imaging.zones import canonical
from ledger.errors import Invalid
from ledger.values import Dimensions

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".avif"})
"""A file is taken for an image by its suffix, in any case; whether it is one, its content says."""


@frozen
class FoundFile:
    """A name that looks like an image, with the state of its file; nothing was read of it yet."""

    path: Path
    size_bytes: int
    modified_ns: int
    is_plain: bool
    """Whether it is a regular file; a link to one is not."""

    @property
    def name(self) -> str:
        """Its name, as text that can be written down: bytes that are not UTF-8 are spelt out."""
        return os.fsencode(self.path.name).decode("utf-8", "backslashreplace")


@frozen
class Observed:
    """What a file holds, or why that could not be seen."""

    sha256: str | None = None
    dimensions: Dimensions | None = None
    problem: Reason | str | None = None
    message: str | None = None
    """The problem in words."""


def find_images(directory: Path) -> list[FoundFile]:
    """The images in one directory, in no order; raises `Unusable` where it cannot be read. Hidden files are none."""
    found = []
    with naming(directory), os.scandir(directory) as entries:
        for entry in entries:
            if os.path.splitext(entry.name)[1].lower() not in SUFFIXES or entry.name.startswith("."):  # noqa: PTH122  # ten times as fast
                continue
            try:
                state = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # it went between two looks
                continue
            if not stat.S_ISDIR(state.st_mode):
                plain = stat.S_ISREG(state.st_mode)
                found.append(FoundFile(directory / entry.name, state.st_size, state.st_mtime_ns, plain))
    return found


def observe_found(file: FoundFile) -> Observed:
    """What the file holds: its hash and its size as displayed; a problem is returned, not raised.

    A link is a problem: the image it leads to belongs to another directory, or is here under its own name.
    """
    from imaging.read import observe  # brings the decoders, and most scans find nothing new to read

    if not file.is_plain:
        return Observed(problem="link", message=f"{file.path} is not a regular file: scan where it leads to.")
    try:
        image = observe(file.path)
    except Unusable as why:
        return Observed(problem=why.reason, message=why.message)
    except Invalid as why:
        return Observed(problem="name", message=why.message)
    return Observed(image.sha256, image.dimensions)


def content_of(path: Path) -> tuple[Path, str | None]:
    """Canonical path and sha256 of an image that a person has decided about, which need not be readable.

    The hash is absent where there are no bytes to read. Raises `Unusable` where there is no file, and for a file that
    is neither an image nor called one.
    """
    from imaging.read import observe, sha256_of

    place = canonical(path)
    with naming(place):
        state = place.lstat()
    if stat.S_ISDIR(state.st_mode) or place.suffix.lower() not in SUFFIXES:
        return place, observe(place).sha256
    try:
        return place, sha256_of(place)
    except Unusable:
        return place, None


def content_at(path: Path) -> str | None:
    """sha256 of the regular file at a path; None where there is none, or none that can be read."""
    from imaging.read import sha256_of

    if not os.path.lexists(path):
        return None
    try:
        return sha256_of(path)
    except Unusable:
        return None
