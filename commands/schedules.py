"""What may happen to a day's schedule: planned, planned again, cancelled. The rules, as one decider."""

from collections.abc import Iterator

from attrs import evolve as changed
from attrs import frozen

from commands.decider import Command, Decider
from commands.planning.dayfile import as_file, lint
from ledger.entry import Entry
from ledger.errors import Damaged, Invalid, NotFound
from ledger.events.event import Event
from ledger.events.schedules import ScheduleCancelled, SchedulePlanned

EVERY_PROJECT = "all"
"""Stands in the subject of a schedule for the crops of all projects."""


def schedule_subject(project: str | None, date: str) -> str:
    """The subject of a day: `schedule/<project or all>/<date>`; raises `Invalid` for a project that is called so."""
    if project == EVERY_PROJECT:
        raise Invalid(f"A project called {EVERY_PROJECT!r} cannot have a schedule of its own: leave --project out.")
    return f"schedule/{project or EVERY_PROJECT}/{date}"


@frozen
class ScheduledDay:
    """What a day's history says."""

    plan: SchedulePlanned | None = None
    """The plan that holds."""
    version: int | None = None
    cancelled: bool = False


def evolve(day: ScheduledDay, entry: Entry) -> ScheduledDay:
    """The day after one more entry; raises `Damaged` for one that could not have followed."""
    event = entry.event
    if isinstance(event, SchedulePlanned) and event.supersedes == day.version:
        return ScheduledDay(event, entry.version)
    if isinstance(event, ScheduleCancelled) and day.plan is not None:
        return ScheduledDay(cancelled=True)
    raise Damaged(f"Position {entry.position}: {event.TYPE} cannot follow here.", position=entry.position)


@frozen
class PlanSchedule:
    """Plan a day. What it supersedes is for the decision to say."""

    subject: str
    plan: SchedulePlanned


def plan(command: PlanSchedule, day: ScheduledDay) -> Iterator[Event]:
    """A new plan takes the place of the one before; the same plan again is nothing new. A plan has to be sound."""
    wanted = schedule_subject(command.plan.project, command.plan.date)
    if command.subject != wanted:
        raise Invalid(f"The plan is that of {wanted}, not of {command.subject}.")
    problems = _problems(command.plan)
    if problems:
        raise Invalid(f"The plan for {command.plan.date} cannot be followed: {' '.join(problems)}")
    if day.plan is None or _without_circumstance(command.plan) != _without_circumstance(day.plan):
        yield changed(command.plan, supersedes=day.version)


def _problems(planned: SchedulePlanned) -> list[str]:
    try:
        return lint(as_file(planned), crops_max=planned.crops_max)
    except (ValueError, LookupError, Invalid) as error:  # a zone, a time or settings that are none
        return [str(error)]


def _without_circumstance(planned: SchedulePlanned) -> SchedulePlanned:
    # The ledger has moved on by this very plan; that alone makes no other plan of it.
    return changed(planned, ledger_position=0, supersedes=None)


@frozen
class CancelSchedule:
    """Take a day's plan back."""

    subject: str
    reason: str | None = None


def cancel(command: CancelSchedule, day: ScheduledDay) -> Iterator[Event]:
    """Only a plan that holds can be cancelled; one that was cancelled already is left so."""
    if day.plan is not None:
        yield ScheduleCancelled(command.reason)
    elif not day.cancelled:
        raise NotFound(f"Nothing is planned for {command.subject.rpartition('/')[2]}.")


def decide(command: Command, day: ScheduledDay) -> Iterator[Event]:
    """Answer any command about a day's schedule."""
    if isinstance(command, PlanSchedule):
        return plan(command, day)
    if isinstance(command, CancelSchedule):
        return cancel(command, day)
    raise Invalid(f"{type(command).__name__} is not a command about a schedule")


SCHEDULES = Decider(ScheduledDay(), evolve, decide)
