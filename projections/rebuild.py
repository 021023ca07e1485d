"""Folds projections again from the first entry: in place, or into a file of their own as things were once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from db.flush import flush
from db.lock import WriterLock
from ledger.entry import Head
from ledger.errors import Conflict, Damaged, Invalid, NotFound
from ledger.log import Ledger
from ledger.values import Instant
from projections.catalogue import ALL
from projections.catch_up import Watch, catch_up, fold_into, refold, unwatched
from projections.faults import named
from projections.projection import Projection
from projections.store import LOCK_TIMEOUT_S, Store

_LOGS = ("-wal", "-shm")
"""What SQLite keeps beside a live file."""


def rebuild(
    ledger: Ledger,
    path: Path,
    name: str | None = None,
    projections: Sequence[Projection] = ALL,
    watch: Watch = unwatched,
) -> Head:
    """Drop one projection, or all of them, and fold again; readers keep the old rows until it is finished.

    A file that SQLite cannot read any more is removed first: it can be derived again. Raises `NotFound` for an
    unknown name, `Diverged` where only one is rebuilt and the others belong to another ledger, and `Busy`.
    """
    wanted = [each for each in projections if name in {None, each.name}]
    if not wanted:
        known = ", ".join(each.name for each in projections)
        raise NotFound(f"There is no projection called {name!r}.", mend=f"There are: {known}")
    head = ledger.head()
    if name is None and not _can_be_read(path):
        _fold_aside(ledger, path, head, projections, watch)
        with Store.open(path) as store:
            return catch_up(ledger, store, projections)
    with Store.open(path) as store:
        with store.exclusive():
            if name is None:
                for left_over in store.cursors():
                    store.drop(left_over)
            refold(ledger, store, wanted, head, watch)
        return catch_up(ledger, store, projections)


def _can_be_read(path: Path) -> bool:
    """Whether there is a file that SQLite understands; one that it does not is removed."""
    if not path.is_file():
        return False
    try:
        Store.open(path).close()
    except Damaged:
        for suffix in ("", *_LOGS):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return False
    return True


def _fold_aside(ledger: Ledger, path: Path, head: Head, projections: Sequence[Projection], watch: Watch) -> None:
    """Fold everything into a file that takes its place when it is whole: there are no old rows for anybody to keep."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = WriterLock(path.with_name(path.name + ".lock"), timeout_s=LOCK_TIMEOUT_S)
    try:
        with named(path), lock:
            if not path.is_file():  # else somebody else was quicker
                _clear(_unfinished(path))  # of one that was killed
                with _made_aside(path) as store:
                    fold_into(ledger, store, head, projections, watch)
                    # As its first writer would have it, which cannot where somebody happens to read.
                    store.connection.pragma("journal_mode", "WAL")
    finally:
        lock.close()


def _unfinished(target: Path) -> Path:
    return target.with_name(f".{target.name}.unfinished")


@contextmanager
def _made_aside(target: Path) -> Iterator[Store]:
    """A store that takes the place of `target` when the block ends, and goes where it fails."""
    unfinished = _unfinished(target)
    try:
        with Store.scratch(unfinished) as store:
            yield store
        flush(unfinished)
        for suffix in _LOGS:  # of a file that was removed: SQLite would play it back into this one
            target.with_name(target.name + suffix).unlink(missing_ok=True)
        unfinished.replace(target)
        flush(target.parent)
    finally:
        _clear(unfinished)


def _clear(unfinished: Path) -> None:
    for suffix in ("", *_LOGS, ".lock", ".lock-turnstile"):
        unfinished.with_name(unfinished.name + suffix).unlink(missing_ok=True)


def rebuild_as_of(
    ledger: Ledger,
    until: int | Instant,
    target: Path,
    projections: Sequence[Projection] = ALL,
    watch: Watch = unwatched,
) -> Head:
    """Fold the ledger into the new file `target` as it stood at a position, or at a time; returns the head there.

    A time means the last position recorded at or before it. Raises `Invalid` for a position beyond the head, and
    `Conflict` where `target` is taken.
    """
    head = head_at(ledger, until)
    _reserve(target)
    try:
        with _made_aside(target) as store:
            fold_into(ledger, store, head, projections, watch)
    except BaseException:
        target.unlink()
        raise
    return head


def _reserve(target: Path) -> None:
    # Taking the name first means that nobody's file is ever replaced, however long the fold takes.
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.touch(exist_ok=False)
    except FileExistsError as error:
        raise Conflict(f"{target} exists already.", mend="Name a new file.") from error


def head_at(ledger: Ledger, until: int | Instant) -> Head:
    """The ledger's head as it was at a position, or at a time; raises `Invalid` for a position that is not there."""
    position = until if isinstance(until, int) else _last_recorded_by(ledger, until)
    hash_ = ledger.hash_at(position) if position >= 0 else None
    if hash_ is None:
        raise Invalid(f"The ledger has no position {position}: it ends at {ledger.head().position}.")
    return Head(position, hash_)


def _last_recorded_by(ledger: Ledger, moment: Instant) -> int:
    # A walk and no bisection: a clock that was set back leaves later entries with earlier times.
    after, found = 0, 0
    while entries := ledger.read(after, 1_000):
        found = max([found, *(entry.position for entry in entries if entry.recorded_at <= moment)])
        after = entries[-1].position
    return found
