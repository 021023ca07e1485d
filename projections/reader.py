"""projections.db for reading: rows as frozen values. The questions themselves are in each projection's file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

import attrs

from db.connect import LiveConnection, open_reader
from ledger.errors import NotFound
from projections.faults import named, owned
from projections.projection import Value

T = TypeVar("T")


class Projections:
    """projections.db, open for reading only, in this thread; close it, or use it in a `with` block."""

    def __init__(self, connection: LiveConnection) -> None:
        """Use `Projections.open`."""
        self.path = connection.path
        self._connection = connection
        self._owned = owned(connection)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open what a catch-up has made; raises `NotFound` where nothing has been caught up yet."""
        if not path.is_file():
            raise NotFound(f"There are no projections at {path}.", mend="To make them: crop rebuild --all")
        with named(path):
            return cls(open_reader(path))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def rows(self, into: type[T], source: str, parameters: Mapping[str, Value] | None = None) -> list[T]:
        """All rows of `source` (`FROM ... WHERE ...`) as values of an attrs class whose fields are the columns."""
        with self._owned:
            sql = f"SELECT {_columns(into)} {source}"
            found: list[tuple[Any, ...]] = self._connection.execute(sql, dict(parameters or {})).fetchall()
            return [into(*row) for row in found]

    def row(self, into: type[T], source: str, parameters: Mapping[str, Value] | None = None) -> T | None:
        """The first such row, if there is one."""
        found = self.rows(into, source + " LIMIT 1", parameters)
        return found[0] if found else None


_known: dict[type[object], str] = {}


def _columns(into: type[Any]) -> str:
    if into not in _known:
        _known[into] = ", ".join(field.name for field in attrs.fields(into))
    return _known[into]
