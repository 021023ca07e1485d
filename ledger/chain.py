"""The hash chain: how an entry is sealed, and how a whole ledger is checked.

`digest = sha256(salt || data)` commits to the payload; `hash = sha256(previous hash || header || digest)`, the header
being every column but data and salt, as a JSON array. So one day a payload can be erased with its salt while every
hash still verifies.
"""

import hashlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import apsw
import msgspec
from attrs import frozen

from ledger.entry import Head
from ledger.errors import Damaged
from ledger.schema import TABLES, genesis

Header = tuple[int, str, str, int, str, int, str, str, str, str, str | None]
"""position, id, subject, version, type, schema, occurred_at, recorded_at, actor, correlation, causation."""

_header_text = msgspec.json.Encoder().encode
_sha256 = hashlib.sha256


def digest(salt: bytes, data: str) -> bytes:
    """The commitment to a payload."""
    return hashlib.sha256(salt + data.encode()).digest()


def seal(previous: bytes, header: Header, payload_digest: bytes) -> bytes:
    """The hash of an entry, given that of the entry before it."""
    return hashlib.sha256(previous + _header_text(header) + payload_digest).digest()


def link(previous: bytes, header: Header, salt: bytes, payload: bytes) -> tuple[bytes, bytes]:
    """Both at once for an entry that is new; written out, since every append passes here."""
    payload_digest = _sha256(salt + payload).digest()
    return payload_digest, _sha256(previous + _header_text(header) + payload_digest).digest()


@frozen
class Fault:
    """Something in the ledger that is not as it was written; `position` is where, 0 for the file as a whole."""

    position: int
    what: str


_ROW = """
SELECT position, id, subject, version, type, schema, occurred_at, recorded_at, actor, correlation, causation,
       data, salt, digest, hash
FROM events NOT INDEXED
"""
_CAUSED = (int, str, str, int, str, int, str, str, str, str, str, str, bytes, bytes, bytes)
_KINDS = {_CAUSED, (*_CAUSED[:10], type(None), *_CAUSED[11:])}


def start(connection: apsw.Connection) -> bytes:
    """The hash that position 1 follows; raises `Damaged` where the ledger has lost its id."""
    try:
        found = connection.execute("SELECT id, format, created_at FROM ledger").fetchall()
    except UnicodeDecodeError:
        found = []
    if len(found) != 1:
        raise Damaged("the ledger has lost its id", position=0)
    id_, format_, created_at = found[0]
    return genesis(str(id_), format_, str(created_at))


def faults(connection: apsw.Connection) -> Iterator[Fault]:
    """Walk the whole chain and yield what is wrong, first things first; nothing for a sound ledger.

    After a fault the walk goes on from what stands there, so that one bad entry is one fault (and its successor's,
    where the link between them is broken).
    """
    with _one_moment(connection):
        for part in (_definition, _walk, _integrity):
            try:
                yield from part(connection)
            except Damaged as error:
                yield Fault(error.position or 0, error.message)
            except (apsw.SQLError, apsw.CorruptError, UnicodeDecodeError) as error:  # the tables are not ours any more
                yield Fault(0, f"SQLite: {error}")


