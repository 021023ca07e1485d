"""projections.db for writing: its lock, its cursors, its tables. Disposable, so it has no migrations.

Each projection has a cursor: the position it has folded, and the ledger's chain hash there. A cursor moves in the
same transaction as the rows, so an event is applied exactly once whoever is killed when.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from attrs import frozen

from db.connect import LiveConnection, open_live, open_scratch
from db.lock import WriterLock
from ledger.entry import Head
from ledger.exclusive import Exclusive
from projections.faults import named, owned
from projections.projection import Projection, Table

CHECKPOINT = Table("""
CREATE TABLE IF NOT EXISTS projection_checkpoint ( -- How far each projection has come.
  name TEXT NOT NULL PRIMARY KEY, -- the projection
  version INTEGER NOT NULL, -- its version
  position INTEGER NOT NULL, -- the last position it has folded
  hash TEXT NOT NULL -- the ledger's chain hash there, hexadecimal
) STRICT
""")

PARTS = Table("""
CREATE TABLE IF NOT EXISTS projection_parts ( -- What each projection made, so that a later version can drop it.
  name TEXT NOT NULL PRIMARY KEY, -- the table or view
  kind TEXT NOT NULL, -- table or view
  projection TEXT NOT NULL -- the projection it belongs to
) STRICT
""")

LOCK_TIMEOUT_S = 30.0
"""How long a writer waits for another one."""

_REBUILD_CACHE_KIB = 256 * 1024
"""Enough for the indexes of a million rows: with SQLite's default of 2 MB their pages are written many times over."""


_PAGES_BETWEEN_CHECKPOINTS = 8_000
"""32 MB of write-ahead log: a page of an index that changes in every batch is then copied back once for many."""


@frozen
class Cursor:
    """How far one projection has come."""

    name: str
    version: int
    head: Head


class Store:
    """projections.db, open for writing in this thread; close it, or use it in a `with` block."""

    def __init__(self, connection: LiveConnection, lock: WriterLock) -> None:
        """Use `Store.open`."""
        self.path = connection.path
        self.connection = connection
        self._lock = lock
        self._owned = owned(connection)
        self._exclusive = Exclusive(connection, lock, self._owned)

    @classmethod
    def open(cls, path: Path, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> Self:
        """Open projections.db, or make it; raises `Busy` where another process keeps the lock, and `Damaged`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = WriterLock(path.with_name(path.name + ".lock"), timeout_s=lock_timeout_s)
        try:
            with named(path), lock:
                connection = open_live(path, synchronous="NORMAL")
                connection.pragma("wal_autocheckpoint", _PAGES_BETWEEN_CHECKPOINTS)
                for table in (CHECKPOINT, PARTS):
                    connection.execute(table.sql)
        except BaseException:
            lock.close()
            raise
        return cls(connection, lock)

    @classmethod
    def scratch(cls, path: Path) -> Self:
        """A new file that nobody else opens before it is whole; see `db.connect.open_scratch`."""
        lock = WriterLock(path.with_name(path.name + ".lock"), timeout_s=0)
        with named(path):
            connection = open_scratch(path)
            for table in (CHECKPOINT, PARTS):
                connection.execute(table.sql)
        return cls(connection, lock)

    def close(self) -> None:
        """Close the files."""
        self.connection.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def exclusive(self) -> Exclusive:
        """Write alone inside the block; all of it lands at its end, or nothing. Readers see the old rows until then."""
        return self._exclusive

    @contextmanager
    def filling(self) -> Iterator[None]:
        """A large page cache inside the block, for folding a whole ledger."""
        before = self.connection.pragma("cache_size")
        self.connection.pragma("cache_size", -_REBUILD_CACHE_KIB)
        try:
            yield
        finally:
            self.connection.pragma("cache_size", before)
            self.connection.release_memory()

    def cursors(self) -> dict[str, Cursor]:
        """Every projection in the file, by name."""
        with self._owned:
            rows: list[tuple[Any, ...]] = self.connection.execute(
                "SELECT name, version, position, hash FROM projection_checkpoint"
            ).fetchall()
        heads = {(position, hash_): Head(position, hash_) for _, _, position, hash_ in rows}  # most often one for all
        return {name: Cursor(name, version, heads[position, hash_]) for name, version, position, hash_ in rows}

    def at(self, head: Head) -> set[tuple[str, int]]:
        """The name and version of every projection that has folded everything up to `head`, and nothing else."""
        with self._owned:
            sql = "SELECT name, version FROM projection_checkpoint WHERE position = ? AND hash = ?"
            rows: list[tuple[Any, ...]] = self.connection.execute(sql, (head.position, head.hash)).fetchall()
        return {(name, version) for name, version in rows}

    def advance(self, after: int, head: Head) -> None:
        """Move every cursor at position `after` on to `head`, in the caller's transaction."""
        sql = "UPDATE projection_checkpoint SET position = ?, hash = ? WHERE position = ?"
        self.connection.execute(sql, (head.position, head.hash, after))

    def move(self, projections: Iterable[Projection], head: Head) -> None:
        """Note that these projections have folded everything up to `head`, in the caller's transaction."""
        self.connection.executemany(
            "INSERT OR REPLACE INTO projection_checkpoint VALUES (?, ?, ?, ?)",
            [(each.name, each.version, head.position, head.hash) for each in projections],
        )

    def create(self, projection: Projection) -> None:
        """Make a projection's empty tables and its views, in the caller's transaction."""
        for part in (*projection.tables, *projection.views):
            self.connection.execute(part.sql)
        kinds = [("table", projection.tables), ("view", projection.views)]
        self.connection.executemany(
            "INSERT INTO projection_parts VALUES (?, ?, ?)",
            [(part.name, kind, projection.name) for kind, parts in kinds for part in parts],
        )

    def index(self, projections: Sequence[Projection]) -> None:
        """Make the indexes of projections whose tables are filled, in the caller's transaction."""
        for projection in projections:
            for sql in projection.indexes:
                self.connection.execute(sql)

    def drop(self, name: str) -> None:
        """Remove whatever the projection of this name had, of any version, in the caller's transaction."""
        parts = self.connection.execute(
            "SELECT kind, name FROM projection_parts WHERE projection = ? ORDER BY kind DESC", (name,)
        ).fetchall()
        for kind, part in parts:
            self.connection.execute(f"DROP {kind} IF EXISTS {part}")
        self.connection.execute("DELETE FROM projection_parts WHERE projection = ?", (name,))
        self.connection.execute("DELETE FROM projection_checkpoint WHERE name = ?", (name,))
