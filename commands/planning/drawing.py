"""A planned day as a picture: lines for a terminal, or SVG for a mail. Pure."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from commands.planning.plan import crops_of
from ledger.events.schedules import PlannedBlock, SchedulePlanned
from ledger.values import parse_instant

LETTERS = {"micro": ".", "coffee": "c", "lunch": "L", "away": " "}
CELL_S = 600
"""One character of the terminal's timeline."""


def lines(planned: SchedulePlanned, now: datetime | None = None) -> Iterator[str]:
    """The day for a terminal: a row per hour, with its work, its breaks, and the crops that are left after it."""
    zone, blocks = ZoneInfo(planned.timezone), planned.blocks
    yield headline(planned)
    if not blocks:
        return
    left = planned.queue
    hour = _local(blocks[0].start, zone).replace(minute=0, second=0, microsecond=0)
    end = parse_instant(blocks[-1].end)
    planned_at = [(parse_instant(batch.at), batch.crops) for block in blocks for batch in block.batches]
    yield "hour   ten minutes each   crops   left"
    while hour <= end:
        later = hour + timedelta(hours=1)
        cells = "".join(_cell(blocks, hour + timedelta(seconds=CELL_S * n)) for n in range(3600 // CELL_S))
        crops = sum(crops for at, crops in planned_at if hour <= at < later)
        left -= crops
        marker = "  < now" if now is not None and hour <= now < later else ""
        figures = f"{crops:>5,}  {left:>5,}  {_bar(left, planned.queue)}{marker}"
        yield f"{hour.astimezone(zone):%H:%M}  {cells}             {figures}"
        hour = later
    yield "# work   . micro   c coffee   L lunch   (blank) away or not planned"


def headline(planned: SchedulePlanned) -> str:
    """The day in a line."""
    day = datetime.fromisoformat(planned.date)
    whose = f", {planned.project}" if planned.project else ""
    name = f"{day:%a} {planned.date} ({planned.timezone}{whose})"
    if not planned.blocks:
        return f"{name}: nothing is planned."
    zone = ZoneInfo(planned.timezone)
    first, last = _local(planned.blocks[0].start, zone), _local(planned.blocks[-1].end, zone)
    batches = sum(len(block.batches) for block in planned.blocks)
    work = sum(block.kind == "work" for block in planned.blocks)
    return (
        f"{name}: {crops_of(planned.blocks):,} crops in {batches:,} batches, {first:%H:%M} to {last:%H:%M}, "
        f"{work} stretches of work ({planned.method}, seed {planned.seed})."
    )


def _local(text: str, zone: ZoneInfo) -> datetime:
    return parse_instant(text).astimezone(zone)


def _cell(blocks: Sequence[PlannedBlock], moment: datetime) -> str:
    """What most of these ten minutes is."""
    end = moment + timedelta(seconds=CELL_S)
    best, longest = " ", timedelta(0)
    for block in blocks:
        shared = min(end, parse_instant(block.end)) - max(moment, parse_instant(block.start))
        if shared > longest:
            best, longest = "#" if block.kind == "work" else LETTERS.get(block.reason or "", "."), shared
    return best


def _bar(left: int, queue: int) -> str:
    filled = round(20 * left / queue) if queue else 0
    return f"[{'#' * filled}{'-' * (20 - filled)}]"


WIDTH, LEFT, TOP, BAND, BURN = 900, 60, 60, 44, 150
COLOURS = {"work": "#2f6f9f", "micro": "#e4e8ec", "coffee": "#d9b98a", "lunch": "#9fc29f", "away": "#f6f6f6"}


def svg(planned: SchedulePlanned, now: datetime | None = None) -> str:
    """The day as SVG: blocks along the hours, and below them how the queue burns down."""
    zone = ZoneInfo(planned.timezone)
    height = TOP + BAND + 40 + BURN + 50
    box = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="{LEFT}" y="24" font-size="15">{escape(headline(planned))}</text>',
        *_legend(height),
        *(_day_parts(planned, zone, now) if planned.blocks else ()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend(height: int) -> Iterator[str]:
    for number, (what, colour) in enumerate(COLOURS.items()):
        x = LEFT + 90 * number
        yield f'<rect x="{x}" y="{height - 26}" width="12" height="12" fill="{colour}" stroke="#cccccc"/>'
        yield f'<text x="{x + 17}" y="{height - 16}" fill="#666666">{what}</text>'


def _day_parts(planned: SchedulePlanned, zone: ZoneInfo, now: datetime | None) -> Iterator[str]:
    first = _local(planned.blocks[0].start, zone).replace(minute=0, second=0, microsecond=0)
    last = parse_instant(planned.blocks[-1].end)
    scale = (WIDTH - LEFT - 20) / max(1.0, (last - first).total_seconds())

    def across(moment: datetime) -> float:
        return round(LEFT + (moment - first).total_seconds() * scale, 2)

    tick = first
    while tick <= last:
        x = across(tick)
        yield f'<line x1="{x}" y1="{TOP - 6}" x2="{x}" y2="{TOP + BAND + 40 + BURN}" stroke="#dddddd"/>'
        yield f'<text x="{x + 2}" y="{TOP - 8}" fill="#666666">{tick.astimezone(zone):%H:%M}</text>'
        tick += timedelta(hours=1)
    for block in planned.blocks:
        x, end = across(parse_instant(block.start)), across(parse_instant(block.end))
        what = block.kind if block.kind == "work" else str(block.reason)
        crops = sum(batch.crops for batch in block.batches)
        yield (
            f'<rect x="{x}" y="{TOP}" width="{max(0.5, round(end - x, 2))}" height="{BAND}" '
            f'fill="{COLOURS.get(what, COLOURS["micro"])}"><title>{escape(what)} '
            f"{_local(block.start, zone):%H:%M:%S} to {_local(block.end, zone):%H:%M:%S}"
            f"{f', {crops} crops' if crops else ''}</title></rect>"
        )
    yield from _burn_down(planned, across)
    if now is not None and first <= now <= last:
        x = across(now)
        bottom = TOP + BAND + 40 + BURN
        yield f'<line x1="{x}" y1="{TOP - 6}" x2="{x}" y2="{bottom}" stroke="#c0392b" stroke-width="2"/>'


def _burn_down(planned: SchedulePlanned, across: Callable[[datetime], float]) -> Iterator[str]:
    top, queue = TOP + BAND + 40, max(1, planned.queue)
    left, points = planned.queue, []
    for block in planned.blocks:
        points.append(f"{across(parse_instant(block.start))},{round(top + BURN * (1 - left / queue), 2)}")
        left -= sum(batch.crops for batch in block.batches)
        points.append(f"{across(parse_instant(block.end))},{round(top + BURN * (1 - left / queue), 2)}")
    yield f'<polyline points="{" ".join(points)}" fill="none" stroke="#2f6f9f" stroke-width="2"/>'
    yield f'<text x="4" y="{top + 10}" fill="#666666">{planned.queue:,}</text>'
    yield f'<text x="4" y="{top + BURN}" fill="#666666">0 owed</text>'
    yield f'<text x="{WIDTH - 20}" y="{top + BURN + 20}" text-anchor="end" fill="#666666">{left:,} left</text>'
