"""The shape of a rule book: what a subject's history says, and what may be added to it.

A decider is two pure functions: `evolve` folds an entry into the state, `decide` answers a command with the events it
causes, with none (it is so already), or with `Refused`, `NotFound` or `Conflict`. Asked twice it records once.
The pattern is Jérémie Chassaing's "Functional Event Sourcing Decider" (2021).
"""

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from attrs import frozen

from ledger.entry import Entry
from ledger.events.event import Event
from ledger.values import Instant


class Command(Protocol):
    """A request, in the imperative. Everything that was observed outside travels inside it."""

    @property
    def subject(self) -> str:
        """What it is about."""
        ...


State = TypeVar("State")


@frozen
class Decider(Generic[State]):
    """The rules for one kind of subject."""

    initial: State
    evolve: Callable[[State, Entry], State]
    decide: Callable[[Command, State], Iterator[Event]]


@frozen
class Request:
    """A command with who asks, when it happened (now, if not said) and which request it belongs to."""

    command: Command
    actor: str
    correlation: str
    at: Instant | None = None
    id: str | None = None
    """The id for the command's event, where it is derived from a source record."""
    causation: str | None = None
    """The id of the entry that the command follows from, such as the batch of a plan that a crop is claimed in."""
