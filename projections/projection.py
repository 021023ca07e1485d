"""The whole vocabulary of projections: `Projection`, and the three changes a fold can ask for, `Put`, `Set`, `Drop`.

A projection is written as SQL that documents itself: the comment beside a table, a view or a column is its sentence,
`crop schema` prints it, and a test refuses a column without one.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from operator import itemgetter
from typing import Any

import msgspec
from attrs import field, frozen

from ledger.entry import Entry
from ledger.events.event import Event

Value = str | int | float | bytes | None
"""What SQLite can keep in a column."""

Key = Value | tuple[Value, ...]
"""What names a row: the value of its key column, or a tuple where the key has several."""

Row = dict[str, Value]


# The changes are structs, not attrs classes: a rebuild makes millions of them, and a struct is made in a fifth of the
# time; the collector need not look at them, since nothing in them leads back to them.


class Put(msgspec.Struct, frozen=True, gc=False):
    """The row, whole: it replaces whatever has its key. The engine owns the row from here on."""

    table: str
    row: Row


class Set(msgspec.Struct, frozen=True, gc=False):
    """New values for some columns of a row that exists. A row that does not exist is a fault in the projection."""

    table: str
    key: Key
    values: Row


class Drop(msgspec.Struct, frozen=True, gc=False):
    """The row is gone, if it was there."""

    table: str
    key: Key


Change = Put | Set | Drop

Fold = Callable[[Any, Entry], Iterator[Change]]
"""A pure function from one event and its entry to the rows that change; it sees nothing else."""

_HEADING = re.compile(r"CREATE (?:TABLE|VIEW)(?: IF NOT EXISTS)? (\w+) \( -- (.+)")
_COLUMN = re.compile(r"  ([a-z]\w*)\b([^-]*)-- (.+)")
_KEY = re.compile(r"  PRIMARY KEY \(([^)]*)\)")


@frozen
class Table:
    """A table: its SQL, and what the comments in it say."""

    sql: str
    name: str = field(init=False)
    sentence: str = field(init=False)
    columns: Mapping[str, str] = field(init=False)
    """Each column's name and its sentence, in order."""
    key: tuple[str, ...] = field(init=False)
    """The columns that name a row: the first ones."""

    @name.default
    def _name(self) -> str:
        return _heading(self.sql)[1]

    @sentence.default
    def _sentence(self) -> str:
        return _heading(self.sql)[2]

    @columns.default
    def _columns(self) -> Mapping[str, str]:
        return {name: sentence for name, _, sentence in _column_lines(self.sql)}

    @key.default
    def _key(self) -> tuple[str, ...]:
        together = _KEY.search(self.sql)
        if together:
            return tuple(name.strip() for name in together[1].split(","))
        return tuple(name for name, declaration, _ in _column_lines(self.sql) if "PRIMARY KEY" in declaration)

    # What writing rows needs is worked out here, once: catching up with one event would work it out for every table.

    @cached_property
    def key_of(self) -> Callable[[Row], Key]:
        """The key of a row."""
        return itemgetter(*self.key)

    @cached_property
    def values_of(self) -> Callable[[Row], tuple[Value, ...]]:
        """The values of a row in the order of the columns; raises `KeyError` where one is missing."""
        if len(self.columns) > 1:
            return itemgetter(*self.columns)
        [only] = self.columns
        return lambda row: (row[only],)  # itemgetter makes no tuple of one

    @cached_property
    def insert(self) -> str:
        """The statement that puts a row."""
        return f"INSERT OR REPLACE INTO {self.name} VALUES ({', '.join('?' * len(self.columns))})"

    @cached_property
    def where(self) -> str:
        """The condition that finds a row by its key."""
        return " AND ".join(f"{column} = ?" for column in self.key)


@frozen
class View(Table):
    """A view: its SQL, and what the comments in it say. It has no key: two of its rows may be equal."""


@frozen
class Projection:
    """A disposable view of the ledger: tables, the folds that fill them, and views for every count and sum.

    Raise `version` with any change of its tables, views or folds: the next catch-up drops it and folds it again.
    """

    name: str
    version: int
    sentence: str
    tables: tuple[Table, ...]
    views: tuple[View, ...]
    folds: Mapping[type[Event], Fold]
    indexes: tuple[str, ...] = ()
    """`CREATE INDEX` statements, carried out after a rebuild has filled the tables."""
    reads: tuple[str, ...] = ()
    """The other projections whose tables its views read."""


def _heading(sql: str) -> re.Match[str]:
    found = _HEADING.match(sql.lstrip())
    if found is None:
        raise ValueError(f"a table or view begins with 'CREATE ... name ( -- sentence', not {sql.lstrip()[:60]!r}")
    return found


def _column_lines(sql: str) -> list[tuple[str, str, str]]:
    within = sql.lstrip().partition("\n")[2].partition("\n)")[0]
    return [match.groups() for match in map(_COLUMN.match, within.splitlines()) if match]  # type: ignore[misc]  # three groups
