"""The write lock, with a transaction behind it or without, as a block."""

from threading import get_ident
from types import TracebackType

from db.connect import LiveConnection
from db.lock import WriterLock
from ledger.faults import named


class Turn:
    """Write alone inside the block, with one statement: that lands whole or not at all by itself.

    A class, since every append passes through: a generator and the blocks inside it cost three times as much, and
    after a sync to disk, when nothing is left in the processor's caches, that is a tenth of an append.
    """

    __slots__ = ("_connection", "_errors", "_lock", "_thread")

    def __init__(self, connection: LiveConnection, lock: WriterLock, errors: named) -> None:
        """`errors` gives SQLite's errors their names."""
        self._connection, self._thread = connection, connection.thread
        self._lock = lock
        self._errors = errors

    def __enter__(self) -> None:
        if get_ident() != self._thread:
            self._connection.require_own_thread()
        try:
            self._lock.acquire()
        except BaseException as error:
            self._errors.__exit__(type(error), error, None)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lock.release()
        if error is not None:
            self._errors.__exit__(kind, error, at)


class Exclusive(Turn):
    """Write alone inside the block; all of it lands at its end, or nothing."""

    __slots__ = ("held",)

    def __init__(self, connection: LiveConnection, lock: WriterLock, errors: named) -> None:
        """`errors` gives SQLite's errors their names."""
        super().__init__(connection, lock, errors)
        self.held = False
        """Whether the block is being carried out."""

    def __enter__(self) -> None:
        if get_ident() != self._thread:
            self._connection.require_own_thread()
        try:
            self._lock.acquire()
            self.held = True
            self._connection.execute("BEGIN IMMEDIATE")
        except BaseException as error:
            self._undo()
            self._errors.__exit__(type(error), error, None)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            self._undo()
            self._errors.__exit__(kind, error, at)
            return
        try:
            self._connection.execute("COMMIT")
        except BaseException as failed:
            self._undo()
            self._errors.__exit__(type(failed), failed, None)
            raise
        self.held = False
        self._lock.release()

    def _undo(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        finally:
            if self.held:
                self.held = False
                self._lock.release()
