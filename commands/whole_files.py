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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        temporary.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Take a file away, if it is there, for good; raises `Refused`."""
    try:
        path.unlink()
        _sync(path.parent)
    except FileNotFoundError:
        return
    except OSError as error:
        raise Refused(f"{path} cannot be removed: {error.strerror}.") from error


def _sync(folder: Path) -> None:
    # A rename is on disk only when its directory is.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
