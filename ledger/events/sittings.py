"""When a person sat down to a directory, and when they got up."""

from typing import ClassVar

from attrs import frozen

from ledger.events.event import Event


@frozen
class SittingStarted(Event):
    """A person sat down to a directory."""

    TYPE: ClassVar[str] = "sitting.started"

    directory: str
    """Canonical absolute path."""
    directory_subject: str
    """The directory's own subject, which stays when it moves."""
    project: str | None
    """The project that is worked on; absent where nothing was decided in the directory yet."""
    seen: int
    """Images seen in it at that moment."""
    decided: int
    """Of these, the ones that need no person any more."""


@frozen
class SittingEnded(Event):
    """A person got up; or it was found, later, that they must have."""

    TYPE: ClassVar[str] = "sitting.ended"

    sitting: int
    """Version, within this history, of the start that it ends."""
    ended_at: str
    """When it ended (UTC): now, or, where nobody ended it, when the last thing was done in it."""
    interrupted: bool
    """Whether nobody ended it: a crash, or a page that was closed, found by the next start."""
