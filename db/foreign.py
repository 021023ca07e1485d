"""Reading a SQLite file that is not ours: from a copy, for reading only, trusting nothing in it."""

from collections.abc import Iterator
from pathlib import Path

import apsw

from db.connect import require_new_enough


class UnreadableError(Exception):
    """The file is damaged, or has no such table; the message says which."""


def tables_of(path: Path, table: str) -> Iterator[dict[str, object]]:
    """Every row of one table, by its column names; raises `UnreadableError` when it stumbles.

    `path` is a copy that nobody else has open: a database in the middle of a transaction is first brought to its end.
    """
    require_new_enough(apsw.sqlite_lib_version())
    try:
        connection = apsw.Connection(str(path))
    except apsw.Error as error:
        raise UnreadableError(f"not a database: {error}") from error
    try:
        connection.pragma("trusted_schema", 0)
        connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        connection.pragma("query_only", 1)
        columns = [str(row[1]) for row in connection.execute(f'PRAGMA table_info("{table}")').fetchall()]
        if not columns:
            raise UnreadableError(f"it has no table {table}")
        for row in connection.execute(f'SELECT * FROM "{table}"'):
            yield dict(zip(columns, row, strict=True))
    except UnicodeDecodeError as error:
        raise UnreadableError(f"a text in it is not UTF-8: {error}") from error
    except (apsw.Error, ValueError) as error:
        raise UnreadableError(f"it cannot be read to its end: {error}") from error
    finally:
        connection.close(force=True)
