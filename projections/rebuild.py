"""Folds projections again from the first entry: in place, or into a file of their own as things were once."""

import os
from collections.abc import Sequence
from pathlib import Path

from ledger.entry import Head
from ledger.errors import Conflict, Damaged, Invalid, NotFound
from ledger.log import Ledger
from ledger.values import Instant
from projections.catalogue import ALL
from projections.catch_up import Watch, catch_up, fold_into, refold, unwatched
from projections.projection import Projection
from projections.store import Store


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
    with _opened(path, start_over=name is None) as store:
        with store.exclusive():
            if name is None:
                for left_over in store.cursors():
                    store.drop(left_over)
            refold(ledger, store, wanted, head, watch)
        return catch_up(ledger, store, projections)


def _opened(path: Path, *, start_over: bool) -> Store:
    try:
        return Store.open(path)
    except Damaged:
        if not start_over:
            raise
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return Store.open(path)


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
    unfinished = target.with_name(f".{target.name}.unfinished-{os.getpid()}")
    try:
        with Store.open(unfinished) as store:
            fold_into(ledger, store, head, projections, watch)
            store.stand_alone()
        unfinished.replace(target)
    except BaseException:
        target.unlink()
        raise
    finally:
        for left in [each for each in target.parent.iterdir() if each.name.startswith(unfinished.name)]:
            left.unlink()
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
