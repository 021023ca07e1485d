"""What an image's name says: when its subject was made, and which stage of the work it is.

The form is `YYYYMMDD_HHMMSS_stage{1_generated|1.5_face_swapped|2_upscaled|3_enhanced}.png`. Names of any other form are
images too: they come last, by name.
"""

import re

from attrs import frozen

STAGES = (1.0, 1.5, 2.0, 3.0)
"""The stages there are, in the order in which work rises through them."""

_STAMP = re.compile(r"(\d{8}_\d{6})(?=[^\d]|$)", re.ASCII)
_STAGE = re.compile(r"_stage(\d+(?:\.\d+)?)(?=[_.]|$)", re.ASCII)


@frozen
class ImageName:
    """A name, understood as far as it has the form."""

    name: str
    """The whole name."""
    stamp: str | None = None
    """`YYYYMMDD_HHMMSS`, where the name begins with one; by some clock, nobody knows which."""
    stage: float | None = None
    """1, 1.5, 2 or 3; None for a name without a stage, and for a stage that there is none of."""

    @property
    def order(self) -> tuple[bool, str, float, str]:
        """What names are sorted by: stamp, stage, name. Without a stamp last; within a stamp, unknown stages last."""
        known = self.stage is not None
        return self.stamp is None, self.stamp or "", self.stage if known and self.stage else _NO_STAGE, self.name


_NO_STAGE = 99.0
_NO_STAMP = "~"  # behind every digit
_STAGE_KEYS = {stage: f"{stage or _NO_STAGE:04.1f}" for stage in (*STAGES, None)}


def parse_name(name: str) -> ImageName:
    """Understand an image's name (without its directory); never fails."""
    stamp = _STAMP.match(name)
    return ImageName(name, stamp[1], _stage(stamp)) if stamp else ImageName(name)


def _stage(stamp: re.Match[str]) -> float | None:
    """The stage that is named behind the stamp, if there is such a stage."""
    stage = _STAGE.match(stamp.string, stamp.end())
    number = float(stage[1]) if stage else None
    return number if number in STAGES else None


def order_key(name: str) -> str:
    """`ImageName.order` as one text, for columns: sorting these texts by code point sorts the names.

    Not worked out from an `ImageName`: every image passes here once in a rebuild, and this takes a third of the time.
    """
    stamp = _STAMP.match(name)
    return f"{stamp[1]} {_STAGE_KEYS[_stage(stamp)]} {name}" if stamp else f"{_NO_STAMP} {_STAGE_KEYS[None]} {name}"


def in_order(name: str) -> tuple[bool, str, float, str]:
    """The key that sorts names: `sorted(names, key=in_order)`."""
    return parse_name(name).order
