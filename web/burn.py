"""How the queue burns down: what is owed over time, what the plan says, and when it will be empty. Pure."""

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

from attrs import frozen

from projections.queue import Step
from projections.schedules import PlannedAt
from web.charts import Chart, Column, Table, legend, tag, ticks, words
from web.chosen import Chosen

NAME = "burn-down"
HIGH, LEFT, TOP = 150, 46, 12
RECENT_S = 1800
"""The pace of this long says when the queue will be empty, where no plan does."""

FEWEST = 3
"""Fewer executed crops than this are no pace."""


@frozen
class Burn:
    """What is owed now, and how it came to that; `batches` are those of the plans in this time."""

    owed: int
    steps: tuple[Step, ...]
    later: int
    """By how much the number owed has grown since the end of the time that is shown."""
    batches: tuple[PlannedAt, ...] = ()


def points(burn: Burn, chosen: Chosen) -> list[tuple[datetime, int]]:
    """(moment, owed): from the beginning of the time chosen to its end, or to now, whichever is earlier."""
    end = min(chosen.ends, chosen.now)
    left = burn.owed - burn.later
    level = left - sum(step.marked - step.executed for step in burn.steps)
    found = [(chosen.begins, level)]
    for step in burn.steps:
        level += step.marked - step.executed
        found.append((datetime.fromisoformat(step.minute + ":59").replace(tzinfo=UTC), level))
    found.append((max(end, found[-1][0]), level))
    return found


def empty_at(burn: Burn, now: datetime) -> tuple[datetime, str] | None:
    """When nothing will be owed any more, and what says so: the plan, or the pace of the last half hour."""
    if not burn.owed:
        return None
    left = burn.owed
    for batch in burn.batches:
        if datetime.fromisoformat(batch.at) > now:
            left -= batch.crops
            if left <= 0:
                return datetime.fromisoformat(batch.at), "by the plan"
    since = f"{now - timedelta(seconds=RECENT_S):%Y-%m-%dT%H:%M}"
    recent = [step for step in burn.steps if step.minute >= since]
    done = sum(step.executed for step in recent)
    if done < FEWEST:
        return None
    first = datetime.fromisoformat(recent[0].minute).replace(tzinfo=UTC)
    spent_s = max(60.0, (now - first).total_seconds())
    return now + timedelta(seconds=burn.owed * spent_s / done), "at the pace of the last half hour"


def says(burn: Burn, chosen: Chosen) -> str:
    """What is owed and when it will be done, in words."""
    marked, executed = (sum(getattr(step, what) for step in burn.steps) for what in ("marked", "executed"))
    told = (
        f"{burn.owed:,} owed now; {marked:,} marked and {executed:,} executed {'today' if chosen.is_today else 'then'}."
    )
    expected = empty_at(burn, chosen.now)
    if expected is None:
        return told
    local = expected[0].astimezone(chosen.zone)
    same_day = local.date() == chosen.now.astimezone(chosen.zone).date()
    return f"{told} Empty {f'at {local:%H:%M}' if same_day else f'on {local:%A %-d %B at %H:%M}'}, {expected[1]}."


def chart(burn: Burn, chosen: Chosen) -> Chart:
    """The line of what is owed, with the planned one beside it."""
    title, told = f"Queue, {chosen.briefly}", says(burn, chosen)
    parts, rows = partial(_parts, burn, chosen), table(burn, chosen)
    return Chart.drawn(NAME, title, told, TOP + HIGH + 48, parts, rows)


def table(burn: Burn, chosen: Chosen) -> Table:
    """Hour by hour."""
    columns = (
        Column("hour", "Hour"), Column("marked", "Marked", number=True), Column("executed", "Executed", number=True),
        Column("owed", "Owed at its end", number=True),
    )  # fmt: skip
    level = burn.owed - burn.later - sum(step.marked - step.executed for step in burn.steps)
    hours: dict[str, tuple[int, int, int]] = {}
    for step in burn.steps:
        level += step.marked - step.executed
        local = datetime.fromisoformat(step.minute).replace(tzinfo=UTC).astimezone(chosen.zone)
        hour = f"{local:%Y-%m-%d %H:00}"
        marked, executed, _ = hours.get(hour, (0, 0, 0))
        hours[hour] = (marked + step.marked, executed + step.executed, level)
    return Table(NAME, "The queue, hour by hour", columns, tuple((hour, *counts) for hour, counts in hours.items()))


