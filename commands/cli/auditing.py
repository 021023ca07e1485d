"""What `crop audit` prints, and the exit code it leads to."""

import time
from typing import TYPE_CHECKING

from commands.cli.output import emit, plural, progress, say, shown, warn
from commands.desk import Desk
from ledger.errors import Damaged, Invalid

if TYPE_CHECKING:
    from commands.auditing import LedgerAudit, Mismatch
    from ledger.entry import Head
    from projections.compare import Difference

SHOWN = 20


def report_audit(desk: Desk, checkpoint: str | None, *, files: bool, as_json: bool) -> int:
    """Audit, print, and return the exit code: 0 sound, 8 the ledger is damaged, 1 something derived differs."""
    from commands.auditing import audit_ledger

    begun = time.monotonic()
    with progress("Walking the chain"):
        audited = audit_ledger(desk.ledger, _parse(checkpoint))
    if audited.faults:
        return _damaged(audited, as_json=as_json)
    differences = _differences(desk)
    mismatches, compared = _mismatches(desk) if files else ([], 0)
    seconds = time.monotonic() - begun
    if as_json:
        emit(
            {
                "events": audited.head.position, "head": audited.head, "faults": [], "differences": differences,
                "mismatches": mismatches, "files_compared": compared, "seconds": round(seconds, 3),
            }
        )  # fmt: skip
    else:
        _print(audited, differences, mismatches, compared, seconds)
    return 1 if differences or mismatches else 0


def _parse(checkpoint: str | None) -> "Head | None":
    from ledger.entry import Head

    if checkpoint is None:
        return None
    position, colon, hash_ = checkpoint.partition(":")
    if not colon or not position.isdigit():
        raise Invalid(f"A checkpoint is POSITION:HASH, as crop audit prints it, not {checkpoint!r}.")
    return Head(int(position), hash_.strip().lower())


def _damaged(audited: "LedgerAudit", *, as_json: bool) -> int:
    # A fault of the file as a whole (a trigger is gone) has position 0; an entry, if one is bad, says more.
    first = min((fault.position for fault in audited.faults if fault.position), default=0)
    if as_json:
        emit({"events": audited.head.position, "first_bad_position": first, "faults": audited.faults})
        return Damaged.exit_code
    for fault in audited.faults[:SHOWN]:
        warn(f"{f'position {fault.position}' if fault.position else 'the file'}: {fault.what}")
    more = len(audited.faults) - SHOWN
    if more > 0:
        warn(f"... and {more} more")
    where = f"the first bad position is {first}" if first else "no entry is bad, but the file is not as it was made"
    warn(f"Damaged: {where}. Stop writing; restore a backup (docs/runbook.md).")
    return Damaged.exit_code


def _differences(desk: Desk) -> "list[Difference]":
    from projections.compare import check

    with progress("Comparing with a fresh fold") as bar:
        return check(desk.ledger, desk.home.projections, watch=bar.reach)


def _mismatches(desk: Desk) -> "tuple[list[Mismatch], int]":
    from commands.auditing import executed_now, mismatches

    executed = executed_now(desk.ledger)
    with progress("Reading outputs and originals", len(executed)) as bar:
        return list(mismatches(iter(executed), bar.advance)), len(executed)


def _print(
    audited: "LedgerAudit",
    differences: "list[Difference]",
    mismatches: "list[Mismatch]",
    compared: int,
    seconds: float,
) -> None:
    from projections.catalogue import ALL

    for difference in differences[:SHOWN]:
        warn(f"projection {difference.projection}, {difference.part}: {difference.what}")
    for mismatch in mismatches[:SHOWN]:
        warn(f"{shown(mismatch.path)} {mismatch.what} (position {mismatch.position})")
    last = audited.head.position
    folded = (
        f"{len(differences)} rows differ from a fresh fold (crop rebuild --all)"
        if differences
        else f"{len(ALL)} projections equal to a fresh fold"
    )
    alike = f"{plural(compared, 'output')} {'matches' if compared == 1 else 'match'}"
    on_disk = f"{plural(len(mismatches), 'file')} not as recorded" if mismatches else alike
    span = f"positions 1..{last}" if last else "no positions"
    say(f"{plural(last, 'event')}, {span}, chain ok, legal order ok, {folded}, {on_disk}. {seconds:.2f} s.")
    say(f"Checkpoint to keep elsewhere: {last}:{audited.head.hash}")
