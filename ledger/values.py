"""Small frozen values that check themselves: boxes, sizes, actors, instants and ids."""

import hashlib
import math
import re
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import PurePath
from typing import Literal, NewType, Self

from attrs import frozen

from ledger.errors import Invalid

MAX_SIDE_PX = 1_000_000
"""No image has a longer side; a size beyond this is dirt."""


# The values check themselves in an `__init__` of their own (attrs calls its part `__attrs_init__`). Not in validators
# or a post-init hook: msgspec runs those, and replaying a million entries would pay, for each, to check again what was
# checked before it was appended and is sealed by the chain since. For the same reason they have no slot for weak
# references, of which nobody makes any.


@frozen(init=False, weakref_slot=False)
class Dimensions:
    """Width and height of an image in pixels, as displayed (EXIF orientation applied)."""

    width_px: int
    height_px: int

    def __init__(self, width_px: int, height_px: int) -> None:
        """Raise `Invalid` unless both sides are whole numbers from 1 to `MAX_SIDE_PX`."""
        if not (_is_whole(width_px, height_px) and 1 <= width_px <= MAX_SIDE_PX and 1 <= height_px <= MAX_SIDE_PX):
            raise Invalid(f"an image size is two whole numbers of pixels from 1, not {width_px!r} x {height_px!r}")
        self.__attrs_init__(width_px, height_px)

    def __str__(self) -> str:
        return f"{self.width_px}x{self.height_px}"


@frozen(init=False, weakref_slot=False)
class PixelBox:
    """A rectangle in whole pixels: `left` and `top` are inside it, `right` and `bottom` are one past it."""

    left: int
    top: int
    right: int
    bottom: int

    def __init__(self, left: int, top: int, right: int, bottom: int) -> None:
        """Raise `Invalid` unless 0 <= left < right and 0 <= top < bottom, all whole numbers."""
        edges = (left, top, right, bottom)
        if not _is_whole(*edges):
            raise Invalid(f"a pixel box is four whole numbers, not {edges}")
        if not (0 <= left < right and 0 <= top < bottom):
            raise Invalid(f"a pixel box needs 0 <= left < right and 0 <= top < bottom, not {edges}")
        self.__attrs_init__(left, top, right, bottom)

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