def _parts(burn: Burn, chosen: Chosen, width: int) -> Iterator[str]:
    line = points(burn, chosen)
    plan = _planned(burn, chosen, line[-1][1])
    first, last = _span([*line, *plan], chosen)
    levels = ticks(max(owed for _, owed in (*line, *plan)))
    across_s = (width - LEFT - 6) / (last - first).total_seconds()

    def place(moment: datetime, owed: float) -> tuple[float, float]:
        return LEFT + (moment - first).total_seconds() * across_s, TOP + HIGH * (1 - owed / levels[-1])

    for level in levels:
        _, y = place(first, level)
        yield tag("line", x1=LEFT, y1=y, x2=width - 6, y2=y, class_="grid")
        yield words(f"{level:,}", LEFT - 6, y + 4, anchor="end", class_="tick")
    yield from _times(first, last, chosen, place, width)
    shown = [(moment, owed) for moment, owed in line if moment >= first]
    yield _steps(
        [place(*point) for point in ([(first, line[0][1])] if len(shown) < len(line) else []) + shown], "line-1"
    )
    if plan:
        yield _steps([place(*point) for point in plan], "line-2 dashed")
    if chosen.is_today:
        x, _ = place(chosen.now, 0)
        yield tag("line", x1=x, y1=TOP - 4, x2=x, y2=TOP + HIGH, class_="now")
    names = [("fill-1", "owed")] + ([("fill-2", "as planned")] if plan else [])
    yield legend(names, TOP + HIGH + 40, LEFT)


def _planned(burn: Burn, chosen: Chosen, owed_now: int) -> list[tuple[datetime, int]]:
    """From now on, batch by batch, where a plan is left."""
    left, found = owed_now, [(chosen.now, owed_now)]
    for batch in burn.batches:
        moment = datetime.fromisoformat(batch.at)
        if moment > chosen.now:
            left = max(0, left - batch.crops)
            found.append((moment, left))
    return found if len(found) > 1 else []


def _span(line: Sequence[tuple[datetime, int]], chosen: Chosen) -> tuple[datetime, datetime]:
    """Where anything changes, with an hour before it; a whole range where several days are shown."""
    if not chosen.one_day:
        return chosen.begins, max(chosen.ends, line[-1][0])
    changing = [after[0] for before, after in pairwise(line) if after[1] != before[1]]
    last = max(moment for moment, _ in line)
    first = min([*changing, last]) - timedelta(hours=1)
    return max(chosen.begins, min(first, last - timedelta(hours=2))), last


def _times(
    first: datetime, last: datetime, chosen: Chosen, place: Callable[[datetime, float], tuple[float, float]], width: int
) -> Iterator[str]:
    """Full hours, or days where several are shown; as many as there is room for."""
    days = last - first > timedelta(hours=36)
    each = timedelta(days=1) if days else timedelta(hours=1)
    every = max(1, math.ceil((last - first) / each * 52 / width))
    moment = first.astimezone(chosen.zone).replace(minute=0, second=0, microsecond=0)
    moment = moment.replace(hour=0) if days else moment
    number = 0
    while moment <= last:
        x, y = place(moment, 0)
        if x >= LEFT - 1 and number % every == 0:
            text = f"{moment.astimezone(chosen.zone):{'%-d %b' if days else '%H:%M'}}"
            yield words(text, min(x, width - 18), y + 18, anchor="middle", class_="tick")
        number += x >= LEFT - 1
        moment += each


def _steps(corners: Sequence[tuple[float, float]], class_: str) -> str:
    """A line that stays level until the next change."""
    path = [f"M{corners[0][0]:.1f} {corners[0][1]:.1f}"]
    path += [f"H{x:.1f}V{y:.1f}" for x, y in corners[1:]]
    return tag("path", d="".join(path), class_=class_)
