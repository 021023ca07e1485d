"""The hash chain: how an entry is sealed, and how a whole ledger is checked.

`digest = sha256(salt || data)` commits to the payload; `hash = sha256(previous hash || header || digest)`, the header
being every column but data and salt, as a JSON array. So one day a payload can be erased with its salt while every
hash still verifies.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import apsw
import msgspec
from attrs import frozen

from ledger.entry import Head
from ledger.errors import Damaged
from ledger.schema import genesis

Header = tuple[int, str, str, int, str, int, str, str, str, str, str | None]
"""position, id, subject, version, type, schema, occurred_at, recorded_at, actor, correlation, causation."""

_header_text = msgspec.json.Encoder().encode


def digest(salt: bytes, data: str) -> bytes:
    """The commitment to a payload."""
    return hashlib.sha256(salt + data.encode()).digest()


def seal(previous: bytes, header: Header, payload_digest: bytes) -> bytes:
    """The hash of an entry, given that of the entry before it."""
    return hashlib.sha256(previous + _header_text(header) + payload_digest).digest()


@frozen
class Fault:
    """Something in the ledger that is not as it was written; `position` is where, 0 for the file as a whole."""

    position: int
    what: str


_ROWS = """
SELECT position, id, subject, version, type, schema, occurred_at, recorded_at, actor, correlation, causation,
       data, salt, digest, hash
FROM events NOT INDEXED WHERE position > ? ORDER BY position
"""


def start(connection: apsw.Connection) -> bytes:
    """The hash that position 1 follows; raises `Damaged` where the ledger has lost its id."""
    found = connection.execute("SELECT id FROM ledger").fetchall()
    if len(found) != 1:
        raise Damaged("the ledger has lost its id", position=0)
    return genesis(str(found[0][0]))


def faults(connection: apsw.Connection) -> Iterator[Fault]:
    """Walk the whole chain and yield what is wrong, first things first; nothing for a sound ledger.

    After a fault the walk goes on from what stands there, so that one bad entry is one fault (and its successor's,
    where the link between them is broken).
    """
    previous, expected = start(connection), 1
    versions: dict[str, int] = {}
    for row in _rows(connection):
        if row is None:
            yield Fault(expected, "the entry is not text any more")
            previous, expected = b"", expected + 1
            continue
        header, (data, salt, stored_digest, stored_hash) = row[:11], row[11:]
        position, subject, version = header[0], header[2], header[3]
        if position != expected:
            yield Fault(expected, _gap(expected, position))
        if version != versions.get(subject, 0) + 1:
            yield Fault(position, f"version {version} of {subject} does not follow {versions.get(subject, 0)}")
        if digest(salt, data) != stored_digest:
            yield Fault(position, "the payload is not the one that was appended")
        if seal(previous, header, stored_digest) != stored_hash:
            yield Fault(position, "the entry is not the one that was appended, or it follows another")
        versions[subject] = version
        previous, expected = stored_hash, position + 1
    yield from _tail(connection, expected - 1)


def _rows(connection: apsw.Connection) -> Iterator[tuple[Any, ...] | None]:
    after = 0
    while True:
        try:
            for row in connection.execute(_ROWS, (after,)):
                after = row[0]
                yield row
        except UnicodeDecodeError:  # one changed byte can make text unreadable; the walk goes on behind it
            after = connection.execute("SELECT min(position) FROM events WHERE position > ?", (after,)).get
            yield None
        else:
            return


def _gap(expected: int, found: int) -> str:
    missing = found - expected
    return f"{missing} entr{'y is' if missing == 1 else 'ies are'} missing before position {found}"


def _tail(connection: apsw.Connection, last: int) -> Iterator[Fault]:
    given = connection.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'").get
    if given != last:
        yield Fault(min(given, last) + 1, f"the ledger ends at {last}, but positions were given up to {given}")
    for (verdict,) in connection.execute("PRAGMA integrity_check(3)"):
        if verdict != "ok":
            yield Fault(0, f"SQLite: {verdict}")


def require_checkpoint(connection: apsw.Connection, checkpoint: Head) -> None:
    """Raise `Damaged` unless the chain goes through a head that was noted elsewhere: a cut or rewritten tail."""
    if checkpoint.position == 0:
        return
    found = connection.execute("SELECT hash FROM events WHERE position = ?", (checkpoint.position,)).get
    if found is None or found.hex() != checkpoint.hash:
        what = "is missing" if found is None else "has another hash"
        raise Damaged(f"position {checkpoint.position} {what} than the checkpoint", position=checkpoint.position)
