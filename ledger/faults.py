"""Turns SQLite's errors into ours, so that nothing above knows SQLite's."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import apsw

from db.connect import LiveConnection, TooOldError
from db.lock import LockTimeoutError
from ledger.errors import Busy, CropledgerError, Damaged, Invalid, NotFound, Refused


class named:  # noqa: N801  # reads as a phrase: with named(path)
    """Inside the block, errors of SQLite and of the lock become `Busy`, `Damaged`, `Refused` ... that name `path`.

    `mend` says what to do about a damaged file. A class, since every append and every page read passes through: a
    generator costs three times as much.
    """

    __slots__ = ("_mend", "_path")

    def __init__(self, path: Path, *, mend: str = "Run: crop audit") -> None:
        self._path = path
        self._mend = mend

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if isinstance(error, LockTimeoutError | TooOldError | PermissionError | apsw.Error):
            ours = _ours(error, self._path)
            if ours is not None:
                if isinstance(ours, Damaged):
                    ours.mend = self._mend
                raise ours from error


class owned(named):  # noqa: N801  # reads as a phrase: with owned(connection)
    """The same around the use of an open connection: only the thread that opened it gets in. One object serves always.

    Raises `WrongThreadError` in any other thread.
    """

    __slots__ = ("_connection",)

    def __init__(self, connection: LiveConnection, *, mend: str = "Run: crop audit") -> None:
        super().__init__(connection.path, mend=mend)
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.require_own_thread()


def _ours(error: Exception, path: Path) -> CropledgerError | None:
    for kinds, say in _WORDS:
        if isinstance(error, kinds):
            return say(error, path)
    return None


def _busy(_error: Exception, path: Path) -> CropledgerError:
    return Busy(f"Another process is writing {path.name}.", mend="Try again in a moment.")


def _corrupt(error: Exception, path: Path) -> CropledgerError:
    return Damaged(f"{path} is damaged: {error}.")


def _full(_error: Exception, path: Path) -> CropledgerError:
    return Refused(f"The disk is full: nothing was recorded in {path}.", mend="Free some space; try again.")


def _forbidden(_error: Exception, path: Path) -> CropledgerError:
    return Refused(f"{path} may not be written: nothing was recorded.", mend="Check its permissions.")


def _not_opened(error: Exception, path: Path) -> CropledgerError:
    if path.exists():
        return Refused(f"{path} cannot be opened: {error}.", mend="Check its permissions.")
    return NotFound(f"{path} cannot be opened.", mend="To make a ledger: crop init")


def _constraint(error: Exception, path: Path) -> CropledgerError:
    return Invalid(f"{path} does not take this: {error}. Nothing was recorded.")


def _disk(error: Exception, path: Path) -> CropledgerError:
    # A commit that failed while it was being flushed may have reached the disk all the same.
    return Refused(
        f"{path}: the disk failed: {error}. Whether this was recorded is not known.",
        mend="Once the disk is mended, the same request again is recorded once.",
    )


def _permission(error: Exception, path: Path) -> CropledgerError | None:
    file = str(getattr(error, "filename", None))
    return _forbidden(error, Path(file)) if file.startswith(str(path)) else None  # the lock beside it, or not ours


def _too_old(error: Exception, _path: Path) -> CropledgerError:
    return Invalid(str(error))


_WORDS: tuple[tuple[tuple[type[Exception], ...], Callable[[Exception, Path], CropledgerError | None]], ...] = (
    ((LockTimeoutError, apsw.BusyError, apsw.LockedError), _busy),
    # Our statements are fixed: one that SQLite does not understand means that the tables are not ours any more.
    ((apsw.CorruptError, apsw.NotADBError, apsw.SQLError), _corrupt),
    ((apsw.FullError,), _full),
    ((apsw.ReadOnlyError, apsw.PermissionsError), _forbidden),
    ((apsw.CantOpenError,), _not_opened),
    ((apsw.ConstraintError,), _constraint),
    ((apsw.IOError,), _disk),
    ((PermissionError,), _permission),
    ((TooOldError,), _too_old),
)
