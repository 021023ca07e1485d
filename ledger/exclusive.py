"""The write lock and the transaction behind it, as one block."""

from types import TracebackType

from db.connect import LiveConnection
from db.lock import WriterLock
from ledger.faults import named


class Exclusive:
    """Write alone inside the block; all of it lands at its end, or nothing.

    A class, since every append passes through: a generator and the blocks inside it cost three times as much, and
    after a sync to disk, when nothing is left in the processor's caches, that is a tenth of an append.
    """

    __slots__ = ("_connection", "_errors", "_lock", "held")

    def __init__(self, connection: LiveConnection, lock: WriterLock, errors: named) -> None:
        """`errors` gives SQLite's errors their names."""
        self._connection = connection
        self._lock = lock
        self._errors = errors
        self.held = False
        """Whether the block is being carried out."""

    def __enter__(self) -> None:
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
