"""Who sits at which directory, as far as this server sees: a sitting begins with the first act, not with a look."""

from datetime import datetime, timedelta

from attrs import define, evolve, field

from commands.desk import Desk
from commands.handle import replay
from commands.progress.sitting_down import GOES_ON_S, get_up, goes_on, greeting, sit_down
from commands.recording.recording import Asked
from commands.sittings import SITTINGS
from ledger.values import directory_subject, sitting_subject
from projections.directories import place
from projections.progress import progress
from projections.sittings import sittings
from projections.upcoming import next_images
from web.offered import Directory

_Seat = tuple[str, str]


@define(eq=False)
class Seats:
    """When each person opened a directory, and when they last did something there."""

    _opened: dict[_Seat, datetime] = field(factory=dict)
    _acted: dict[_Seat, datetime] = field(factory=dict)

    def look(self, desk: Desk, directory: Directory, project: str, actor: str) -> str:
        """A person looks at a directory; what is said to that. Nothing is recorded."""
        self._opened[actor, directory.id] = desk.now
        rows = progress(desk.projections, directory=directory.path, project=project)
        if not rows:
            return ""
        idle_s = desk.settings.idle_threshold_s
        before = sittings(desk.projections, idle_s=idle_s, directory=directory.path, project=project, limit=1)
        coming = next_images(desk.projections, directory.path, project=project)
        return greeting(directory.name, rows[0], before[0] if before else None, coming[0] if coming else None, desk.now)

    def act(self, desk: Desk, directory: Directory, project: str, asked: Asked, first_at: datetime) -> None:
        """A person does something: the sitting begins, unless it goes on. `first_at` is when the first of it was done.

        It begins when the directory was opened, but no longer before than a pause may be that counts as work.
        """
        seat = asked.actor, directory.id
        acted, self._acted[seat] = self._acted.get(seat), asked.now
        if acted and (asked.now - acted).total_seconds() < GOES_ON_S and _sits(desk, directory, asked.actor):
            return
        rows = progress(desk.projections, directory=directory.path, project=project)
        if not rows:
            return
        idle_s = desk.settings.idle_threshold_s
        own = sittings(desk.projections, idle_s=idle_s, directory=directory.path, who=asked.actor, limit=1)
        earliest = [first_at - timedelta(seconds=idle_s), *(datetime.fromisoformat(each.last_at) for each in own)]
        began = min(first_at, max(self._opened.get(seat, first_at), *earliest))
        sit_down(rows[0], evolve(asked, now=began), ledger=desk.ledger, projections=desk.projections, idle_s=idle_s)

    def leave(self, desk: Desk, directory: Directory, asked: Asked) -> None:
        """A person gets up; a sitting that they left long ago ends where it did, when the next one begins."""
        self._acted.pop((asked.actor, directory.id), None)
        idle_s = desk.settings.idle_threshold_s
        own = sittings(desk.projections, idle_s=idle_s, directory=directory.path, who=asked.actor, limit=1)
        if own and goes_on(own[0], desk.now):
            get_up(own[0], asked, ledger=desk.ledger)


def _sits(desk: Desk, directory: Directory, actor: str) -> bool:
    """Whether a sitting is open, by the ledger: another page or the command line may have ended it."""
    known = place(desk.projections, directory.path)
    subject = known.subject if known else directory_subject(directory.path)
    return replay(SITTINGS, desk.ledger.history(sitting_subject(actor, subject)))[0].open is not None
