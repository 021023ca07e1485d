"""One record -> its layout and what it means. A record is recognised by its own shape, never by the file's name. Pure.

The tables below are all the layouts there are: each names the function that recognises a record of it and the one that
reads it. Where several fit, the first one counts.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn

from attrs import frozen

from commands.importing import (
    bare_logs,
    crop_logs,
    decisions,
    mark_lines,
    operations,
    progress_files,
    queues,
    rhythms,
    sittings,
)
from commands.importing.facts import UNKNOWN, Reading, Told
from commands.importing.quarantine import SetAside
from commands.importing.reading import Record, is_json
from ledger.errors import Invalid

JsonObject = Mapping[str, object]


@frozen
class Row:
    """One record: what it means, or why it means nothing."""

    record: Record
    layout: str
    meaning: Reading | SetAside


@frozen
class JsonLayout:
    """A layout of JSON objects."""

    name: str
    fits: Callable[[JsonObject], bool]
    read: Callable[[JsonObject, str, Told], Reading]


@frozen
class CsvLayout:
    """A layout of CSV rows; `read` is also told whether the row was ended by a newline."""

    name: str
    fits: Callable[[Sequence[str]], bool]
    read: Callable[..., Reading]


JSON_LAYOUTS = (
    JsonLayout(mark_lines.LAYOUT, queues.is_pending_line, queues.read_pending_line),
    JsonLayout(queues.BATCHES, queues.is_batch, queues.read_batch),
    JsonLayout(operations.TRACKER, operations.is_tracker_line, operations.read_tracker_line),
    JsonLayout(operations.EVENTS, operations.is_operation_event, operations.read_operation_event),
    JsonLayout(sittings.TIMER, sittings.is_timer, sittings.read_timer),
    JsonLayout(sittings.TIMER_V1, sittings.is_timer_v1, sittings.read_timer_v1),
    JsonLayout(progress_files.FILE, progress_files.is_progress, progress_files.read_progress),
    JsonLayout(progress_files.SORTER, progress_files.is_sorter, progress_files.read_sorter),
    JsonLayout(progress_files.SESSION, progress_files.is_session, progress_files.read_session),
    JsonLayout(progress_files.MANIFEST, progress_files.is_manifest, progress_files.read_manifest),
    JsonLayout(rhythms.LAYOUT, rhythms.is_rhythm, rhythms.read_rhythm),
    JsonLayout(decisions.SIDECAR, decisions.is_sidecar, decisions.read_sidecar),
)

CSV_LAYOUTS = (
    CsvLayout(crop_logs.V1, lambda fields: crop_logs.layout_of(fields) == crop_logs.V1, crop_logs.read),
    CsvLayout(operations.TIMING, operations.is_timing, operations.read_timing),
    CsvLayout(crop_logs.V2, lambda fields: crop_logs.layout_of(fields) == crop_logs.V2, crop_logs.read),
    CsvLayout(bare_logs.SELECTION, bare_logs.is_selection, bare_logs.read_selection),
    CsvLayout(bare_logs.HISTORICAL, bare_logs.is_historical, bare_logs.read_historical),
    CsvLayout(sittings.FOCUS, sittings.is_focus, sittings.read_focus),
)

NAMES: tuple[str, ...] = (*(each.name for each in (*CSV_LAYOUTS, *JSON_LAYOUTS)), decisions.DATABASE)
"""Every layout, in the order in which they are tried; `--as` takes one of them."""

_JSON: Mapping[str, JsonLayout] = MappingProxyType({layout.name: layout for layout in JSON_LAYOUTS})
_CSV: Mapping[str, CsvLayout] = MappingProxyType({layout.name: layout for layout in CSV_LAYOUTS})


def checked_layout(name: str | None) -> str | None:
    """The name of a layout, if one was given; raises `Invalid` and names those there are."""
    if name is not None and name not in NAMES:
        raise Invalid(f"No such format: {name!r}.", mend=f"Known: {', '.join(NAMES)}")
    return name


def rows(stream: Iterator[Record], told: Told, forced: str | None = None) -> Iterator[Row]:
    """Every record with its meaning; headers and empty lines are none. `forced` reads all of them as one layout."""
    header: Sequence[str] = ()
    for record in stream:
        if not record.raw.strip():
            continue
        if is_json(record.raw) and forced not in _CSV:
            yield from _json_rows(record, told, forced)
            continue
        try:
            text = _text(record, _bound(forced)).removesuffix("\r")  # half of a line end that was cut off
            fields = _fields(text)
        except SetAside as why:
            yield Row(record, UNKNOWN, why)
            continue
        if _is_header(fields):
            header = fields
        elif any(fields):
            yield _csv_row(record, fields, text, told, header, forced)


def _is_header(fields: Sequence[str]) -> bool:
    return (
        crop_logs.is_header(fields) or bare_logs.is_header(fields) or tuple(fields) == operations.TIMING_NAMES
    )  # fmt: skip


# -- CSV --------------------------------------------------------------------------------------------------------


def _csv_row(
    record: Record, fields: Sequence[str], text: str, told: Told, header: Sequence[str], forced: str | None
) -> Row:
    layout = _CSV.get(forced) if forced else next((each for each in CSV_LAYOUTS if each.fits(fields)), None)
    if layout is None:
        why = SetAside(
            "unknown_layout",
            f"a line of {len(fields)} fields is no row of a layout known here"
            if len(fields) > 1
            else "no row of a layout known here",
        )
        return Row(record, UNKNOWN, why)
    more = {"header": header} if layout.name == bare_logs.HISTORICAL else {}
    try:
        return Row(record, layout.name, layout.read(fields, text, told, ended=bool(record.end), **more))
    except SetAside as why:
        return Row(record, layout.name, why)


def _bound(forced: str | None) -> str:
    return f"a row of {forced}" if forced else "a row of any log"


def _text(record: Record, what: str) -> str:
    if not record.whole:
        raise SetAside("too_long", f"a line of {record.size} bytes is not {what}")
    if b"\0" in record.raw:
        raise SetAside("encoding", "NUL bytes: not text, or not UTF-8")
    try:
        return record.raw.decode()
    except UnicodeDecodeError as error:
        raise SetAside("encoding", f"not UTF-8 at byte {error.start}") from error


def _fields(text: str) -> list[str]:
    if '"' not in text and "\r" not in text and "\n" not in text:
        return text.split(",")  # what the csv module would say, at a fifth of the cost
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise SetAside("csv", f"not CSV: {error}") from error


# -- JSON -------------------------------------------------------------------------------------------------------


def _json_rows(record: Record, told: Told, forced: str | None) -> Iterator[Row]:
    """The rows of one JSON value: itself, or the objects of a list; behind a torn value another may be glued to it."""
    try:
        text = _text(record, "a JSON value")
        value = decoded(text)
    except SetAside as why:
        glued = _glued(record, told, forced) if why.reason == "json" else None
        yield Row(_first(record, glued), forced or UNKNOWN, why)
        if glued:
            yield glued
        return
    if isinstance(value, list):
        if not value:
            yield Row(record, UNKNOWN, SetAside("unknown_layout", "an empty list says nothing"))
        for each in value:
            again = json.dumps(each, ensure_ascii=False)
            raw = again.encode("utf-8", "surrogatepass")
            yield _json_row(Record(record.line, raw, record.end, len(raw)), each, again, told, forced)
        return
    yield _json_row(record, value, text, told, forced)


def _json_row(record: Record, value: object, text: str, told: Told, forced: str | None) -> Row:
    if not isinstance(value, dict):
        return Row(record, UNKNOWN, SetAside("unknown_layout", "a JSON value that is no object"))
    layout = _JSON.get(forced) if forced else next((each for each in JSON_LAYOUTS if each.fits(value)), None)
    if layout is None:
        keys = ", ".join(list(value)[:6])
        return Row(record, UNKNOWN, SetAside("unknown_layout", f"an object of no layout known here, with {keys}"))
    try:
        return Row(record, layout.name, layout.read(value, text, told))
    except SetAside as why:
        return Row(record, layout.name, why)
    except Invalid as why:  # what a value of ours refused: the record breaks a rule of it
        return Row(record, layout.name, SetAside("fields", why.message))


def decoded(text: str) -> object:
    """A JSON value; raises `SetAside` for what is none, for numbers that are none, and for a key that comes twice."""
    try:
        return _decode(text)
    except (ValueError, RecursionError) as error:
        raise SetAside("json", f"not JSON: {error}") from error


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


_decode = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number).decode

_GLUED = 20  # places to look at in one line


def _glued(record: Record, told: Told, forced: str | None) -> Row | None:
    """A whole object at the end of a torn line, of a layout that is known."""
    at = 0
    for _ in range(_GLUED):
        at = record.raw.find(b'{"', at + 1)
        if at < 0:
            return None
        raw = record.raw[at:]
        try:
            value = decoded(raw.decode())
        except (SetAside, UnicodeDecodeError):
            continue
        row = _json_row(Record(record.line, raw, record.end, len(raw)), value, raw.decode(), told, forced)
        if isinstance(row.meaning, Reading):
            return row
    return None


def _first(record: Record, glued: Row | None) -> Record:
    if glued is None:
        return record
    raw = record.raw[: -len(glued.record.raw)]
    return Record(record.line, raw, b"", len(raw))
