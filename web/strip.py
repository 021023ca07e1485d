"""The strip of a day: what is planned, what was executed, and now. Pure."""

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from attrs import frozen

from projections.executions import Executed
from projections.schedules import Block, PlannedAt, Schedule
from web.charts import FULL, Chart, Column, Table, legend, tag, titled, words

NAME = "schedule"
REASONS = {"micro": "short break", "coffee": "coffee", "lunch": "lunch", "away": "away"}
LANE, TOP, LEFT = 34, 22, 4
TEN_MIN_S = 600


@frozen
class Day:
    """One planned day, and what became of it."""

    schedule: Schedule
    blocks: tuple[Block, ...]
    batches: tuple[PlannedAt, ...]
    executed: tuple[Executed, ...]

    @property
    def zone(self) -> ZoneInfo:
        """By whose clock it was planned."""
        return ZoneInfo(self.schedule.timezone)


def planned_by(day: Day, now: datetime) -> int:
    """The crops that should have been executed by now."""
    return sum(batch.crops for batch in day.batches if _moment(batch.at) <= now)


def executed_by(day: Day, now: datetime) -> int:
    """The crops that were executed since the plan's day began."""
    return sum(_moment(each.at) <= now for each in day.executed)


def says(day: Day, now: datetime) -> str:
    """Plan against actual, and what comes next, in words."""
    plan, actual = planned_by(day, now), executed_by(day, now)
    ahead = actual - plan
    pace = "as planned" if not ahead else f"{abs(ahead):,} {'ahead of' if ahead > 0 else 'behind'} the plan"
    return f"Planned by now {plan:,} of {day.schedule.crops:,}, executed {actual:,}: {pace}. {next_break(day, now)}"


def next_break(day: Day, now: datetime) -> str:
    """The break that is, or the one that comes next."""
    for block in day.blocks:
        start, end = _moment(block.start_at), _moment(block.end_at)
        if block.kind == "break" and start <= now < end:
            return f"It is {_break(block)} until {_clock(end, day.zone)}."
        if block.kind == "break" and start > now:
            return f"Next: {_break(block)} at {_clock(start, day.zone)}, {_minutes(block)} min."
    ends = day.schedule.ends_at
    if ends and _moment(ends) > now:
        return f"No break is left; the day ends at {_clock(_moment(ends), day.zone)}."
    return "The planned day is over."


def chart(day: Day, now: datetime) -> Chart:
    """The day as two lanes over its hours."""
    title = f"Schedule of {day.schedule.date}"
    told = says(day, now)
    return Chart.drawn(NAME, title, told, TOP + 2 * LANE + 46, lambda width: _parts(day, now, width), table(day), FULL)


def table(day: Day) -> Table:
    """Block by block: what was planned, and what was executed in its time."""
    columns = (
        Column("start", "From"), Column("end", "To"), Column("kind", "What"), Column("planned", "Planned", number=True),
        Column("executed", "Executed", number=True),
    )  # fmt: skip
    rows = tuple(
        (
            _clock(_moment(block.start_at), day.zone), _clock(_moment(block.end_at), day.zone), _name(block),
            block.crops, sum(block.start_at <= each.at < block.end_at for each in day.executed),
        )
        for block in day.blocks
    )  # fmt: skip
    return Table(NAME, f"Schedule of {day.schedule.date}, block by block", columns, rows)


def _parts(day: Day, now: datetime, width: int) -> Iterator[str]:
    first, last = _span(day)
    scale = (width - 2 * LEFT) / (last - first).total_seconds()

    def across(moment: datetime) -> float:
        return LEFT + (moment - first).total_seconds() * scale

    yield from _hours(first, last, day.zone, across, width)
    yield words("planned", LEFT, TOP + 10, class_="lane")
    for block in day.blocks:
        start, end = _moment(block.start_at), _moment(block.end_at)
        work = block.kind == "work"
        yield tag(
            "rect", titled(f"{_name(block)}, {_clock(start, day.zone)} to {_clock(end, day.zone)}" + _crops(block)),
            x=across(start), y=TOP + 14, width=max(0.75, across(end) - across(start)), height=LANE - 12,
            class_="fill-1" if work else f"break {block.reason or ''}",
        )  # fmt: skip
    base = TOP + 2 * LANE + 18
    yield words("executed", LEFT, TOP + LANE + 16, class_="lane")
    yield tag("line", x1=LEFT, y1=base, x2=width - LEFT, y2=base, class_="axis")
    counts = _by_ten_minutes(day.executed, first)
    most = max((crops for _, crops in counts), default=1)
    for start, crops in counts:
        high = (LANE - 8) * crops / most
        at = f"{_clock(start, day.zone)}: {crops} executed in ten minutes"
        yield tag(
            "rect", titled(at), x=across(start), y=base - high, width=max(1.0, TEN_MIN_S * scale - 1), height=high,
            class_="fill-3",
        )  # fmt: skip
    if first <= now <= last:
        x = across(now)
        yield tag("line", titled(f"now, {_clock(now, day.zone)}"), x1=x, y1=TOP, x2=x, y2=base + 4, class_="now")
        near_end = x > width - 60
        yield words("now", x + (-4 if near_end else 4), TOP + 8, anchor="end" if near_end else None, class_="now-word")
    yield legend([("fill-1", "work"), ("break micro", "break"), ("fill-3", "executed")], base + 20, LEFT)


def _hours(
    first: datetime, last: datetime, zone: ZoneInfo, across: Callable[[datetime], float], width: int
) -> Iterator[str]:
    hour, every = first, max(1, math.ceil((last - first) / timedelta(hours=1) * 42 / width))
    number = 0
    while hour <= last:
        if number % every == 0:
            x = across(hour)
            yield tag("line", x1=x, y1=TOP - 6, x2=x, y2=TOP + 2 * LANE + 18, class_="grid")
            if x < width - 34:
                yield words(f"{hour.astimezone(zone):%H:%M}", x + 2, 12, class_="tick")
        hour += timedelta(hours=1)
        number += 1


def _span(day: Day) -> tuple[datetime, datetime]:
    """From the full hour before the first block, or the first crop, to the full hour behind the last."""
    moments = [_moment(text) for block in day.blocks for text in (block.start_at, block.end_at)]
    moments += [_moment(each.at) for each in (*day.executed[:1], *day.executed[-1:])]
    first = min(moments).astimezone(day.zone).replace(minute=0, second=0, microsecond=0)
    last = max(moments).astimezone(day.zone)
    return first, (last + timedelta(minutes=59)).replace(minute=0, second=0, microsecond=0) + timedelta(seconds=1)


def _by_ten_minutes(executed: Sequence[Executed], first: datetime) -> list[tuple[datetime, int]]:
    counts: dict[int, int] = {}
    for each in executed:
        number = int((_moment(each.at) - first).total_seconds() // TEN_MIN_S)
        counts[number] = counts.get(number, 0) + 1
    return [(first + timedelta(seconds=TEN_MIN_S * number), crops) for number, crops in sorted(counts.items())]


def _name(block: Block) -> str:
    return "work" if block.kind == "work" else REASONS.get(block.reason or "", "break")


def _break(block: Block) -> str:
    name = _name(block)
    return f"a {name}" if name.endswith("break") else name


def _crops(block: Block) -> str:
    return f", {block.crops} crops" if block.crops else ""


def _minutes(block: Block) -> int:
    return round((_moment(block.end_at) - _moment(block.start_at)).total_seconds() / 60)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M}"
