"""File-operation logs -> what other tools did with files. Pure.

- `tracker_log`: JSON lines of several types. Before 2025-10-31 their times are naive and local. Directories may be
  absolute or bare names, counts may include companions, a field may hold its neighbour's value: nothing is put right,
  the line is kept as it was.
- `operation_events_v1`: the same events gathered later. Times whose zone was guessed (`local_guess`) are local times
  that were written down as UTC.
- `timing_log`: CSV, one row per batch that was carried out.
"""

import re
from collections.abc import Mapping, Sequence

from commands.importing.facts import Fact, Reading, Told, evidence_subject
from commands.importing.fields import Fields
from commands.importing.quarantine import SetAside
from commands.importing.times import STAMP, read_time
from ledger.events.imports import OperationImported
from ledger.values import Instant

TRACKER, EVENTS, TIMING = "tracker_log", "operation_events_v1", "timing_log"

TYPES = (
    "session_start", "session_end", "file_operation", "batch_start", "batch_end", "user_action",
    "metric_mode_update", "directory_state",
)  # fmt: skip
OPERATIONS = ("move", "copy", "delete", "create", "crop", "skip", "send_to_trash", "stage_delete", "error")

UNKNOWN_OPERATION = "unknown_operation"
"""The operation is none of those the tool has: the field may hold its neighbour's value."""
UNKNOWN_COUNT = "unknown_count"
"""The number of files is no number."""


def is_tracker_line(record: Mapping[str, object]) -> bool:
    """Whether an object is a line of the tracker's log."""
    return record.get("type") in TYPES and "timestamp" in record


def read_tracker_line(record: Mapping[str, object], text: str, told: Told) -> Reading:
    """What the line says; raises `SetAside`."""
    fields = Fields(record)
    stamp = fields.required("timestamp")
    return _operation(fields, text, TRACKER, fields.required("type"), stamp, read_time(stamp, told.tz), "script")


def is_operation_event(record: Mapping[str, object]) -> bool:
    """Whether an object is an event of the second form."""
    return str(record.get("event_id", "")).startswith("evt:") and "ts_utc" in record


def read_operation_event(record: Mapping[str, object], text: str, told: Told) -> Reading:
    """What the event says; raises `SetAside`."""
    fields = Fields(record)
    stamp = fields.required("ts_utc")
    if fields.text("tz_source") == "local_guess":
        # The digits are those of a local clock, whatever zone was written behind them.
        at = read_time(re.sub(r"(Z|[+-]\d\d:?\d\d)\Z", "", stamp), told.tz)
    else:
        at = read_time(stamp, told.tz)
    return _operation(fields, text, EVENTS, fields.required("event_type"), stamp, at, "script_id")


def _operation(
    fields: Fields, text: str, source: str, kind: str, stamp: str, at: Instant, tool: str
) -> Reading:  # fmt: skip
    odd: tuple[str, ...] = ()
    operation = fields.text("operation")
    if operation is not None and operation not in OPERATIONS:
        odd = (UNKNOWN_OPERATION,)
    count = fields.values.get("file_count")
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or not 0 <= count < 10**9):
        count, odd = None, (*odd, UNKNOWN_COUNT)
    event = OperationImported(
        source=source, kind=kind, stamp=stamp, tool=fields.text(tool), session=fields.text("session_id"),
        operation=operation, source_dir=_loose(fields, "source_dir"), destination_dir=_loose(fields, "dest_dir"),
        count=count, files=fields.texts("files") or fields.texts("files_sample"), notes=_loose(fields, "notes"),
        record=text, warnings=odd,
    )  # fmt: skip
    subject = evidence_subject("operation", source, text)
    return Reading((Fact(subject, event, at, f"import:{source}"),), at, odd)


def _loose(fields: Fields, key: str) -> str | None:
    """A text if it is one; these fields hold their neighbours' values at times, and the record keeps them."""
    value = fields.values.get(key)
    return fields.text(key) if isinstance(value, str) else None


_BATCH = re.compile(r"[0-9]{8}_[0-9]{6}_[0-9]{1,6}\Z")
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,20})?\Z")
TIMING_NAMES = (
    "batch_id", "timestamp_queued", "timestamp_started", "timestamp_completed", "crops_in_batch", "total_time_ms",
    "avg_time_per_crop_ms", "project_id", "session_id",
)  # fmt: skip


def is_timing(fields: Sequence[str]) -> bool:
    """Whether a row is one of the timing log."""
    return len(fields) == len(TIMING_NAMES) and _BATCH.match(fields[0]) is not None


def read_timing(fields: Sequence[str], text: str, told: Told, *, ended: bool = True) -> Reading:
    """When a batch was carried out, and how long it took; raises `SetAside`."""
    if not ended:
        raise SetAside("torn", "the last line has no end, so its session may be cut short")
    row = dict(zip(TIMING_NAMES, fields, strict=True))
    for name in ("crops_in_batch", "total_time_ms", "avg_time_per_crop_ms"):
        if _NUMBER.match(row[name]) is None:
            raise SetAside("number", f"{name} is a number, not {row[name]!r}")
    if not row["crops_in_batch"].isdigit():
        raise SetAside("number", f"crops_in_batch is a whole number, not {row['crops_in_batch']!r}")
    for name in ("timestamp_queued", "timestamp_started", "timestamp_completed"):
        if STAMP.match(row[name]) is None:
            raise SetAside("time", f"{name} is not a time: {row[name]!r}")
    at = read_time(row["timestamp_completed"], told.tz)
    event = OperationImported(
        source=TIMING, kind="batch_timing", stamp=row["timestamp_completed"], session=row["session_id"] or None,
        project=row["project_id"] or told.project, operation="crop", count=int(row["crops_in_batch"]), record=text,
    )  # fmt: skip
    return Reading((Fact(evidence_subject("timing", row["batch_id"], text), event, at, f"import:{TIMING}"),), at)
