"""A run by schedule as people and programs see it: lines, JSON, or a live view on a terminal."""

from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from commands.cli.output import emit, plural, say, warn
from commands.running.runner import Done, Left
from commands.running.timer import BlockOver, DayOver, Happening, Waiting
from commands.telling import gist
from ledger.events.crops import CropFailed
from ledger.events.event import Event
from ledger.events.runs import BatchBegun, RunEnded, RunStarted
from projections.runs import Actual


class View(Protocol):
    """Whoever shows what happens."""

    def show(self, what: Happening, now_s: float) -> None:
        """One more happening, at this instant of the plan's clock."""
        ...


class ForPrograms:
    """One JSON object per event; waiting says nothing."""

    def show(self, what: Happening, now_s: float) -> None:
        """Print it, with the time of the plan's clock."""
        at = datetime.fromtimestamp(now_s, UTC).isoformat().replace("+00:00", "Z")
        match what:
            case Waiting():
                return
            case Done():
                emit({"at": at, "type": what.outcome.TYPE, "path": what.path, "outcome": what.outcome})
            case BlockOver() | DayOver():
                kind = "day_over" if isinstance(what, DayOver) else "block_over"
                emit({"at": at, "type": kind, "schedule": what.slot.schedule, "actual": what.actual})
            case _:
                emit({"at": at, "type": what.TYPE, **msgspec.to_builtins(what)})


class Lines:
    """A line for whatever a person wants to read later: stretches of work, days, and what went otherwise."""

    def __init__(self, zone: ZoneInfo) -> None:
        """Times are told by the clock of this zone."""
        self._zone = zone

    def show(self, what: Happening, now_s: float) -> None:
        """Print it, or nothing."""
        line = told(what)
        if line is None:
            return
        at = f"{datetime.fromtimestamp(now_s, self._zone):%a %H:%M:%S}"
        if isinstance(what, Done):
            warn(f"{at}  {line}")
        else:
            say(f"{at}  {line}")


def told(what: Happening) -> str | None:
    """What a person wants to read of it, if anything."""
    match what:
        case Waiting() | BatchBegun() | RunStarted() | RunEnded():
            return None
        case Done():
            return _failed(what)
        case BlockOver():
            return f"block {what.slot.block} over: {sums(what.actual)}"
        case DayOver():
            return f"{what.slot.schedule.rpartition('/')[2]} over: {sums(what.actual)}"
        case Event():
            return f"{WORDS.get(what.TYPE, what.TYPE)}: {gist(what)}".removesuffix(": ")


WORDS = {
    "run.block_begun": "ahead", "run.batches_missed": "missed", "run.overran": "overran",
    "run.clock_jumped": "the clock jumped", "run.paused": "paused", "run.resumed": "resumed",
    "run.stop_requested": "to stop", "schedule.planned": "planned anew", "schedule.cancelled": "plan cancelled",
}  # fmt: skip


def _failed(done: Done) -> str | None:
    if isinstance(done.outcome, CropFailed):
        again = "" if done.outcome.final else " (will be tried again)"
        return f"{done.outcome.reason}: {done.outcome.message}{again}"
    if isinstance(done.outcome, Left):
        return f"unfinished: {done.outcome.message} The next run finishes it."
    return None


def sums(actual: Actual) -> str:
    """Planned and actual in half a line."""
    parts = [f"{actual.executed:,} of {plural(actual.planned, 'planned crop')} executed"]
    if actual.failed:
        parts.append(f"{actual.failed:,} failed")
    if actual.missed:
        parts.append(f"{actual.missed:,} {'batch' if actual.missed == 1 else 'batches'} missed")
    variance = actual.executed - actual.planned
    parts.append("as planned" if not variance else f"{variance:+,}")
    pace = throughput(actual)
    if pace is not None:
        parts.append(f"{pace:,.0f} crops an hour")
    if actual.late_max_s is not None:
        parts.append(f"at most {actual.late_max_s:.3f} s late")
    return ", ".join(parts)


def throughput(actual: Actual) -> float | None:
    """Crops an hour between the first batch and the last; None for fewer than two."""
    if actual.first_at is None or actual.last_at is None or actual.first_at == actual.last_at:
        return None
    took = datetime.fromisoformat(actual.last_at) - datetime.fromisoformat(actual.first_at)
    # The last batch is not behind its beginning: as many gaps count as there are between beginnings.
    return actual.executed * (actual.begun - 1) / actual.begun * 3600 / took.total_seconds()
