"""The tables of ledger.db."""

import hashlib
import secrets

import apsw

FORMAT = 1
"""Raised only if the table itself has to change; payloads change through `ledger/upcast.py`."""

APPLICATION_ID = 0x43524F50  # "CROP", so that `file` and a careful operator can tell what this file is

TABLES = """
CREATE TABLE ledger (
  id TEXT NOT NULL,
  format INTEGER NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

-- AUTOINCREMENT keeps the highest position ever given in sqlite_sequence: a cut tail shows.
CREATE TABLE events (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  type TEXT NOT NULL,
  schema INTEGER NOT NULL,
  occurred_at TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  actor TEXT NOT NULL,
  correlation TEXT NOT NULL,
  causation TEXT,
  data TEXT NOT NULL,
  salt BLOB NOT NULL,
  digest BLOB NOT NULL,
  hash BLOB NOT NULL,
  UNIQUE (subject, version)
) STRICT;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an entry cannot be changed'); END;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an entry cannot be deleted'); END;

CREATE TRIGGER the_ledger_keeps_its_id BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger keeps its id'); END;

CREATE TRIGGER the_ledger_keeps_its_row BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger keeps its id'); END;
"""

COLUMNS = {
    "position": "place in the whole ledger: 1, 2, 3 ... without a gap",
    "id": "unique id of the entry (UUID)",
    "subject": "what it is about, such as image/0f3c...",
    "version": "place in the subject's history: 1, 2, 3 ...",
    "type": "kind of event, such as crop.recorded",
    "schema": "layout of the payload in data",
    "occurred_at": "when it happened (UTC)",
    "recorded_at": "when it was appended (UTC)",
    "actor": "who did it: operator:NAME, runner:RUN, import:SOURCE or suggester:MODEL",
    "correlation": "the request that began it",
    "causation": "id of the entry it follows from",
    "data": "the payload, JSON: select data->>'$.box.x1'",
    "salt": "16 random bytes that go into the digest",
    "digest": "sha256(salt || data): commits to the payload without containing it",
    "hash": "sha256(previous hash || header || digest): the chain",
}
"""A sentence per column, for `crop schema`."""


def create(connection: apsw.Connection, created_at: str) -> None:
    """Make the tables of a new ledger, with an id of its own, in the caller's transaction."""
    connection.execute(TABLES)
    connection.execute("INSERT INTO ledger VALUES (?, ?, ?)", (secrets.token_hex(16), FORMAT, created_at))
    connection.pragma("application_id", APPLICATION_ID)


def genesis(ledger_id: str, format_: object, created_at: str) -> bytes:
    """What the first entry's hash follows: two ledgers never share a chain, and none changes its age."""
    return hashlib.sha256(f"cropledger\0{ledger_id}\0{format_}\0{created_at}".encode()).digest()
