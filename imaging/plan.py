"""What a crop is about to do on disk, decided before anything is touched and recorded as the started event."""

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

from imaging.archive import archive_path
from imaging.geometry import on_grid, place
from imaging.problems import Unusable
from imaging.read import ImageFile
from ledger.errors import Invalid
from ledger.events.crops import CropStarted, FileMove
from ledger.values import Box, Dimensions, PixelBox

_DEFAULT_NAME_MAX = 255
_LONGEST_SUFFIX = len(".undo.part.probe")
_UNSUITABLE = re.compile(r"[^A-Za-z0-9_-]+")


@frozen
class Ways:
    """What a person chose of the ways to crop."""

    jpeg: str = "exact"
    """`exact`: the exact box, encoded once more; `lossless`: the box widened to the edge of its blocks, as they are."""
    reencode: bool = False
    """Whether what is lossy, other than JPEG, may be encoded once more."""


USUAL = Ways()


def plan(
    image: ImageFile,
    box: Box,
    *,
    recorded: Dimensions,
    recorded_sha256: str,
    run: str,
    attempt: int,
    output: Path,
    archive_root: Path,
    companions: Iterable[Path] = (),
    how: Ways = USUAL,
) -> CropStarted:
    """The started event for a recorded box on the image as observed now; raises `Unusable` or `Invalid`.

    Companions go beside the output under their own names. Nothing is written; only the longest name is asked for.
    """
    placed = place(box, recorded=recorded, actual=image.dimensions)
    pixel_box, whole_blocks = _cut(image, placed.pixel_box, how)
    moves = tuple(FileMove(str(path), str(output.parent / path.name)) for path in sorted(companions))
    temporary = output.parent / temporary_name(run, attempt, image.path)
    _check_names(image.path, output, temporary, moves)
    changed = ("content_changed",) if image.sha256 != recorded_sha256 else ()
    return CropStarted(
        run=run,
        attempt=attempt,
        source=str(image.path),
        sha256=image.sha256,
        size_bytes=image.size_bytes,
        modified_ns=image.modified_ns,
        dimensions=image.dimensions,
        pixel_box=pixel_box,
        output=str(output),
        temporary=str(temporary),
        archive=str(archive_path(archive_root, image.sha256, image.path.suffix)),
        companions=moves,
        whole_blocks=whole_blocks,
        warnings=(*placed.warnings, *(("box_widened",) if pixel_box != placed.pixel_box else ()), *changed),
    )


def _cut(image: ImageFile, box: PixelBox, how: Ways) -> tuple[PixelBox, bool]:
    """The box that will be cut, and whether without decoding; raises `Unusable` for a loss nobody asked for."""
    if box == PixelBox(0, 0, image.dimensions.width_px, image.dimensions.height_px):
        return box, False  # its bytes are kept
    if image.format == "JPEG":
        without_loss = how.jpeg == "lossless"
        return (on_grid(box, image.dimensions, image.orientation, image.grid) if without_loss else box), without_loss
    if not image.lossless and not how.reencode:
        raise Unusable(
            f"{image.path} is a lossy {image.format}: a crop must encode it once more, and loses by that.",
            reason="unsupported",
            mend="If that is good enough: crop retry, then crop run --reencode",
        )
    return box, False


def temporary_name(run: str, attempt: int, source: Path) -> str:
    """A hidden name that no other run, attempt or image shares: everything found under it is this attempt's."""
    image = hashlib.sha256(os.fsencode(source)).hexdigest()[:16]
    whose = hashlib.sha256(run.encode()).hexdigest()[:8]
    return f".crop-{_UNSUITABLE.sub('-', run)[:40]}-{whose}-{attempt}-{image}"


def _check_names(source: Path, output: Path, temporary: Path, moves: tuple[FileMove, ...]) -> None:
    if not output.is_absolute():
        raise Invalid(f"the output {output} is not an absolute path")
    finals = [output, *(Path(move.destination) for move in moves)]
    if len(set(finals)) != len(finals) or source in finals:
        raise Unusable(
            f"{source}: two of its files would get the same place in {output.parent}.", reason="destination_exists"
        )
    longest = _longest_name(output.parent)
    for path in (*finals, temporary.with_name(temporary.name + "x" * _LONGEST_SUFFIX)):
        if len(os.fsencode(path.name)) > longest:
            why = f"{path.name} is longer than the {longest} bytes this file system allows."
            raise Unusable(why, reason="name_too_long")


def _longest_name(directory: Path) -> int:
    nearest = directory
    while not nearest.is_dir() and nearest != nearest.parent:
        nearest = nearest.parent
    try:
        return os.pathconf(nearest, "PC_NAME_MAX")
    except OSError:
        return _DEFAULT_NAME_MAX
