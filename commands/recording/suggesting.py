"""What a model had suggested for an image that is being recorded: from the sidecar beside it, or what was imported."""

from pathlib import Path

import msgspec
from attrs import frozen

from commands.importing.decisions import is_sidecar, read_sidecar
from commands.importing.facts import Told
from commands.importing.quarantine import SetAside
from ledger.errors import Invalid
from ledger.events.imports import DecisionImported
from ledger.values import Box, Suggestion
from projections.ai_decisions import suggestion_for
from projections.reader import Projections

SIDECAR_UNREADABLE = "sidecar_unreadable"
"""There is a decision sidecar beside the image that cannot be understood."""

_LONGEST_BYTES = 1 << 20


@frozen
class Suggested:
    """What is known beforehand of an image."""

    suggestion: Suggestion | None = None
    group: str | None = None
    warnings: tuple[str, ...] = ()


def suggested_for(image: Path, project: str, projections: Projections) -> Suggested:
    """What its sidecar says, else what was imported; nothing where neither knows the image in this project."""
    beside = told_beside(image, project)
    if beside.suggestion is not None:
        return beside
    found = suggestion_for(projections, project, image.name)
    if found is None:
        return beside
    box = Box(found.x1, found.y1, found.x2, found.y2)
    return Suggested(Suggestion(box, found.score), beside.group or found.group_id, beside.warnings)


def told_beside(image: Path, project: str) -> Suggested:
    """What its sidecar says."""
    sidecar = image.with_suffix(".decision")
    try:
        with sidecar.open("rb") as stream:
            raw = stream.read(_LONGEST_BYTES + 1)
    except FileNotFoundError:
        return Suggested()
    except OSError:
        return Suggested(warnings=(SIDECAR_UNREADABLE,))
    try:
        return _meant(raw, sidecar.name, image.name, project)
    except (SetAside, Invalid, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Suggested(warnings=(SIDECAR_UNREADABLE,))


def _meant(raw: bytes, name: str, image: str, project: str) -> Suggested:
    record = msgspec.json.decode(raw, type=dict[str, object])
    if len(raw) > _LONGEST_BYTES or not is_sidecar(record):
        return Suggested(warnings=(SIDECAR_UNREADABLE,))
    # Local times do not matter here: only the suggestion is taken.
    timeless = {key: value for key, value in record.items() if key not in {"timestamp", "crop_timestamp"}}
    [fact] = read_sidecar(timeless, raw.decode(), Told(project, name=name)).facts
    event = fact.event
    if not isinstance(event, DecisionImported) or event.project != project:
        return Suggested()  # another project's: it says nothing about this image
    if event.images and image not in event.images:
        return Suggested()
    chosen = len(event.images) <= 1 or (
        event.suggested_index is not None and event.images[event.suggested_index] == image
    )
    return Suggested(event.suggestion if chosen else None, event.group)
