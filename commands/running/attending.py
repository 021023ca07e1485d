"""What a run hears while it works: a person's pause, resume and stop, and a plan that was changed."""

from collections.abc import Callable, Collection

from attrs import define

from commands.runs import run_subject
from ledger.events.event import Event
from ledger.events.runs import RunPaused, RunResumed, RunStopRequested
from ledger.events.schedules import ScheduleCancelled, SchedulePlanned
from ledger.log import Ledger

PAGE = 1000
LISTEN_S = 0.5
"""A run listens at least this often; `Ledger.wait` returns sooner when something was appended."""


@define
class Attention:
    """The ledger, as far as it concerns one run: read on from where it was read last."""

    ledger: Ledger
    run: str
    heard: int
    """Position up to which it has been read."""
    followed: Collection[str] = ()
    """The planned days that the run follows."""
    paused: bool = False
    stop: bool = False
    replanned: bool = False
    """Whether a plan that the run follows has changed; whoever looks at it sets it back."""

    def listen(self) -> list[Event]:
        """What is new and concerns this run, in order."""
        news: list[Event] = []
        while page := self.ledger.read(self.heard, PAGE):
            self.heard = page[-1].position
            news += [entry.event for entry in page if self._hears(entry.subject, entry.event)]
        return news

    def _hears(self, subject: str, event: Event) -> bool:
        if subject in self.followed and isinstance(event, SchedulePlanned | ScheduleCancelled):
            self.replanned = True
            return True
        if subject != run_subject(self.run):
            return False
        if isinstance(event, RunPaused | RunResumed):
            self.paused = isinstance(event, RunPaused)
        elif isinstance(event, RunStopRequested):
            self.stop = True
        else:
            return False
        return True

    def wait_while_paused(self, interrupted: Callable[[], bool]) -> None:
        """Return when the run may go on, or is to stop."""
        self.listen()
        while self.paused and not self.stop and not interrupted():
            self.ledger.wait(self.heard, LISTEN_S)
            self.listen()
