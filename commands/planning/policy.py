"""The day as the settings want it: bursts of work with micro, coffee and lunch breaks, and an end. Pure."""

import json
import math
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from attrs import asdict, fields, frozen

if TYPE_CHECKING:
    from numpy.random import Generator


@frozen(kw_only=True)
class Policy:
    """The settings that a plan depends on; the names are theirs."""

    batch_size_default: int
    micro_break_min_s: float
    micro_break_max_s: float
    burst_min_s: float
    burst_max_s: float
    coffee_every_min: float
    coffee_break_min_s: float
    coffee_break_max_s: float
    lunch_window_local: tuple[str, str]
    lunch_break_min_s: float
    lunch_break_max_s: float
    end_of_day_window_local: tuple[str, str]
    breaks: str
    queue_margin_percent: float

    @classmethod
    def of(cls, settings: Any) -> "Policy":  # noqa: ANN401  # whatever has these names: the settings, or another policy
        """The part of the settings that a plan depends on."""
        return cls(**{field.name: getattr(settings, field.name) for field in fields(cls)})

    def as_text(self) -> str:
        """JSON text with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))


class Burst(NamedTuple):
    """A stretch in which work may be planned, in whole seconds, and the break behind it."""

    start_s: int
    end_s: int
    rest: str


DAY_BEGINS = time(9)
"""When a day begins that nobody said anything about."""


def instant_of(day: date, clock: time, zone: ZoneInfo) -> float:
    """The instant of a wall clock's time on a day; a time that the clock leaps over is as much later as it leaps.

    A time that comes twice is its first coming (PEP 495: `fold` is 0).
    """
    return datetime.combine(day, clock, zone).timestamp()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[float, float]:
    """The first instant of a day and that of the next: 23, 24 or 25 hours apart, or what the zone had in mind."""
    return instant_of(day, time(0), zone), instant_of(day + timedelta(days=1), time(0), zone)


def window(day: date, zone: ZoneInfo, clocks: tuple[str, str]) -> tuple[float, float]:
    """The instants of a window of the wall clock on a day."""
    first, last = (instant_of(day, time.fromisoformat(clock), zone) for clock in clocks)
    return first, max(first, last)


def bursts(day: date, zone: ZoneInfo, policy: Policy, start_s: float, chance: "Generator") -> Iterator[Burst]:
    """The stretches of work of a day that begins at `start_s`; between them the policy's breaks, at the end its end."""
    stop_s = _drawn(*window(day, zone, policy.end_of_day_window_local), chance)
    lunch_s = _drawn(*window(day, zone, policy.lunch_window_local), chance)
    now_s = rested_s = math.ceil(start_s)
    due_s = lunch_s if now_s < lunch_s else None
    while now_s < stop_s:
        end_s = min(stop_s, now_s + _drawn(policy.burst_min_s, policy.burst_max_s, chance))
        if due_s is not None and due_s - now_s <= policy.burst_max_s:
            end_s = min(stop_s, max(now_s, due_s))
        rest, rest_s = _rest(policy, end_s, rested_s, due_s, chance)
        if due_s is not None and rest != "lunch" and end_s + rest_s >= due_s:
            # The next burst would begin at the time for lunch or behind it: two equal ones fit before it, or one.
            half_s = (due_s - now_s - rest_s) // 2
            end_s = now_s + half_s if half_s > 0 else min(stop_s, due_s)
            rest, rest_s = (rest, rest_s) if half_s > 0 else _rest(policy, due_s, rested_s, due_s, chance)
        if end_s > now_s:
            yield Burst(now_s, end_s, rest)
        rested_s = end_s if rest != "micro" else rested_s
        due_s = None if rest == "lunch" else due_s
        now_s = end_s + rest_s


def _rest(policy: Policy, end_s: int, rested_s: int, lunch_s: int | None, chance: "Generator") -> tuple[str, int]:
    if lunch_s is not None and end_s >= lunch_s:
        return "lunch", _drawn(policy.lunch_break_min_s, policy.lunch_break_max_s, chance)
    if end_s - rested_s >= policy.coffee_every_min * 60:
        return "coffee", _drawn(policy.coffee_break_min_s, policy.coffee_break_max_s, chance)
    return "micro", _drawn(policy.micro_break_min_s, policy.micro_break_max_s, chance)


def _drawn(least: float, most: float, chance: "Generator") -> int:
    """A whole number of seconds, at least one, between the two wherever there is one between them."""
    return max(1, min(math.floor(most), math.ceil(float(chance.uniform(least, max(least, most))))))


def reason_of(start_s: float, length_s: float, day: date, zone: ZoneInfo, policy: Policy) -> str:
    """What a pause of this length at this time is called."""
    first, last = window(day, zone, policy.lunch_window_local)
    if length_s >= policy.lunch_break_min_s and first <= start_s + length_s and start_s <= last:
        return "lunch" if length_s <= 2 * policy.lunch_break_max_s else "away"
    if length_s > max(policy.lunch_break_max_s, policy.coffee_break_max_s):
        return "away"
    return "coffee" if length_s >= policy.coffee_break_min_s else "micro"
