"""The audit: is everything in the ledger as it was written, and does everything derived from it still agree?"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import frozen

from commands.handle import decider_of
from ledger.chain import Fault
from ledger.entry import Entry, Head
from ledger.errors import Damaged
from ledger.events.crops import CropExecuted, CropUndone
from ledger.log import Ledger


@frozen
class Mismatch:
    """A file that is not as the ledger says: missing, or with other content."""

    position: int
    path: str
    what: str


@frozen
class LedgerAudit:
    """What the walk through the ledger found."""

    head: Head
    faults: tuple[Fault, ...]
    """In order of position; empty for a sound ledger."""


def audit_ledger(ledger: Ledger, checkpoint: Head | None = None) -> LedgerAudit:
    """Walk the chain, the positions, the versions and the legal order of every subject's history.

    `checkpoint` is a head that was noted elsewhere; a ledger that does not go through it has been cut or rewritten.
    """
    faults = list(ledger.faults())
    if not faults:
        faults += _illegal(ledger)
    if checkpoint is not None:
        try:
            ledger.require(checkpoint)
        except Damaged as error:
            faults.append(Fault(error.position or 0, error.message))
    return LedgerAudit(ledger.head(), tuple(sorted(faults, key=lambda fault: fault.position)))


def _illegal(ledger: Ledger) -> Iterator[Fault]:
    for history in ledger.histories():
        state = decider_of(history[0].subject).initial
        for entry in history:
            try:
                state = decider_of(entry.subject).evolve(state, entry)
            except Damaged as error:
                yield Fault(entry.position, error.message.partition(": ")[2].rstrip(".") or error.message)
                break


def executed_now(ledger: Ledger) -> list[Entry]:
    """The executions that stand: of each image the last, unless it was undone."""
    standing: dict[str, Entry] = {}
    after = 0
    while page := ledger.read(after):
        for entry in page:
            if isinstance(entry.event, CropExecuted):
                standing[entry.subject] = entry
            elif isinstance(entry.event, CropUndone):
                standing.pop(entry.subject, None)
        after = page[-1].position
    return list(standing.values())


def mismatches(executed: Iterator[Entry], advance: Callable[[int], None]) -> Iterator[Mismatch]:
    """Compare the outputs and archived originals of these executions with the disk, by sha256."""
    for entry in executed:
        event = entry.event
        if isinstance(event, CropExecuted):
            for path, sha256 in ((event.output, event.output_sha256), (event.archive, event.source_sha256)):
                what = _difference(Path(path), sha256)
                if what:
                    yield Mismatch(entry.position, path, what)
            advance(1)


def _difference(path: Path, sha256: str) -> str | None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None if found == sha256 else "has other content than recorded"
