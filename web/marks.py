"""What the marking page sends, checked, and as what it is recorded."""

import re
from datetime import UTC, datetime, timedelta

import msgspec

from commands.recording.marking import Decision
from commands.recording.marks import Mark
from ledger.errors import Invalid
from ledger.values import Actor, Dimensions, Instant, PixelBox, instant
from web.offered import Picture

MOST = 24
"""Images that one request may ask for, or decide about."""

_ID = re.compile(r"[0-9A-Za-z-]{8,64}\Z")
_OLDEST = timedelta(days=7)


class Asking(msgspec.Struct):
    """What every request of the page says: which page asks, about which directory, for whom."""

    page: str
    directory: str
    operator: str | None = None

    def __post_init__(self) -> None:
        """Raise `Invalid` for an id that could not have been made by the page."""
        require_id(self.page)


class Next(Asking):
    """More images, please."""

    count: int = 0
    held: list[str] = []  # msgspec copies it for each
    """What the page holds already, or has left aside."""


class Sides(msgspec.Struct):
    """A size in pixels."""

    width: int
    height: int


class Edges(msgspec.Struct):
    """A box in pixels of the image as displayed."""

    left: int
    top: int
    right: int
    bottom: int


class Leaving(Asking):
    """The page looks at nothing any more."""

    ends: bool = False
    """Whether the operator got up; else it was only closed, or is loaded anew."""


class Decided(msgspec.Struct):
    """One decision."""

    image: str
    skipped: bool
    box: Edges
    size: Sides
    version: int = 0
    sha256: str | None = None
    follows: str | None = None


class Marks(Asking, kw_only=True):
    """A batch of decisions."""

    id: str
    decisions: list[Decided]
    at: float
    """When Enter was pressed, milliseconds since 1970."""
    utc_offset_s: int | None = None

    def __post_init__(self) -> None:
        """Raise `Invalid` for ids that could not have been made by the page, and for more than it shows."""
        require_id(self.page)
        require_id(self.id)
        if len({each.image for each in self.decisions}) != len(self.decisions) or len(self.decisions) > MOST:
            raise Invalid(f"A batch is at most {MOST} decisions, each about another image.")


class Step(Asking, kw_only=True):
    """Take back the last batch, or bring it back."""

    id: str

    def __post_init__(self) -> None:
        """Raise `Invalid` for ids that could not have been made by the page."""
        require_id(self.page)
        require_id(self.id)


def require_id(text: str) -> str:
    """The id, if it is one: it becomes part of correlations."""
    if _ID.match(text) is None:
        raise Invalid(f"An id has 8 to 64 letters, digits and dashes, not {text[:80]!r}.")
    return text


def operator_of(asking: Asking, server: str) -> str:
    """The actor: the operator that the page names, else the one the server was started by."""
    return str(Actor("operator", asking.operator)) if asking.operator else server


def decision_of(decided: Decided, picture: Picture, marks: Marks, now: datetime) -> Decision:
    """A decision in the words of the commands; raises `Invalid` for a box that is none."""
    at = _moment(marks.at, now)
    mark = None if decided.skipped else _mark(decided, picture, marks, at)
    follows = require_id(decided.follows) if decided.follows else None
    return Decision(picture.subject, mark, picture.project, picture.path, decided.version, decided.sha256, follows, at)


def _mark(decided: Decided, picture: Picture, marks: Marks, at: Instant) -> Mark:
    size = Dimensions(decided.size.width, decided.size.height)
    edges = decided.box
    return Mark(  # whoever records it adds the group and what was suggested
        picture.project,
        picture.path,
        PixelBox(edges.left, edges.top, edges.right, edges.bottom).normalise(size),
        size,
        at=at,
        utc_offset_s=marks.utc_offset_s,
    )


def _moment(milliseconds: float, now: datetime) -> Instant:
    """When it was decided by the page's clock, if that can be; a mark may have waited for the server for days."""
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise Invalid(f"Not a time: {milliseconds!r}.") from error
    return instant(moment if now - _OLDEST <= moment <= now else now)
