"""The ledger as a person or a script reads it: filtered, followed, in words."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

import msgspec
from attrs import frozen

from ledger.codec import encode
from ledger.entry import Entry
from ledger.errors import Invalid
from ledger.events.catalogue import BY_TYPE
from ledger.events.crops import CropExecuted, CropFailed, CropRecorded, CropStarted, CropUndone
from ledger.events.directories import DirectoryRelocated, DirectoryRestarted, DirectoryScanned
from ledger.events.event import Event
from ledger.events.groups import GroupRejected, ImageChosen
from ledger.events.history import HistoryCompleted, HistoryImported
from ledger.events.images import ImageKept, ImageRelocated, ImageSkipped
from ledger.events.imports import DecisionImported, MarkImported, OperationImported, ProgressImported, SittingImported
from ledger.events.runs import BatchBegun, BatchesMissed, BatchOverran, BlockBegun, ClockJumped, RunStarted
from ledger.events.schedules import SchedulePlanned
from ledger.events.sittings import SittingEnded, SittingStarted
from ledger.log import Ledger
from ledger.values import instant, parse_instant

PAGE = 1000


@frozen
class Filter:
    """Which entries to show; what is None is not looked at."""

    subject: str | None = None
    type_: str | None = None
    actor: str | None = None
    after: int = 0
    since: str | None = None

    @classmethod
    def parse(cls, *, subject: str | None, type_: str | None, actor: str | None, since: str | None) -> Self:
        """From the options of a command; raises `Invalid` for a type or time there cannot be."""
        if type_ is not None and type_ not in BY_TYPE:
            raise Invalid(f"No event type {type_!r}.", mend=f"Known: {', '.join(BY_TYPE)}")
        if since is not None and since.isdigit():
            return cls(subject, type_, actor, after=max(int(since) - 1, 0))
        return cls(subject, type_, actor, since=None if since is None else instant(parse_instant(since)))

    def passes(self, entry: Entry) -> bool:
        """Whether this entry is wanted."""
        return (
            entry.position > self.after
            and self.type_ in {None, entry.event.TYPE}
            and self.subject in {None, entry.subject}
            and (self.actor is None or _is_actor(entry.actor, self.actor))
            and (self.since is None or entry.recorded_at >= self.since)
        )


def _is_actor(actor: str, wanted: str) -> bool:
    return actor.startswith(wanted) if wanted.endswith(":") else actor == wanted


def entries(ledger: Ledger, wanted: Filter, *, follow: bool = False) -> Iterator[Entry]:
    """The wanted entries in order; with `follow`, for ever."""
    if wanted.subject is not None and not follow:
        yield from filter(wanted.passes, ledger.history(wanted.subject))
        return
    after = wanted.after
    while True:
        page = ledger.read(after, PAGE)
        yield from filter(wanted.passes, page)
        if page:
            after = page[-1].position
        elif follow:
            ledger.wait(after, timeout_s=60)
        else:
            return


def as_value(entry: Entry) -> dict[str, Any]:
    """An entry as JSON has it, payload inside; `crop submit` takes type, subject, actor, occurred_at and data back."""
    return {
        "position": entry.position,
        "id": entry.id,
        "subject": entry.subject,
        "version": entry.version,
        "type": entry.event.TYPE,
        "occurred_at": entry.occurred_at,
        "recorded_at": entry.recorded_at,
        "actor": entry.actor,
        "correlation": entry.correlation,
        "causation": entry.causation,
        "data": msgspec.json.decode(encode(entry.event)),
    }


def in_words(entry: Entry, zone: ZoneInfo) -> str:
    """An entry as one line, in the operator's zone."""
    at = datetime.fromisoformat(entry.occurred_at).astimezone(zone)
    what = gist(entry.event) or entry.subject
    return f"{entry.position:>6}  {at:%Y-%m-%d %H:%M:%S %z}  {entry.event.TYPE:<16}  {what}  ({entry.actor})"


def story(subject: str, history: Iterable[Entry], zone: ZoneInfo) -> Iterator[str]:
    """One image's story, a line per entry."""
    yield subject
    for entry in history:
        yield in_words(entry, zone)


def gist(event: Event) -> str:
    """What an event says, in half a line."""
    if isinstance(event, ImageChosen | GroupRejected):
        return _gist_of_group(event)
    words = _gist_of_run(event) if event.TYPE.startswith("run.") else _words(event)
    warnings = getattr(event, "warnings", ())
    return words + (f" [{', '.join(warnings)}]" if warnings else "")


