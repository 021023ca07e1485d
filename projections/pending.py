"""Changes waiting to be written: merged per row in memory, written per table in a few statements.

A crop recorded, started and executed within one chunk is written once. The order of changes is kept for each row;
rows do not know each other (no constraint reaches across them), so their order does not matter.
"""

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from db.connect import LiveConnection
from projections.projection import Change, Drop, Key, Put, Row, Set, Table


class FoldError(Exception):
    """A projection asked for something that cannot be: a fault in its folds, not in the ledger."""


class PendingRows:
    """The changes to one table that are not written yet."""

    def __init__(self, table: Table) -> None:
        """`table` is where they will go."""
        self._table = table
        self._puts: dict[Key, Row] = {}
        self._sets: dict[Key, Row] = {}
        self._drops: set[Key] = set()
        self._key_of: Callable[[Row], Key] = itemgetter(*table.key)
        self._values_of: Callable[[Row], Any] = itemgetter(*table.columns)
        self._insert = f"INSERT OR REPLACE INTO {table.name} VALUES ({', '.join('?' * len(table.columns))})"
        self._where = " AND ".join(f"{column} = ?" for column in table.key)

    def add(self, change: Change) -> None:
        """Merge one change with those before it."""
        kind = type(change)
        if kind is Put:
            self._put(change[1])  # type: ignore[arg-type]  # by index: a rebuild comes here millions of times
        elif kind is Set:
            self._set(change[1], change[2])  # type: ignore[arg-type, misc]  # as above
        else:
            self._drop(change)  # type: ignore[arg-type]  # as above

    def _put(self, row: Row) -> None:
        key = self._key_of(row)
        self._puts[key] = row
        if key in self._sets:
            del self._sets[key]
        self._drops.discard(key)

    def _set(self, key: Key, values: Row) -> None:
        row = self._puts.get(key)
        if row is not None:
            row.update(values)
        elif key in self._drops:
            raise FoldError(f"Set on a dropped row of {self._table.name}: {key!r}")
        else:
            self._sets[key] = {**self._sets[key], **values} if key in self._sets else values

    def _drop(self, change: Drop) -> None:
        self._puts.pop(change.key, None)
        self._sets.pop(change.key, None)
        self._drops.add(change.key)

    def write(self, connection: LiveConnection) -> None:
        """Write everything and forget it; raises `FoldError` for a row that is incomplete or not there."""
        if self._drops:
            connection.executemany(f"DELETE FROM {self._table.name} WHERE {self._where}", map(_flat, self._drops))
        if self._puts:
            connection.executemany(self._insert, self._whole_rows())
        for columns, keys in self._sets_by_columns().items():
            self._update(connection, columns, keys)
        self._puts, self._sets, self._drops = {}, {}, set()

    def _whole_rows(self) -> list[Any]:
        rows = self._puts.values()
        if set(map(len, rows)) == {len(self._table.columns)}:
            try:
                return list(map(self._values_of, rows))
            except KeyError:
                pass
        columns = self._table.columns.keys()
        wrong = next(row for row in rows if row.keys() != columns)
        raise FoldError(f"a row for {self._table.name} differs in columns: {sorted(columns ^ wrong.keys())}")

    def _sets_by_columns(self) -> dict[tuple[str, ...], list[Key]]:
        groups: dict[tuple[str, ...], list[Key]] = {}
        for key, values in self._sets.items():
            groups.setdefault(tuple(values), []).append(key)
        return groups

    def _update(self, connection: LiveConnection, columns: tuple[str, ...], keys: list[Key]) -> None:
        assignments = ", ".join(f"{column} = ?" for column in columns)
        before = connection.total_changes()
        connection.executemany(
            f"UPDATE {self._table.name} SET {assignments} WHERE {self._where}",
            [(*self._sets[key].values(), *_flat(key)) for key in keys],
        )
        if connection.total_changes() - before != len(keys):
            raise FoldError(
                f"Set on a row of {self._table.name} that is not there: {self._missing(connection, keys)!r}"
            )

    def _missing(self, connection: LiveConnection, keys: list[Key]) -> Key:
        sql = f"SELECT 1 FROM {self._table.name} WHERE {self._where}"
        return next(key for key in keys if connection.execute(sql, _flat(key)).get is None)


def _flat(key: Key) -> tuple[Any, ...]:
    return key if type(key) is tuple else (key,)
