"""The error classes. Raised where a thing goes wrong, turned into exit and HTTP codes in one place.

The docstring of a class is the sentence people see in the documentation; `docs/errors.md` is generated from here.
"""

from typing import ClassVar


class CropledgerError(Exception):
    """A fault in Cropledger itself; the traceback is in the log."""

    exit_code: ClassVar[int] = 70
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, mend: str | None = None) -> None:
        """`message` says what is wrong and names it; `mend` says what to do about it."""
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message} {self.mend}" if self.mend else self.message


class Invalid(CropledgerError):
    """The request or a setting cannot be understood."""

    exit_code = 2
    http_status = 400


class Refused(CropledgerError):
    """The request breaks a rule; nothing was recorded."""

    exit_code = 3
    http_status = 422


class NotFound(CropledgerError):
    """Nothing by that name."""

    exit_code = 4
    http_status = 404


class Conflict(CropledgerError):
    """Someone else moved first, or the id was used for something else."""

    exit_code = 5
    http_status = 409


class Busy(CropledgerError):
    """Another process holds the ledger; try again."""

    exit_code = 6
    http_status = 503


class Unsafe(CropledgerError):
    """That path is outside the allowed places; no pixel was written."""

    exit_code = 7
    http_status = 403


class Damaged(CropledgerError):
    """The ledger fails verification; writing has stopped."""

    exit_code = 8
    http_status = 500

    def __init__(self, message: str, *, mend: str | None = None, position: int | None = None) -> None:
        """`position` is the first bad position, where one is known."""
        super().__init__(message, mend=mend)
        self.position = position


class Diverged(Damaged):
    """The projections belong to another ledger, or to a later state of this one; rebuild them."""


ALL: tuple[type[CropledgerError], ...] = (Invalid, Refused, NotFound, Conflict, Busy, Unsafe, Damaged, Diverged)
