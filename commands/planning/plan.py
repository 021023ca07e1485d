"""A day planned: history, policy and a seed -> blocks of work and breaks, with an instant for every batch. Pure.

The same history, policy and seed give the same plan. Instants are counted in UTC, so a plan never names a local time
that does not exist, and days have the 23, 24 or 25 hours they have.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple
from zoneinfo import ZoneInfo

from attrs import frozen

from commands.planning.policy import DAY_BEGINS, Policy, bursts, day_bounds, instant_of, reason_of
from commands.planning.resampling import (
    History,
    Spell,
    Step,
    WorkedDay,
    day_by_blocks,
    day_by_gaps,
    day_by_rate,
    steps_by_blocks,
    steps_by_rate,
    steps_one_by_one,
    without_pauses,
)
from ledger.events.schedules import PlannedBatch, PlannedBlock
from ledger.values import instant

if TYPE_CHECKING:
    from numpy.random import Generator

Method = Literal["block-bootstrap", "hour-bootstrap", "poisson", "policy"]
"""How work is made out of history; `policy` is without any."""

ASSUMED_GAP_S = 30.0
"""Without a history: so long between batches."""
LEAST_GAP_S = 1.0
"""Two batches are never planned nearer to each other."""
LAST_S = 2
"""No batch is planned in the last seconds of a day, so that its block ends on that day."""


class Timed(NamedTuple):
    """A batch that is to be."""

    at_s: float
    crops: int


@frozen
class DayRequest:
    """A day that is wanted."""

    day: date
    zone: ZoneInfo
    policy: Policy
    seed: int
    method: Method
    crops_max: int
    """Sum of all blocks, each counted as if its batches were as large as its largest."""
    begins_s: float | None = None
    """The first batch, where that is wanted; otherwise days begin as they did in history."""
    not_before_s: float | None = None


def plan_day(request: DayRequest, history: History) -> tuple[PlannedBlock, ...]:
    """The day's blocks; none, where nothing fits into what is left of the day or of the queue."""
    chance = _chance(request)
    if request.method == "policy" or request.policy.breaks == "policy" or not history.days:
        stretches = list(_by_policy(request, history, chance))
    else:
        stretches = list(_by_history(request, history, chance))
    return tuple(_with_breaks(list(_capped(stretches, request.crops_max)), request))


def _chance(request: DayRequest) -> "Generator":
    # Imported when a day is planned, and not before: no other command pays for it.
    from numpy.random import PCG64, Generator, SeedSequence

    return Generator(PCG64(SeedSequence([request.seed, request.day.toordinal()])))


class Stretch(NamedTuple):
    """Work between two breaks."""

    start_s: int
    end_s: int
    batches: list[Timed]
    rest: str | None
    """What the break behind it is called; not known yet, where history made it."""


# -- breaks as in history -----------------------------------------------------------------------------------------


def _by_history(request: DayRequest, history: History, chance: "Generator") -> Iterator[Stretch]:
    first_s, last_s = day_bounds(request.day, request.zone)
    days, pool = history.like(request.day.weekday(), chance)
    start_s = request.begins_s if request.begins_s is not None else _start(request, days, chance)
    start_s = max(start_s, first_s, request.not_before_s or first_s)
    drawn = _drawn(request, days, pool, start_s, chance)
    timed = list(_spaced(drawn, last_s - LAST_S))
    yield from _split(timed, request.policy.micro_break_min_s)


