"""Turns SQLite's errors into ours, so that nothing above knows SQLite's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from db.connect import TooOldError
from db.lock import LockTimeoutError
from ledger.errors import Busy, Damaged, Invalid, NotFound, Refused


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Inside the block, errors of SQLite and of the lock become `Busy`, `Damaged`, `Refused` ... that name `path`."""
    try:
        yield
    except (LockTimeoutError, apsw.BusyError, apsw.LockedError) as error:
        raise Busy(f"Another process is writing {path.name}.", mend="Try again in a moment.") from error
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise Damaged(f"{path} is damaged: {error}.", mend="Run: crop audit") from error
    except apsw.FullError as error:
        raise Refused(
            f"The disk is full: nothing was recorded in {path}.", mend="Free some space; try again."
        ) from error
    except (apsw.ReadOnlyError, apsw.PermissionsError) as error:
        raise Refused(f"{path} may not be written: nothing was recorded.", mend="Check its permissions.") from error
    except apsw.CantOpenError as error:
        raise NotFound(f"{path} cannot be opened.", mend="To make a ledger: crop init") from error
    except apsw.IOError as error:
        raise Refused(f"{path}: the disk failed: {error}. Nothing was recorded.") from error
    except TooOldError as error:
        raise Invalid(str(error)) from error
