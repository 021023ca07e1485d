"""Answers questions in SQL, from people: over the projections, and over the events as `ledger.events`.

Only reading is possible, for a limited time and a limited number of rows. SQLite knows no zones, so the work zone
comes in as three functions: `local_time(instant)`, `work_day(instant)` and `work_hour(instant)`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from attrs import frozen

from db import reading
from db.connect import LiveConnection
from ledger.errors import Invalid, NotFound, Refused
from projections.faults import named
from projections.projection import Value

TIME_LIMIT_S = 30.0
ROW_LIMIT = 10_000


@frozen
class Answer:
    """What a question found."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    more: bool
    """Whether there were more rows than the limit."""


def ask(
    projections: Path,
    ledger: Path,
    sql: str,
    parameters: Mapping[str, Value] | None = None,
    *,
    zone: tzinfo = UTC,
    time_limit_s: float = TIME_LIMIT_S,
    row_limit: int = ROW_LIMIT,
) -> Answer:
    """Answer one SELECT over the files of projections and ledger, which must be caught up already.

    Raises `Refused` for anything but reading and for what takes too long, `Invalid` for what SQLite cannot
    understand, and `NotFound` where there is nothing to ask yet.
    """
    with _open(projections, ledger, zone) as connection, _refusing():
        found = reading.ask(connection, sql, parameters or {}, time_limit_s=time_limit_s, row_limit=row_limit)
    return Answer(found.columns, tuple(found.rows), found.more)


@contextmanager
def _open(projections: Path, ledger: Path, zone: tzinfo) -> Iterator[LiveConnection]:
    for path, mend in ((ledger, "To make a ledger: crop init"), (projections, "To make them: crop rebuild --all")):
        if not path.is_file():
            raise NotFound(f"There is no {path}.", mend=mend)
    with named(projections):
        connection = reading.open_joined(projections, {"ledger": ledger})
        try:
            for name, function in zone_functions(zone).items():
                connection.create_scalar_function(name, function, 1, deterministic=True)
            yield connection
        finally:
            connection.close()


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except reading.NotReadingError as error:
        raise Refused(f"crop query only reads: {error} is not allowed.") from error
    except reading.TooSlowError as error:
        raise Refused(f"The question took {error}.", mend="Narrow it, or allow it more time.") from error
    except reading.BadQuestionError as error:
        raise Invalid(f"SQL: {error}.") from error


def zone_functions(zone: tzinfo) -> Mapping[str, Callable[..., Value]]:
    """What the work zone's clock and calendar say at an instant; like SQLite's own, nothing for what is no instant."""

    def at(instant: Value) -> datetime | None:
        try:
            return datetime.fromisoformat(str(instant)).astimezone(zone)
        except ValueError:
            return None

    def local_time(instant: Value) -> str | None:
        return moment.strftime("%Y-%m-%d %H:%M:%S") if (moment := at(instant)) else None

    def work_day(instant: Value) -> str | None:
        return moment.date().isoformat() if (moment := at(instant)) else None

    def work_hour(instant: Value) -> int | None:
        return moment.hour if (moment := at(instant)) else None

    return {"local_time": local_time, "work_day": work_day, "work_hour": work_hour}
