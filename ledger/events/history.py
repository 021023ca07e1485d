"""Evidence of crops made with the tools before this one: that an image was cropped, and what else a source said.

Nothing here says which file or line it came from: the same record found twice is the same event, with the same id. So
the order in which files are brought in, and how they overlap, makes no difference to what the ledger holds; what the
pieces of evidence add up to is worked out from all of them together.
"""

from typing import ClassVar

from attrs import frozen

from ledger.events.event import Event
from ledger.values import Box, Dimensions

OUTPUT_DIRECTORY = "output_directory"
"""The `source` of evidence that is a file in an output directory: when it was written is not when somebody worked."""


@frozen
class HistoryImported(Event):
    """An image was cropped elsewhere, before this ledger; its box may be unknown.

    The entry's `occurred_at` is when the crop was made. Every layout that tells of the same crop gives the same event,
    as long as it gives the same rectangle and size; what only one of them says is in `history.completed`.
    """

    TYPE: ClassVar[str] = "history.imported"

    project: str
    """The project the importer was told."""
    path: str
    """The image's bare name; its path as the source wrote it, in ledgers of the first days."""
    source: str
    """The kind of source, `crop_log` or `output_directory`; the layout, in ledgers of the first days."""
    stamp: str
    """The time; as the source wrote it, in ledgers of the first days."""
    box: Box | None = None
    """The rectangle as fractions, where the source had a rectangle and a size to refer it to."""
    dimensions: Dimensions | None = None
    """Size of the image in pixels, where the source had it."""
    group: str | None = None
    """The source's name for the set the image was chosen from, in ledgers of the first days."""
    session: str | None = None
    """The source's name for the run of its tool, in ledgers of the first days."""
    record: str | None = None
    """The source record as it was written, in ledgers of the first days."""
    warnings: tuple[str, ...] = ()
    """Codes of what is odd about the rectangle but allowed."""


@frozen
class HistoryCompleted(Event):
    """A source said more of a crop made elsewhere: where the image lay, from which set, in which run, in what words."""

    TYPE: ClassVar[str] = "history.completed"

    project: str
    """The project the importer was told."""
    filename: str
    """The image's bare name, by which the crop is known; `occurred_at` is when it was made."""
    path: str
    """The image's path as the source wrote it, or its bare name."""
    source: str
    """The layout it came from: `crop_log_v1`, `crop_log_v2`, `crop_queue` ..."""
    stamp: str
    """The time as the source wrote it."""
    group: str | None = None
    """The source's name for the set the image was chosen from."""
    session: str | None = None
    """The source's name for the run of its tool; not a sitting."""
    record: str | None = None
    """The source record as it was written, so that nothing it said is lost."""
    warnings: tuple[str, ...] = ()
    """Codes of what is odd but allowed, such as `unknown_group`."""
