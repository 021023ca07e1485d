"""What can be wrong with an image or the disk under it: one error with a short reason that reports count by."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from ledger.errors import Refused

Reason = Literal[
    "missing",
    "unreadable",
    "unsupported",
    "animated",
    "too_large",
    "changed",
    "aspect_changed",
    "destination_exists",
    "disk_full",
    "permission",
    "name_too_long",
    "verification",
    "io_error",
]


class Unusable(Refused):
    """The image cannot be cropped as asked; the original is untouched or in the archive."""

    def __init__(self, message: str, *, reason: Reason, transient: bool = False, mend: str | None = None) -> None:
        """`reason` is a short code; `transient` says that the same attempt may succeed later without a person."""
        super().__init__(message, mend=mend)
        self.reason: Reason = reason
        self.transient = transient


class Unfinished(Unusable):
    """The crop is committed on disk but some steps remain; leave it started, `imaging.recover` finishes it."""


_REASONS: dict[int, tuple[Reason, bool, str]] = {
    errno.ENOSPC: ("disk_full", True, "the disk is full"),
    errno.EDQUOT: ("disk_full", True, "the disk quota is used up"),
    errno.EACCES: ("permission", False, "permission denied"),
    errno.EPERM: ("permission", False, "operation not permitted"),
    errno.EROFS: ("permission", False, "the file system is read-only"),
    errno.ENOENT: ("missing", False, "no such file"),
    errno.ENOTDIR: ("missing", False, "a part of the path is not a directory"),
    errno.EEXIST: ("destination_exists", False, "a file is already there"),
    errno.ENAMETOOLONG: ("name_too_long", False, "the name is too long for this file system"),
    errno.ELOOP: ("unsupported", False, "a symbolic link stands in the way"),
    errno.EISDIR: ("unsupported", False, "it is a directory"),
}


_MENDS: dict[Reason, str] = {
    "disk_full": "Free some space; then: crop retry --all",
    "permission": "Mend the permissions; then: crop retry --all",
}


def from_os_error(error: OSError, path: str | os.PathLike[str]) -> Unusable:
    """The typed form of an `OSError` on this file; whatever has no code of its own may pass by itself."""
    fallback: tuple[Reason, bool, str] = ("io_error", True, error.strerror or str(error))
    reason, transient, words = _REASONS.get(error.errno or 0, fallback)
    # Which file did not fit says nothing to a person, least of all a temporary one; where it did not fit does.
    named = os.path.dirname(os.fspath(path)) if reason == "disk_full" else os.fspath(path)  # noqa: PTH120  # may be text
    return Unusable(f"{named}: {words}", reason=reason, transient=transient, mend=_MENDS.get(reason))


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn an `OSError` inside the block into `Unusable` that names this file."""
    try:
        yield
    except OSError as error:
        raise from_os_error(error, path) from error
