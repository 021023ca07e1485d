"""Files that are written whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ledger.errors import Refused


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when the block ends, synced first; an error leaves what stood there.

    Raises `Refused` where the disk is full or the place may not be written.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    with _refused(f"{path} cannot be written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as stream, _gone_after_failure(temporary):
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            temporary.replace(path)
        _sync(path.parent)


@contextmanager
def _gone_after_failure(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def _refused(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Refused(f"{what}: {error.strerror}.") from error


def remove(path: Path) -> None:
    """Take a file away, if it is there, for good; raises `Refused`."""
    with _refused(f"{path} cannot be removed"):
        path.unlink(missing_ok=True)
        _sync(path.parent)


def _sync(folder: Path) -> None:
    # A rename is on disk only when its directory is.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
