"""Copies a live file through SQLite, the only safe way to copy one (see `db/guard.py`)."""

import os
from pathlib import Path

import apsw

PAGES_PER_STEP = 4096


def copy(source: apsw.Connection, target: Path) -> None:
    """Write a consistent copy of the main database of `source` to `target`, which must not exist yet.

    Goes through SQLite's backup API into a file of its own, flushed to disk before this returns.
    """
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    os.close(descriptor)
    copied = apsw.Connection(str(target))
    try:
        with copied.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(PAGES_PER_STEP)
        copied.pragma("journal_mode", "DELETE")
    finally:
        copied.close()
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