def _words(event: Event) -> str:  # noqa: C901  # one arm per event type, read as a table
    match event:
        case CropRecorded():
            again = f", replaces version {event.supersedes}" if event.supersedes else ""
            words = f"{event.path}: box {event.box} of {event.dimensions}{again}"
        case CropStarted():
            words = f"{event.source}: attempt {event.attempt}, pixels {event.pixel_box}"
        case CropExecuted():
            words = f"{event.output}: {event.output_dimensions}, {len(event.companions)} companions moved"
        case CropFailed():
            words = f"{event.reason}: {event.message}{'' if event.final else ' (will be tried again)'}"
        case CropUndone():
            words = f"{event.source} is back"
        case ImageSkipped():
            words = f"{event.path}{f': {event.reason}' if event.reason else ''}"
        case SchedulePlanned():
            crops = sum(batch.crops for block in event.blocks for batch in block.batches)
            again = f", replaces version {event.supersedes}" if event.supersedes else ""
            words = f"{event.date}: {crops} crops for {event.project or 'all projects'}, {event.method}{again}"
        case DirectoryRestarted() | DirectoryRelocated() | SittingStarted():
            words = event.directory
        case ImageRelocated():
            words = f"{event.source} is {event.path} now"
        case ImageKept():
            words = f"{event.path}{f': {event.reason}' if event.reason else ''}"
        case SittingEnded():
            words = f"at {event.ended_at}{', by a later start' if event.interrupted else ''}"
        case DirectoryScanned():
            counts = ((event.added, "added"), (event.removed, "removed"), (event.replaced, "replaced"))
            news = "".join(f", {len(names)} {word}" for names, word in counts if names)
            words = f"{event.directory}: {event.images} images{news}"
        case _:
            words = _evidence(event)
    return words


def _gist_of_group(event: ImageChosen | GroupRejected) -> str:
    if isinstance(event, GroupRejected):
        return f"{event.directory}: none of {len(event.images)} kept{f': {event.reason}' if event.reason else ''}"
    instead = f", instead of {event.supersedes}" if event.supersedes else ""
    return f"{event.directory}/{event.chosen}: kept of {len(event.images)} ({event.how}){instead}"


def _gist_of_run(event: Event) -> str:
    match event:
        case RunStarted():
            days = f", follows {', '.join(event.schedules)}" if event.schedules else ""
            words = f"{event.project or 'all projects'}, {event.mode}{days}"
        case BlockBegun():
            problems = f" [{', '.join(event.problems)}]" if event.problems else ""
            words = f"block {event.block}: {event.crops} crops planned, {event.waiting} waiting{problems}"
        case BatchBegun():
            carried = f", {event.carried} of them missed before" if event.carried else ""
            words = f"batch {event.batch}: {event.crops} crops{carried}, {event.late_s:.3f} s late"
        case BatchesMissed():
            which = f"batch {event.first}" if event.first == event.last else f"batches {event.first} to {event.last}"
            spread = f", {event.carried} taken over by later batches" if event.carried else ""
            words = f"{which}: {event.crops} crops, {event.reason}{spread}"
        case BatchOverran():
            words = f"batch {event.batch}: {event.over_s:.1f} s into the {event.into}"
        case ClockJumped():
            words = f"{event.by_s:+.1f} s"
        case _:
            reason, message = getattr(event, "reason", None), getattr(event, "message", None)
            words = ": ".join(filter(None, (reason, message)))
    return words


def _evidence(event: Event) -> str:
    """What evidence of other tools says; of anything else its reason, if it has one."""
    match event:
        case HistoryImported():
            return f"{event.path}: {f'box {event.box}' if event.box else 'box unknown'}"
        case HistoryCompleted():
            return f"{event.path}: {event.source}{f', group {event.group}' if event.group else ''}"
        case MarkImported():
            return f"{event.path}: box {event.box} waits"
        case DecisionImported():
            return f"{event.group or ', '.join(event.images)}: {event.action or 'suggested'} {event.box or ''}".rstrip()
        case OperationImported():
            return f"{event.tool or event.source}: {event.operation or event.kind}"
        case SittingImported():
            return f"{event.tool or event.source}: until {event.ended_at or 'nobody knows when'}"
        case ProgressImported():
            return f"{event.directory}: {len(event.completed) or event.count or 0} completed"
        case _:
            return str(getattr(event, "reason", None) or "")
