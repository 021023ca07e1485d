"""Decisions databases: SQLite files of other tools, one row of `ai_decisions` per group.

Columns may be missing, and so may checks: which there are is asked of the file. It is read from a copy, because to open
a database can write beside it, and because another library may hold it in this very process.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from commands.importing.decisions import DATABASE, read_row
from commands.importing.facts import UNKNOWN, Told
from commands.importing.layouts import Row, decoded
from commands.importing.quarantine import SetAside
from commands.importing.reading import Record
from db.foreign import UnreadableError, tables_of
from ledger.errors import Invalid

MAGIC = b"SQLite format 3\0"

TABLE = "ai_decisions"
_JSON_COLUMNS = ("images", "ai_crop_coords", "final_crop_coords")


def is_database(beginning: bytes) -> bool:
    """Whether a file that begins so is a SQLite database."""
    return beginning.startswith(MAGIC)


def rows(path: Path, told: Told) -> Iterator[Row]:
    """Every row of its decisions; where the file is damaged, what could be read, and one record that says so."""
    number = 0
    with tempfile.TemporaryDirectory(prefix="crop-import-") as folder:
        copy = Path(folder) / "foreign.db"
        shutil.copyfile(path, copy)
        wal = path.with_name(path.name + "-wal")
        if wal.is_file():
            shutil.copyfile(wal, copy.with_name(copy.name + "-wal"))
        try:
            for values in tables_of(copy, TABLE):
                number += 1
                yield _row(number, values, told)
        except UnreadableError as error:
            raw = f"{path.name}: behind row {number}".encode("utf-8", "replace")
            yield Row(Record(number + 1, raw, b"", len(raw)), UNKNOWN, SetAside("database", str(error)))


def _row(number: int, values: Mapping[str, object], told: Told) -> Row:
    text = json.dumps(values, ensure_ascii=False, default=repr)
    raw = text.encode("utf-8", "surrogatepass")
    record = Record(number, raw, b"\n", len(raw))
    try:
        return Row(record, DATABASE, read_row(_with_lists(values), text, told))
    except SetAside as why:
        return Row(record, DATABASE, why)
    except Invalid as why:
        return Row(record, DATABASE, SetAside("fields", why.message))


def _with_lists(values: Mapping[str, object]) -> dict[str, object]:
    """The row with its JSON columns read."""
    read = dict(values)
    for column in _JSON_COLUMNS:
        text = read.get(column)
        if isinstance(text, bytes):
            raise SetAside("encoding", f"{column} holds bytes that are no text")
        if isinstance(text, str):
            read[column] = decoded(text) if text.strip() else None
    return read
