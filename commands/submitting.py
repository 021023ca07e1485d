"""Raw events from scripts, as JSON lines: through the deciders, never around them."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from attrs import frozen

from commands import crops, runs, schedules, stretches
from commands.decider import Command, Request
from ledger.codec import structure
from ledger.errors import Invalid
from ledger.events.crops import (
    CropExecuted,
    CropFailed,
    CropRecorded,
    CropReleased,
    CropRetried,
    CropStarted,
    CropUndone,
    CropWithdrawn,
)
from ledger.events.event import Event
from ledger.events.groups import GroupRejected, GroupReopened, ImageChosen
from ledger.events.history import HistoryCompleted, HistoryImported
from ledger.events.images import ImageKept, ImageRestored, ImageSkipped
from ledger.events.runs import (
    BatchBegun,
    BatchesMissed,
    BatchOverran,
    BlockBegun,
    ClockJumped,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopRequested,
)
from ledger.events.schedules import ScheduleCancelled, SchedulePlanned
from ledger.events.staging import ImageStaged, ImageUnstaged
from ledger.values import Actor, image_subject, instant, parse_instant

FIELDS = frozenset({"type", "data", "subject", "actor", "occurred_at", "id"})


_OF_GROUPS = frozenset({ImageChosen.TYPE, GroupRejected.TYPE, GroupReopened.TYPE})


@frozen
class Submitted:
    """One line, understood."""

    line: int
    request: Request


@frozen
class Unreadable:
    """One line that is not an event, and why."""

    line: int
    why: str


def read_lines(lines: Iterable[bytes], *, actor: str, correlation: str) -> Iterator[Submitted | Unreadable]:
    """Understand each line as `{"type", "data", "subject"?, "actor"?, "occurred_at"?, "id"?}`; blank lines are skipped.

    The subject may be left out where the payload names project and path. `actor` is who it is where a line names none.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield Submitted(number, _request(line, actor, correlation))
        except Invalid as error:
            yield Unreadable(number, error.message)


def _request(line: bytes, actor: str, correlation: str) -> Request:
    try:
        fields = msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise Invalid(f"not a JSON object: {error}") from error
    except UnicodeDecodeError as error:
        raise Invalid(f"not UTF-8: {error.reason}") from error
    unknown = sorted(fields.keys() - FIELDS)
    if unknown:
        raise Invalid(f"unknown field {unknown[0]!r}; a line has: {', '.join(sorted(FIELDS))}")
    event = structure(_text(fields, "type"), fields.get("data"))
    return Request(
        _command(_subject(fields, event), event),
        actor=str(Actor.parse(_text(fields, "actor"))) if "actor" in fields else actor,
        correlation=correlation,
        at=instant(parse_instant(_text(fields, "occurred_at"))) if "occurred_at" in fields else None,
        id=_text(fields, "id") if "id" in fields else None,
    )


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise Invalid(f"{name!r} is missing" if value is None else f"{name!r} is a text, not {value!r}")
    return value


def _subject(fields: dict[str, Any], event: Event) -> str:
    if "subject" in fields:
        return _text(fields, "subject")
    if isinstance(event, CropRecorded | ImageSkipped | ImageKept | HistoryImported | HistoryCompleted):
        return image_subject(event.project, event.path)
    if isinstance(event, SchedulePlanned):
        return schedules.schedule_subject(event.project, event.date)
    raise Invalid(f"{event.TYPE} needs a 'subject', such as image/0f3c...; crop show IMAGE prints it")


def _command(subject: str, event: Event) -> Command:  # noqa: C901  # one line per event type, read as a table
    match event:
        case CropRecorded():
            return crops.RecordCrop(subject, event)
        case CropWithdrawn():
            return crops.WithdrawCrop(subject, event.reason)
        case CropStarted():
            return crops.StartCrop(subject, event)
        case CropExecuted():
            return crops.FinishCrop(subject, event)
        case CropFailed():
            return crops.FailCrop(subject, event)
        case CropReleased():
            return crops.ReleaseCrop(subject, event)
        case CropRetried():
            return crops.RetryCrop(subject, event.reason)
        case CropUndone():
            return crops.UndoCrop(subject, event)
        case ImageSkipped():
            return crops.SkipImage(subject, event.project, event.path, event.reason, event.sha256)
        case ImageKept():
            return crops.KeepImage(subject, event)
        case ImageRestored():
            return crops.RestoreImage(subject, event.reason)
        case ImageStaged():
            return crops.StageImage(subject, event)
        case ImageUnstaged():
            return crops.UnstageImage(subject, event)
        case HistoryImported() | HistoryCompleted():
            return crops.ImportHistory(subject, event)
        case SchedulePlanned():
            return schedules.PlanSchedule(subject, event)
        case ScheduleCancelled():
            return schedules.CancelSchedule(subject, event.reason)
        case RunStarted():
            return runs.StartRun(subject, event)
        case RunPaused():
            return runs.PauseRun(subject, event)
        case RunResumed():
            return runs.ResumeRun(subject, event.reason)
        case RunStopRequested():
            return runs.StopRun(subject, event.reason)
        case RunEnded():
            return runs.EndRun(subject, event)
        case ClockJumped():
            return runs.NoteJump(subject, event)
        case BlockBegun() | BatchBegun() | BatchesMissed() | BatchOverran():
            return stretches.NoteStretch(subject, event)
    # A choice decides about the other images of the group, too; that is more than one event.
    instead = ": use crop choose, crop reject or crop reopen" if event.TYPE in _OF_GROUPS else ""
    raise Invalid(f"{event.TYPE} cannot be submitted{instead}")
