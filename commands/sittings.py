"""What may happen to one person's sittings in one directory: started, ended. The rules, as one decider."""

from collections.abc import Iterator

from attrs import frozen

from commands.decider import Command, Decider
from ledger.entry import Entry
from ledger.errors import Damaged, Invalid
from ledger.events.event import Event
from ledger.events.sittings import SittingEnded, SittingStarted
from ledger.values import Instant


@frozen
class Sittings:
    """What the history of one person's sittings in one directory says."""

    open: int | None = None
    """Version of the start that has no end yet."""
    started_at: Instant | None = None
    """When that one started."""


def evolve(sittings: Sittings, entry: Entry) -> Sittings:
    """The sittings after one more entry; raises `Damaged` for one that could not have followed."""
    event = entry.event
    if isinstance(event, SittingStarted) and sittings.open is None:
        return Sittings(entry.version, entry.occurred_at)
    if isinstance(event, SittingEnded) and sittings.open == event.sitting:
        return Sittings()
    raise Damaged(f"Position {entry.position}: {event.TYPE} cannot follow here.", position=entry.position)


@frozen
class StartSitting:
    """Sit down to a directory."""

    subject: str
    started: SittingStarted
    last_at: Instant | None = None
    """When the last thing was done in the sitting that is still open, if one is."""
    goes_on: bool = False
    """Whether that was so lately that it is the same sitting."""


def start(command: StartSitting, sittings: Sittings) -> Iterator[Event]:
    """A sitting that nobody ended is ended first, at the last thing that was done in it; unless it goes on."""
    if sittings.open is not None:
        if command.goes_on:
            return
        yield SittingEnded(sittings.open, _later(command.last_at, sittings.started_at), interrupted=True)
    yield command.started


def _later(last_at: Instant | None, started_at: Instant | None) -> str:
    return max(last_at or "", started_at or "")


@frozen
class EndSitting:
    """Get up."""

    subject: str
    ended_at: Instant


def end(command: EndSitting, sittings: Sittings) -> Iterator[Event]:
    """Only a sitting that is open can be ended; one that is ended is left so."""
    if sittings.open is not None:
        yield SittingEnded(sittings.open, _later(command.ended_at, sittings.started_at), interrupted=False)


def decide(command: Command, sittings: Sittings) -> Iterator[Event]:
    """Answer any command about sittings."""
    if isinstance(command, StartSitting):
        return start(command, sittings)
    if isinstance(command, EndSitting):
        return end(command, sittings)
    raise Invalid(f"{type(command).__name__} is not a command about a sitting")


SITTINGS = Decider(Sittings(), evolve, decide)
