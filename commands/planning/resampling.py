"""Work made out of history: whole bursts with the pause behind them, single gaps, or a rate. Pure.

People work in bursts. Gaps drawn one by one, or from a rate, have the right mean and none of the texture; a block
bootstrap keeps what is inside the blocks (Künsch, "The jackknife and the bootstrap for general stationary
observations", Annals of Statistics 17 (1989) 1217-1241; with blocks of random length, Politis & Romano, "The
stationary bootstrap", JASA 89 (1994) 1303-1313). Here a block is a burst (no gap of five minutes) with the pause
behind it, and a day is a chain of blocks, each drawn among those that began at about this time of day: the local
block bootstrap of Paparoditis & Politis, C. R. Acad. Sci. Paris I 335 (2002) 959-962, for series whose law drifts.

Chance is numpy's Generator (PCG64), which comes as an argument.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from attrs import define

from commands.planning.cadence import ACTIVE_S, Day, hour_of, sittings
from commands.planning.hours import LEAN_DAYS

if TYPE_CHECKING:
    from numpy.random import Generator


class Step(NamedTuple):
    """A batch as work: how long after the batch before it, and how many crops."""

    gap_s: float
    crops: int


class Spell(NamedTuple):
    """A burst of work, a run of batches without a gap of five minutes, and the pause behind it."""

    hour: float
    """When it began, by the clock of the zone."""
    steps: tuple[Step, ...]
    """The first one's gap is 0."""
    pause_s: float | None
    """Nothing, where the day ended with it."""


class WorkedDay(NamedTuple):
    """A day of history."""

    weekday: int
    spells: tuple[Spell, ...]


@define
class History:
    """The working days to learn from; a visit (under a tenth of the longest day's batches) is none."""

    days: tuple[WorkedDay, ...]

    @classmethod
    def of(cls, days: Sequence[Day], zone: tzinfo) -> "History":
        """The history as measured, by the clock of `zone`."""
        longest = max((sum(map(len, day)) for day in days), default=0)
        return cls(tuple(_worked(day, zone) for day in days if sum(map(len, day)) * 10 >= longest))

    @cached_property
    def everyday(self) -> tuple[Spell, ...]:
        """All spells, in order of the time of day."""
        return _pooled(self.days)

    @cached_property
    def _of_weekday(self) -> dict[int, tuple[tuple[WorkedDay, ...], tuple[Spell, ...]]]:
        alike = {each.weekday: tuple(day for day in self.days if day.weekday == each.weekday) for each in self.days}
        return {weekday: (days, _pooled(days)) for weekday, days in alike.items()}

    def like(self, weekday: int, chance: "Generator") -> tuple[Sequence[WorkedDay], Sequence[Spell]]:
        """The days to learn from for a weekday, and their spells: the likelier its own, the more of them there are."""
        days, pool = self._of_weekday.get(weekday, ((), ()))
        if chance.random() < len(days) / (len(days) + LEAN_DAYS):
            return days, pool
        return self.days, self.everyday


def _pooled(days: Sequence[WorkedDay]) -> tuple[Spell, ...]:
    return tuple(sorted((spell for day in days for spell in day.spells), key=lambda spell: spell.hour))


def _worked(day: Day, zone: tzinfo) -> WorkedDay:
    runs = sittings([batch for sitting in day for batch in sitting], split_s=ACTIVE_S)
    spells = []
    for number, run in enumerate(runs):
        gaps = (0.0, *(max(0.0, after.start_s - before.end_s) for before, after in pairwise(run)))
        steps = tuple(Step(gap, batch.crops) for gap, batch in zip(gaps, run, strict=True))
        pause_s = runs[number + 1][0].start_s - run[-1].end_s if number + 1 < len(runs) else None
        spells.append(Spell(hour_of(run[0].start_s, zone), steps, pause_s))
    return WorkedDay(datetime.fromtimestamp(day[0][0].start_s, zone).weekday(), tuple(spells))


def nearest(pool: Sequence[Spell], hour: float) -> Sequence[Spell]:
    """The spells that began nearest to this time of day: the more there are, the nearer. `pool` is in order of it."""
    wanted = min(len(pool), max(4, round(math.sqrt(len(pool)))))
    low = high = bisect_left(pool, hour, key=lambda spell: spell.hour)
    while high - low < wanted:
        if high == len(pool) or (low > 0 and hour - pool[low - 1].hour <= pool[high].hour - hour):
            low -= 1
        else:
            high += 1
    return pool[low:high]


def day_by_blocks(
    pool: Sequence[Spell], start_s: float, zone: tzinfo, chance: "Generator"
) -> Iterator[tuple[float, int]]:
    """Batches (instant, crops) of a day that begins at `start_s` and ends behind a spell that ended one."""
    now_s = start_s
    while True:
        near = nearest(pool, hour_of(now_s, zone))
        spell = near[int(chance.integers(len(near)))]
        for step in spell.steps:
            now_s += step.gap_s
            yield now_s, step.crops
        if spell.pause_s is None:
            return
        now_s += spell.pause_s


