"""Refuses the two ways in which a process drops SQLite's locks on its own live files.

POSIX record locks belong to the process and the file: closing *any* descriptor of a file drops all of the process's
locks on it. So while a live database is open here, nothing else in this process may `open()` it (to hash, copy or
zip it) or its `-wal` and `-shm` companions, and no second SQLite library (the standard library's `sqlite3`) may
connect to it. Both mistakes lose acknowledged commits of *other* processes, and `integrity_check` still says ok.

apsw opens files in C and raises no Python audit event, so the hook sees everyone but apsw.
Source: https://www.sqlite.org/howtocorrupt.html, sections 2.2 and 2.2.1.
"""

import os
import sys
import threading
from pathlib import Path

_live: dict[str, int] = {}
_lock = threading.Lock()
_installed = False


class LiveFileError(RuntimeError):
    """Somebody was about to open a live database file beside SQLite, which would drop its locks."""


def protect(path: Path) -> tuple[str, ...]:
    """Count `path` (and its -wal and -shm) as live in this process from now on; give the answer back to `release`."""
    global _installed  # noqa: PLW0603  # an audit hook is per process and cannot be taken out again
    real = os.path.realpath(path)
    names = (real, real + "-wal", real + "-shm")
    with _lock:
        for live in names:
            _live[live] = _live.get(live, 0) + 1
        if not _installed:
            sys.addaudithook(_refuse)
            _installed = True
    return names


def release(names: tuple[str, ...]) -> None:
    """The connection that `protect` announced is closed."""
    with _lock:
        for live in names:
            _live[live] -= 1
            if not _live[live]:
                del _live[live]


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event not in {"open", "sqlite3.connect"} or not _live:
        return
    target = arguments[0]
    if not isinstance(target, str | bytes | os.PathLike):
        return
    text = os.fsdecode(target)
    if event == "sqlite3.connect" and text.startswith("file:"):
        text = _path_of(text)
    if _is_live(text):
        raise LiveFileError(
            f"{text} is open as a live database in this process: reading it with {event} would drop SQLite's locks. "
            "Use db.backup to copy it."
        )


def _path_of(uri: str) -> str:
    from urllib.parse import unquote, urlsplit  # only here: nearly nobody connects by URI

    return unquote(urlsplit(uri).path)


def _is_live(text: str) -> bool:
    # By inode, not by name: a symbolic or a hard link is another name for the same file.
    try:
        found = os.stat(text)  # noqa: PTH116  # the hook works on text; a Path costs 20 times as much
    except (OSError, ValueError):
        return os.path.realpath(text) in _live  # a -wal that is about to be made
    return any(_same(found, live) for live in tuple(_live))


def _same(found: os.stat_result, live: str) -> bool:
    try:
        return os.path.samestat(found, os.stat(live))  # noqa: PTH116  # as above
    except OSError:
        return False