def _start(request: DayRequest, days: Sequence[WorkedDay], chance: "Generator") -> float:
    hour = days[int(chance.integers(len(days)))].spells[0].hour
    seconds = int(hour * 3600)
    return instant_of(request.day, time(seconds // 3600, seconds // 60 % 60, seconds % 60), request.zone)


def _drawn(
    request: DayRequest, days: Sequence[WorkedDay], pool: Sequence[Spell], start_s: float, chance: "Generator"
) -> Iterator[tuple[float, int]]:
    if request.method == "poisson":
        first_s, last_s = day_bounds(request.day, request.zone)
        begin_s = first_s if request.begins_s is None and request.not_before_s is None else start_s
        return day_by_rate(days, begin_s, last_s, request.zone, chance)
    if request.method == "hour-bootstrap":
        return day_by_gaps(days, start_s, request.zone, chance)
    return day_by_blocks(pool, start_s, request.zone, chance)


def _spaced(drawn: Iterator[tuple[float, int]], end_s: float) -> Iterator[Timed]:
    shift_s, before_s = 0.0, -LEAST_GAP_S
    for at_s, crops in drawn:
        shift_s = max(shift_s, before_s + LEAST_GAP_S - at_s)
        if at_s + shift_s >= end_s:
            return
        before_s = at_s + shift_s
        yield Timed(before_s, crops)


def _split(timed: Sequence[Timed], pause_s: float) -> Iterator[Stretch]:
    """Work, split where a gap is as long as a break."""
    cuts = [
        number for number, (before, after) in enumerate(pairwise(timed), 1) if after.at_s - before.at_s >= pause_s + 2
    ]
    for first, last in pairwise([0, *cuts, len(timed)]):
        if last > first:
            batches = list(timed[first:last])
            yield Stretch(int(batches[0].at_s), int(batches[-1].at_s) + 1, batches, None)


# -- breaks as the policy wants them ------------------------------------------------------------------------------


def _by_policy(request: DayRequest, history: History, chance: "Generator") -> Iterator[Stretch]:
    first_s, last_s = day_bounds(request.day, request.zone)
    wanted = request.begins_s if request.begins_s is not None else instant_of(request.day, DAY_BEGINS, request.zone)
    start_s = max(wanted, first_s, request.not_before_s or first_s)
    work = _work(request, history, start_s, chance)
    for burst in bursts(request.day, request.zone, request.policy, start_s, chance):
        if burst.end_s > last_s - LAST_S:
            return
        yield Stretch(burst.start_s, burst.end_s, list(_filled(burst.start_s, burst.end_s, work)), burst.rest)


def _work(request: DayRequest, history: History, start_s: float, chance: "Generator") -> Iterator[Step]:
    if request.method != "policy" and history.days:
        _, pool = history.like(request.day.weekday(), chance)
        usable = without_pauses(pool, request.policy.micro_break_min_s)
        if usable and request.method == "hour-bootstrap":
            return steps_one_by_one(usable, chance)
        if usable and request.method == "poisson":
            return steps_by_rate(usable, chance)
        if usable:
            return steps_by_blocks(usable, start_s, request.zone, chance)
    return _assumed(request.policy.batch_size_default)


def _assumed(crops: int) -> Iterator[Step]:
    while True:
        yield Step(ASSUMED_GAP_S, crops)


def _filled(start_s: float, end_s: float, work: Iterator[Step]) -> Iterator[Timed]:
    """A batch at once, then as the work goes, until the burst is over."""
    now_s = start_s
    for step in work:
        if now_s >= end_s:
            return
        yield Timed(now_s, step.crops)
        now_s += max(LEAST_GAP_S, step.gap_s)


# -- the plan -----------------------------------------------------------------------------------------------------


def _capped(stretches: Sequence[Stretch], crops_max: int) -> Iterator[Stretch]:
    """The stretches, as far as the queue reaches: each counts as if its batches were as large as its largest."""
    left = crops_max
    for stretch in stretches:
        count, largest = 0, 0
        for batch in stretch.batches:
            if (count + 1) * max(largest, batch.crops) > left:
                break
            count, largest = count + 1, max(largest, batch.crops)
        if count == len(stretch.batches):
            yield stretch
            left -= count * largest
            continue
        if count:
            kept = list(islice(stretch.batches, count))
            yield stretch._replace(batches=kept, end_s=int(kept[-1].at_s) + 1)
        return


def _with_breaks(stretches: Sequence[Stretch], request: DayRequest) -> Iterator[PlannedBlock]:
    for number, stretch in enumerate(stretches):
        batches = tuple(_batch(each, request.zone) for each in stretch.batches)
        yield PlannedBlock("work", _utc(stretch.start_s), _utc(stretch.end_s), None, batches)
        if number + 1 < len(stretches):
            start_s, end_s = stretch.end_s, stretches[number + 1].start_s
            reason = stretch.rest or reason_of(start_s, end_s - start_s, request.day, request.zone, request.policy)
            yield PlannedBlock("break", _utc(start_s), _utc(end_s), reason, ())


def _batch(batch: Timed, zone: ZoneInfo) -> PlannedBatch:
    at = datetime.fromtimestamp(batch.at_s, UTC)
    return PlannedBatch(instant(at), at.astimezone(zone).isoformat(timespec="microseconds"), batch.crops)


def _utc(moment_s: float) -> str:
    return instant(datetime.fromtimestamp(moment_s, UTC))


def crops_of(blocks: Sequence[PlannedBlock]) -> int:
    """Crops that these blocks plan."""
    return sum(batch.crops for block in blocks for batch in block.batches)
