"""The ledger: append, read, history, head, wait. The only writer of ledger.db.

Whatever keeps the entries, this is all that others see of it. SQLite is the only engine for now; a second one has to
fit behind these methods.
"""

import gc
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import apsw
import msgspec

from db import backup
from db.connect import LiveConnection, open_live
from db.lock import WriterLock
from ledger import chain, schema
from ledger.codec import READERS, decode
from ledger.entry import Batch, Draft, Entry, Head, Receipt
from ledger.errors import Conflict, CropledgerError, Damaged, Invalid, NotFound
from ledger.exclusive import Exclusive, Turn
from ledger.faults import named, owned
from ledger.sealing import sealed
from ledger.values import Instant, instant

# In the order of an Entry, with the payload where the event goes.
_COLUMNS = "SELECT position, id, subject, version, data, occurred_at, recorded_at, actor, correlation, causation, "
_ENTRY = _COLUMNS + "type, schema FROM events "
_ENTRY_BY_LAYOUT = _COLUMNS + "type || schema FROM events "
_INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_HEAD = "SELECT position, hash FROM events ORDER BY position DESC LIMIT 1"
# The head, and the versions of all subjects of a batch that have any, in one statement and as one JSON list: each
# statement more costs as much as a dozen subjects.
_STANDING = """
SELECT NULL, position, hash FROM (SELECT position, hash FROM events ORDER BY position DESC LIMIT 1)
UNION ALL
SELECT subject, max(version), NULL FROM events WHERE subject IN (SELECT value FROM json_each(?)) GROUP BY subject
"""
_STANDING_OF_ONE = """
SELECT position, hash, (SELECT max(version) FROM events WHERE subject = ?) FROM events ORDER BY position DESC LIMIT 1
"""
_json = msgspec.json.Encoder().encode
_POLL_S = (0.01, 0.2)
# Looked into for every entry that is read, so under one text: a column less, and no tuple to make.
_READERS = {f"{type_}{schema_}": read for (type_, schema_), read in READERS.items()}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """An open ledger, for the thread that opened it; close it, or use it in a `with` block."""

    def __init__(self, connection: LiveConnection, lock: WriterLock, clock: Callable[[], datetime]) -> None:
        """Use `Ledger.open` or `Ledger.create`."""
        self.path = connection.path
        self._connection = connection
        self._lock = lock
        self._clock = clock
        self._owned = owned(connection)
        self._exclusive, self._within = Exclusive(connection, lock, self._owned), nullcontext()
        self._turn = Turn(connection, lock, self._owned)
        self._end_checked = False

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
        try:
            found = self._connection.execute("SELECT format FROM ledger, (SELECT max(position) FROM events)").fetchall()
        except apsw.SQLError as error:
            raise Damaged(f"{self.path} is not a ledger: {error}.", mend="Restore a backup.") from error
        if len(found) != 1:
            raise Damaged(f"{self.path} has lost its id.", mend="Restore a backup.")
        if found[0][0] != schema.FORMAT:
            raise Invalid(f"{self.path} has format {found[0][0]}; this version reads format {schema.FORMAT}.")

    def close(self) -> None:
        """Close the files; what was appended is safe already."""
        self._connection.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- writing ------------------------------------------------------------------------------------------------

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the write lock: what is read inside stays true until the end of the block, when it all lands at once.

        Raises `Busy` when another process keeps the lock. An exception inside undoes what the block appended. A block
        within a block is a part of the outer one.
        """
        return self._within if self._exclusive.held else self._exclusive

    def append(self, batch: Batch) -> Receipt:
        """Add the batch whole, at the end; it is on disk when this returns (or when the `exclusive` block ends).

        Sending a batch again returns its first receipt. Raises `Conflict` where an id was used for something else
        or a subject has moved on from the expected version; `Invalid` for what could not be read back; `Busy`;
        `Damaged` where the end of the ledger is not what was written.
        """
        # One row is all or none by itself: without a transaction around it, it costs a thirtieth less.
        alone = len(batch.drafts) == 1 and not self._exclusive.held
        with self._turn if alone else self.exclusive():
            return self._appended(batch)

    def _appended(self, batch: Batch) -> Receipt:
        if not self._end_checked:
            self._check_end()
        try:
            return self._added(batch)
        except UnicodeEncodeError as error:
            raise Invalid(f"{error.object!r} is not valid Unicode.") from error
        except (Conflict, apsw.ConstraintError):
            # Asked only now: a batch that is sent again is rare, and looking for every new id costs a tenth.
            repeated = self._receipt_of_a_repeat(batch)
            if repeated is None:
                raise
            return repeated

    def _check_end(self) -> None:
        # A ledger that was cut or edited at its end must not grow on from there; the whole chain is audit's work.
        try:
            chain.require_sound_end(self._connection)
        except Damaged as error:
            raise Damaged(f"{self.path}: {error}", mend="Run: crop audit", position=error.position) from error
        self._end_checked = True

    def _added(self, batch: Batch) -> Receipt:
        head, versions = self._standing(batch)
        if not batch.drafts:
            return Receipt((), Head(head[0], head[1].hex()), instant(self._clock()))
        recorded_at = instant(self._clock())
        last, rows = sealed(batch.drafts, head, versions, recorded_at)
        if len(rows) == 1:
            self._connection.execute(_INSERT, rows[0])  # all or none by itself, so it can do without a savepoint
        else:
            self._insert_all_or_none(rows)
        return Receipt(tuple(range(head[0] + 1, last.position + 1)), last, recorded_at)

    def _insert_all_or_none(self, rows: list[tuple[Any, ...]]) -> None:
        self._connection.execute("SAVEPOINT batch")
        try:
            self._connection.executemany(_INSERT, rows)
        except apsw.Error:
            if self._connection.in_transaction:  # a full disk has ended it already
                self._connection.execute("ROLLBACK TO batch; RELEASE batch")
            raise
        self._connection.execute("RELEASE batch")

    def _receipt_of_a_repeat(self, batch: Batch) -> Receipt | None:
        drafts = {draft.id: draft for draft in batch.drafts}
        if len(drafts) != len(batch.drafts):
            raise Invalid("Two drafts of one batch have the same id.")
        found = self.find(drafts)
        if not found:
            return None
        for entry in found:
            if not _is_of(entry, drafts[entry.id]):
                raise Conflict(f"The id {entry.id} was used for something else, at position {entry.position}.")
        if len(found) != len(drafts):
            raise Conflict(f"A part of this batch is in the ledger already, at position {found[0].position}.")
        return Receipt(tuple(entry.position for entry in found), self.head(), found[0].recorded_at, repeated=True)

    def _standing(self, batch: Batch) -> tuple[tuple[int, bytes], dict[str, int]]:
        """The head, and the version of every subject in the batch."""
        versions = {draft.subject: 0 for draft in batch.drafts}
        if batch.expected:
            versions.update((subject, 0) for subject, _ in batch.expected)
        head = self._looked_up(versions)
        for subject, expected in batch.expected:
            if versions[subject] != expected:
                raise Conflict(f"{subject} is at version {versions[subject]}, not {expected}: somebody moved first.")
        return head, versions

    def _looked_up(self, versions: dict[str, int]) -> tuple[int, bytes]:
        """Fill in the versions of these subjects; gives the head. An empty ledger has no row that tells of either."""
        rows: list[tuple[Any, ...]]
        if len(versions) == 1:  # a mark by itself, most of the time: half the cost of the statement for many
            (subject,) = versions
            rows = self._connection.execute(_STANDING_OF_ONE, (subject,)).fetchall()
            if not rows:
                return 0, chain.start(self._connection)
            position, hash_, version = rows[0]
            versions[subject] = version or 0
            return position, hash_
        rows = self._connection.execute(_STANDING, (_json(list(versions)).decode(),)).fetchall()
        versions.update((subject, version) for subject, version, _ in rows[1:])
        return (rows[0][1], rows[0][2]) if rows else (0, chain.start(self._connection))

    # -- reading ------------------------------------------------------------------------------------------------

    def read(self, after: int = 0, limit: int = 1000) -> list[Entry]:
        """Entries behind position `after`, in order, at most `limit`; raises `Damaged` at one that cannot be read."""
        return self._entries("WHERE position > ? ORDER BY position LIMIT ?", (after, limit))

    def history(self, subject: str) -> list[Entry]:
        """All entries about one subject, in order."""
        return self._entries("WHERE subject = ? ORDER BY version", (subject,))

    def histories(self) -> Iterator[list[Entry]]:
        """The history of every subject, one at a time, for who needs all of them and has little memory."""
        after = ""
        while subjects := self._subjects(after):
            for subject in subjects:
                yield self.history(subject)
            after = subjects[-1]

    def _subjects(self, after: str) -> list[str]:
        with self._owned:
            sql = "SELECT DISTINCT subject FROM events WHERE subject > ? ORDER BY subject LIMIT 1000"
            try:
                return [str(subject) for (subject,) in self._connection.execute(sql, (after,)).fetchall()]
            except UnicodeDecodeError as error:
                raise Damaged(f"A subject behind {after!r} is not text: {error}.", mend="Run: crop audit") from error

    def find(self, ids: Iterable[str]) -> list[Entry]:
        """The entries with these ids, as many as there are, in order."""
        wanted = _json(list(ids)).decode()
        return self._entries("WHERE id IN (SELECT value FROM json_each(?)) ORDER BY position", (wanted,))

    def at(self, type_: str, instants: Iterable[Instant]) -> list[Entry]:
        """The entries of one type that occurred at these instants, in order. No index helps: it goes through all."""
        which = "WHERE type = ? AND occurred_at IN (SELECT value FROM json_each(?)) ORDER BY position"
        return self._entries(which, (type_, _json(list(instants)).decode()))

    def head(self) -> Head:
        """The last position and its hash."""
        with self._owned:
            position, hash_ = self._head()
        return Head(position, hash_.hex())

    def hash_at(self, position: int) -> str | None:
        """The chain's hash at a position, None where there is no such position (yet, or any more)."""
        with self._owned:
            found = chain.hash_at(self._connection, position)
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
        with self._owned:
            yield from chain.faults(self._connection)

    def require(self, checkpoint: Head) -> None:
        """Raise `Damaged` unless the chain goes through `checkpoint`."""
        with self._owned:
            chain.require_checkpoint(self._connection, checkpoint)

    def copy_to(self, target: Path) -> None:
        """Write a consistent copy of the ledger to a new file."""
        with self._owned:
            backup.copy(self._connection, target)

    def _entries(self, which: str, parameters: tuple[str | int, ...]) -> list[Entry]:
        readers = _READERS
        try:
            with self._owned, without_collecting():
                # All rows at once: a tenth quicker than one by one.
                rows: list[tuple[Any, ...]] = self._connection.execute(_ENTRY_BY_LAYOUT + which, parameters).fetchall()
                return [
                    Entry(position, id_, subject, version, readers[layout](data), at, recorded, a, c, d)
                    for position, id_, subject, version, data, at, recorded, a, c, d, layout in rows
                ]
        except (KeyError, ValueError, msgspec.MsgspecError):
            return self._entries_one_by_one(which, parameters)

    def _entries_one_by_one(self, which: str, parameters: tuple[str | int, ...]) -> list[Entry]:
        """The same for what the quick way stumbles over: an older schema, or an entry that cannot be read."""
        entries: list[Entry] = []
        with self._owned:
            try:
                for row in self._connection.execute(_ENTRY + which, parameters):
                    entries.append(_entry(*row))  # noqa: PERF401  # a comprehension would keep the cursor (tests/house)
            except UnicodeDecodeError as error:
                positions = self._connection.execute("SELECT position FROM events " + which, parameters).fetchall()
                position = int(str(positions[len(entries)][0]))
                raise Damaged(f"Position {position} is not text: {error}.", position=position) from error
        return entries

    def _head(self) -> tuple[int, bytes]:
        found = self._connection.execute(_HEAD).fetchone()
        return found or (0, chain.start(self._connection))


class without_collecting:  # noqa: N801  # reads as a phrase: with without_collecting()
    """Spare the garbage collector inside: entries are trees, without cycles, and looking for some costs a quarter.

    A class, since every page read passes through: a generator costs three times as much.
    """

    __slots__ = ("_was_on",)

    def __enter__(self) -> None:
        self._was_on = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._was_on:
            gc.enable()


def _is_of(entry: Entry, draft: Draft) -> bool:
    """Whether the entry is what this draft became, though its payload may have been written in an older schema."""
    return (entry.subject, entry.event, entry.actor, entry.occurred_at) == (
        draft.subject, draft.event, draft.actor, draft.occurred_at,
    )  # fmt: skip


def _entry(
    position: int, id_: str, subject: str, version: int, data: str, occurred_at: Instant, recorded_at: Instant,
    actor: str, correlation: str, causation: str | None, type_: str, schema_: int,
) -> Entry:  # fmt: skip
    try:
        event = decode(type_, schema_, data)
    except Damaged as error:
        raise Damaged(f"Position {position}: {error.message}.", mend=error.mend, position=position) from error
    return Entry(position, id_, subject, version, event, occurred_at, recorded_at, actor, correlation, causation)
