"""What a history does not support: too few days, hours nobody worked, a zone that does not fit. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import Protocol
from zoneinfo import ZoneInfo

from commands.planning.cadence import Cadence, Day, breaks, hour_of

DAYS_FOR_WEEKDAYS = 4
"""A weekday that was seen on fewer days says little about itself."""
DAYS_FOR_BLOCKS = 3
"""With fewer working days there is too little to resample."""
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")

ZONES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Anchorage",
    "Pacific/Honolulu", "America/Sao_Paulo", "Europe/London", "Europe/Berlin", "Europe/Athens", "Europe/Moscow", "UTC",
    "Asia/Dubai", "Asia/Kolkata", "Asia/Bangkok", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
"""Where a clock may have stood: the first of these that fits is named."""


class ToolStart(Protocol):
    """What a tool said of its own clock when it started; `projections.cadence.ToolStart` is one."""

    @property
    def session(self) -> str:
        """A local time, in some layouts."""
        ...

    @property
    def first_s(self) -> float:
        """Its first crop, in seconds since 1970."""
        ...


def unsupported(
    cadence: Cadence, worked: Sequence[Day], zone: tzinfo, starts: Iterable[ToolStart], lunch: tuple[str, str]
) -> tuple[str, ...]:
    """Sentences for the person, the most important first."""
    if not worked:
        return ("There is no history: nothing was marked here by a person, and nothing imported.",)
    said = [
        _too_few(cadence),
        better_zone(starts, zone) or _by_night(worked, zone),
        _weekdays(worked, zone),
        _hours(cadence),
        _lunch(worked, zone, lunch),
        _few_breaks(cadence),
    ]
    return tuple(sentence for sentence in said if sentence)


def _too_few(cadence: Cadence) -> str | None:
    if cadence.days >= DAYS_FOR_BLOCKS:
        return None
    return f"Only {cadence.days} working days: too few to resample; a plan from this is a guess (--method poisson)."


def _weekdays(worked: Sequence[Day], zone: tzinfo) -> str | None:
    seen = Counter(datetime.fromtimestamp(day[0][0].start_s, zone).weekday() for day in worked)
    few = [name for number, name in enumerate(WEEKDAYS) if seen[number] < DAYS_FOR_WEEKDAYS]
    if not few:
        return None
    which = "any weekday" if len(few) == len(WEEKDAYS) else ", ".join(few)
    return f"Too few days to tell {which} from the rest: {len(worked)} in all."


def _hours(cadence: Cadence) -> str | None:
    seen = sum(bucket.days > 0 for bucket in cadence.buckets)
    if seen * 2 >= len(cadence.buckets):
        return None
    return f"{seen} of 168 hours of the week were ever worked; the others borrow from the same hour, then from all."


def _lunch(worked: Sequence[Day], zone: tzinfo, lunch: tuple[str, str]) -> str | None:
    first, last = (int(text[:2]) + int(text[3:5]) / 60 for text in lunch)
    # A day tells of a lunch only if it was worked before and after the window.
    across = [day for day in worked if _spans(day, first, last, zone)]
    with_one = sum(_paused(day, first, last, zone) for day in across)
    if across and with_one * 2 >= len(across):
        return None
    return (
        f"No lunch is visible: a break between {lunch[0]} and {lunch[1]} on {with_one} of the {len(across)} days that "
        "were worked before and after."
    )


def _spans(day: Day, first: float, last: float, zone: tzinfo) -> bool:
    return hour_of(day[0][0].start_s, zone) < first and hour_of(day[-1][-1].end_s, zone) > last


def _paused(day: Day, first: float, last: float, zone: tzinfo) -> bool:
    return any(
        pause >= 20 * 60 and first - 0.5 <= hour_of(sitting[-1].end_s, zone) <= last
        for sitting, pause in zip(day, breaks(day), strict=False)
    )


def _few_breaks(cadence: Cadence) -> str | None:
    if cadence.break_min.count >= 20:
        return None
    return f"Only {cadence.break_min.count} breaks inside days: their lengths are known roughly."


def better_zone(starts: Iterable[ToolStart], zone: tzinfo) -> str | None:
    """Name the zone in which the tool's own clock stood, where that is not the zone of work."""
    offsets = [(at, offset) for start in starts if (found := _clock(start)) for at, offset in [found]]
    agree = sum(at.astimezone(zone).utcoffset() == offset for at, offset in offsets)
    if len(offsets) < 2 or agree * 2 >= len(offsets):
        return None
    common, times = Counter(offset for _, offset in offsets).most_common(1)[0]
    fitting = {
        name: sum(at.astimezone(ZoneInfo(name)).utcoffset() == offset for at, offset in offsets) for name in ZONES
    }
    best = max(ZONES, key=lambda name: fitting[name])
    named = f" {best} fits." if fitting[best] > agree else ""
    return (
        f"The zone {zone} does not fit: the tool's own clock stood at UTC{_hours_text(common)} in {times} of "
        f"{len(offsets)} sessions.{named}"
    )


def _clock(start: ToolStart) -> tuple[datetime, timedelta] | None:
    """The offset of a clock that was read when a tool started, from its first crop at most a quarter hour later."""
    try:
        said = datetime.fromisoformat(start.session).replace(tzinfo=UTC)
    except ValueError:
        return None
    at = datetime.fromtimestamp(start.first_s, UTC)
    quarters = -((at - said) // timedelta(minutes=15))
    return (at, timedelta(minutes=15 * quarters)) if abs(quarters) <= 14 * 4 else None


def _hours_text(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{sign}{minutes // 60}" + (f":{minutes % 60:02d}" if minutes % 60 else "")


NIGHT: Mapping[str, float] = MappingProxyType({"from_hour": 0.0, "to_hour": 5.0, "share": 0.25})
"""More than this share of the work between these hours is unlikely for anybody's own zone."""


def _by_night(worked: Sequence[Day], zone: tzinfo) -> str | None:
    hours = [hour_of(batch.start_s, zone) for day in worked for sitting in day for batch in sitting]
    late = sum(NIGHT["from_hour"] <= hour < NIGHT["to_hour"] for hour in hours)
    if late < NIGHT["share"] * len(hours):
        return None
    return f"{late / len(hours):.0%} of the work is between midnight and 05:00 by {zone}: is that the zone? (--tz)"
