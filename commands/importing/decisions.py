"""Decision sidecars and the rows of decisions databases -> what was suggested and decided. Pure.

A sidecar is the file `<image stem>.decision`: one JSON object. Which image it means: its own `filename`, else the base
name of `image_path`, else the entries of `images`, else the image with the same stem. A sidecar of a whole group has
the recommendation and the person's choice as objects within. A row of `ai_decisions` is one group, by its column names.
"""

from collections.abc import Mapping

from attrs import evolve as changed

from commands.importing.facts import Fact, Reading, Told, evidence_subject, file_name, project_of
from commands.importing.fields import Fields, score
from commands.importing.quarantine import SetAside
from commands.importing.times import read_time
from ledger.events.imports import DecisionImported
from ledger.values import Box, Dimensions, Suggestion

SIDECAR, DATABASE = "decision_sidecar", "decisions_database"

FORCED_INDEX = "forced_index"
"""A group was rejected and the source names a chosen image all the same: its table had to hold one."""
SIZE_DOUBTFUL = "size_doubtful"
"""A size of 2048 x 2048, which some writers put where they knew none."""
ACTIONS = ("approve", "crop", "reject")

_KEYS = {"needs_crop", "ai_crop_coords", "ai_route", "ai_crop_accepted", "ai_confidence", "ai_selected_index"}
_MODEL = ("ai_recommendation", "recommendation", "ai_decision", "ai")
_PERSON = ("user_decision", "user_choice", "user_selection", "user", "choice")
_DOUBTFUL = Dimensions(2048, 2048)


def is_sidecar(record: Mapping[str, object]) -> bool:
    """Whether an object has the keys of a sidecar."""
    return bool(record.keys() & {*_KEYS, *_MODEL, *_PERSON}) and "crop_norm" not in record


def read_sidecar(record: Mapping[str, object], text: str, told: Told) -> Reading:
    """What a sidecar says; raises `SetAside`."""
    fields = Fields(record)
    images = _images(fields)
    if not images and not told.name.endswith(".decision"):
        raise SetAside("image", "which image does it mean? It names none, and it is not the one sidecar of an image")
    model = _part(fields, _MODEL)
    person = _part(fields, _PERSON)
    event = DecisionImported(
        source=SIDECAR,
        project=project_of(fields.text("project_id"), told),
        group=fields.text("group_id"),
        images=images,
        record=text,
        name=told.name or None,
        suggested_index=_index(model, images, "ai_selected_index", "selected_index"),
        suggestion=_suggestion(model, nested=model is not fields),
        suggestion_accepted=fields.flag("ai_crop_accepted"),
    )
    if person is not fields or fields.first("user_action", "user_selected_index", "final_crop_coords"):
        event = _chosen(event, person, nested=person is not fields)
    return _reading(event, fields, person, told)


def read_row(row: Mapping[str, object], text: str, told: Told) -> Reading:
    """What a row of `ai_decisions` says; raises `SetAside`."""
    fields = Fields(row)
    images = tuple(map(file_name, fields.texts("images")))
    size = fields.dimensions("image_width", "image_height")
    odd = (SIZE_DOUBTFUL,) if size == _DOUBTFUL else ()
    event = DecisionImported(
        source=DATABASE,
        project=project_of(fields.text("project_id"), told),
        group=fields.required("group_id"),
        images=images,
        record=text,
        directory=fields.text("directory"),
        batch=fields.whole("batch_number"),
        suggested_index=_index(fields, images, "ai_selected_index"),
        suggestion=_suggestion(fields),
        suggestion_accepted=fields.flag("ai_crop_accepted"),
        dimensions=size,
        warnings=odd,
    )
    return _reading(_chosen(event, fields), fields, fields, told)


def _images(fields: Fields) -> tuple[str, ...]:
    key = fields.first("filename", "image_path")
    if key:
        return (file_name(fields.required(key)),)
    images = fields.values.get("images")
    if isinstance(images, list) and images and all(isinstance(each, dict) for each in images):
        return tuple(file_name(each.required(each.first("filename", "path") or "filename"))
                     for each in fields.objects("images"))  # fmt: skip
    return tuple(map(file_name, fields.texts("images")))


def _part(fields: Fields, names: tuple[str, ...]) -> Fields:
    """The object within that has this part of it, or the object itself."""
    name = fields.first(*names)
    return (fields.object(name) if name else None) or fields


def _index(fields: Fields, images: tuple[str, ...], *keys: str) -> int | None:
    key = fields.first(*keys)
    index = fields.whole(key) if key else None
    if index is not None and index >= (len(images) or 4):
        raise SetAside("chosen", f"{key} is {index}, of {len(images) or 'at most 4'} images")
    return index


def _suggestion(fields: Fields, *, nested: bool = False) -> Suggestion | None:
    key = fields.first("ai_crop_coords", *_within(nested))
    box = fields.box(key) if key else None
    name = fields.first("ai_confidence", "confidence")
    certain = score(fields.number(name) if name else None)
    return None if box is None else Suggestion(box, certain)


def _within(nested: bool) -> tuple[str, ...]:  # noqa: FBT001  # the one question it answers
    return ("crop_coords",) if nested else ()  # the shorter name is clear only inside an object of its own


def _chosen(event: DecisionImported, person: Fields, *, nested: bool = False) -> DecisionImported:
    """With what the person decided."""
    action = person.text(person.first("user_action", "action") or "user_action")
    if action is not None and action not in ACTIONS:
        raise SetAside("action", f"user_action is one of {', '.join(ACTIONS)}, not {action!r}")
    index = _index(person, event.images, "user_selected_index", "selected_index")
    final: Box | None = person.box(person.first("final_crop_coords", *_within(nested)) or "final_crop_coords")
    odd = event.warnings
    if action == "reject":
        odd = (*odd, FORCED_INDEX) if index is not None else odd
        index = None  # the person chose nothing; the number is the suggestion's, put there to fill a column
    return changed(event, action=action, chosen_index=index, box=final, warnings=odd)


def _reading(event: DecisionImported, fields: Fields, person: Fields, told: Told) -> Reading:
    stamp = fields.text("timestamp") or person.text("timestamp")
    cropped = fields.text("crop_timestamp")
    at = read_time(stamp, told.tz) if stamp else None
    if cropped:
        read_time(cropped, told.tz)
    event = changed(event, stamp=at and _utc(stamp, told), cropped_stamp=cropped and _utc(cropped, told))
    about = event.group or "\0".join(event.images) or told.name
    subject = evidence_subject("decision", event.project, about)
    boxes = int(event.suggestion is not None) + int(event.box is not None)
    return Reading((Fact(subject, event, at, f"import:{event.source}"),), at, event.warnings, boxes)


def _utc(stamp: str | None, told: Told) -> str | None:
    return read_time(stamp, told.tz) if stamp else None
