"""The rhythm of human work: batches, the time between them, sittings, breaks and days. Pure: history -> rhythm.

The time between two batches runs from the end of one to the start of the next. The gap between two rows of one submit
is how fast a tool writes, not how fast a person works, and is never taken for it.
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, tzinfo
from itertools import chain, groupby, pairwise
from typing import NamedTuple, Protocol

from attrs import frozen

from commands.planning.figures import Spread, burstiness, fano, memory, windows
from commands.planning.hours import Bucket, Stretch, buckets_of

SAME_SUBMIT_S = 1.0
"""Rows less than this apart, in one directory, were written by one submit."""
BATCH_MAX = 3
"""Crops in one submit."""
READ_WHOLE = 9
"""More crops than this within one submit's time were read from a file; they say nothing about anyone's pace."""
ACTIVE_S = 300.0
"""A gap shorter than this is work; a longer one is a pause."""
SITTING_S = 600.0
"""A gap longer than this ends a sitting."""
NIGHT_S = 4 * 3600.0
"""A break this long, with two of the hours from midnight to six in it, ends the day."""
FANO_S = 300.0
"""The width of the windows in which batches are counted for the Fano factor."""


class HumanCrop(Protocol):
    """A crop that a person marked; `projections.cadence.HumanCrop` is one."""

    @property
    def who(self) -> str:
        """The person."""
        ...

    @property
    def project(self) -> str:
        """The project."""
        ...

    @property
    def directory(self) -> str:
        """The image's directory."""
        ...

    @property
    def at_s(self) -> float:
        """When, in seconds since 1970."""
        ...


class Batch(NamedTuple):
    """The crops of one submit. A tuple, as a long history has hundreds of thousands."""

    start_s: float
    end_s: float
    crops: int


Sitting = tuple[Batch, ...]
"""Batches of one person without a gap over `SITTING_S`, in order."""

Day = tuple[Sitting, ...]
"""The sittings of one person between two nights."""


def batches(crops: Iterable[HumanCrop]) -> list[list[Batch]]:
    """The batches of each person, in order, from crops that are in order of person and time."""
    people = groupby(crops, key=lambda crop: crop.who)
    return [[batch for submit in _submits(own) for batch in _split(submit)] for _, own in people]


def _submits(crops: Iterable[HumanCrop]) -> list[list[float]]:
    submits: list[list[float]] = []
    place: tuple[str, str] | None = None
    before_s = -math.inf
    for crop in crops:
        at_s, there = crop.at_s, (crop.directory, crop.project)
        if at_s - before_s < SAME_SUBMIT_S and there == place:
            submits[-1].append(at_s)
        else:
            submits.append([at_s])
        before_s, place = at_s, there
    return submits


def _split(submit: list[float]) -> list[Batch]:
    if len(submit) > READ_WHOLE:
        return []
    parts = (submit[first : first + BATCH_MAX] for first in range(0, len(submit), BATCH_MAX))
    return [Batch(part[0], part[-1], len(part)) for part in parts]


def gaps(sitting: Sequence[Batch]) -> list[float]:
    """Seconds from the end of each batch to the start of the next."""
    return [max(0.0, after.start_s - before.end_s) for before, after in pairwise(sitting)]


def sittings(own: Sequence[Batch], split_s: float = SITTING_S) -> list[Sitting]:
    """One person's batches, split where a gap is longer than `split_s`."""
    found: list[list[Batch]] = []
    for batch in own:
        if found and batch.start_s - found[-1][-1].end_s <= split_s:
            found[-1].append(batch)
        else:
            found.append([batch])
    return [tuple(each) for each in found]


def days(own: Sequence[Sitting], zone: tzinfo) -> list[Day]:
    """One person's sittings by working day: nights are told by the clock of `zone`."""
    found: list[list[Sitting]] = []
    for sitting in own:
        if found and not _night(found[-1][-1][-1].end_s, sitting[0].start_s, zone):
            found[-1].append(sitting)
        else:
            found.append([sitting])
    return [tuple(day) for day in found]


def _night(end_s: float, start_s: float, zone: tzinfo) -> bool:
    if start_s - end_s < NIGHT_S:
        return False
    first, last = datetime.fromtimestamp(end_s, zone), datetime.fromtimestamp(start_s, zone)
    if start_s - end_s >= 86_400:
        return True
    return any(_small_hours(date, end_s, start_s, zone) >= 2 * 3600 for date in {first.date(), last.date()})


def _small_hours(day: date, end_s: float, start_s: float, zone: tzinfo) -> float:
    """Seconds between midnight and six of this date that lie between the two moments."""
    midnight = datetime.combine(day, time(0), zone).timestamp()
    six = datetime.combine(day, time(6), zone).timestamp()
    return min(start_s, six) - max(end_s, midnight)


def breaks(day: Day) -> list[float]:
    """Seconds between the sittings of a day."""
    return [after[0].start_s - before[-1].end_s for before, after in pairwise(day)]


def timed_breaks(timed: Iterable[tuple[float, float]], worked: Sequence[Day], zone: tzinfo) -> list[float]:
    """Seconds between the stretches of work that another tool timed, given as start and end in seconds since 1970.

    They calibrate breaks where the crops cannot: on dates without any. Stretches less than a sitting's gap apart are
    one, and nights are no breaks.
    """
    known = {
        datetime.fromtimestamp(moment, zone).date()
        for day in worked
        for moment in (day[0][0].start_s, day[-1][-1].end_s)
    }
    joined: list[tuple[float, float]] = []
    for start_s, end_s in sorted(timed):
        if datetime.fromtimestamp(start_s, zone).date() in known:
            continue
        if joined and start_s - joined[-1][1] <= SITTING_S:
            joined[-1] = joined[-1][0], max(joined[-1][1], end_s)
        else:
            joined.append((start_s, end_s))
    return [
        after[0] - before[1] for before, after in pairwise(joined) if not _night(before[1], after[0], zone)
    ]  # fmt: skip


