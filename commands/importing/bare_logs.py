"""Logs without coordinates, and selection logs. Pure.

- `historical_log`: nine columns that end in `chosen_stage, time_diff_days, raw_mtime, final_mtime`, or eight with a
  `note`: evidence that an image was cropped at the file's final modification time, coordinates unknown. Never a crop
  with a made-up box.
- `selection_log`: `session_id, set_id, chosen_path, neg_paths, timestamp`; `neg_paths` is a JSON list, or a Python one.
"""

import ast
import re
import warnings
from collections.abc import Sequence

import msgspec

from commands.importing.facts import BOX_UNKNOWN, Crop, Fact, Reading, Told, evidence_subject, file_name, project_of
from commands.importing.quarantine import SetAside
from commands.importing.times import STAMP, read_time
from ledger.events.imports import SelectionImported

HISTORICAL, SELECTION = "historical_log", "selection_log"

SELECTION_NAMES = ("session_id", "set_id", "chosen_path", "neg_paths", "timestamp")
_IMAGE = re.compile(r".+\.(png|jpe?g|webp|tiff?|bmp)\Z", re.IGNORECASE)
_NUMBER = re.compile(r"-?[0-9]{1,6}(\.[0-9]{1,20})?\Z")
_OTHERS_MAX = 64 * 1024


def is_header(fields: Sequence[str]) -> bool:
    """Whether a row names columns of these logs."""
    names = {field.strip() for field in fields}
    return ("final_mtime" in names or "note" in names or tuple(fields) == SELECTION_NAMES) and len(fields) in {5, 8, 9}


def is_historical(fields: Sequence[str]) -> bool:
    """Whether a row is evidence without coordinates: one image, and times, in eight or nine columns."""
    if len(fields) not in {8, 9} or sum(_IMAGE.match(field) is not None for field in fields) != 1:
        return False
    if len(fields) == 9:
        return (
            STAMP.match(fields[8]) is not None and STAMP.match(fields[7]) is not None and bool(_NUMBER.match(fields[6]))
        )
    return any(STAMP.match(field) for field in fields)


def read_historical(
    fields: Sequence[str], text: str, told: Told, *, ended: bool = True, header: Sequence[str] = ()
) -> Reading:
    """That an image was cropped, and when; raises `SetAside`."""
    if not ended:
        raise SetAside("torn", "the last line has no end, so it may be cut short")
    if not is_historical(fields):
        raise SetAside("fields", f"{len(fields)} fields, of which one should be an image and the last a time")
    named = dict(zip(header, fields, strict=False)) if len(header) == len(fields) else {}
    [path] = [field for field in fields if _IMAGE.match(field)]
    stamp = named.get("final_mtime") or (fields[8] if len(fields) == 9 else _only_time(fields[1:]))
    crop = Crop(
        project_of(named.get("project_id"), told), path, stamp, read_time(stamp, told.tz), HISTORICAL,
        group=named.get("set_id") or None, session=named.get("session_id") or None, record=text,
        warnings=(BOX_UNKNOWN,),
    )  # fmt: skip
    return crop.reading(HISTORICAL)


def _only_time(fields: Sequence[str]) -> str:
    """The time behind the first column (which is the session's); where several stand there, none can be picked."""
    found = [field for field in fields if STAMP.match(field)]
    if len(set(found)) != 1:
        raise SetAside("time", f"{len(found)} times, and no header to say which is the file's last one")
    return found[0]


def is_selection(fields: Sequence[str]) -> bool:
    """Whether a row is one of the selection log."""
    return len(fields) >= 5 and fields[3].startswith("[") and STAMP.match(fields[-1]) is not None


def read_selection(fields: Sequence[str], text: str, told: Told, *, ended: bool = True) -> Reading:
    """Which image was chosen, and which were not; raises `SetAside`."""
    if not ended and not fields[-1].endswith("Z"):
        raise SetAside("torn", "the last line has no end, so its time may be cut short")
    if not is_selection(fields):
        raise SetAside("fields", f"{len(fields)} fields that are not a row of the selection log")
    session, group, chosen = fields[:3]
    file_name(chosen)
    others = _paths(",".join(fields[3:-1]))  # an unquoted list falls apart at its own commas
    at = read_time(fields[-1], told.tz)
    event = SelectionImported(
        project_of(None, told), fields[-1], group or None, session or None, chosen, others, text
    )  # fmt: skip
    subject = evidence_subject("selection", event.project, group, chosen, at)
    return Reading((Fact(subject, event, at, f"import:{SELECTION}"),), at)


def _paths(text: str) -> tuple[str, ...]:
    if len(text) > _OTHERS_MAX:
        raise SetAside("too_long", f"a list of {len(text)} characters")
    try:
        paths: object = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        try:
            with warnings.catch_warnings(action="ignore", category=SyntaxWarning):  # a backslash in a path
                paths = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
            raise SetAside("fields", f"neg_paths is a list of paths, not {text[:60]!r}") from error
    if not isinstance(paths, list) or not all(isinstance(path, str) and path.isprintable() for path in paths):
        raise SetAside("fields", f"neg_paths is a list of paths, not {text[:60]!r}")
    return tuple(paths)
