"""The live view of a run by schedule, on a terminal."""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from commands.cli.watching import told
from commands.running.runner import Done
from commands.running.slots import Slot
from commands.running.timer import DayOver, Happening, Waiting
from ledger.events.crops import CropExecuted, CropFailed
from ledger.events.runs import BatchBegun, BatchesMissed
from ledger.events.schedules import PlannedBlock
from ledger.values import parse_instant

LAST = 3


class LiveView:
    """Block, progress, ETA, next break, the last crops and what went otherwise; the rest scrolls by above it."""

    def __init__(self, name: str, slots: Sequence[Slot], breaks: Sequence[PlannedBlock], zone: ZoneInfo) -> None:
        """`slots` are the batches ahead, `breaks` those of the days, both in order."""
        self._name, self._slots, self._breaks, self._zone = name, slots, breaks, zone
        self._total = sum(slot.planned for slot in slots)
        self._executed = self._failed = self._missed = 0
        self._here: Slot | None = slots[0] if slots else None
        self._next: Slot | None = self._here
        self._paused = False
        self._now_s = 0.0
        self._last: deque[str] = deque(maxlen=LAST)
        self._live = Live(
            console=Console(stderr=True), refresh_per_second=4, transient=True, get_renderable=self._picture
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def show(self, what: Happening, now_s: float) -> None:
        """Take it in; what a person may want to read later goes above the picture."""
        self._now_s = now_s
        self._take(what)
        line = told(what)
        if line is not None:
            self._live.console.print(f"{self._clock(now_s)}  {line}", highlight=False, markup=False)

    def _take(self, what: Happening) -> None:
        match what:
            case Waiting():
                self._next, self._paused = what.slot, what.paused
            case BatchBegun():
                self._here = next((slot for slot in self._slots if _is(slot, what)), self._here)
            case Done(outcome=CropExecuted()):
                self._executed += 1
                self._last.append(Path(what.path).name)
            case Done(outcome=CropFailed(final=True)):
                self._failed += 1
            case BatchesMissed():
                self._missed += what.crops - what.carried
            case DayOver():
                self._last.clear()

    def _picture(self) -> Group:
        done = self._executed + self._failed
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            Text(self._name), ProgressBar(total=max(1, self._total), completed=done, width=30),
            Text(f"{done:,}/{self._total:,} crops"), Text(f"failed {self._failed:,}, missed {self._missed:,}"),
        )  # fmt: skip
        return Group(bar, *(Text(line) for line in self._lines()))

    def _lines(self) -> Iterator[str]:
        ahead = self._next
        if self._paused:
            yield "paused; to go on: crop resume"
        elif ahead is not None:
            left_s = max(0, round(ahead.at_s - self._now_s))
            yield f"block {ahead.block}, next batch {self._clock(ahead.at_s)} (in {_span(left_s)}), {ahead.crops} crops"
        rest = next((each for each in self._breaks if parse_instant(each.end).timestamp() > self._now_s), None)
        if rest is not None:
            begins_s, ends_s = (parse_instant(text).timestamp() for text in (rest.start, rest.end))
            yield f"{rest.reason} break {self._clock(begins_s)} to {self._clock(ends_s)}"
        if self._slots:
            yield f"done at {self._clock(self._slots[-1].at_s, day=True)} by plan"
        if self._last:
            yield "last: " + ", ".join(self._last)

    def _clock(self, at_s: float, *, day: bool = False) -> str:
        return f"{datetime.fromtimestamp(at_s, self._zone):{'%a %H:%M:%S' if day else '%H:%M:%S'}}"


def _is(slot: Slot, begun: BatchBegun) -> bool:
    return (slot.plan, slot.batch) == (begun.plan, begun.batch)


def _span(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
