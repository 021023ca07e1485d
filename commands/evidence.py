"""Evidence that an image was cropped elsewhere, and what two pieces of it say about each other. Pure."""

from collections.abc import Iterable

from attrs import evolve as changed
from attrs import frozen

from commands.quarantine import SetAside
from ledger.entry import derived_id
from ledger.events.crops import CropRecorded
from ledger.events.history import HistoryImported
from ledger.values import Box, Dimensions, Instant, PixelBox, image_subject

V1, V2, UNKNOWN = "crop_log_v1", "crop_log_v2", "unknown"

SIZE_UNKNOWN = "size_unknown"
"""The source had no size for its rectangle (its writer wrote 0); another copy of the row may have it."""
SIZE_CONTRADICTED = "size_contradicted"
"""The rectangle leaves the image, or has another shape: the size is not that of the image it was drawn on."""
RECROPPED = "recropped"
"""The file had been cropped before: the rectangle refers to that crop, and the size names the original."""
PLACEHOLDER = "placeholder"
"""A full frame whose writer did not know the image's size, so could not know the frame either."""
UNKNOWN_GROUP = "unknown_group"
"""The source names no set."""

_SAME_PX = 0.05  # floats are written in many ways; a twentieth of a pixel moves no edge
_SAME_FRACTION = 1e-5  # where no size is known: a twentieth of a pixel of 5,000


@frozen
class Evidence:
    """What a row says: this image was cropped then, perhaps to this box."""

    event: HistoryImported
    at: Instant
    filename: str

    @property
    def id(self) -> str:
        """The same for every copy of the record: project, bare file name and time."""
        return history_id(self.event.project, self.filename, self.at)

    @property
    def subject(self) -> str:
        """The image."""
        return image_subject(self.event.project, self.event.path)

    @property
    def key(self) -> tuple[str, str]:
        """Rows with the same key may be about one file; its directory can have changed between two crops."""
        return self.event.project, self.filename


def history_id(project: str, filename: str, at: Instant) -> str:
    """The id of the evidence that a file of this name was cropped at this instant."""
    return derived_id("history", project, filename, at)


def bare_name(path: str) -> str:
    """The last part of a path, whichever system wrote it."""
    return path.replace("\\", "/").rpartition("/")[2]


def boxless(evidence: Evidence, warning: str) -> Evidence:
    """The crop happened, its box is not known; a size in doubt is not claimed either. The record keeps both."""
    event = evidence.event
    unknown = changed(event, box=None, dimensions=None, warnings=(*event.warnings, warning))
    return changed(evidence, event=unknown)


# -- a file that was cropped, saved over and cropped again --------------------------------------------------------


@frozen
class Cut:
    """That a file was cut down from `frame` to what `left` is the size of, at an instant."""

    at: Instant
    frame: Dimensions
    left: Dimensions


def cut_of(event: HistoryImported, at: Instant) -> Cut | None:
    """How this crop changed its file; None where that is unknown, or where the whole frame was kept."""
    pixels = _pixels(event)
    if pixels is None or event.dimensions is None or pixels.dimensions == event.dimensions:
        return None
    return Cut(at, event.dimensions, pixels.dimensions)


def refers_to(event: HistoryImported, at: Instant, cut: Cut) -> bool:
    """Whether the rectangle may refer to what an earlier cut had left of the file.

    It may where the size named is still that from before the cut and the rectangle fits into what the cut left. One
    that does not fit was drawn on the original: the file had not been saved over.
    """
    pixels = _pixels(event)
    return pixels is not None and cut.at < at and cut.frame == event.dimensions and pixels.inside(cut.left)


def require_first(evidence: Evidence, later: Iterable[tuple[HistoryImported, Instant]]) -> None:
    """Raise `SetAside` where a crop that is known would turn out to refer to what this one left of the file.

    Its box stands in the ledger as a fraction of the whole file; with this crop before it, that is in doubt.
    """
    cut = cut_of(evidence.event, evidence.at)
    for event, at in later:
        if cut and refers_to(event, at, cut):
            raise SetAside("precedes", f"{_name(event)}, may be a crop of what this crop left of the file")


def _pixels(event: HistoryImported) -> PixelBox | None:
    # v1 alone: its tool saved over the file and went on naming the first size. Who writes v2 names the size he saw.
    if event.source != V1 or event.box is None or event.dimensions is None:
        return None
    return event.box.denormalise(event.dimensions)


def recropped(evidence: Evidence) -> Evidence:
    """The same crop with its box unknown: it refers to an image whose size the row does not name."""
    return boxless(evidence, RECROPPED)


# -- the same crop, met before ------------------------------------------------------------------------------------


Known = HistoryImported | CropRecorded
"""What a crop can be known by: an earlier import, or the recording of an operator of this ledger."""


def require_agreement(event: HistoryImported, standing: Known) -> None:
    """Raise `SetAside` unless this copy of a crop that is known says nothing more and nothing else."""
    if event.box is None:
        return
    if standing.box is None:
        raise _tells_more(event, standing)
    if event.dimensions and standing.dimensions and event.dimensions != standing.dimensions:
        raise SetAside("conflict", f"the size is {event.dimensions} here, {standing.dimensions} in {_name(standing)}")
    if not _same_box(event.box, standing.box, event.dimensions or standing.dimensions):
        raise SetAside("conflict", f"the box is {event.box} here, {standing.box} in {_name(standing)}")


def _tells_more(event: HistoryImported, standing: HistoryImported) -> SetAside:
    where = _name(standing)
    if SIZE_UNKNOWN in standing.warnings:
        return SetAside("completes", f"the box is {event.box} here and unknown in {where}, which had no size")
    return SetAside("conflict", f"the box is {event.box} here and unknown in {where}: {', '.join(standing.warnings)}")


def _same_box(one: Box, other: Box, frame: Dimensions | None) -> bool:
    across = _SAME_PX / frame.width_px if frame else _SAME_FRACTION
    down = _SAME_PX / frame.height_px if frame else _SAME_FRACTION
    sideways = abs(one.x1 - other.x1) <= across and abs(one.x2 - other.x2) <= across
    return sideways and abs(one.y1 - other.y1) <= down and abs(one.y2 - other.y2) <= down


def _name(standing: Known) -> str:
    if isinstance(standing, HistoryImported):
        return f"what was imported of {standing.path} at {standing.stamp}"
    return f"what was recorded of {standing.path}"
