"""What stands in the ledger: entries, and the drafts they are made from."""

import uuid
from typing import Self

import msgspec
import uuid_utils

from ledger.events.event import Event
from ledger.values import Instant


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One event as it stands in the ledger.

    A struct rather than an attrs class: replaying reads millions of them, and a struct is made in a fifth of the time.
    The collector need not look at it, since nothing in it leads back to it.
    """

    position: int
    """Its place in the whole ledger: 1, 2, 3 ... without a gap."""
    id: str
    subject: str
    """What it is about, such as `image/0f3c...`."""
    version: int
    """Its place in the subject's history: 1, 2, 3 ..."""
    event: Event
    occurred_at: Instant
    """When it happened in the world."""
    recorded_at: Instant
    """When it was appended."""
    actor: str
    """Who did it, `kind:name`; see `ledger.values.Actor`."""
    correlation: str
    """The request that began it."""
    causation: str | None
    """The id of the entry that it follows from, if any."""

    @property
    def by_a_person(self) -> bool:
        """Whether an operator did it; runners, imports and suggesters are not people."""
        return self.actor.startswith("operator:")

    @property
    def by_an_import(self) -> bool:
        """Whether it was brought in from another tool."""
        return self.actor.startswith("import:")

    def recorded(self, at: Instant) -> Self:
        """The same entry, appended at this time."""
        return msgspec.structs.replace(self, recorded_at=at)


def new_id() -> str:
    """A UUIDv7 (RFC 9562): unique, and sorting by the time it was made."""
    return str(uuid_utils.uuid7())


_DERIVED = uuid.UUID("b7c0a1f2-4b44-5b1e-9d55-3f1d2c9f6a10")


def derived_id(*parts: str) -> str:
    """An id that is the same whenever the same source record is met (UUIDv5 over the parts)."""
    return str(uuid.uuid5(_DERIVED, "\0".join(parts)))


class Draft(msgspec.Struct, frozen=True, gc=False):
    """An event about to be appended. Sent again with the same id it is the same event, recorded once."""

    subject: str
    event: Event
    actor: str
    occurred_at: Instant
    correlation: str
    causation: str | None = None
    id: str = msgspec.field(default_factory=new_id)


class Batch(msgspec.Struct, frozen=True):
    """Drafts that land whole, in order, or not at all.

    `expected` names the version that a subject's history had when its drafts were decided; a subject that has moved
    on since is a `Conflict`. Subjects that are not named are not checked.
    """

    drafts: tuple[Draft, ...]
    expected: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, *drafts: Draft) -> Self:
        """A batch without expectations."""
        return cls(drafts)


class Head(msgspec.Struct, frozen=True):
    """The last position and the chain's hash there (hexadecimal); position 0 is the empty ledger."""

    position: int
    hash: str


class Receipt(msgspec.Struct, frozen=True):
    """What `append` did: the positions of the batch, and whether they had been there before."""

    positions: tuple[int, ...]
    head: Head
    recorded_at: Instant
    """The time that stands in its entries, by the ledger's clock."""
    repeated: bool = False
