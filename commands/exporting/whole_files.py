"""Files that are written whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from attrs import frozen

from db.flush import flush
from ledger.errors import Refused


@frozen
class Exported:
    """A file that was written, and how many rows or files it tells of."""

    path: Path
    count: int


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when the block ends, synced first; an error leaves what stood there.

    Raises `Refused` where the disk is full or the place may not be written.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    with refused(f"{path} cannot be written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as stream, _gone_after_failure(temporary):
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            temporary.replace(path)
        flush(path.parent)


@contextmanager
def _gone_after_failure(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def refused(what: str) -> Iterator[None]:
    """What the system refuses inside the block becomes `Refused`, which begins with `what`."""
    try:
        yield
    except OSError as error:
        raise Refused(f"{what}: {error.strerror}.") from error


def replace_keeping_previous(path: Path, content: bytes) -> None:
    """Write a file whole, and keep the one that it replaces beside it as `.bak`; the same content changes neither.

    Raises `Refused` as `written_whole` does. The previous one is in its place before the new one appears, so whatever
    happens in between, both or the old one are there.
    """
    with refused(f"{path} cannot be read"):
        previous = path.read_bytes() if path.is_file() else None
    if previous == content:
        return
    if previous is not None:
        with written_whole(path.with_name(path.name + ".bak")) as stream:
            stream.write(previous)
    with written_whole(path) as stream:
        stream.write(content)


def put_aside(path: Path) -> None:
    """Leave a file only as the `.bak` that it would be if it were replaced, for nothing takes its place."""
    with refused(f"{path} cannot be put aside"):
        path.replace(path.with_name(path.name + ".bak"))
        flush(path.parent)


def remove(path: Path) -> None:
    """Take a file away, if it is there, for good; raises `Refused`."""
    with refused(f"{path} cannot be removed"):
        path.unlink(missing_ok=True)
        if path.parent.is_dir():  # where nothing was ever written there is nothing to make durable
            flush(path.parent)
