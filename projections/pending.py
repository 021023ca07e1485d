"""Changes waiting to be written: merged per row in memory, written per table in a few statements.

A crop recorded, started and executed within one chunk is written once. The order of changes is kept for each row;
rows do not know each other (no constraint reaches across them), so their order does not matter.
"""

from collections.abc import Collection
from typing import Any

from db.connect import LiveConnection
from projections.projection import Change, Key, Put, Row, Set, Table


class FoldError(Exception):
    """A projection asked for something that cannot be: a fault in its folds, not in the ledger."""


class PendingRows:
    """The changes to one table that are not written yet."""

    def __init__(self, table: Table) -> None:
        """`table` is where they will go."""
        self.changes: list[Change] = []
        """In the order in which the folds asked for them; add to the end."""
        self.table = table

    def write(self, connection: LiveConnection) -> None:
        """Write everything and forget it; raises `FoldError` for a row that is incomplete or not there."""
        if not self.changes:
            return
        if set(map(type, self.changes)) == {Put}:
            # Nothing to merge: of two rows with one key the later replaces the earlier in the table.
            self._put(connection, [change.row for change in self.changes])  # type: ignore[union-attr]  # all are Put
        else:
            puts, sets, drops = self._merged()
            connection.executemany(f"DELETE FROM {self.table.name} WHERE {self.table.where}", map(_flat, drops))
            self._put(connection, puts.values())
            self._set(connection, sets)
        self.changes.clear()

    def _merged(self) -> tuple[dict[Key, Row], dict[Key, Row], set[Key]]:
        """What each row comes to: a whole row, some columns, or nothing."""
        puts: dict[Key, Row] = {}
        sets: dict[Key, Row] = {}
        drops: set[Key] = set()
        key_of = self.table.key_of
        for change in self.changes:
            if isinstance(change, Put):
                key = key_of(change.row)
                puts[key] = change.row
                sets.pop(key, None)
            elif isinstance(change, Set):
                self._merge_set(change, puts, sets, drops)
            else:
                puts.pop(change.key, None)
                sets.pop(change.key, None)
                drops.add(change.key)  # for good: a later Put writes its row after the deletion
        return puts, sets, drops

    def _merge_set(self, change: Set, puts: dict[Key, Row], sets: dict[Key, Row], drops: set[Key]) -> None:
        key = change.key
        if key in puts:
            puts[key].update(change.values)
        elif key in drops:
            raise FoldError(f"Set on a dropped row of {self.table.name}: {key!r}")
        else:
            sets[key] = {**sets[key], **change.values} if key in sets else change.values

    def _put(self, connection: LiveConnection, rows: Collection[Row]) -> None:
        if rows and set(map(len, rows)) != {len(self.table.columns)}:
            raise self._uneven(rows)
        try:
            whole = list(map(self.table.values_of, rows))
        except KeyError as error:
            raise self._uneven(rows) from error
        connection.executemany(self.table.insert, whole)

    def _uneven(self, rows: Collection[Row]) -> FoldError:
        columns = self.table.columns.keys()
        wrong = next(row for row in rows if row.keys() != columns)
        return FoldError(f"a row for {self.table.name} differs in columns: {sorted(columns ^ wrong.keys())}")

    def _set(self, connection: LiveConnection, sets: dict[Key, Row]) -> None:
        by_columns: dict[tuple[str, ...], list[Key]] = {}
        for key, values in sets.items():
            by_columns.setdefault(tuple(values), []).append(key)
        for columns, keys in by_columns.items():
            self._update(connection, columns, [(*sets[key].values(), *_flat(key)) for key in keys])

    def _update(self, connection: LiveConnection, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        assignments = ", ".join(f"{column} = ?" for column in columns)
        before = connection.total_changes()
        connection.executemany(f"UPDATE {self.table.name} SET {assignments} WHERE {self.table.where}", rows)
        if connection.total_changes() - before != len(rows):
            sql = f"SELECT 1 FROM {self.table.name} WHERE {self.table.where}"
            keys = (row[len(columns) :] for row in rows)
            missing = next(key for key in keys if connection.execute(sql, key).get is None)
            raise FoldError(f"Set on a row of {self.table.name} that is not there: {missing!r}")


def _flat(key: Key) -> tuple[Any, ...]:
    return key if type(key) is tuple else (key,)
