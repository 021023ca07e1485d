"""A planned day as a file for people's other programs, and the lint that any such file has to pass. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from commands.planning.policy import Policy, day_bounds, window
from ledger.errors import Invalid
from ledger.events.schedules import PlannedBlock, SchedulePlanned
from ledger.values import parse_instant

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d")


def as_file(planned: SchedulePlanned) -> dict[str, Any]:
    """The day as JSON: `date, timezone, blocks`, and beside the wall times the instants, which are never ambiguous."""
    zone = ZoneInfo(planned.timezone)
    return {
        "date": planned.date,
        "timezone": planned.timezone,
        "project": planned.project,
        "method": planned.method,
        "seed": planned.seed,
        "ledger_position": planned.ledger_position,
        "crops_max": planned.crops_max,
        "settings": json.loads(planned.settings),
        "blocks": [_block(block, zone) for block in planned.blocks],
    }


def _block(block: PlannedBlock, zone: ZoneInfo) -> dict[str, Any]:
    start, end = (parse_instant(text).astimezone(zone) for text in (block.start, block.end))
    common = {
        "type": block.kind, "start": start.strftime("%H:%M:%S"), "end": end.strftime("%H:%M:%S"),
        "start_at": start.isoformat(), "end_at": end.isoformat(),
    }  # fmt: skip
    if block.kind == "break":
        return {**common, "reason": block.reason}
    sizes = [batch.crops for batch in block.batches]
    return {
        **common, "batch_size": max(sizes, default=0), "batches": len(sizes), "crops": sum(sizes),
        "at": [batch.local for batch in block.batches], "sizes": sizes,
    }  # fmt: skip


def policy_in(file: object) -> Policy | None:
    """The settings a file says it was made by, if it says."""
    said = file.get("settings") if isinstance(file, dict) else None
    try:
        return Policy(**said) if isinstance(said, dict) else None
    except TypeError:
        return None


def lint(file: object, policy: Policy | None = None, crops_max: int | None = None) -> list[str]:
    """What is wrong with a schedule file: one sentence each; none for a good one.

    With a policy that says when days end, no block ends after that; with `crops_max`, no more crops are planned.
    """
    try:
        day, zone, blocks = _parts(file)
        spans = [_span(block, number, day, zone) for number, block in enumerate(blocks, 1)]
    except _Wrong as wrong:
        return [str(wrong)]
    return [
        *_order(spans),
        *_inside(spans, day, zone, policy),
        *(problem for number, (block, span) in enumerate(zip(blocks, spans, strict=True), 1)
          for problem in _content(block, span, number)),
        *_sum(blocks, crops_max),
    ]  # fmt: skip


class _Wrong(Exception):
    """The file is not even a schedule; the rest of the lint cannot be asked."""


def _parts(file: object) -> tuple[date, ZoneInfo, list[Mapping[str, Any]]]:
    if not isinstance(file, dict) or not {"date", "timezone", "blocks"} <= file.keys():
        raise _Wrong("A schedule is a JSON object with date, timezone and blocks.")
    try:
        day, zone = date.fromisoformat(file["date"]), ZoneInfo(file["timezone"])
    except (ValueError, TypeError, ZoneInfoNotFoundError) as error:
        raise _Wrong(f"Not a date and a zone: {file['date']!r}, {file['timezone']!r}.") from error
    blocks = file["blocks"]
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise _Wrong("blocks is a list of objects.")
    return day, zone, blocks


Span = tuple[float, float]


def _span(block: Mapping[str, Any], number: int, day: date, zone: ZoneInfo) -> Span:
    if block.get("type") not in {"work", "break"}:
        raise _Wrong(f"Block {number}: its type is work or break, not {block.get('type')!r}.")
    start_s, end_s = (_instant(block, number, side, day, zone) for side in ("start", "end"))
    return start_s, end_s


def _instant(block: Mapping[str, Any], number: int, side: str, day: date, zone: ZoneInfo) -> float:
    """The instant of a wall time: the one beside it (start_at), where there is one, or else the only one it can be."""
    text = block.get(side)
    if not isinstance(text, str) or not _CLOCK.fullmatch(text):
        raise _Wrong(f"Block {number}: {side} is HH:MM:SS, not {text!r}.")
    clock = time.fromisoformat(text)
    said = block.get(f"{side}_at")
    if said is not None:
        return _said(said, number, side, text, zone)
    meant = {datetime.combine(day, clock.replace(fold=fold), zone).timestamp() for fold in (0, 1)}
    real = [at for at in sorted(meant) if datetime.fromtimestamp(at, zone).time().replace(fold=0) == clock]
    if len(real) != 1:
        what = "comes twice" if real else "does not exist"
        raise _Wrong(f"Block {number}: {text} {what} on {day} in {zone}; {side}_at must say which instant is meant.")
    return real[0]


def _said(said: object, number: int, side: str, text: str, zone: ZoneInfo) -> float:
    try:
        moment = datetime.fromisoformat(str(said))
    except ValueError as error:
        raise _Wrong(f"Block {number}: {side}_at is not a time: {said!r}.") from error
    if moment.utcoffset() is None or moment.astimezone(zone).strftime("%H:%M:%S") != text:
        raise _Wrong(f"Block {number}: {side}_at {said!r} is not {text} in {zone}.")
    return moment.timestamp()


def _order(spans: list[Span]) -> Iterator[str]:
    for number, (start_s, end_s) in enumerate(spans, 1):
        if end_s <= start_s:
            yield f"Block {number} ends before it begins."
    for number, (before, after) in enumerate(pairwise(spans), 1):
        if after[0] < before[0]:
            yield f"Blocks {number} and {number + 1} are not in order."
        elif after[0] < before[1]:
            yield f"Blocks {number} and {number + 1} overlap."


def _inside(spans: list[Span], day: date, zone: ZoneInfo, policy: Policy | None) -> Iterator[str]:
    first_s, last_s = day_bounds(day, zone)
    stop_s = window(day, zone, policy.end_of_day_window_local)[1] if policy and policy.breaks == "policy" else last_s
    for number, (start_s, end_s) in enumerate(spans, 1):
        if start_s < first_s or end_s > last_s:
            yield f"Block {number} is not inside {day}."
        elif end_s > stop_s:
            yield f"Block {number} ends behind the end of the day."


def _content(block: Mapping[str, Any], span: Span, number: int) -> Iterator[str]:
    if block["type"] == "break":
        if not isinstance(block.get("reason"), str) or not block["reason"]:
            yield f"Block {number} is a break without a reason."
        return
    if not all(type(block.get(key)) is int and block[key] > 0 for key in ("batch_size", "batches")):
        yield f"Block {number}: batch_size and batches are whole numbers from 1."
    elif "at" in block or "sizes" in block:
        yield from _batches(block, span, number)


def _batches(block: Mapping[str, Any], span: Span, number: int) -> Iterator[str]:
    at, sizes = block.get("at"), block.get("sizes")
    if not isinstance(at, list) or not isinstance(sizes, list) or {len(at), len(sizes)} != {block["batches"]}:
        yield f"Block {number}: at and sizes have one value for each batch."
        return
    if any(type(size) is not int or not 0 < size <= block["batch_size"] for size in sizes):
        yield f"Block {number}: a batch is larger than batch_size, or empty."
    try:
        moments = [parse_instant(text).astimezone(UTC).timestamp() for text in at]
    except (Invalid, TypeError):
        yield f"Block {number}: at is a list of instants."
        return
    if moments != sorted(moments) or not (span[0] <= moments[0] and moments[-1] <= span[1]):
        yield f"Block {number}: its batches are not in order, or not inside it."


def _sum(blocks: list[Mapping[str, Any]], crops_max: int | None) -> Iterator[str]:
    counted = [block["batch_size"] * block["batches"] for block in blocks
               if type(block.get("batch_size")) is int and type(block.get("batches")) is int]  # fmt: skip
    if crops_max is not None and sum(counted) > crops_max:
        yield f"{sum(counted)} crops are planned, and the queue allows {crops_max}."
