"""What other tools left behind that is no crop of an image: the rules for its subjects. Pure."""

from collections.abc import Iterator

from attrs import frozen

from commands.decider import Command, Decider
from ledger.entry import Entry
from ledger.errors import Damaged, Invalid
from ledger.events.event import Event
from ledger.events.imports import (
    DecisionImported,
    MarkImported,
    OperationImported,
    ProgressImported,
    ProjectImported,
    SelectionImported,
    SittingImported,
)

KINDS = (
    DecisionImported,
    MarkImported,
    OperationImported,
    ProgressImported,
    ProjectImported,
    SelectionImported,
    SittingImported,
)


@frozen
class ImportEvidence:
    """Note what another tool wrote. The subject is what its records are about: a group, a session, a directory ..."""

    subject: str
    evidence: Event


def evolve(known: tuple[Event, ...], entry: Entry) -> tuple[Event, ...]:
    """What is known of the subject after one more entry; raises `Damaged` for an event that is no evidence."""
    if not isinstance(entry.event, KINDS):
        raise Damaged(
            f"Position {entry.position}: {entry.event.TYPE} is no evidence of another tool.", position=entry.position
        )
    return (*known, entry.event)


def decide(command: Command, known: tuple[Event, ...]) -> Iterator[Event]:
    """The same evidence again is nothing new."""
    if not isinstance(command, ImportEvidence) or not isinstance(command.evidence, KINDS):
        raise Invalid(f"{type(command).__name__} is no evidence of another tool")
    if command.evidence not in known:
        yield command.evidence


EVIDENCE: Decider[tuple[Event, ...]] = Decider((), evolve, decide)
