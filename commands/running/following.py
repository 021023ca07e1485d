"""One run through planned days: which days, under whose lease, by which clock."""

import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from socket import gethostname
from zoneinfo import ZoneInfo

from attrs import frozen

from commands.running.clock import Clock
from commands.running.runner import Runner
from commands.running.running import at_work, end, recovered
from commands.running.slots import Slot, slots_of
from commands.running.timer import Happening, Timer, planned_at
from ledger.errors import NotFound
from ledger.events.runs import RunStarted
from ledger.values import parse_instant
from projections.catch_up import catch_up
from projections.reader import Projections
from projections.runs import settled
from projections.schedules import Schedule, schedules
from projections.store import Store


@frozen
class Following:
    """What is to be followed, and how."""

    days: tuple[Schedule, ...]
    project: str | None
    missed: str
    """What becomes of missed batches: `skip` or `spread`."""


@frozen
class Scene:
    """Who executes, and what is known: the real ones, or copies of a simulation."""

    runner: Runner
    projections: Projections
    store: Store


def days_to_follow(
    projections: Projections, project: str | None, count: int, first: date | None, now: datetime
) -> tuple[Schedule, ...]:
    """The planned days from `first` on, else from today by the plan's own clock; raises `NotFound` for none."""
    known = [each for each in schedules(projections) if each.status == "planned" and each.project == project]
    wanted = [each for each in known if _within(each, first, count, now)]
    if not wanted:
        _say_what_there_is(known, project)
    return tuple(sorted(wanted, key=lambda each: each.date))


def _within(day: Schedule, first: date | None, count: int, now: datetime) -> bool:
    begins = first or now.astimezone(ZoneInfo(day.timezone)).date()
    return begins <= date.fromisoformat(day.date) < begins + timedelta(days=count)


def _say_what_there_is(known: list[Schedule], project: str | None) -> None:
    whose = f"for {project}" if project else "for the crops of all projects"
    if not known:
        raise NotFound(f"Nothing is planned {whose}.", mend="To plan: crop schedule build --days 3")
    others = ", ".join(each.date for each in known[-5:])
    raise NotFound(f"None of these days is planned {whose}; planned are: {others}.", mend="Say --first DAY")


def open_slots(runner: Runner, projections: Projections, days: tuple[Schedule, ...]) -> list[Slot]:
    """The batches of these days that nothing has become of yet."""
    return [
        slot
        for day in days
        for slot in slots_of(
            day.subject, day.position, planned_at(runner, day.position), settled(projections, day.position)
        )
    ]


def beginning_s(slots: list[Slot], days: tuple[Schedule, ...]) -> float:
    """When a clock begins that is not the real one: just before the first batch that is still open."""
    return slots[0].at_s - 10 if slots else parse_instant(days[0].planned_at).timestamp()


def follow(what: Following, scene: Scene, clock: Clock) -> Iterator[Happening]:
    """Run through the days; yields what happens. Raises `Refused` where another run works on the same project."""
    runner, projections, store = scene.runner, scene.projections, scene.store
    start = RunStarted(
        "schedule", what.project, os.getpid(), gethostname(), schedules=tuple(day.subject for day in what.days),
        missed=what.missed, speed=clock.speed,
    )  # fmt: skip
    runner.stamp = clock.stamp
    with at_work(runner, start) as attention:
        yield start
        yield from recovered(runner, projections, store, what.project)
        timer = Timer(
            runner=runner, clock=clock, attention=attention, projections=projections, store=store,
            project=what.project, missed=what.missed,
        )  # fmt: skip
        yield from timer.follow()
        yield end(runner)
        catch_up(runner.ledger, store)