@contextmanager
def _one_moment(connection: apsw.Connection) -> Iterator[None]:
    """What is read inside is all of one moment: a walk that a writer overtakes would find a tail too many."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def _definition(connection: apsw.Connection) -> Iterator[Fault]:
    expected, found = _as_made(), _definitions(connection)
    for kind, name, _ in sorted(expected - found):
        yield Fault(0, f"the {kind} {name} is not as it was made")
    for kind, name, _ in sorted(found - expected):
        yield Fault(0, f"the {kind} {name} is not the ledger's own")


@cache
def _as_made() -> frozenset[tuple[str, str, str]]:
    model = apsw.Connection(":memory:")
    model.execute(TABLES)
    made = _definitions(model)
    model.close()
    return made


def _definitions(connection: apsw.Connection) -> frozenset[tuple[str, str, str]]:
    return frozenset(connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_schema"))


def _walk(connection: apsw.Connection) -> Iterator[Fault]:
    last = yield from _entries(connection)
    given = _given(connection)
    if given != last:
        yield Fault(min(given, last) + 1, f"the ledger ends at {last}, but positions were given up to {given}")


def _entries(connection: apsw.Connection) -> Generator[Fault, None, int]:
    """Yields what is wrong with the entries and returns the last position."""
    before = connection.execute("SELECT count(*) FROM events WHERE position < 1").get
    if before:
        yield Fault(0, f"entries stand before position 1: {before}")
    previous, expected = start(connection), 1
    versions: dict[str, int] = {}
    for row in _rows(connection):
        position, subject, version, hash_ = row[0], row[2], row[3], row[14]
        if position != expected:
            yield Fault(expected, _gap(expected, position))
        if tuple(map(type, row)) not in _KINDS:
            yield Fault(position, "a column of the entry cannot be read, or is not of its kind")
        else:
            if version != versions.get(subject, 0) + 1:
                yield Fault(position, f"version {version} of {subject} does not follow {versions.get(subject, 0)}")
            for what in _unsealed(row, previous):
                yield Fault(position, what)
            versions[subject] = version
        previous, expected = hash_ if type(hash_) is bytes else b"", position + 1
    return expected - 1


def _unsealed(row: tuple[Any, ...], previous: bytes) -> Iterator[str]:
    header, (data, salt, payload_digest, hash_) = row[:11], row[11:]
    if digest(salt, data) != payload_digest:
        yield "the payload is not the one that was appended"
    if seal(previous, header, payload_digest) != hash_:
        yield "the entry is not the one that was appended, or it follows another"


def _rows(connection: apsw.Connection) -> Iterator[tuple[Any, ...]]:
    """Every row from position 1, those that are not text any more with nothing but their position and hash."""
    after = 0
    while True:
        try:
            for row in connection.execute(_ROW + "WHERE position > ? ORDER BY position", (after,)):
                after = row[0]
                yield row
        except UnicodeDecodeError:  # one changed byte can do that; the walk goes on behind it
            unreadable: tuple[Any, ...] = connection.execute(_NEXT, (after,)).fetchall()[0]
            after = unreadable[0]
            yield unreadable
        except apsw.CorruptError as error:
            raise Damaged(f"the entries cannot be read on from here: {error}", position=after + 1) from error
        else:
            return


_NEXT = f"""
SELECT position, {"NULL, " * 13} hash FROM events NOT INDEXED WHERE position > ? ORDER BY position LIMIT 1
"""


def _gap(expected: int, found: int) -> str:
    missing = found - expected
    return f"{missing} entr{'y is' if missing == 1 else 'ies are'} missing before position {found}"


def _given(connection: apsw.Connection) -> int:
    sql = "SELECT coalesce(max(CAST(seq AS INTEGER)), 0) FROM sqlite_sequence WHERE name = 'events'"
    return int(connection.execute(sql).get)


def _integrity(connection: apsw.Connection) -> Iterator[Fault]:
    for (verdict,) in connection.execute("PRAGMA integrity_check(3)"):
        if verdict != "ok":
            yield Fault(0, f"SQLite: {verdict}")


def require_sound_end(connection: apsw.Connection) -> None:
    """Raise `Damaged` unless the last entry is what was appended, where it was appended: nothing may grow on a cut."""
    rows = list(connection.execute(_ROW + "ORDER BY position DESC LIMIT 2"))
    position, given = (rows[0][0] if rows else 0), _given(connection)
    if given != position:
        raise Damaged(f"the ledger ends at {position}, but positions were given up to {given}", position=position)
    if not rows:
        return
    previous = rows[1][14] if len(rows) > 1 else start(connection)
    wrong = "it is not of its kind" if tuple(map(type, rows[0])) not in _KINDS else None
    wrong = wrong or next(_unsealed(rows[0], previous), None)
    if wrong:
        raise Damaged(f"Position {position}: {wrong}", position=position)


def require_checkpoint(connection: apsw.Connection, checkpoint: Head) -> None:
    """Raise `Damaged` unless the chain goes through a head that was noted elsewhere: a cut or rewritten tail."""
    found = hash_at(connection, checkpoint.position)
    if found is None or found.hex() != checkpoint.hash:
        what = "is missing, which the checkpoint has" if found is None else "has another hash than the checkpoint"
        raise Damaged(f"position {checkpoint.position} {what}", position=checkpoint.position)


def hash_at(connection: apsw.Connection, position: int) -> bytes | None:
    """The chain's hash at a position (0: before the first entry); None where there is no such position."""
    if position == 0:
        return start(connection)
    found: bytes | None = connection.execute("SELECT hash FROM events WHERE position = ?", (position,)).get
    return found