def day_by_gaps(
    days: Sequence[WorkedDay], start_s: float, zone: tzinfo, chance: "Generator"
) -> Iterator[tuple[float, int]]:
    """Batches of a day whose gaps and sizes are drawn one by one among those of the same hour (hour-bootstrap).

    The gaps include the breaks. An hour that was not seen borrows from all; so does every hour a little, the more
    the fewer days it was seen on. What the day lacks is what made a burst a burst: neighbours are independent.
    """
    by_hour, every = _gaps_by_hour(days)
    now_s, crops = start_s, every[int(chance.integers(len(every)))].crops
    length_s = _length_s(days[int(chance.integers(len(days)))])
    while now_s <= start_s + length_s:
        yield now_s, crops
        same, seen = by_hour.get(int(hour_of(now_s, zone)), ((), 0))
        steps = same if chance.random() < seen / (seen + LEAN_DAYS) else every
        gap_s, crops = steps[int(chance.integers(len(steps)))]
        now_s += max(1.0, gap_s)


def _gaps_by_hour(days: Sequence[WorkedDay]) -> tuple[dict[int, tuple[Sequence[Step], int]], Sequence[Step]]:
    steps: dict[int, list[Step]] = {}
    seen: dict[int, set[int]] = {}
    for number, day in enumerate(days):
        for spell in day.spells:
            hour = int(spell.hour) % 24
            seen.setdefault(hour, set()).add(number)
            steps.setdefault(hour, []).extend(spell.steps[1:])
            if spell.pause_s is not None:
                steps[hour].append(Step(spell.pause_s, spell.steps[0].crops))
    every = [step for hour in sorted(steps) for step in steps[hour]] or [
        Step(60.0, day.spells[0].steps[0].crops) for day in days
    ]
    return {hour: (found, len(seen[hour])) for hour, found in steps.items() if found}, every


def _length_s(day: WorkedDay) -> float:
    return sum(sum(step.gap_s for step in spell.steps) + (spell.pause_s or 0.0) for spell in day.spells)


def day_by_rate(
    days: Sequence[WorkedDay], first_s: float, last_s: float, zone: tzinfo, chance: "Generator"
) -> Iterator[tuple[float, int]]:
    """Batches of a non-homogeneous Poisson process with the history's rate by hour, by thinning.

    Lewis & Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", Naval Research Logistics Quarterly
    26 (1979) 403-413. It knows how much is done at which hour, and nothing of bursts or breaks.
    """
    rates, sizes = _hourly(days), [step.crops for day in days for spell in day.spells for step in spell.steps]
    highest = max(rates)
    now_s = first_s
    while True:
        now_s += float(chance.exponential(3600 / highest))
        if now_s >= last_s:
            return
        if chance.random() * highest <= rates[int(hour_of(now_s, zone))]:
            yield now_s, sizes[int(chance.integers(len(sizes)))]


def _hourly(days: Sequence[WorkedDay]) -> list[float]:
    """Batches begun in each hour of a working day, on average."""
    counted = [0.0] * 24
    for day in days:
        for spell in day.spells:
            hour = spell.hour
            for step in spell.steps:
                hour += step.gap_s / 3600
                counted[int(hour) % 24] += 1
    return [count / len(days) for count in counted]


def steps_by_blocks(pool: Sequence[Spell], start_s: float, zone: tzinfo, chance: "Generator") -> Iterator[Step]:
    """Work without end and without breaks: the steps of whole spells that began at about this time of day."""
    now_s = start_s
    while True:
        near = nearest(pool, hour_of(now_s, zone))
        for step in near[int(chance.integers(len(near)))].steps[1:]:
            now_s += step.gap_s
            yield step


def steps_one_by_one(pool: Sequence[Spell], chance: "Generator") -> Iterator[Step]:
    """Work without end: gaps and sizes drawn independently."""
    steps = [step for spell in pool for step in spell.steps[1:]]
    while True:
        yield steps[int(chance.integers(len(steps)))]


def steps_by_rate(pool: Sequence[Spell], chance: "Generator") -> Iterator[Step]:
    """Work without end: exponential gaps with the history's mean, sizes as they come."""
    steps = [step for spell in pool for step in spell.steps[1:]]
    mean_s = math.fsum(step.gap_s for step in steps) / len(steps)
    while True:
        yield Step(float(chance.exponential(mean_s)), steps[int(chance.integers(len(steps)))].crops)


def without_pauses(pool: Sequence[Spell], shorter_than_s: float) -> tuple[Spell, ...]:
    """The spells, less their longer gaps; those of which no gap is left are left out."""
    kept = (
        spell._replace(steps=(spell.steps[0], *(step for step in spell.steps[1:] if 0 < step.gap_s < shorter_than_s)))
        for spell in pool
    )
    return tuple(spell for spell in kept if len(spell.steps) > 1)
