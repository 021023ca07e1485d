"""What may happen in a stretch of work: looked at, its batches begun in order or missed, an overrun. One decider.

A subject of its own, not the run's: a run begins thousands of batches, and to decide about each would be to read them
all again.
"""

from collections.abc import Iterator

from attrs import evolve as changed
from attrs import frozen

from commands.decider import Command, Decider
from ledger.entry import Entry
from ledger.errors import Conflict, Damaged, Invalid
from ledger.events.event import Event
from ledger.events.runs import BatchBegun, BatchesMissed, BatchOverran, BlockBegun

StretchNote = BlockBegun | BatchBegun | BatchesMissed | BatchOverran
"""What a run notes on its way through a stretch of work."""


def stretch_subject(run: str, plan: int, block: int) -> str:
    """The subject of a stretch of work in a run: `stretch/<run>/<position of the plan>/<block>`."""
    return f"stretch/{run}/{plan}/{block}"


@frozen
class Stretch:
    """What the history of a stretch says."""

    batch: int = 0
    """The batch that was begun last."""


def evolve(stretch: Stretch, entry: Entry) -> Stretch:
    """The stretch after one more entry; raises `Damaged` for one that could not have followed."""
    event = entry.event
    if isinstance(event, BatchBegun) and event.batch > stretch.batch:
        return changed(stretch, batch=event.batch)
    if isinstance(event, BlockBegun | BatchesMissed | BatchOverran):
        return stretch
    raise Damaged(f"Position {entry.position}: {event.TYPE} cannot follow here.", position=entry.position)


@frozen
class NoteStretch:
    """Note what a run met in a stretch of work."""

    subject: str
    note: StretchNote


def decide(command: Command, stretch: Stretch) -> Iterator[Event]:
    """Batches are begun in order, each once."""
    if not isinstance(command, NoteStretch):
        raise Invalid(f"{type(command).__name__} is not a command about a stretch of work")
    note = command.note
    if isinstance(note, BatchBegun) and note.batch <= stretch.batch:
        raise Conflict(f"Batch {stretch.batch} of {note.schedule} was begun already, and {note.batch} comes before it.")
    yield note


STRETCHES = Decider(Stretch(), evolve, decide)
