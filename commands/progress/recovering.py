"""Rebuilding a directory's progress from its crops on disk, where the ledger does not know them.

A crop there is evidence that the image of the same name was cropped, if it is no larger than the image. Nothing says
which part of the image it is, so no box is made up. What was executed here and is no longer on disk is named.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from attrs import frozen

from commands.crops import ImportHistory
from commands.decider import Request
from commands.finding import subject_for
from commands.handle import handle_many
from commands.looks import looks
from commands.recording.recording import Asked
from imaging.scan import FoundFile, Observed, find_images, observe_found
from ledger.errors import Refused
from ledger.events.history import OUTPUT_DIRECTORY, HistoryImported
from ledger.log import Ledger
from ledger.values import Dimensions, instant
from projections.directories import ImageSize, sizes_in
from projections.file_operations import files_written
from projections.progress import KnownImage, executed_images, known
from projections.reader import Projections

SAME_SIZE = "same_size"
"""The crop is as large as the image: it was kept whole, or is a copy."""
SOURCE_MISSING = "source_missing"
"""The image itself is gone, so that sizes could not be compared."""
ACTOR = f"import:{OUTPUT_DIRECTORY}"

_json = msgspec.json.Encoder(order="sorted").encode


@frozen
class Place:
    """What is to be recovered: the crops in `output` of the images in `directory`, both canonical."""

    directory: Path
    output: Path
    project: str
    whole: bool = False
    """Whether files as large as their image count: they were kept whole, and are no mere copies."""


@frozen
class Recovered:
    """What became of the files in an output directory; the counts add up to them."""

    directory: str
    output: str
    files: int
    recovered: tuple[str, ...]
    """Names that are evidence now."""
    known: int
    """Files that the ledger wrote, or knew of."""
    left: tuple[tuple[str, str], ...]
    """(name, why) of those that are evidence of nothing."""
    vanished: tuple[str, ...]
    """Paths of crops that were executed here and are no longer on disk."""


def recover(
    place: Place,
    asked: Asked,
    *,
    ledger: Ledger,
    projections: Projections,
    dry_run: bool = False,
    watch: Callable[[int, int], None] = lambda _done, _of: None,
) -> Recovered:
    """Take the crops in an output directory as evidence; the directory must have been scanned.

    Raises `Refused` where output and directory are one.
    """
    if place.output == place.directory:
        raise Refused(f"{place.output} is the directory itself: its images are no evidence of their crops.")
    judge = _Judge.of(place, projections)
    files = sorted(find_images(place.output), key=lambda file: file.name)
    evidence: list[tuple[FoundFile, HistoryImported]] = []
    left: list[tuple[str, str]] = []
    for done, (file, seen) in enumerate(zip(files, looks(observe_found, files), strict=True), 1):
        judged = judge.of_file(file, seen)
        if isinstance(judged, HistoryImported):
            evidence.append((file, judged))
        elif judged is not None:
            left.append((file.name, judged))
        watch(done, len(files))
    if not dry_run:
        _record(evidence, place, asked, ledger, projections)
    names = tuple(file.name for file, _ in evidence)
    return Recovered(
        str(place.directory), str(place.output), len(files), names, len(files) - len(names) - len(left),
        tuple(left), vanished(projections, str(place.directory), place.project),
    )  # fmt: skip


def vanished(projections: Projections, directory: str, project: str | None = None) -> tuple[str, ...]:
    """Crops that were executed on images of a directory, and are no longer where they were written."""
    outputs = (image.output for image in executed_images(projections, directory, project=project))
    return tuple(output for output in outputs if not os.path.lexists(output))  # asked for thousands


@frozen
class _Judge:
    """What is known before the files are looked at."""

    place: Place
    written: frozenset[str]
    images: dict[str, KnownImage]
    sizes: dict[str, ImageSize]

    @classmethod
    def of(cls, place: Place, projections: Projections) -> "_Judge":
        images = known(projections, str(place.directory), project=place.project)
        return cls(
            place,
            frozenset(written.output for written in files_written(projections)),
            {image.filename: image for image in reversed(images)},
            {size.filename: size for size in sizes_in(projections, str(place.directory))},
        )

    def of_file(self, file: FoundFile, seen: Observed) -> HistoryImported | str | None:
        """The evidence that a file is, or why it is none; None where there is nothing new to say."""
        image = self.images.get(file.name)
        if str(file.path) in self.written or (image and image.status in {"executed", "imported"}):
            return None
        if image is not None and image.status != "open":
            return f"its image is {image.status} here"
        if seen.dimensions is None:
            return f"it cannot be read: {seen.problem}"
        return self._compared(file, seen.dimensions)

    def _compared(self, file: FoundFile, crop: Dimensions) -> HistoryImported | str:
        size = self.sizes.get(file.name)
        if size is None or size.width_px is None or size.height_px is None:
            return self._evidence(file, crop, None, SOURCE_MISSING)
        frame = Dimensions(size.width_px, size.height_px)
        if crop.width_px > frame.width_px or crop.height_px > frame.height_px:
            return f"it is {crop}, larger than its image, which is {frame}"
        if crop != frame:
            return self._evidence(file, crop, frame)
        if self.place.whole:
            return self._evidence(file, crop, frame, SAME_SIZE)
        return f"it is as large as its image, {frame}: a copy, or kept whole (then say --whole)"

    def _evidence(self, file: FoundFile, crop: Dimensions, frame: Dimensions | None, *warnings: str) -> HistoryImported:
        record = {"output": str(file.path), "size_bytes": file.size_bytes, "pixels": str(crop)}
        return HistoryImported(
            project=self.place.project,
            path=str(self.place.directory / file.name),
            source=OUTPUT_DIRECTORY,
            stamp=instant(_modified(file)),
            dimensions=frame,
            record=_json(record).decode(),
            warnings=warnings,
        )


def _modified(file: FoundFile) -> datetime:
    return datetime.fromtimestamp(file.modified_ns // 1000 / 1e6, UTC)


def _record(
    evidence: list[tuple[FoundFile, HistoryImported]],
    place: Place,
    asked: Asked,
    ledger: Ledger,
    projections: Projections,
) -> None:
    requests = [
        Request(
            ImportHistory(subject_for(place.directory / file.name, place.project, projections), event),
            ACTOR,
            asked.correlation,
            at=instant(_modified(file)),
        )
        for file, event in evidence
    ]
    handle_many(requests, ledger=ledger, now=asked.now)
