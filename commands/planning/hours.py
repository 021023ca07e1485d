"""The pace by weekday and hour, where most hours of most weekdays were never seen. Pure.

A cell (Tuesday, 10:00) that was seen on few days leans on that hour of all days, and that hour on all hours: the more
days, the less it leans. The weight of n days of its own is n / (n + `LEAN_DAYS`): shrinkage towards the mean of the
larger group, as in Efron & Morris, "Stein's estimation rule and its competitors", JASA 68 (1973) 117-130, with days
as the unit, since two batches of one hour are not independent.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo
from typing import NamedTuple

from attrs import Factory, define, frozen

LEAN_DAYS = 4.0
"""So many days of its own weigh as much as the larger group."""


class Stretch(NamedTuple):
    """A batch, and the active time that led to it."""

    start_s: float
    active_s: float
    crops: int


@frozen
class Bucket:
    """An hour of a weekday: its pace, and how much of that is its own, its hour's and everybody's."""

    weekday: int
    """0 is Monday."""
    hour: int
    days: int
    """Days on which this hour of this weekday was worked."""
    crops: int
    active_min: float
    crops_per_active_hour: float
    """Shrunk."""
    gap_s: float
    """The typical (geometric mean) time between batches, shrunk."""
    batches_per_hour: float
    """Batches in an hour of a day that is worked, shrunk."""
    own: float
    """The share of the cell's own history in these three."""
    of_hour: float
    """The share of the same hour on other days."""
    of_pool: float
    """The share of all hours."""


@define
class _Seen:
    """What was seen in a cell, an hour, or at all."""

    crops: int = 0
    batches: int = 0
    active_s: float = 0.0
    gaps: int = 0
    log_gaps: float = 0.0
    days: set[date] = Factory(set)

    def add(self, stretch: Stretch) -> None:
        self.crops += stretch.crops
        self.batches += 1
        if stretch.active_s:
            self.active_s += stretch.active_s
            self.gaps += 1
            self.log_gaps += math.log(max(stretch.active_s, 0.001))

    @classmethod
    def of(cls, parts: Iterable["_Seen"]) -> "_Seen":
        """What was seen in several cells together."""
        parts = list(parts)
        crops, batches, gaps = (sum(getattr(part, name) for part in parts) for name in ("crops", "batches", "gaps"))
        active_s, log_gaps = math.fsum(part.active_s for part in parts), math.fsum(part.log_gaps for part in parts)
        return cls(crops, batches, active_s, gaps, log_gaps, {day for part in parts for day in part.days})

    @property
    def pace(self) -> float:
        return self.crops / self.active_s * 3600 if self.active_s else 0.0

    @property
    def log_gap(self) -> float:
        return self.log_gaps / self.gaps if self.gaps else 0.0

    @property
    def weight(self) -> float:
        """How much it counts beside its larger group."""
        days = len(self.days) if self.gaps else 0
        return days / (days + LEAN_DAYS)


def buckets_of(stretches: Sequence[Stretch], zone: tzinfo) -> tuple[Bucket, ...]:
    """All 168 hours of the week, by the clock of `zone`; none, if nothing was seen."""
    if not stretches:
        return ()
    cells = _cells(stretches, zone)
    hours = [_Seen.of(cells[weekday][hour] for weekday in range(7)) for hour in range(24)]
    pool = _Seen.of(hours)
    weekdays = Counter(day.weekday() for day in pool.days)
    return tuple(
        _bucket(weekday, hour, cells[weekday][hour], hours[hour], pool, weekdays[weekday])
        for weekday in range(7)
        for hour in range(24)
    )


_QUARTER_S = 900
"""Clocks change by quarters of an hour, at quarters of an hour: within one, the local hour is the same."""


def _cells(stretches: Sequence[Stretch], zone: tzinfo) -> list[list[_Seen]]:
    cells = [[_Seen() for _ in range(24)] for _ in range(7)]
    known: dict[int, _Seen] = {}
    for stretch in stretches:
        quarter = int(stretch.start_s // _QUARTER_S)
        seen = known.get(quarter)
        if seen is None:
            local = datetime.fromtimestamp(stretch.start_s, zone)
            seen = known[quarter] = cells[local.weekday()][local.hour]
            seen.days.add(local.date())
        seen.add(stretch)
    return cells


def _bucket(weekday: int, hour: int, cell: _Seen, same_hour: _Seen, pool: _Seen, weekdays: int) -> Bucket:
    own = cell.weight
    of_hour = (1 - own) * same_hour.weight
    of_pool = 1 - own - of_hour
    # How often an hour is worked is known from every day that was worked, also from those on which this hour was not.
    known = weekdays / (weekdays + LEAN_DAYS)
    often_here, often = cell.batches / max(1, weekdays), same_hour.batches / len(pool.days)
    return Bucket(
        weekday, hour, len(cell.days), cell.crops, round(cell.active_s / 60, 2),
        round(own * cell.pace + of_hour * same_hour.pace + of_pool * pool.pace, 2),
        round(math.exp(own * cell.log_gap + of_hour * same_hour.log_gap + of_pool * pool.log_gap), 3),
        round(known * often_here + (1 - known) * often, 3), round(own, 4), round(of_hour, 4), round(of_pool, 4),
    )  # fmt: skip
