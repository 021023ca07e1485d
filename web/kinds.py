"""Human time by kind of work, as bars. Pure."""

from collections.abc import Iterator, Sequence
from functools import partial

from projections.work import KindOfWork
from web.charts import Chart, Column, Table, tag, titled, words
from web.chosen import Chosen

NAME = "kinds"
NAMES = {"crop": "marking crops", "skip": "skipping", "keep": "keeping whole", "choose": "choosing"}
BAR, LEFT, RIGHT = 34, 104, 120


def chart(kinds: Sequence[KindOfWork], chosen: Chosen) -> Chart:
    """A bar for each kind."""
    title, told = f"Human time by kind of work, {chosen.briefly}", says(kinds)
    return Chart.drawn(NAME, title, told, max(1, len(kinds)) * BAR + 6, partial(_parts, kinds), table(kinds))


def says(kinds: Sequence[KindOfWork]) -> str:
    """The time together, in words; what a runner did is nobody's."""
    if not kinds:
        return "Nobody decided anything."
    decisions = sum(each.decisions for each in kinds)
    return f"{duration(sum(each.work_s for each in kinds))} of work, {decisions:,} decisions. Runners are not in it."


def duration(seconds: float) -> str:
    """As people say it."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def table(kinds: Sequence[KindOfWork]) -> Table:
    """Kind by kind."""
    columns = (
        Column("kind", "Kind of work"), Column("decisions", "Decisions", number=True),
        Column("minutes", "Minutes", number=True), Column("seconds_each", "Seconds each", number=True),
    )  # fmt: skip
    rows = tuple(
        (_name(each), each.decisions, round(each.work_s / 60, 1), round(each.work_s / each.decisions, 1))
        for each in kinds
    )
    return Table(NAME, "Human time by kind of work", columns, rows)


def _parts(kinds: Sequence[KindOfWork], width: int) -> Iterator[str]:
    if not kinds:
        yield words("no decisions", 0, 22, class_="tick")
    longest = max((each.work_s for each in kinds), default=0) or 1
    for number, each in enumerate(kinds):
        y, long = number * BAR + 6, (width - LEFT - RIGHT) * each.work_s / longest
        told = f"{duration(each.work_s)}, {each.decisions:,}"
        yield words(_name(each), LEFT - 8, y + 17, anchor="end")
        yield tag("rect", titled(f"{_name(each)}: {told} decisions"), x=LEFT, y=y, width=max(1.0, long), height=24,
                  rx=2, class_=f"fill-{1 + number % 5}")  # fmt: skip
        yield words(told, LEFT + max(1.0, long) + 6, y + 17, class_="tick")


def _name(kind: KindOfWork) -> str:
    return NAMES.get(kind.kind, kind.kind)
