"""Throughput by the hour of the day: what people marked and runners executed, over what is usual. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from attrs import frozen

from projections.cadence import Quarter
from web.charts import Chart, Column, Table, legend, tag, ticks, titled, words
from web.chosen import Chosen

NAME = "throughput"
HIGH, LEFT, TOP = 140, 40, 12


@frozen
class Hour:
    """One hour of the day."""

    hour: int
    marked: int
    executed: int
    usual: float
    """Crops marked in this hour on an average day on which anything was marked, before the days chosen."""


def by_hour(
    marked: Iterable[Quarter], before: Iterable[Quarter], executed: Iterable[Quarter], zone: ZoneInfo
) -> tuple[Hour, ...]:
    """All 24 hours, by the clock of the zone."""
    now, _ = _counted(marked, zone)
    then, days = _counted(before, zone)
    done, _ = _counted(executed, zone)
    return tuple(Hour(hour, now[hour], done[hour], round(then[hour] / max(1, days), 1)) for hour in range(24))


def _counted(quarters: Iterable[Quarter], zone: ZoneInfo) -> tuple[Counter[int], int]:
    hours: Counter[int] = Counter()
    days: set[date] = set()
    for quarter in quarters:
        local = datetime.fromtimestamp(quarter.start_s, UTC).astimezone(zone)
        hours[local.hour] += quarter.crops
        days.add(local.date())
    return hours, len(days)


def says(hours: Sequence[Hour]) -> str:
    """The sums and the best hour, in words."""
    marked, executed, usual = (sum(getattr(hour, what) for hour in hours) for what in ("marked", "executed", "usual"))
    told = f"{marked:,} marked, {executed:,} executed."
    if marked:
        best = max(hours, key=lambda hour: hour.marked)
        told += f" The best hour began at {best.hour:02d}:00, with {best.marked:,} marked."
    return told + (f" A usual day has {usual:,.0f} marked." if usual else " There is no history yet to compare with.")


def chart(hours: Sequence[Hour], chosen: Chosen) -> Chart:
    """Two bars an hour, and a line over them."""
    title, told = f"Crops by hour, {chosen.briefly}", says(hours)
    return Chart.drawn(NAME, title, told, TOP + HIGH + 48, lambda width: _parts(hours, width), table(hours))


def table(hours: Sequence[Hour]) -> Table:
    """Every hour in which anything was done, or usually is."""
    columns = (
        Column("hour", "Hour"), Column("marked", "Marked", number=True), Column("executed", "Executed", number=True),
        Column("usual", "Usually marked", number=True),
    )  # fmt: skip
    rows = tuple((f"{each.hour:02d}:00", each.marked, each.executed, each.usual) for each in _shown(hours))
    return Table(NAME, "Crops by hour", columns, rows)


def _shown(hours: Sequence[Hour]) -> Sequence[Hour]:
    """From the first to the last hour of which there is anything to say."""
    used = [each.hour for each in hours if each.marked or each.executed or each.usual]
    return hours[min(used) : max(used) + 1] if used else ()


def _parts(hours: Sequence[Hour], width: int) -> Iterator[str]:
    shown = _shown(hours) or hours[8:18]
    levels = ticks(max(max(each.marked, each.executed, each.usual) for each in shown))
    slot = (width - LEFT - 4) / len(shown)

    def down(count: float) -> float:
        return TOP + HIGH * (1 - count / levels[-1])

    for level in levels:
        yield tag("line", x1=LEFT, y1=down(level), x2=width - 4, y2=down(level), class_="grid")
        yield words(f"{level:,}", LEFT - 6, down(level) + 4, anchor="end", class_="tick")
    every = 1 if slot > 34 else 2 if slot > 17 else 4
    for number, each in enumerate(shown):
        x = LEFT + slot * number
        wide = min(16.0, slot * 0.36)
        middle = x + slot / 2
        yield _bar(
            middle - wide - 0.5, wide, down, each.marked, "fill-1", f"{each.hour:02d}:00: {each.marked:,} marked"
        )
        yield _bar(middle + 0.5, wide, down, each.executed, "fill-3", f"{each.hour:02d}:00: {each.executed:,} executed")
        if number % every == 0:
            yield words(f"{each.hour:02d}", middle, TOP + HIGH + 16, anchor="middle", class_="tick")
    if any(each.usual for each in shown):
        line = " ".join(f"{LEFT + slot * (n + 0.5):.1f},{down(each.usual):.1f}" for n, each in enumerate(shown))
        yield tag("polyline", points=line, class_="line-2")
        for number, each in enumerate(shown):
            yield tag(
                "circle", titled(f"{each.hour:02d}:00: usually {each.usual:g} marked"),
                cx=LEFT + slot * (number + 0.5), cy=down(each.usual), r=2.5, class_="fill-2",
            )  # fmt: skip
    yield legend([("fill-1", "marked"), ("fill-3", "executed"), ("fill-2", "usually marked")], TOP + HIGH + 40, LEFT)


def _bar(x: float, width: float, down: Callable[[float], float], count: int, class_: str, told: str) -> str:
    if not count:
        return ""
    return tag("rect", titled(told), x=x, y=down(count), width=width, height=down(0) - down(count), class_=class_)
