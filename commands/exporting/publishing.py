"""A standalone report database, for Datasette, sqlite-utils and whoever likes SQL.

Made with sqlite-utils in a file of its own, from rows that are read through apsw: sqlite-utils brings the standard
library's sqlite3, and two SQLite libraries on one live file lose commits (docs/decisions/0001).
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from db.reading import open_joined
from ledger.errors import Invalid
from ledger.schema import COLUMNS as EVENT_COLUMNS
from projections.catalogue import ALL
from projections.projection import Table

if TYPE_CHECKING:
    from sqlite_utils import Database
    from sqlite_utils.db import Table as PublishedTable

Rows = Callable[[str], Iterator[tuple[Any, ...]]]
"""All rows that a SELECT gives."""

HIDDEN = frozenset({"salt", "digest", "hash"})
"""Columns of the events that say nothing to a reader of reports."""

INDEXED = ("project", "directory", "status", "outcome", "run", "type", "actor", "occurred_at")
SEARCHED = ("filename", "path", "reason", "message", "failed_message", "notes")


@frozen
class Published:
    """What was written."""

    path: str
    metadata: str
    tables: int
    rows: int


def publish(target: Path, projections: Path, ledger: Path) -> Published:
    """Write the report database to `target`, whole, replacing an earlier one; and Datasette's metadata beside it.

    Reads the caught-up files `projections` and `ledger`. Raises `Invalid` where `target` cannot be written.
    """
    connection = open_joined(projections, {"ledger": ledger})
    try:
        return _publish(target, connection.execute)
    finally:
        connection.close()


def _publish(target: Path, rows: Rows) -> Published:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".publish-") as workshop:
            made = Path(workshop) / "report.db"
            tables, count = _fill(made, rows)
            described = Path(workshop) / "metadata.json"
            described.write_text(json.dumps(_metadata(), indent=2) + "\n", "utf-8")
            metadata = target.with_suffix(".metadata.json")
            _land(described, metadata)
            _land(made, target)
    except OSError as error:
        raise Invalid(f"{target} cannot be written: {error.strerror}.") from error
    return Published(str(target), str(metadata), tables, count)


def _land(made: Path, target: Path) -> None:
    with made.open("rb") as file:
        os.fsync(file.fileno())
    made.replace(target)


def _fill(made: Path, rows: Rows) -> tuple[int, int]:
    from sqlite_utils import Database

    database = Database(made)
    try:
        parts = [part for projection in ALL for part in (*projection.tables, *projection.views)]
        for part in parts:
            _copy(database, part.name, tuple(part.columns), part.key, rows(f"SELECT * FROM {part.name}"))
        columns = tuple(column for column in EVENT_COLUMNS if column not in HIDDEN)
        _copy(database, "events", columns, ("position",), rows(f"SELECT {', '.join(columns)} FROM ledger.events"))
        _describe(database, parts)
        _link(database)
        database.execute("ANALYZE")
        return len(parts) + 1, sum(table.count for table in database.tables if table.name in {*_names(parts), "events"})
    finally:
        database.close()


def _names(parts: list[Table]) -> set[str]:
    return {part.name for part in parts}


def _copy(
    database: "Database", name: str, columns: tuple[str, ...], key: tuple[str, ...], found: Iterator[tuple[Any, ...]]
) -> None:
    table = database.table(name)
    records = (dict(zip(columns, row, strict=True)) for row in found)
    first = next(records, None)
    if first is None:
        table.create(dict.fromkeys(columns, str), pk=_pk(key))
        return
    table.insert(first, pk=_pk(key))
    table.insert_all(records, pk=_pk(key), batch_size=1000)
    for column in INDEXED:
        if column in columns and column not in key:
            table.create_index([column], if_not_exists=True)
    searched = [column for column in SEARCHED if column in columns]
    if searched and key:
        table.enable_fts(searched, tokenize="porter")


def _pk(key: tuple[str, ...]) -> str | tuple[str, ...] | None:
    return key[0] if len(key) == 1 else (key or None)


def _describe(database: "Database", parts: list[Table]) -> None:
    """A sentence per table and column, in tables that any SQL can join."""
    database.table("table_descriptions").insert_all(
        ({"name": part.name, "description": part.sentence} for part in parts), pk="name"
    )
    columns = (
        {"table_name": part.name, "column_name": column, "description": sentence}
        for part in parts
        for column, sentence in part.columns.items()
    )
    database.table("column_descriptions").insert_all(columns, pk=("table_name", "column_name"))


def _link(database: "Database") -> None:
    """Foreign keys to the images, for every table whose rows are about one."""
    known = database.table("images")
    if "subject" not in known.columns_dict:
        return
    one_each = "SELECT count(*) = count(DISTINCT subject) AS one_each FROM images"
    if not next(database.query(one_each))["one_each"]:
        return  # images nobody decided about have no subject; imported ones of one name share theirs
    known.transform(pk="subject")
    for table in database.tables:
        if table.name not in {"images", "events"} and _is_about_images(table):
            table.add_foreign_key("subject", "images", "subject", ignore=True)


def _is_about_images(table: "PublishedTable") -> bool:
    if "subject" not in table.columns_dict or "_fts" in table.name:
        return False
    return not any(table.rows_where("subject NOT LIKE 'image/%'", limit=1))  # days have subjects, too


def _metadata() -> dict[str, Any]:
    """What Datasette shows beside the tables: `datasette report.db -m report.metadata.json`."""
    tables = {
        part.name: {"description": part.sentence, "columns": dict(part.columns)}
        for projection in ALL
        for part in (*projection.tables, *projection.views)
    }
    tables["events"] = {
        "description": "What happened, in order.",
        "columns": {name: sentence for name, sentence in EVENT_COLUMNS.items() if name not in HIDDEN},
    }
    return {"title": "Cropledger report", "databases": {"cropledger-report": {"tables": tables}}}
