"""crop run --schedule: what would happen, what happens on a virtual clock, and what happens."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from time import monotonic
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from attrs import frozen

from commands.cli.inspecting import look_first
from commands.cli.output import emit, plural, say, warn
from commands.desk import Desk

if TYPE_CHECKING:
    from commands.cli.watching import View
    from commands.running.clock import Clock
    from commands.running.following import Following, Scene
    from commands.running.runner import Runner
    from commands.running.slots import Slot


@frozen
class Orders:
    """What was said on the command line."""

    project: str | None
    days: int
    first: str | None
    confirmed: bool
    dry_run: bool
    simulate: bool
    speed: float
    missed: str | None
    as_json: bool


def run_by_schedule(desk: Desk, orders: Orders) -> int:
    """Follow the planned days, or say or play what would happen; returns the exit code."""
    from commands.running.following import Following as Wanted
    from commands.running.following import days_to_follow
    from ledger.errors import Refused

    days = days_to_follow(desk.projections, orders.project, orders.days, _first(orders.first), desk.now)
    what = Wanted(days, orders.project, orders.missed or desk.settings.missed)
    if orders.dry_run:
        return _tell(desk, what, as_json=orders.as_json)
    if orders.simulate:
        return _simulate(desk, what, orders)
    if not orders.confirmed:
        _tell(desk, what, as_json=orders.as_json)
        raise Refused("Following these days executes crops.", mend="To begin: say --confirm, too")
    return _follow(desk, what, orders)


def _first(text: str | None) -> date | None:
    from ledger.errors import Invalid

    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError as error:
        raise Invalid(f"Not a day: {text!r}.", mend="Like: --first 2025-10-27") from error


def _follow(desk: Desk, what: "Following", orders: Orders) -> int:
    from commands.running.clock import CompressedClock, RealClock
    from commands.running.following import Scene, beginning_s, open_slots

    runner = desk.runner()
    slots = open_slots(runner, desk.projections, what.days)
    look_first(desk, runner, orders.project, sum(slot.planned for slot in slots), as_json=orders.as_json)
    clock: Clock = RealClock()
    if orders.speed != 1:
        clock = CompressedClock(orders.speed, beginning_s(slots, what.days))
    failed = _watch(what, Scene(runner, desk.projections, desk.store), clock, slots, as_json=orders.as_json)
    if runner.stopped == "interrupted":
        return 130
    return int(failed)


def _simulate(desk: Desk, what: "Following", orders: Orders) -> int:
    from commands.running.clock import VirtualClock
    from commands.running.following import beginning_s, open_slots
    from commands.running.simulating import played

    begun = monotonic()
    like = desk.runner()
    slots = open_slots(like, desk.projections, what.days)
    clock = VirtualClock(beginning_s(slots, what.days))
    with played(desk.ledger, like, clock) as scene:
        failed = _watch(what, scene, clock, slots, as_json=orders.as_json)
    if not orders.as_json:
        say(f"Simulated {plural(len(what.days), 'day')} in {monotonic() - begun:.1f} s. Nothing was changed.")
    return int(failed)


def _watch(what: "Following", scene: "Scene", clock: "Clock", slots: list["Slot"], *, as_json: bool) -> bool:
    """Show what happens; whether anything failed for good."""
    from commands.running.following import follow
    from commands.running.runner import Done
    from commands.running.running import Summary

    summary = Summary()
    runner = scene.runner
    with _view(what, runner, slots, as_json=as_json) as view:
        for happening in follow(what, scene, clock):
            view.show(happening, clock.now_s())
            if isinstance(happening, Done):
                summary.add(happening)
    if as_json:
        emit({"run": runner.run, "ended": runner.stopped or "finished", **summary.counts()})
    else:
        _conclude(runner, summary.executed, summary.failed)
    return bool(summary.failed)


def _conclude(runner: "Runner", executed: int, failed: int) -> None:
    how = {"stopped": "Stopped", "interrupted": "Interrupted"}.get(runner.stopped or "", "Done")
    say(f"{how}: run {runner.run} executed {executed:,}, failed {failed:,}. Planned and actual: crop schedule show")
    if runner.words:
        warn(runner.words)


@contextmanager
def _view(what: "Following", runner: "Runner", slots: list["Slot"], *, as_json: bool) -> Iterator["View"]:
    from commands.cli.watching import ForPrograms, Lines
    from commands.running.timer import planned_at

    zone = ZoneInfo(what.days[0].timezone)
    if as_json:
        yield ForPrograms()
        return
    say(f"Run {runner.run}: {plural(sum(slot.planned for slot in slots), 'crop')} on {plural(len(what.days), 'day')}.")
    if not sys.stderr.isatty():
        yield Lines(zone)
        return
    from commands.cli.live import LiveView

    plans = [planned_at(runner, day.position) for day in what.days]
    breaks = [block for plan in plans for block in plan.blocks if block.kind == "break"]
    with LiveView(runner.run, slots, breaks, zone) as view:
        yield view


def _tell(desk: Desk, what: "Following", *, as_json: bool) -> int:
    """What would happen: each stretch of work that is still to come, and what is missing for it."""
    from commands.running.following import open_slots
    from commands.running.readiness import look

    runner = desk.runner()
    slots = open_slots(runner, desk.projections, what.days)
    blocks = list(dict.fromkeys((slot.plan, slot.block) for slot in slots))
    for plan, number in blocks:
        own = [slot for slot in slots if (slot.plan, slot.block) == (plan, number)]
        _tell_block(own, desk.now.timestamp(), what, as_json=as_json)
    crops = sum(slot.planned for slot in slots)
    if not slots:
        warn("Nothing is left of these days.")
        return 0
    ready = look(runner, desk.projections, slots[0], crops, what.project)
    if as_json:
        fields = {"waiting": ready.waiting, "missing_files": ready.missing_files, "needed_bytes": ready.needed_bytes}
        emit({"type": "ready", "crops": crops, **fields, "free_bytes": ready.free_bytes, "problems": ready.problems})
    else:
        missing = plural(ready.missing_files, "image")
        say(f"{plural(crops, 'crop')} planned, {ready.waiting:,} waiting, {missing} missing.")
        for problem in ready.problems:
            warn(f"Problem: {problem}")
        say("Nothing was changed.")
    return 0


def _tell_block(own: list["Slot"], now_s: float, what: "Following", *, as_json: bool) -> None:
    from datetime import datetime

    zone = ZoneInfo(what.days[0].timezone)
    first, last = own[0], own[-1]
    crops, late = sum(slot.planned for slot in own), sum(slot.planned for slot in own if slot.at_s < now_s)
    if as_json:
        emit({"type": "block", "schedule": first.schedule, "block": first.block, "first_at": first.at,
              "last_at": last.at, "batches": len(own), "crops": crops, "crops_behind_us": late})  # fmt: skip
        return
    begins, ends = (datetime.fromtimestamp(at_s, zone) for at_s in (first.at_s, last.ends_s))
    span = f"{begins:%a %Y-%m-%d %H:%M:%S} to {ends:%H:%M:%S}"
    missed = f" ({plural(late, 'crop')} behind us already: would be missed)" if late else ""
    batches = f"{len(own):,} {'batch' if len(own) == 1 else 'batches'}"
    say(f"would execute {plural(crops, 'crop')} in {batches}, {span}{missed}")
