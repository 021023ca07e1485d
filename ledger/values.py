"""Small frozen values that check themselves: boxes, sizes, actors, instants and ids."""

import hashlib
import math
import re
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Literal, Self

from attrs import frozen

from ledger.errors import Invalid

MAX_SIDE_PX = 1_000_000
"""No image has a longer side; a size beyond this is dirt."""


@frozen
class Dimensions:
    """Width and height of an image in pixels, as displayed (EXIF orientation applied)."""

    width_px: int
    height_px: int

    def __attrs_post_init__(self) -> None:
        """Raise `Invalid` unless both sides are whole numbers from 1 to `MAX_SIDE_PX`."""
        for side in (self.width_px, self.height_px):
            if type(side) is not int or not 1 <= side <= MAX_SIDE_PX:
                raise Invalid(
                    f"an image size is two whole numbers of pixels from 1, not {self.width_px!r} x {self.height_px!r}"
                )

    def __str__(self) -> str:
        return f"{self.width_px}x{self.height_px}"


@frozen
class PixelBox:
    """A rectangle in whole pixels: `left` and `top` are inside it, `right` and `bottom` are one past it."""

    left: int
    top: int
    right: int
    bottom: int

    def __attrs_post_init__(self) -> None:
        """Raise `Invalid` unless 0 <= left < right and 0 <= top < bottom, all whole numbers."""
        edges = (self.left, self.top, self.right, self.bottom)
        if any(type(edge) is not int for edge in edges):
            raise Invalid(f"a pixel box is four whole numbers, not {edges}")
        if not (0 <= self.left < self.right and 0 <= self.top < self.bottom):
            raise Invalid(f"a pixel box needs 0 <= left < right and 0 <= top < bottom, not {edges}")

    @property
    def dimensions(self) -> Dimensions:
        """The size of what the box cuts out."""
        return Dimensions(self.right - self.left, self.bottom - self.top)

    def inside(self, frame: Dimensions) -> bool:
        """Whether the whole box lies within an image of this size."""
        return self.right <= frame.width_px and self.bottom <= frame.height_px

    def normalise(self, frame: Dimensions) -> "Box":
        """The same rectangle as fractions of `frame`; raises `Invalid` where it leaves the frame."""
        if not self.inside(frame):
            raise Invalid(f"the box {self} leaves the image, which is {frame} pixels")
        width, height = frame.width_px, frame.height_px
        return Box(self.left / width, self.top / height, self.right / width, self.bottom / height)

    def __str__(self) -> str:
        return f"{self.left},{self.top},{self.right},{self.bottom}"


