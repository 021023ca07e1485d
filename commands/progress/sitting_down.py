"""Sitting down to a directory and getting up: what is greeted with what, and what a sitting adds up to."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from itertools import groupby

from attrs import frozen

from commands.decider import Request
from commands.handle import handle
from commands.recording.recording import Asked
from commands.sittings import EndSitting, StartSitting
from ledger.events.sittings import SittingStarted
from ledger.log import Ledger
from ledger.values import Instant, directory_subject, instant, sitting_subject
from projections.directories import place
from projections.progress import DirectoryProgress
from projections.reader import Projections
from projections.sittings import Sitting, Step, sittings
from projections.upcoming import UpcomingImage

GOES_ON_S = 600.0
"""A sitting that nobody ended goes on if the last thing in it was done less than this ago; the cadence's own bound."""


def sit_down(
    row: DirectoryProgress, asked: Asked, *, ledger: Ledger, projections: Projections, idle_s: float
) -> Sitting | None:
    """Record that a person sits down to a directory; the sitting before, of anybody in this directory, if there is one.

    The directory must have been scanned. A sitting of the same person that was never ended ends with the last thing
    done in it, or goes on if that was just now.
    """
    before = sittings(projections, idle_s=idle_s, directory=row.directory, project=row.project, limit=1)
    at = place(projections, row.directory)
    directory = at.subject if at else directory_subject(row.directory)
    own = sittings(projections, idle_s=idle_s, directory=row.directory, who=asked.actor, limit=1)
    open_ = own[0] if own and own[0].ended_at is None else None
    command = StartSitting(
        sitting_subject(asked.actor, directory),
        SittingStarted(row.directory, directory, row.project, row.seen, row.decided),
        last_at=Instant(open_.last_at) if open_ else None,
        goes_on=open_ is not None and goes_on(open_, asked.now),
    )
    handle(Request(command, asked.actor, asked.correlation), ledger=ledger, now=asked.now)
    return before[0] if before else None


def get_up(sitting: Sitting, asked: Asked, *, ledger: Ledger) -> None:
    """Record that a person got up."""
    command = EndSitting(sitting.subject, instant(asked.now))
    handle(Request(command, asked.actor, asked.correlation), ledger=ledger, now=asked.now)


@frozen
class Working:
    """What the sittings in a directory say of it."""

    now: Sitting | None
    """The sitting that is going on."""
    last: Sitting | None
    """The one before it; one that nobody ended and that does not go on is over too."""
    per_hour: float | None
    """Images per hour of work, over all sittings."""
    left_s: float | None
    """Seconds of work that are left at this pace."""


def working(row: DirectoryProgress, projections: Projections, *, idle_s: float, now: datetime) -> Working:
    """What the sittings in a directory say of it."""
    sat = sittings(projections, idle_s=idle_s, directory=row.directory, project=row.project)
    going_on = [each for each in sat if goes_on(each, now)]
    over = [each for each in sat if not goes_on(each, now)]
    pace = per_hour(sum(each.images for each in sat), sum(each.work_s for each in sat))
    left = row.open + row.failed
    return Working(
        going_on[0] if going_on else None,
        over[0] if over else None,
        pace,
        round(3600 * left / pace) if pace and left else None,
    )


def goes_on(sitting: Sitting, now: datetime) -> bool:
    """Whether a sitting is going on: nobody ended it, and the last thing in it was done lately."""
    return sitting.ended_at is None and _since(sitting.last_at, now) < GOES_ON_S


def greeting(
    where: str, row: DirectoryProgress, before: Sitting | None, coming: UpcomingImage | None, now: datetime
) -> str:
    """What is said to a person who sits down: `Starting ... found 150 images`, or `Resuming ...` and where."""
    if not row.decided and before is None:
        return f"Starting {where}: found {_images(row.seen)}" + (f", {row.problem} cannot be read" * bool(row.problem))
    share = f"{100 * row.decided / row.seen:.1f}%" if row.seen else "100%"
    last = f", last sitting {ago(_since(before.last_at, now))}" if before else ""
    at = f", at image {coming.place:,}: {coming.filename}" if coming else ", nothing waits for a decision"
    return f"Resuming {where}: {row.decided:,}/{row.seen:,} ({share}){last}{at}"


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"


def _since(at: str, now: datetime) -> float:
    return (now - datetime.fromisoformat(at)).total_seconds()


def ago(seconds: float) -> str:
    """`just now`, `12 minutes ago`, `2 hours ago`, `3 days ago`."""
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {word}{'' if count == 1 else 's'} ago"
    return "just now"


def span(seconds: float) -> str:
    """`45 s`, `12m`, `2h 15m`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60}h {minutes % 60:02}m" if minutes >= 60 else f"{minutes}m"


def per_hour(images: int, work_s: float) -> float | None:
    """Images per hour of work; None where there is too little to say."""
    return round(3600 * images / work_s, 1) if images >= 2 and work_s > 0 else None


@frozen
class WorkedDay:
    """One person's work on one day of the work zone."""

    day: str
    who: str
    images: int
    """Different images decided about."""
    work_s: float
    per_hour: float | None


def days(steps: Iterable[Step], idle_s: float, zone: tzinfo) -> list[WorkedDay]:
    """What people did in their sittings, day by day, latest first; a gap belongs to the day that it ends on."""

    def key(step: Step) -> tuple[str, str]:
        return datetime.fromisoformat(step.at).astimezone(zone).date().isoformat(), step.who

    found = []
    for (day, who), group in groupby(sorted(steps, key=key), key=key):
        done = list(group)
        images = len({step.image for step in done if step.image})
        work_s = sum(min(step.gap_s, idle_s) for step in done if step.gap_s is not None)
        found.append(WorkedDay(day, who, images, round(work_s, 3), per_hour(images, work_s)))
    return found[::-1]
