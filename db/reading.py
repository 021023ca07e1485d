"""Reading only, by construction: several files joined in one connection, and questions from people who write SQL.

Three walls, each enough alone: the files are opened read-only, the connection is `query_only`, and for a question an
authoriser admits nothing but reading before SQLite has run a single step.
"""

import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from db import guard
from db.connect import BUSY_TIMEOUT_MS, LiveConnection, require_new_enough

LONGEST_VALUE_BYTES = 64 * 1024 * 1024
"""No text a question makes may be longer: `zeroblob(1e9)` is not a report."""

_STEPS_BETWEEN_LOOKS = 20_000
_READING = {apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_RECURSIVE}
_ON_TABLES = {apsw.SQLITE_DELETE, apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE}
_SCHEMA_TABLES = {"sqlite_master", "sqlite_temp_master"}
_QUESTION_ERRORS = (apsw.SQLError, apsw.BindingsError, apsw.MismatchError, apsw.TooBigError, apsw.RangeError)
_UNSAFE_FUNCTIONS = {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"}


class NotReadingError(Exception):
    """The statement would do something other than read; the message says what."""


class TooSlowError(Exception):
    """The question took longer than it was given."""


class BadQuestionError(Exception):
    """SQLite cannot understand the statement, or a parameter is missing; the message says which."""


class JoinedConnection(LiveConnection):
    """A read-only connection to one file with others attached; all of them are guarded until it is closed."""

    def __init__(self, path: Path, others: Mapping[str, Path]) -> None:
        """`others` maps the schema names to the files."""
        self._others = [guard.protect(other) for other in others.values()]
        try:
            super().__init__(path, apsw.SQLITE_OPEN_READONLY)
        except apsw.Error:
            self._release_others()
            raise

    def close(self, force: bool = False) -> None:  # noqa: FBT001, FBT002  # apsw's signature
        """Close the files and end the guard; closing twice is allowed."""
        super().close(force)
        self._release_others()

    def _release_others(self) -> None:
        while self._others:
            guard.release(self._others.pop())


def open_joined(path: Path, others: Mapping[str, Path]) -> JoinedConnection:
    """Open existing files for reading only: `path` as the main schema, `others` by their schema names."""
    require_new_enough(apsw.sqlite_lib_version())
    connection = JoinedConnection(path, others)
    try:
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        for schema, other in others.items():
            # An attached file is opened with the flags of the main one: for reading only.
            connection.execute(f"ATTACH ? AS {schema}", (str(other),))
        connection.pragma("query_only", 1)
        connection.pragma("trusted_schema", 0)
    except apsw.Error:
        connection.close()
        raise
    return connection


class Found(NamedTuple):
    """What a question found; `more` tells that there were more rows than asked for."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    more: bool


def ask(
    connection: LiveConnection, sql: str, parameters: Mapping[str, Any], *, time_limit_s: float, row_limit: int
) -> Found:
    """Answer one SELECT; raises `NotReadingError`, `TooSlowError` and `BadQuestionError`."""
    denied: list[str] = []
    connection.authorizer = _authoriser(denied)
    connection.limit(apsw.SQLITE_LIMIT_LENGTH, LONGEST_VALUE_BYTES)
    connection.set_progress_handler(_out_of_time(time.monotonic() + time_limit_s), _STEPS_BETWEEN_LOOKS)
    try:
        return _answer(connection, sql, parameters, row_limit)
    except KeyError as error:
        raise BadQuestionError(f"the parameter :{error.args[0]} has no value") from error
    except apsw.InterruptError as error:
        raise TooSlowError(f"longer than {time_limit_s:g} s") from error
    except apsw.Error as error:
        if denied:
            raise NotReadingError(denied[0]) from error
        if isinstance(error, _QUESTION_ERRORS):
            raise BadQuestionError(str(error)) from error
        raise
    finally:
        connection.set_progress_handler(None)
        connection.authorizer = None


def _answer(connection: LiveConnection, sql: str, parameters: Mapping[str, Any], row_limit: int) -> Found:
    cursor = connection.cursor()
    columns: list[tuple[str, ...]] = []

    def only_one(statement: apsw.Cursor, _sql: str, _bindings: object) -> bool:
        described = tuple(str(column[0]) for column in statement.get_description())
        if not described:
            return True  # a blank or a comment
        if columns:
            raise BadQuestionError("it is more than one statement; ask one question at a time")
        unknown = parameters.keys() - set(statement.bindings_names)
        if unknown:
            raise BadQuestionError(f"it has no parameter :{min(unknown)}")
        columns.append(described)
        return True

    cursor.exec_trace = only_one
    try:
        rows = list(islice(cursor.execute(sql, dict(parameters)), row_limit + 1))
        if len(rows) <= row_limit:
            cursor.fetchall()  # goes on to whatever follows the statement
    finally:
        cursor.close(force=True)
    if not columns:
        raise BadQuestionError("there is no question in it")
    return Found(columns[0], rows[:row_limit], more=len(rows) > row_limit)


def _authoriser(denied: list[str]) -> Callable[[int, str | None, str | None, str | None, str | None], int]:
    def authorise(action: int, first: str | None, second: str | None, _schema: str | None, _by: str | None) -> int:
        if action in _READING or (action == apsw.SQLITE_FUNCTION and second not in _UNSAFE_FUNCTIONS):
            return apsw.SQLITE_OK
        denied.append(_described(action, first, second))
        return apsw.SQLITE_DENY

    return authorise


def _described(action: int, first: str | None, second: str | None) -> str:
    if action == apsw.SQLITE_FUNCTION:
        return f"{second}()"
    name = str(apsw.mapping_authorizer_function[action]).removeprefix("SQLITE_").replace("_", " ")
    if first in _SCHEMA_TABLES:
        return "changing the schema"
    if first is None:
        return name
    return f"{name} on {first}" if action in _ON_TABLES else f"{name} {first}"


def _out_of_time(deadline: float) -> Callable[[], bool]:
    return lambda: time.monotonic() > deadline