@frozen
class Box:
    """A rectangle as fractions of the image as displayed, origin top left: 0 <= x1 < x2 <= 1, the same for y."""

    x1: float
    y1: float
    x2: float
    y2: float

    def __attrs_post_init__(self) -> None:
        """Raise `Invalid` unless the edges are finite numbers in order. A chained comparison also refuses NaN."""
        if not (0 <= self.x1 < self.x2 <= 1 and 0 <= self.y1 < self.y2 <= 1) or self._has_a_non_number():
            raise Invalid(_why_not_a_box(self.x1, self.y1, self.x2, self.y2))

    def _has_a_non_number(self) -> bool:
        return bool in {type(self.x1), type(self.y1), type(self.x2), type(self.y2)}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `x1,y1,x2,y2`; raises `Invalid` and says what is wrong with it."""
        parts = text.split(",")
        if len(parts) != 4:
            raise Invalid(f"a box is four numbers x1,y1,x2,y2 between 0 and 1, not {text!r}")
        try:
            x1, y1, x2, y2 = (float(part) for part in parts)
        except ValueError as error:
            raise Invalid(f"a box is four numbers x1,y1,x2,y2 between 0 and 1, not {text!r}") from error
        return cls(x1, y1, x2, y2)

    def denormalise(self, frame: Dimensions) -> PixelBox:
        """The box in whole pixels of `frame`: round(fraction * size). Raises `Invalid` where nothing is left of it.

        `PixelBox.normalise` then `denormalise` gives every integer box back exactly for sizes to 20,000 and well
        beyond: the error of one division and one multiplication is far below half a pixel.
        """
        left, right = round(self.x1 * frame.width_px), round(self.x2 * frame.width_px)
        top, bottom = round(self.y1 * frame.height_px), round(self.y2 * frame.height_px)
        if left >= right or top >= bottom:
            raise Invalid(f"the box {self} has no pixel in an image of {frame}")
        return PixelBox(left, top, right, bottom)

    def is_whole(self, frame: Dimensions) -> bool:
        """Whether the box, in pixels of `frame`, is exactly the whole image."""
        return self.denormalise(frame) == PixelBox(0, 0, frame.width_px, frame.height_px)

    def __str__(self) -> str:
        return f"{self.x1:g},{self.y1:g},{self.x2:g},{self.y2:g}"


FULL_FRAME = Box(0.0, 0.0, 1.0, 1.0)


def _why_not_a_box(x1: object, y1: object, x2: object, y2: object) -> str:
    edges = (x1, y1, x2, y2)
    if any(isinstance(edge, bool) or not isinstance(edge, int | float) or not math.isfinite(edge) for edge in edges):
        return f"a box is four finite numbers, not {edges}"
    if any(not 0 <= edge <= 1 for edge in edges):  # type: ignore[operator]  # all are numbers here
        return f"the box {edges} leaves the image: every edge is a fraction from 0 to 1"
    return f"the box {edges} is reversed or empty: it needs x1 < x2 and y1 < y2"


@frozen
class Suggestion:
    """A box that a model proposed for an image, with its score from 0 to 1 and the model's name, where known."""

    box: Box
    score: float | None = None
    model: str | None = None


ActorKind = Literal["operator", "runner", "import", "suggester"]
_ACTOR = re.compile(r"(operator|runner|import|suggester):([^\s:][^\n\r]{0,199})\Z")


@frozen
class Actor:
    """Who did it. Only operators are people; what a runner or an import writes never counts as human work."""

    kind: ActorKind
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `operator:NAME`, `runner:RUN`, `import:SOURCE` or `suggester:MODEL`; raises `Invalid`."""
        match = _ACTOR.match(text)
        if match is None:
            raise Invalid(f"an actor is operator:NAME, runner:RUN, import:SOURCE or suggester:MODEL, not {text!r}")
        return cls(match[1], match[2])  # type: ignore[arg-type]  # the pattern admits the four kinds only

    def __attrs_post_init__(self) -> None:
        """Raise `Invalid` for a name that would not read back as the same actor."""
        if _ACTOR.match(str(self)) is None:
            raise Invalid(f"not an actor's name: {self.name!r}")

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def instant_text(moment: datetime) -> str:
    """UTC, microseconds, `Z`: text that sorts as time does. Raises `Invalid` for a naive datetime."""
    if moment.tzinfo is None:
        raise Invalid(f"{moment.isoformat()} has no zone: say which one, with an offset or Z")
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    # isoformat costs a third of strftime; the microseconds have to be asked for or a whole second would drop them
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant with an offset or `Z`, as UTC; raises `Invalid` for a naive or unreadable one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"not a time: {text!r}. Write it like 2025-10-27T09:00:00-07:00") from error
    if moment.tzinfo is None:
        raise Invalid(f"{text!r} has no zone: add Z or an offset, like 2025-10-27T09:00:00-07:00")
    return moment.astimezone(UTC)


_HEX = re.compile(r"[0-9a-f]{64}\Z")


def is_sha256(text: str) -> bool:
    """Whether the text is a sha256 in lower-case hexadecimal."""
    return _HEX.match(text) is not None


def image_subject(project: str, path: PurePath | str) -> str:
    """The subject of an image at first sight: `image/` and 24 hex digits from its project and canonical path.

    Derived, not drawn, so that two processes that see an image for the first time at once give it the same id.
    It stays with the image when the file moves; the current path is in the payloads.
    """
    seed = f"{project}\0{path}".encode("utf-8", "surrogateescape")
    return "image/" + hashlib.sha256(seed).hexdigest()[:24]
