"""Opens SQLite files: the two live ones with their pragmas, and any file for reading only.

Everything goes through apsw, because it brings a SQLite that is new enough and because one process must use one
SQLite library per file (see `db/guard.py`).
"""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import apsw

from db import guard

OLDEST_SQLITE = (3, 51, 3)
"""Before this, the WAL-reset bug could lose a commit when a checkpoint raced a writer."""

BUSY_TIMEOUT_MS = 5_000


class TooOldError(RuntimeError):
    """The SQLite library in this environment has the WAL-reset bug."""


class WrongThreadError(RuntimeError):
    """A connection was about to be used in another thread than the one that opened it."""


class LiveConnection(apsw.Connection):
    """A connection to a live file; closing it ends the guard.

    It belongs to the `thread` that opens it. Whoever owns one looks at that at every door, for SQLite does not (see
    `open_live`). Another thread may close it, once nobody uses it any more.
    """

    def __init__(self, path: Path, flags: int, vfs: str | None = None) -> None:
        """Announce the file to the guard, then open it, on another of SQLite's file systems if one is named."""
        self.path = path
        self.thread = threading.get_ident()
        self._guarded = guard.protect(path)
        try:
            super().__init__(str(path), flags=flags, vfs=vfs)
        except apsw.Error:
            self._release()
            raise

    def require_own_thread(self) -> None:
        """Raise `WrongThreadError` in any thread but the one that opened the connection."""
        if threading.get_ident() != self.thread:
            raise WrongThreadError(f"{self.path} was opened in another thread: open it once more in this one")

    def close(self, force: bool = False) -> None:  # noqa: FBT001, FBT002  # apsw's signature
        """Close the file and end the guard; closing twice is allowed."""
        super().close(force)
        self._release()

    def _release(self) -> None:
        guarded, self._guarded = self._guarded, ()
        guard.release(guarded)


def open_live(path: Path, *, synchronous: Literal["FULL", "NORMAL"], vfs: str | None = None) -> LiveConnection:
    """Open (or make) a live file in WAL mode.

    `FULL` for what must survive a power cut, `NORMAL` for what can be derived again. `vfs` names another of SQLite's
    file systems: power cuts are simulated on one.
    Raises `TooOldError` for an old SQLite and apsw's errors for the rest.
    """
    # On macOS a plain fsync leaves the bytes in the drive's cache; elsewhere the last two change nothing.
    full = int(synchronous == "FULL")
    how = {"journal_mode": "WAL", "synchronous": synchronous, "fullfsync": full, "checkpoint_fullfsync": full}
    return _opened(path, how, vfs)


def open_scratch(path: Path) -> LiveConnection:
    """Make a file that nobody else opens before it is whole: no journal, and no waiting for the disk.

    Every page is written once. After an error, and after a kill, the file is good for nothing. Raises as `open_live`.
    """
    return _opened(path, {"journal_mode": "OFF", "synchronous": "OFF"})


def _opened(path: Path, how: Mapping[str, str | int], vfs: str | None = None) -> LiveConnection:
    require_new_enough(apsw.sqlite_lib_version())
    # NOMUTEX: else SQLite locks and unlocks for every value that is bound or read, a quarter of what reading a row
    # costs. Two threads in one connection would crash the process; `require_own_thread` keeps the second out.
    connection = LiveConnection(
        path, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_NOMUTEX, vfs
    )
    try:
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        for pragma, value in how.items():
            connection.pragma(pragma, value)
        connection.pragma("foreign_keys", 1)
        _harden(connection)
    except apsw.Error:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> LiveConnection:
    """Open an existing file for reading only: no statement on this connection can change it."""
    require_new_enough(apsw.sqlite_lib_version())
    connection = LiveConnection(path, apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    connection.pragma("query_only", 1)
    _harden(connection)
    return connection


def _harden(connection: apsw.Connection) -> None:
    connection.pragma("trusted_schema", 0)
    # A plan depends on the statement alone. Else SQLite, where it was built to keep samples of its indexes (STAT4),
    # plans anew for every value that is bound: a look-up by subject took 3.3 us instead of 0.9.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)


def require_new_enough(version: str) -> None:
    """Raise `TooOldError` unless the SQLite library is at least `OLDEST_SQLITE`."""
    if tuple(int(part) for part in version.split(".")[:3]) < OLDEST_SQLITE:
        wanted = ".".join(str(part) for part in OLDEST_SQLITE)
        raise TooOldError(f"SQLite {version} can lose commits (the WAL-reset bug); {wanted} or newer is needed")
