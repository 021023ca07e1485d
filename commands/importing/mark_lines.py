"""Marks as JSON lines, in the form of the pending queue: one object per line -> a mark, or the reason it is none. Pure.

    {"created_at": "2025-10-27T09:00:00-07:00", "project_id": "mojo3", "group_id": null, "filename": "a.png",
     "dir": "/photos/set_a", "width": 2048, "height": 2048, "crop_norm": [0.12, 0.08, 0.82, 0.73]}

`created_at`, `group_id` and the size may be left out, and so may `project_id` where the caller names the project;
`ai_crop_coords` and `ai_confidence` may add what a model had proposed. Whether the image is there, and whether it has
the size that is claimed, is for the caller to see: nothing here looks at the disk.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

import msgspec
from attrs import frozen

from commands.importing.facts import bare_name
from commands.importing.quarantine import SetAside
from commands.importing.reading import Lines, Record, lines
from commands.importing.times import read_time
from commands.recording.marks import Mark, offset_of
from ledger.errors import Invalid
from ledger.values import Box, Dimensions, Suggestion

LAYOUT = "pending_queue"

_KEYS = frozenset(
    {
        "created_at", "project_id", "group_id", "filename", "dir", "width", "height", "crop_norm",
        "ai_crop_coords", "ai_confidence",
    }
)  # fmt: skip


@frozen
class MarkLine:
    """One line: the mark it holds, or why it holds none; `record` also serves to set a refused mark aside."""

    record: Record
    meaning: Mark | SetAside


def marks_from(stream: Lines, project: str | None = None) -> Iterator[MarkLine]:
    """Every line that is not empty; `project` is that of lines that do not name one."""
    for record in lines(stream):
        if record.raw.strip():
            yield MarkLine(record, _meaning(record, project))


def _meaning(record: Record, project: str | None) -> Mark | SetAside:
    try:
        return mark_of(_object(record), project)
    except SetAside as why:
        return why


def _object(record: Record) -> dict[str, object]:
    if not record.whole:
        raise SetAside("too_long", f"a line of {record.size} bytes is not a mark")
    try:
        return msgspec.json.decode(record.raw, type=dict[str, object])
    except UnicodeDecodeError as error:
        raise SetAside("encoding", f"not UTF-8: {error}") from error
    except (msgspec.MsgspecError, RecursionError) as error:
        raise SetAside("json", f"not one JSON object: {error}") from error


def mark_of(line: Mapping[str, object], project: str | None = None) -> Mark:
    """The mark that the object describes; raises `SetAside` and names the key that is wrong."""
    unknown = sorted(line.keys() - _KEYS)
    if unknown:
        raise SetAside("fields", f"unknown keys: {', '.join(map(repr, unknown))}")
    created_at = _text(line, "created_at")
    owner = _text(line, "project_id") or project
    if not owner:
        raise SetAside("project", "project_id is missing")
    return Mark(
        project=owner,
        path=_path(line),
        box=_box(line, "crop_norm"),
        dimensions=_dimensions(line),
        group=_text(line, "group_id") or None,
        suggestion=_suggestion(line),
        at=read_time(created_at, None) if created_at else None,
        utc_offset_s=offset_of(created_at) if created_at else None,
    )


def _text(line: Mapping[str, object], key: str) -> str | None:
    text = line.get(key)
    if text is not None and not isinstance(text, str):
        raise SetAside("fields", f"{key} is a text, not {text!r}")
    if text and not text.isprintable():
        raise SetAside("fields", f"{key} has characters that are no text: {text!r}")
    return text


def _path(line: Mapping[str, object]) -> str:
    directory, filename = _text(line, "dir"), _text(line, "filename")
    if not filename or bare_name(filename) != filename or filename in {".", ".."}:
        raise SetAside("filename", f"filename is a file's name without a directory, not {filename!r}")
    if not directory or not PurePosixPath(directory).is_absolute():
        raise SetAside("dir", f"dir is an absolute directory, not {directory!r}")
    return str(PurePosixPath(directory) / filename)


def _box(line: Mapping[str, object], key: str) -> Box:
    edges = line.get(key)
    if not isinstance(edges, Sequence) or isinstance(edges, str) or len(edges) != 4:
        raise SetAside("box", f"{key} is a list of four fractions, not {edges!r}")
    try:
        return Box(*edges)
    except Invalid as error:
        raise SetAside("box", f"{key}: {error}") from error


def _dimensions(line: Mapping[str, object]) -> Dimensions | None:
    width, height = line.get("width"), line.get("height")
    if width is None and height is None:
        return None
    try:
        return Dimensions(width, height)  # type: ignore[arg-type]  # it checks what it is given
    except Invalid as error:
        raise SetAside("size", str(error)) from error


def _suggestion(line: Mapping[str, object]) -> Suggestion | None:
    if line.get("ai_crop_coords") is None:
        return None
    score = line.get("ai_confidence")
    if score is not None and (isinstance(score, bool) or not isinstance(score, int | float)):
        raise SetAside("fields", f"ai_confidence is a number from 0 to 1, not {score!r}")
    try:
        return Suggestion(_box(line, "ai_crop_coords"), score)
    except SetAside:
        raise
    except Invalid as error:
        raise SetAside("fields", f"ai_confidence: {error}") from error
