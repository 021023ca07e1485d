"""The ledger: append, read, history, head, wait. The only writer of ledger.db.

Whatever keeps the entries, this is all that others see of it. SQLite is the only engine for now; a second one has to
fit behind these methods.
"""

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import apsw
import msgspec

from db import backup
from db.connect import LiveConnection, open_live
from db.lock import WriterLock
from ledger import chain, schema
from ledger.codec import READERS, decode, encode
from ledger.entry import Batch, Draft, Entry, Head, Receipt
from ledger.errors import Conflict, CropledgerError, Damaged, Invalid, NotFound
from ledger.events.event import Event
from ledger.faults import named
from ledger.values import Instant, instant

_ENTRY = (
    "SELECT position, id, subject, version, type, schema, data, occurred_at, recorded_at, actor, correlation, causation"
    " FROM events "
)
_INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
# One statement for a whole batch, its parameters as one JSON list: a statement per draft costs twice as much.
_BY_IDS = """
SELECT position, id, subject, type, schema, data, actor, occurred_at
FROM events WHERE id IN (SELECT value FROM json_each(?)) ORDER BY position
"""
_VERSIONS = """
SELECT wanted.value, (SELECT coalesce(max(version), 0) FROM events WHERE subject = wanted.value)
FROM json_each(?) AS wanted
"""
_json = msgspec.json.Encoder().encode
_POLL_S = (0.01, 0.2)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """An open ledger. One per thread; close it, or use it in a `with` block."""

    def __init__(self, connection: LiveConnection, lock: WriterLock, clock: Callable[[], datetime]) -> None:
        """Use `Ledger.open` or `Ledger.create`."""
        self.path = connection.path
        self._connection = connection
        self._lock = lock
        self._clock = clock
        self._writing = False
        self._tail_checked = False

    # -- opening ------------------------------------------------------------------------------------------------

    @classmethod
    def create(cls, path: Path, *, clock: Callable[[], datetime] = _utc_now) -> Self:
        """Make a new ledger, or open the one that is there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with named(path):
            ledger = cls._opened(path, 5.0, clock)
            try:
                with ledger.exclusive():
                    if not ledger._connection.execute("SELECT count(*) FROM sqlite_schema").get:
                        schema.create(ledger._connection, instant(clock()))
                ledger._check_format()
            except (apsw.Error, CropledgerError):
                ledger.close()
                raise
        return ledger

    @classmethod
    def open(cls, path: Path, *, lock_timeout_s: float = 5.0, clock: Callable[[], datetime] = _utc_now) -> Self:
        """Open an existing ledger; raises `NotFound`, `Damaged`, and `Busy` later if a writer waits too long."""
        if not path.is_file():
            raise NotFound(f"There is no ledger at {path}.", mend="To make one: crop init")
        with named(path):
            ledger = cls._opened(path, lock_timeout_s, clock)
            try:
                ledger._check_format()
            except (apsw.Error, CropledgerError):
                ledger.close()
                raise
        return ledger

    @classmethod
    def _opened(cls, path: Path, lock_timeout_s: float, clock: Callable[[], datetime]) -> Self:
        lock = WriterLock(path.with_name(path.name + ".lock"), timeout_s=lock_timeout_s)
        try:
            connection = open_live(path, synchronous="FULL")
        except apsw.Error:
            lock.close()
            raise
        return cls(connection, lock, clock)

    def _check_format(self) -> None:
        tables = {name for (name,) in self._connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if not {"ledger", "events"} <= tables:
            raise Damaged(f"{self.path} is not a ledger, or has lost its tables.", mend="Restore a backup.")
        found = self._connection.execute("SELECT format FROM ledger").get
        if found != schema.FORMAT:
            raise Invalid(f"{self.path} has format {found}; this version reads format {schema.FORMAT}.")

    def close(self) -> None:
        """Close the files; what was appended is safe already."""
        self._connection.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- writing ------------------------------------------------------------------------------------------------

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the write lock: what is read inside stays true until the end of the block, when it all lands at once.

        Raises `Busy` when another process keeps the lock. An exception inside undoes what the block appended.
        """
        if self._writing:
            yield
            return
        with named(self.path), self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            self._writing = True
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._writing = False

    def append(self, batch: Batch) -> Receipt:
        """Add the batch whole, at the end; it is on disk when this returns (or when the `exclusive` block ends).

        Sending a batch again returns its first receipt. Raises `Conflict` where an id was used for something else
        or a subject has moved on from the expected version; `Busy`; `Damaged` where the end of the ledger is not
        what was written.
        """
        with self.exclusive():
            self._check_tail_once()
            repeated = self._receipt_of_a_repeat(batch)
            if repeated is not None:
                return repeated
            versions = self._versions(batch)
            head = self._head()
            last, rows = self._sealed(batch, head, versions)
            self._connection.executemany(_INSERT, rows)
        return Receipt(tuple(range(head[0] + 1, last.position + 1)), last)

    def _check_tail_once(self) -> None:
        # A ledger that was cut or edited at its end must not grow on from there; the whole chain is audit's work.
        if self._tail_checked:
            return
        given = self._connection.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence").get
        position, _ = self._head()
        if given != position:
            raise Damaged(f"{self.path} ends at {position}, but had {given} entries.", mend="Run: crop audit")
        self._tail_checked = True

    def _receipt_of_a_repeat(self, batch: Batch) -> Receipt | None:
        drafts = {draft.id: draft for draft in batch.drafts}
        found: list[tuple[Any, ...]] = self._connection.execute(_BY_IDS, (_json(list(drafts)).decode(),)).fetchall()
        if not found:
            return None
        for position, id_, *fingerprint in found:
            if fingerprint != _fingerprint(drafts[id_]):
                raise Conflict(f"The id {id_} was used for something else, at position {position}.")
        if len(found) != len(batch.drafts):
            raise Conflict(f"A part of this batch is in the ledger already, at position {found[0][0]}.")
        return Receipt(tuple(int(row[0]) for row in found), self.head(), repeated=True)

    def _versions(self, batch: Batch) -> dict[str, int]:
        subjects = {draft.subject for draft in batch.drafts} | {subject for subject, _ in batch.expected}
        versions = dict(self._connection.execute(_VERSIONS, (_json(list(subjects)).decode(),)))
        for subject, expected in batch.expected:
            if versions[subject] != expected:
                raise Conflict(f"{subject} is at version {versions[subject]}, not {expected}: somebody moved first.")
        return versions

    def _sealed(
        self, batch: Batch, head: tuple[int, bytes], versions: dict[str, int]
    ) -> tuple[Head, list[tuple[Any, ...]]]:
        position, previous = head
        recorded_at = instant(self._clock())
        salts = os.urandom(16 * len(batch.drafts))
        rows = []
        for number, draft in enumerate(batch.drafts):
            position += 1
            versions[draft.subject] = version = versions[draft.subject] + 1
            header = _header(position, version, draft, recorded_at)
            data, salt = encode(draft.event), salts[16 * number : 16 * number + 16]
            payload_digest = chain.digest(salt, data)
            previous = chain.seal(previous, header, payload_digest)
            rows.append((*header, data, salt, payload_digest, previous))
        return Head(position, previous.hex()), rows

    # -- reading ------------------------------------------------------------------------------------------------

    def read(self, after: int = 0, limit: int = 1000) -> list[Entry]:
        """Entries behind position `after`, in order, at most `limit`; raises `Damaged` at one that cannot be read."""
        return self._entries(_ENTRY + "WHERE position > ? ORDER BY position LIMIT ?", (after, limit))

    def history(self, subject: str) -> list[Entry]:
        """All entries about one subject, in order."""
        return self._entries(_ENTRY + "WHERE subject = ? ORDER BY version", (subject,))

    def histories(self) -> Iterator[list[Entry]]:
        """The history of every subject, one at a time, for who needs all of them and has little memory."""
        after = ""
        while subjects := self._subjects(after):
            for subject in subjects:
                yield self.history(subject)
            after = subjects[-1]

    def _subjects(self, after: str) -> list[str]:
        with named(self.path):
            sql = "SELECT DISTINCT subject FROM events WHERE subject > ? ORDER BY subject LIMIT 1000"
            return [str(subject) for (subject,) in self._connection.execute(sql, (after,))]

    def head(self) -> Head:
        """The last position and its hash."""
        with named(self.path):
            position, hash_ = self._head()
        return Head(position, hash_.hex())

    def hash_at(self, position: int) -> str | None:
        """The chain's hash at a position, None where there is no such position (yet, or any more)."""
        with named(self.path):
            if position == 0:
                return chain.start(self._connection).hex()
            found = self._connection.execute("SELECT hash FROM events WHERE position = ?", (position,)).get
        return found.hex() if found else None

    def wait(self, after: int, timeout_s: float) -> Head:
        """Return once there is something behind `after`, or when the time is up; the head tells which."""
        deadline, pause = time.monotonic() + timeout_s, _POLL_S[0]
        while (head := self.head()).position <= after and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(pause, left))
            pause = min(pause * 2, _POLL_S[1])
        return head

    def faults(self) -> Iterator[chain.Fault]:
        """Walk the whole chain; see `ledger.chain.faults`."""
        with named(self.path):
            yield from chain.faults(self._connection)

    def require(self, checkpoint: Head) -> None:
        """Raise `Damaged` unless the chain goes through `checkpoint`."""
        with named(self.path):
            chain.require_checkpoint(self._connection, checkpoint)

    def copy_to(self, target: Path) -> None:
        """Write a consistent copy of the ledger to a new file."""
        with named(self.path):
            backup.copy(self._connection, target)

    def _entries(self, sql: str, parameters: tuple[str | int, ...]) -> list[Entry]:
        try:
            with named(self.path), without_collecting():
                return [
                    Entry(position, id_, subject, version, READERS[type_, schema_](data), *rest)
                    for position, id_, subject, version, type_, schema_, data, *rest in self._connection.execute(
                        sql, parameters
                    )
                ]
        except (KeyError, msgspec.MsgspecError):
            return self._entries_one_by_one(sql, parameters)

    def _entries_one_by_one(self, sql: str, parameters: tuple[str | int, ...]) -> list[Entry]:
        entries = []
        with named(self.path):
            for row in self._connection.execute(sql, parameters):
                position, id_, subject, version, type_, schema_, data, *rest = row
                entries.append(Entry(position, id_, subject, version, _read(position, type_, schema_, data), *rest))
        return entries

    def _head(self) -> tuple[int, bytes]:
        found = self._connection.execute("SELECT position, hash FROM events ORDER BY position DESC LIMIT 1").fetchone()
        return found or (0, chain.start(self._connection))


def _header(position: int, version: int, draft: Draft, recorded_at: Instant) -> chain.Header:
    event = draft.event
    return (
        position, draft.id, draft.subject, version, event.TYPE, event.SCHEMA,
        draft.occurred_at, recorded_at, draft.actor, draft.correlation, draft.causation,
    )  # fmt: skip


@contextmanager
def without_collecting() -> Iterator[None]:
    """Spare the garbage collector inside: entries are trees, without cycles, and looking for some costs a quarter."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _fingerprint(draft: Draft) -> list[str | int]:
    event = draft.event
    return [draft.subject, event.TYPE, event.SCHEMA, encode(event), draft.actor, draft.occurred_at]


def _read(position: int, type_: str, schema_: int, data: str) -> Event:
    try:
        return decode(type_, schema_, data)
    except Damaged as error:
        raise Damaged(f"Position {position}: {error.message}.", mend=error.mend, position=position) from error
