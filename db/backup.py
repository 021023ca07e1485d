"""Copies a live file through SQLite, the only safe way to copy one (see `db/guard.py`)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from db.flush import flush

PAGES_PER_STEP = 4096


def copy(source: apsw.Connection, target: Path) -> None:
    """Write a consistent copy of the main database of `source` to `target`, which must not exist yet.

    Goes through SQLite's backup API into a file of its own, flushed to disk before this returns.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    try:
        with _one_moment(source):
            _fill(source, target)
        flush(target)
        flush(target.parent)
    except BaseException:
        target.unlink()
        raise


@contextmanager
def _one_moment(source: apsw.Connection) -> Iterator[None]:
    # Without a transaction of its own the copy begins anew whenever somebody writes, and may never end.
    if source.in_transaction:
        yield
        return
    source.execute("BEGIN")
    try:
        source.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        yield
    finally:
        source.execute("ROLLBACK")


def _fill(source: apsw.Connection, target: Path) -> None:
    copied = apsw.Connection(str(target))
    try:
        with copied.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(PAGES_PER_STEP)
        copied.pragma("journal_mode", "DELETE")
    finally:
        copied.close()
