"""Tables for people and programs: HTML in a page, CSV, JSON."""

import csv
import io
import json

from starlette.responses import Response

from ledger.errors import Invalid
from web.charts import Table

FORMATS = ("csv", "json")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def downloaded(table: Table, form: str) -> Response:
    """The table as `csv` or `json`, under its name; raises `Invalid` for another form."""
    if form == "json":
        return _named(table, "json", "application/json", as_json(table))
    if form == "csv":
        return _named(table, "csv", "text/csv; charset=utf-8", as_csv(table))
    raise Invalid(f"There is no format {form!r}.", mend=f"There are: {', '.join(FORMATS)}")


def as_json(table: Table) -> str:
    """One object per row, in a list."""
    names = [column.name for column in table.columns]
    return json.dumps([dict(zip(names, row, strict=True)) for row in table.rows], ensure_ascii=False) + "\n"


def as_csv(table: Table) -> str:
    """With the columns' names above. A text that a spreadsheet would take for a formula has an apostrophe before it."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")  # RFC 4180
    writer.writerow(column.name for column in table.columns)
    writer.writerows([_harmless(cell) for cell in row] for row in table.rows)
    return stream.getvalue()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _named(table: Table, ending: str, media_type: str, text: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{table.name}.{ending}"'}
    # A name on disk may be no valid Unicode; what stands for its bytes must not stop the whole table.
    return Response(text.encode("utf-8", "backslashreplace"), media_type=media_type, headers=headers)
