"""Compares the projections, row by row, with a fresh fold of the ledger: tables and views."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from db.connect import LiveConnection
from db.reading import open_joined
from ledger.entry import Head
from ledger.errors import Busy
from ledger.log import Ledger
from projections.catalogue import ALL
from projections.catch_up import Watch, catch_up, fold_into, unwatched
from projections.faults import named
from projections.projection import Projection, Table, Value
from projections.store import Store


@frozen
class Difference:
    """Something in the projections that is not what the ledger adds up to."""

    projection: str
    part: str
    """The table or view."""
    key: tuple[Value, ...]
    """The key of a table's row; a view's whole row, as views have no keys; empty for the part itself."""
    what: str
    """What is wrong with it, in words."""


def check(
    ledger: Ledger, path: Path, projections: Sequence[Projection] = ALL, watch: Watch = unwatched
) -> list[Difference]:
    """How the projections differ from a fresh fold of the ledger into a temporary file; nothing if all is well.

    Catches up first, and holds no lock while it compares: it reads a snapshot. Raises `Diverged` where the
    projections belong to another ledger, and `Busy`.
    """
    with Store.open(path) as store:
        catch_up(ledger, store, projections)
    with tempfile.TemporaryDirectory(prefix="cropledger-check-") as directory, named(path):
        fresh = Path(directory) / "fresh.db"
        with Store.scratch(fresh) as filled:
            connection = open_joined(path, {"fresh": fresh})
            try:
                connection.execute("BEGIN")
                fold_into(ledger, filled, _head_of(connection), projections, watch)
                return list(_differences(connection, projections))
            finally:
                connection.close()


def _head_of(connection: LiveConnection) -> Head:
    """Where the snapshot stands; reading it is what takes the snapshot."""
    sql = "SELECT DISTINCT position, hash FROM main.projection_checkpoint"
    found: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
    heads = [Head(int(position), str(hash_)) for position, hash_ in found]
    if len(heads) != 1:
        raise Busy("The projections are being caught up.", mend="Try again in a moment.")
    return heads[0]


def _differences(connection: LiveConnection, projections: Sequence[Projection]) -> Iterator[Difference]:
    changed = False
    for each in projections:
        for table in each.tables:
            for difference in _made_otherwise(connection, each, table) or _rows_that_differ(
                connection, each.name, table
            ):
                changed = True
                yield difference
    for each in projections:
        for view in each.views:
            otherwise = _made_otherwise(connection, each, view)
            yield from otherwise
            # Of equal tables the same view has equal rows: only where a table differs is it asked what that comes to.
            if changed and not otherwise:
                yield from _rows_of_a_view(connection, each.name, view)


def _made_otherwise(connection: LiveConnection, projection: Projection, part: Table) -> list[Difference]:
    sql = "SELECT sql FROM {}.sqlite_schema WHERE name = ?"
    stored, expected = (connection.execute(sql.format(of), (part.name,)).get for of in ("main", "fresh"))
    if stored == expected:
        return []
    what = "is missing" if stored is None else "is not made as it should be"
    return [Difference(projection.name, part.name, (), what)]


def _rows_that_differ(connection: LiveConnection, projection: str, table: Table) -> Iterator[Difference]:
    """Both sides of each key: rows that are equal are found and forgotten inside SQLite."""
    stored = {row[: len(table.key)]: row for row in _only_in(connection, "main", "fresh", table)}
    expected = {row[: len(table.key)]: row for row in _only_in(connection, "fresh", "main", table)}
    for key in sorted(stored.keys() | expected.keys()):
        yield Difference(projection, table.name, key, _what(table, stored.get(key), expected.get(key)))


def _only_in(connection: LiveConnection, here: str, there: str, part: Table) -> Iterator[tuple[Value, ...]]:
    columns = ", ".join(part.key + tuple(column for column in part.columns if column not in part.key))
    sql = "SELECT {0} FROM {1}.{3} EXCEPT SELECT {0} FROM {2}.{3}"
    yield from connection.execute(sql.format(columns, here, there, part.name))


def _what(table: Table, stored: tuple[Value, ...] | None, expected: tuple[Value, ...] | None) -> str:
    if stored is None:
        return "is missing"
    if expected is None:
        return "should not be there"
    names = table.key + tuple(column for column in table.columns if column not in table.key)
    return "; ".join(
        f"{name} is {one!r}, should be {other!r}"
        for name, one, other in zip(names, stored, expected, strict=True)
        if one != other
    )


def _rows_of_a_view(connection: LiveConnection, projection: str, view: Table) -> Iterator[Difference]:
    for here, there, what in (("main", "fresh", "should not be there"), ("fresh", "main", "is missing")):
        for row in _only_in(connection, here, there, view):
            yield Difference(projection, view.name, row, what)
    # EXCEPT takes equal rows for one: their number has to be compared as well.
    sql = "SELECT (SELECT count(*) FROM main.{0}), (SELECT count(*) FROM fresh.{0})"
    [(stored, expected)] = connection.execute(sql.format(view.name)).fetchall()
    if stored != expected:
        yield Difference(projection, view.name, (), f"has {stored} rows, should have {expected}")
