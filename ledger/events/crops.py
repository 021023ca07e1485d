"""The life of one crop: recorded, withdrawn, started, executed, failed, released, retried, undone."""

from typing import ClassVar

from attrs import frozen

from ledger.events.event import Event
from ledger.values import Box, Dimensions, PixelBox, Suggestion


@frozen
class CropRecorded(Event):
    """An operator marked a box; no pixel has changed."""

    TYPE: ClassVar[str] = "crop.recorded"

    project: str
    """The project the image belongs to."""
    path: str
    """Canonical absolute path of the image when it was marked."""
    box: Box
    """The rectangle, as fractions of the image as displayed."""
    dimensions: Dimensions
    """Size of the image as displayed, in pixels."""
    sha256: str
    """sha256 of the file the box was drawn on."""
    size_bytes: int
    """Length of that file."""
    group: str | None = None
    """The group the image was chosen from; absent means unknown, and is counted as a warning."""
    suggestion: Suggestion | None = None
    """What a model had proposed, if anything."""
    supersedes: int | None = None
    """Version, within this image's history, of the pending recording that this one replaces."""
    utc_offset_s: int | None = None
    """Offset from UTC, in seconds, of the clock that the operator's time was given in."""
    warnings: tuple[str, ...] = ()
    """Codes of what is odd but allowed, such as `unknown_group`."""


@frozen
class CropWithdrawn(Event):
    """The crop is no longer owed; the image is as it was."""

    TYPE: ClassVar[str] = "crop.withdrawn"

    reason: str | None = None
    """Why, in the operator's words."""


@frozen
class FileMove:
    """A file that goes with the image: from where, to where, both absolute."""

    source: str
    destination: str


@frozen
class CropStarted(Event):
    """A runner claimed the crop and said what it is about to write; the disk may change from here on."""

    TYPE: ClassVar[str] = "crop.started"
    SCHEMA: ClassVar[int] = 2

    run: str
    """The run that claimed it."""
    attempt: int
    """1 for the first try, counted anew after a retry or an undo."""
    source: str
    """Absolute path of the image."""
    sha256: str
    """sha256 of the source as found now."""
    size_bytes: int
    """Length of the source as found now."""
    modified_ns: int
    """Modification time of the source, nanoseconds since the epoch, so that undo can restore it."""
    dimensions: Dimensions
    """Size of the source as displayed, as found now."""
    pixel_box: PixelBox
    """What will be cut out, in pixels of the source as displayed."""
    output: str
    """Absolute path of the file that will hold the crop."""
    temporary: str
    """Absolute path, beside the output, where the crop is written and verified first."""
    archive: str
    """Absolute path in `originals/` where the source will be kept."""
    companions: tuple[FileMove, ...] = ()
    """The files with the same stem that will move beside the output."""
    whole_blocks: bool = False
    """Whether a JPEG is cut without decoding it; `pixel_box` is then the box widened to the edge of its blocks."""
    warnings: tuple[str, ...] = ()
    """Codes such as `dimension_drift`: the size differs from the one recorded and the box was rescaled."""


@frozen
class MovedFile:
    """A companion that has moved: where from, where to, and what it held."""

    source: str
    destination: str
    sha256: str
    size_bytes: int


@frozen
class CropExecuted(Event):
    """The crop exists, verified, under its final name, and the original is in the archive."""

    TYPE: ClassVar[str] = "crop.executed"

    run: str
    """The run that did it."""
    attempt: int
    """Which try succeeded."""
    source: str
    """Absolute path the original was taken from."""
    source_sha256: str
    """sha256 of the original."""
    archive: str
    """Absolute path at which the original is kept, whole."""
    output: str
    """Absolute path of the crop."""
    output_sha256: str
    """sha256 of the crop's file."""
    output_size_bytes: int
    """Length of the crop's file."""
    output_dimensions: Dimensions
    """Size of the crop in pixels, as displayed."""
    pixels_sha256: str | None = None
    """sha256 of the crop's decoded pixels; absent where the bytes were kept whole."""
    companions: tuple[MovedFile, ...] = ()
    """The files that moved with it."""
    elapsed_ms: float = 0.0
    """Wall time of writing, verifying and moving, in milliseconds."""
    recovered: bool = False
    """Whether a later run finished the steps that an interrupted one had left."""
    warnings: tuple[str, ...] = ()
    """Codes carried over from the start, and what the writer added."""


@frozen
class CropFailed(Event):
    """An attempt came to nothing; the image is untouched."""

    TYPE: ClassVar[str] = "crop.failed"

    run: str
    """The run that tried."""
    attempt: int
    """Which try it was; 0 when the crop could not even be claimed."""
    reason: str
    """A short code such as `missing`, `unreadable`, `disk_full`; reports count by it."""
    message: str
    """The sentence for the person, naming the file."""
    final: bool
    """Whether the crop now waits for a person; otherwise it is owed again."""
    retry_after_s: float | None = None
    """How long a runner waits before the next try, in seconds."""


@frozen
class CropRetried(Event):
    """A person put a failed crop back in the queue."""

    TYPE: ClassVar[str] = "crop.retried"

    reason: str | None = None
    """Why it should work now, in the operator's words."""


@frozen
class CropReleased(Event):
    """A run gave a claimed crop back before it touched anything; the crop is owed again, as if never claimed."""

    TYPE: ClassVar[str] = "crop.released"

    run: str
    """The run that had claimed it."""
    attempt: int
    """The attempt that did not take place; the next claim has this number again."""
    reason: str
    """Why the run stopped short: `interrupted`, `stopped`, `failures`, `paused` or `break`."""


@frozen
class CropUndone(Event):
    """The original and its companions are back where they were, byte for byte; the crop is owed again."""

    TYPE: ClassVar[str] = "crop.undone"

    source: str
    """Absolute path at which the original stands again."""
    source_sha256: str
    """sha256 of the restored original, checked after restoring."""
    output: str
    """Absolute path of the crop that was taken away."""
    companions: tuple[MovedFile, ...] = ()
    """The companions, as moved back: `source` is where they were beside the output."""
