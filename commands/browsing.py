"""The ledger backwards, from the newest entry on, narrowed to what somebody looks for."""

from collections.abc import Iterator

from attrs import frozen

from ledger.entry import Entry
from ledger.errors import Invalid
from ledger.events.catalogue import BY_TYPE
from ledger.log import Ledger
from ledger.values import Instant

PAGE = 1000

LOOKED_AT_MOST = 200_000
"""Entries read for one answer: where fewer fit, the rest is for who asks on. A third of a second."""


@frozen
class Wanted:
    """Which entries; what is None is not looked at."""

    type: str | None = None
    subject: str | None = None
    actor: str | None = None
    """A whole actor, or a kind with its colon: `runner:`."""
    correlation: str | None = None
    since: Instant | None = None
    until: Instant | None = None
    """It happened before this."""

    def check(self) -> None:
        """Raise `Invalid` for a type there is not."""
        if self.type is not None and self.type not in BY_TYPE:
            raise Invalid(f"No event type {self.type!r}.", mend=f"Known: {', '.join(BY_TYPE)}")

    def fits(self, entry: Entry) -> bool:
        """Whether this entry is wanted."""
        return (
            self.type in {None, entry.event.TYPE}
            and self.subject in {None, entry.subject}
            and self.correlation in {None, entry.correlation}
            and (self.actor is None or entry.actor == self.actor or _is_kind(self.actor, entry.actor))
            and (self.since is None or entry.occurred_at >= self.since)
            and (self.until is None or entry.occurred_at < self.until)
        )


def _is_kind(wanted: str, actor: str) -> bool:
    return wanted.endswith(":") and actor.startswith(wanted)


@frozen
class Found:
    """Some of the wanted entries, the newest first."""

    entries: tuple[Entry, ...]
    before: int | None
    """Older ones are asked for with this position; None where everything was looked at."""


def latest(ledger: Ledger, wanted: Wanted, *, before: int | None = None, limit: int = 100) -> Found:
    """The newest entries that are wanted and stand before a position; raises `Invalid`."""
    wanted.check()
    found: list[Entry] = []
    last = 0
    for looked, entry in enumerate(_backwards(ledger, wanted, before), 1):
        if wanted.fits(entry):
            if len(found) == limit:
                return Found(tuple(found), last)
            found.append(entry)
        last = entry.position
        if looked == LOOKED_AT_MOST and last > 1:
            return Found(tuple(found), last)
    return Found(tuple(found), None)


def _backwards(ledger: Ledger, wanted: Wanted, before: int | None) -> Iterator[Entry]:
    last = ledger.head().position if before is None else before - 1
    if wanted.subject is not None:
        yield from (entry for entry in reversed(ledger.history(wanted.subject)) if entry.position <= last)
        return
    while last > 0:
        after = max(0, last - PAGE)
        yield from reversed(ledger.read(after, last - after))
        last = after