def all_days(crops: Iterable[HumanCrop], zone: tzinfo) -> list[Day]:
    """Everybody's working days, in order of time."""
    return sorted(
        (day for own in batches(crops) for day in days(sittings(own), zone)), key=lambda day: day[0][0].start_s
    )


@frozen
class Pace:
    """How fast the work goes in one part of a sitting."""

    from_min: int
    crops: int
    crops_per_active_hour: float


@frozen
class Cadence:
    """The measured rhythm. Times between batches run from the end of one to the start of the next."""

    timezone: str
    project: str | None
    ledger_position: int
    days: int
    """Working days; one that two people worked is two."""
    crops: int
    batches: int
    batch_sizes: Mapping[int, float]
    """The share of batches with 1, 2 and 3 crops."""
    gap_s: Spread
    """Between batches, inside sittings."""
    burstiness: float
    memory: float
    fano_5_min: float
    sittings: int
    sitting_min: Spread
    sitting_crops: Spread
    break_min: Spread
    """Between sittings of one day; also by the sittings that other tools timed on days without a known crop."""
    active_hours: float
    crops_per_active_hour: float
    day_start_hour: Spread
    """When days begin, by the clock of the zone."""
    day_end_hour: Spread
    day_active_hours: Spread
    through_sitting: tuple[Pace, ...]
    buckets: tuple[Bucket, ...]
    unsupported: tuple[str, ...] = ()
    """What the history is too short or too uneven to say."""


def cadence_of(
    worked: Sequence[Day],
    zone: tzinfo,
    *,
    project: str | None = None,
    position: int = 0,
    timed: Iterable[tuple[float, float]] = (),
) -> Cadence:
    """The rhythm of these days, by the clock of `zone`; `timed` is work that other tools timed, for the breaks."""
    sat = list(chain.from_iterable(worked))
    every = list(chain.from_iterable(sat))
    runs = [gaps(sitting) for sitting in sat]
    within = list(chain.from_iterable(runs))
    sizes = Counter(batch.crops for batch in every)
    crops, active_s = sum(batch.crops for batch in every), _active_s(runs)
    pauses = [*chain.from_iterable(map(breaks, worked)), *timed_breaks(timed, worked, zone)]
    return Cadence(
        timezone=str(zone), project=project, ledger_position=position, days=len(worked), crops=crops,
        batches=len(every), batch_sizes={size: round(sizes[size] / max(1, len(every)), 4) for size in (1, 2, 3)},
        gap_s=Spread.of(within), burstiness=round(burstiness(within), 4), memory=round(memory(runs), 4),
        fano_5_min=round(fano([count for sitting in sat for count in counts(sitting)]), 4),
        sittings=len(sat), sitting_min=Spread.of((each[-1].end_s - each[0].start_s) / 60 for each in sat),
        sitting_crops=Spread.of(sum(batch.crops for batch in each) for each in sat),
        break_min=Spread.of(pause / 60 for pause in pauses),
        active_hours=round(active_s / 3600, 3),
        crops_per_active_hour=round(crops / active_s * 3600, 2) if active_s else 0.0,
        day_start_hour=Spread.of(hour_of(day[0][0].start_s, zone) for day in worked),
        day_end_hour=Spread.of(hour_of(day[-1][-1].end_s, zone) for day in worked),
        day_active_hours=Spread.of(_active_s(map(gaps, day)) / 3600 for day in worked),
        through_sitting=_through(sat, runs), buckets=buckets_of(_stretches(sat, runs), zone),
    )  # fmt: skip


def counts(sitting: Sitting) -> list[int]:
    """Batches in each whole five minutes of a sitting."""
    return windows([batch.start_s for batch in sitting], FANO_S)


def hour_of(moment_s: float, zone: tzinfo) -> float:
    """The hour of the day, with its fraction, by the clock of `zone`."""
    local = datetime.fromtimestamp(moment_s, zone)
    return local.hour + local.minute / 60 + local.second / 3600


def _active_s(runs: Iterable[Sequence[float]]) -> float:
    return sum(gap for run in runs for gap in run if gap < ACTIVE_S)


def _stretches(sat: Sequence[Sitting], runs: Sequence[Sequence[float]]) -> list[Stretch]:
    """Each batch with the active gap that led to it."""
    return [
        Stretch(batch.start_s, gap if gap < ACTIVE_S else 0.0, batch.crops)
        for sitting, run in zip(sat, runs, strict=True)
        for batch, gap in zip(sitting, (0.0, *run), strict=True)
    ]


_PARTS_MIN = (0, 10, 20, 30, 60, 120)


def _through(sat: Sequence[Sitting], runs: Sequence[Sequence[float]]) -> tuple[Pace, ...]:
    crops, active_s = [0] * len(_PARTS_MIN), [0.0] * len(_PARTS_MIN)
    for sitting, run in zip(sat, runs, strict=True):
        for batch, gap in zip(sitting[1:], run, strict=True):
            if gap < ACTIVE_S:
                part = bisect_right(_PARTS_MIN, (batch.start_s - sitting[0].start_s) / 60) - 1
                crops[part] += batch.crops
                active_s[part] += gap
    return tuple(
        Pace(start, count, round(count / spent * 3600, 1))
        for start, count, spent in zip(_PARTS_MIN, crops, active_s, strict=True)
        if spent
    )