@frozen(init=False, weakref_slot=False)
class Box:
    """A rectangle as fractions of the image as displayed, origin top left: 0 <= x1 < x2 <= 1, the same for y."""

    x1: float
    y1: float
    x2: float
    y2: float

    def __init__(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Raise `Invalid` unless the edges are finite numbers, in order, and inside the image."""
        edges = (x1, y1, x2, y2)
        if any(type(edge) not in {int, float} or not math.isfinite(edge) for edge in edges):
            raise Invalid(f"a box is four finite numbers, not {edges}")
        if any(not 0 <= edge <= 1 for edge in edges):
            raise Invalid(f"the box {edges} leaves the image: every edge is a fraction from 0 to 1")
        if not (x1 < x2 and y1 < y2):
            raise Invalid(f"the box {edges} is reversed or empty: it needs x1 < x2 and y1 < y2")
        # Adding 0.0 makes 0.0 of -0.0: equal boxes are written as equal text.
        self.__attrs_init__(x1 + 0.0, y1 + 0.0, x2 + 0.0, y2 + 0.0)

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


@frozen(init=False, weakref_slot=False)
class Suggestion:
    """A box that a model proposed for an image, with its score from 0 to 1 and the model's name, where known."""

    box: Box
    score: float | None = None
    model: str | None = None

    def __init__(self, box: Box, score: float | None = None, model: str | None = None) -> None:
        """Raise `Invalid` for a score outside 0 to 1 (which also refuses NaN)."""
        if score is not None and (type(score) not in {int, float} or not 0 <= score <= 1):
            raise Invalid(f"a suggestion's score is a number from 0 to 1, not {score!r}")
        self.__attrs_init__(box, score, model)


ActorKind = Literal["operator", "runner", "import", "suggester"]
_ACTOR = re.compile(r"(operator|runner|import|suggester):([^\s:][^\n\r]{0,199})\Z")


@frozen(init=False, weakref_slot=False)
class Actor:
    """Who did it. Only operators are people; what a runner or an import writes never counts as human work."""

    kind: ActorKind
    name: str

    def __init__(self, kind: ActorKind, name: str) -> None:
        """Raise `Invalid` for a name that would not read back as the same actor."""
        if _ACTOR.match(f"{kind}:{name}") is None:
            raise Invalid(f"not an actor's name: {name!r}")
        self.__attrs_init__(kind, name)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `operator:NAME`, `runner:RUN`, `import:SOURCE` or `suggester:MODEL`; raises `Invalid`."""
        match = _ACTOR.match(text)
        if match is None:
            raise Invalid(f"an actor is operator:NAME, runner:RUN, import:SOURCE or suggester:MODEL, not {text!r}")
        return cls(match[1], match[2])  # type: ignore[arg-type]  # the pattern admits the four kinds only

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


@lru_cache(maxsize=256)
def is_actor(text: str) -> bool:
    """Whether `Actor.parse` reads the text."""
    return _ACTOR.match(text) is not None


Instant = NewType("Instant", str)
"""A moment as text, `2025-10-27T16:00:00.000000Z`: always UTC, always microseconds, so that it sorts as time does."""


def instant(moment: datetime) -> Instant:
    """The moment as it stands in the ledger; raises `Invalid` for a naive datetime."""
    m = moment if moment.tzinfo is UTC else _in_utc(moment)
    # Put together from digits that are at hand: a third of the time of isoformat, and a tenth of it just after a sync
    # to disk, when nothing of the C library's printf, through which isoformat goes, is in the processor's caches.
    two, three, micro = _TWO, _THREE, m.microsecond
    return Instant(
        f"{two[m.year // 100]}{two[m.year % 100]}-{two[m.month]}-{two[m.day]}T{two[m.hour]}:{two[m.minute]}:"
        f"{two[m.second]}.{three[micro // 1000]}{three[micro % 1000]}Z"
    )


_TWO = tuple(f"{number:02}" for number in range(100))
_THREE = tuple(f"{number:03}" for number in range(1000))


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII).fullmatch


def is_instant(text: str) -> bool:
    """Whether the text has the form of an `Instant`, in which the order of texts is the order of time."""
    return _INSTANT(text) is not None


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant with an offset or `Z`, as UTC; raises `Invalid` for a naive or unreadable one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"not a time: {text!r}. Write it like 2025-10-27T09:00:00-07:00") from error
    return _in_utc(moment)


def _in_utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise Invalid(f"{moment.isoformat()} has no zone: add Z or an offset, like 2025-10-27T09:00:00-07:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise Invalid(f"{moment.isoformat()} is outside the years 1 to 9999 in UTC") from error


def _is_whole(*numbers: object) -> bool:
    return all(type(number) is int for number in numbers)  # a bool is an int to isinstance, and not to us


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


def directory_subject(path: PurePath | str) -> str:
    """The subject of a directory at first sight: `directory/` and 24 hex digits from its canonical path."""
    seed = str(path).encode("utf-8", "surrogateescape")
    return "directory/" + hashlib.sha256(seed).hexdigest()[:24]


def sitting_subject(actor: str, directory: str) -> str:
    """The subject of one person's sittings in one directory (its subject): `sitting/` and 24 hex digits."""
    return "sitting/" + hashlib.sha256(f"{actor}\0{directory}".encode("utf-8", "surrogateescape")).hexdigest()[:24]


def group_subject(project: str, first: PurePath | str) -> str:
    """The subject of a group of images: `group/` and 24 hex digits from its project and its first image's path."""
    seed = f"{project}\0{first}".encode("utf-8", "surrogateescape")
    return "group/" + hashlib.sha256(seed).hexdigest()[:24]
