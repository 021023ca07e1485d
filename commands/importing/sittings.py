"""Timers and sittings -> when people worked, by the tools that timed them. Pure.

- `timer_session`: a JSON object (`session_*.json`), or several in a list (`daily_*.json`); times in seconds since 1970.
- `focus_sessions`: CSV without a header, `timestamp,minutes`; the time is local, and the sitting's end.
- `timer_session_v1`: a JSON object per line; times in UTC.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

from attrs import evolve as changed

from commands.importing.facts import Fact, Reading, Told, epoch, evidence_subject
from commands.importing.fields import Fields
from commands.importing.quarantine import SetAside
from commands.importing.times import STAMP, read_time
from ledger.events.imports import SittingImported
from ledger.values import Instant, instant, parse_instant

TIMER, FOCUS, TIMER_V1 = "timer_session", "focus_sessions", "timer_session_v1"

NEVER_ENDED = "never_ended"
"""The tool never wrote an end: it may have crashed."""
TOO_ACTIVE = "too_active"
"""More work and idling than there was time between start and end."""

_LONGEST_MIN = 24 * 60
_SLACK_S = 60
_MINUTES = re.compile(r"[0-9]{1,4}(\.[0-9]{1,12})?\Z")


def is_timer(record: Mapping[str, object]) -> bool:
    """Whether an object is a session of the timer."""
    return "start_time" in record and "active_time" in record


def read_timer(record: Mapping[str, object], text: str, told: Told) -> Reading:  # noqa: ARG001  # the same form for all
    """A session of the timer; raises `SetAside`."""
    fields = Fields(record)
    start = instant(epoch(fields.values.get("start_time"), "start_time"))
    end = fields.values.get("end_time")
    event = SittingImported(
        source=TIMER, started_at=start, ended_at=None if end is None else instant(epoch(end, "end_time")),
        tool=fields.text("script_name"), session=fields.text("session_id"),
        active_s=fields.number("active_time"), idle_s=fields.number("idle_time"), record=text,
    )  # fmt: skip
    return _reading(event, start)


def is_timer_v1(record: Mapping[str, object]) -> bool:
    """Whether an object is a session of the second form."""
    return "start_ts_utc" in record


def read_timer_v1(record: Mapping[str, object], text: str, told: Told) -> Reading:
    """A session of the second form; raises `SetAside`."""
    fields = Fields(record)
    start, end = read_time(fields.required("start_ts_utc"), told.tz), fields.text("end_ts_utc")
    event = SittingImported(
        source=TIMER_V1, started_at=start, ended_at=read_time(end, told.tz) if end else None,
        tool=fields.text("script_id"), session=fields.text("session_id"), active_s=fields.number("active_seconds"),
        idle_s=fields.number("idle_seconds"), files=fields.whole("files_processed"), record=text,
    )  # fmt: skip
    return _reading(event, start)


def is_focus(fields: Sequence[str]) -> bool:
    """Whether a row is one of the focus sessions: a time, and a number of minutes."""
    return len(fields) == 2 and STAMP.match(fields[0]) is not None and _MINUTES.match(fields[1]) is not None


def read_focus(fields: Sequence[str], text: str, told: Told, *, ended: bool = True) -> Reading:
    """A focus session; raises `SetAside`."""
    if not ended:
        raise SetAside("torn", "the last line has no end, so its minutes may be cut short")
    if not is_focus(fields):
        raise SetAside("fields", f"a focus session is a time and a number of minutes, not {text[:60]!r}")
    minutes = float(fields[1])
    if not 0 < minutes <= _LONGEST_MIN:
        raise SetAside("number", f"a sitting of {minutes:g} minutes")
    end = read_time(fields[0], told.tz)
    start = instant(parse_instant(end) - timedelta(minutes=minutes))
    event = SittingImported(
        source=FOCUS, started_at=start, ended_at=end, active_s=round(minutes * 60, 6), record=text
    )  # fmt: skip
    return _reading(event, start)


def _reading(event: SittingImported, start: Instant) -> Reading:
    odd: tuple[str, ...] = ()
    if event.ended_at is None:
        odd = (NEVER_ENDED,)
    else:
        span_s = (parse_instant(event.ended_at) - parse_instant(start)).total_seconds()
        if not 0 <= span_s <= _LONGEST_MIN * 60:
            raise SetAside("time", f"a sitting from {start} to {event.ended_at}")
        if (event.active_s or 0) + (event.idle_s or 0) > span_s + _SLACK_S:
            odd = (TOO_ACTIVE,)
    event = changed(event, warnings=odd)
    # A tool's session ids are not unique across its processes; with the start they are.
    subject = evidence_subject("sitting", event.source, event.tool, event.session, start)
    return Reading((Fact(subject, event, start, f"import:{event.source}"),), start, odd)
