"""What the decision sidecar beside an image says of it: which group it is from, and which box a model proposed."""

from pathlib import Path
from typing import Any

import msgspec
from attrs import frozen

from imaging.problems import Unusable
from imaging.read import read_whole
from ledger.errors import Invalid
from ledger.values import Box, Suggestion

SUFFIX = ".decision"


@frozen
class Proposed:
    """What is known of an image before anybody marks it."""

    group: str | None = None
    suggestion: Suggestion | None = None
    problem: str | None = None
    """Why the sidecar could not be used, where there is one."""


NOTHING = Proposed()


def proposed_beside(image: Path) -> Proposed:
    """What `<stem>.decision` beside the image proposes; one that cannot be used: nothing, and why."""
    sidecar = image.with_suffix(SUFFIX)
    if not sidecar.is_file():
        return NOTHING
    try:
        content = msgspec.json.decode(read_whole(sidecar)[0], type=dict[str, Any])
        return _understood(content, image.name)
    except (Unusable, Invalid, msgspec.MsgspecError, UnicodeDecodeError) as why:
        return Proposed(problem=f"{sidecar.name} cannot be used: {why}")


def _understood(content: dict[str, Any], name: str) -> Proposed:
    about = content.get("filename")
    if about is not None and about != name:  # it speaks of another image of the same stem
        return NOTHING
    group, coords = content.get("group_id"), content.get("ai_crop_coords")
    suggestion = None
    if coords is not None:
        if not isinstance(coords, list) or len(coords) != 4:
            raise Invalid(f"ai_crop_coords are four numbers, not {coords!r}")
        suggestion = Suggestion(Box(*coords), score=_score(content.get("ai_confidence")))
    return Proposed(group if isinstance(group, str) and group else None, suggestion)


def _score(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None
