"""What is to be executed when: a day planned, and a plan cancelled."""

from typing import ClassVar

from attrs import frozen

from ledger.events.event import Event


@frozen
class PlannedBatch:
    """A few crops that are to be executed together."""

    at: str
    """When (UTC)."""
    local: str
    """The same instant by the clock of the zone, with its offset."""
    crops: int
    """How many."""


@frozen
class PlannedBlock:
    """A stretch of work, or a break."""

    kind: str
    """`work` or `break`."""
    start: str
    """When it begins (UTC)."""
    end: str
    """When it ends (UTC)."""
    reason: str | None
    """Of a break: `micro`, `coffee`, `lunch` or `away`."""
    batches: tuple[PlannedBatch, ...]
    """Of work: its batches, in order."""


@frozen
class SchedulePlanned(Event):
    """A day was planned. The same history, settings and seed give the same plan; all three are here."""

    TYPE: ClassVar[str] = "schedule.planned"

    date: str
    """The day, by the clock of the zone."""
    timezone: str
    """The zone."""
    project: str | None
    """Whose crops; absent for those of all projects."""
    method: str
    """How work was made out of history: `block-bootstrap`, `hour-bootstrap`, `poisson` or `policy`."""
    seed: int
    """What the chance in it began with."""
    ledger_position: int
    """Up to where the ledger was read, for the history and for the queue."""
    settings: str
    """The settings it was made by, JSON text with sorted keys."""
    not_before: str | None
    """Nothing was to be planned before (UTC)."""
    queue: int
    """Crops that wait when the day begins: those pending, less what the days before it in the same plan take."""
    crops_max: int
    """As many of them as this day might plan: less the margin, and less what other days have planned."""
    blocks: tuple[PlannedBlock, ...]
    """Work and breaks, in order, without gaps between them."""
    supersedes: int | None = None
    """Version, within this day's history, of the plan that this one replaces."""
    warnings: tuple[str, ...] = ()
    """What the person should know: sentences."""


@frozen
class ScheduleCancelled(Event):
    """The day's plan no longer holds; what was executed by it stays executed."""

    TYPE: ClassVar[str] = "schedule.cancelled"

    reason: str | None = None
    """Why, in the operator's words."""
