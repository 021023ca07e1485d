"""Evidence brought in from the tools before this one."""

from typing import ClassVar

from attrs import frozen

from ledger.events.event import Event
from ledger.values import Box, Dimensions


@frozen
class HistoryImported(Event):
    """An image was cropped elsewhere, before this ledger; its box may be unknown.

    The entry's `occurred_at` is when the crop was made. Nothing here says which file or line it came from, so that
    the same record found twice is the same event; the import's correlation id leads to its report.
    """

    TYPE: ClassVar[str] = "history.imported"

    project: str
    """The project the importer was told."""
    path: str
    """The image's path as the source wrote it, or its bare name."""
    source: str
    """The layout it came from: `crop_log_v1`, `crop_log_v2`."""
    stamp: str
    """The time as the source wrote it."""
    box: Box | None = None
    """The rectangle as fractions, where the source had a rectangle and a size to refer it to."""
    dimensions: Dimensions | None = None
    """Size of the image in pixels, where the source had it."""
    group: str | None = None
    """The source's name for the set the image was chosen from."""
    session: str | None = None
    """The source's name for the run of its tool; not a sitting."""
    record: str | None = None
    """The source record as it was written, so that nothing it said is lost."""
    warnings: tuple[str, ...] = ()
    """Codes of what is odd but allowed."""
