"""Take a crop back: the original and its companions stand again where they were, byte for byte.

The order: everything is checked; a verified copy of the original stands under a hidden name; original and companions
appear under their old names; THE OUTPUT GOES; the companions' names beside it go; the hidden name goes last. A kill at
any instant is mended by calling `undo` again. The archived original stays: identical originals may share it.
"""

from pathlib import Path

from imaging import archive, disk
from imaging.problems import Unusable, from_os_error
from imaging.publish import Move, finish, is_staged, retract, stage
from imaging.read import sha256_of
from imaging.restore import companions_back, copy_original, original_back, remove_hidden
from ledger.events.crops import CropExecuted, CropStarted, CropUndone, MovedFile


def undo(executed: CropExecuted, started: CropStarted) -> CropUndone:
    """Restore the original and remove the crop; raises `Unusable`, and then nothing has moved."""
    try:
        if not archive.holds(started):
            raise Unusable(f"the archived original {started.archive} is missing.", reason="missing")
        _output_is_the_recorded_one(executed)
        moves = _owed(started)
        _places_are_free(moves, started)
        _appear(moves, started)
        disk.remove(Path(executed.output))
        companions = _complete(started)
    except OSError as error:
        raise from_os_error(error, executed.source) from error
    return CropUndone(executed.source, executed.source_sha256, executed.output, companions)


def _output_is_the_recorded_one(executed: CropExecuted) -> None:
    output = Path(executed.output)
    if disk.exists(output) and sha256_of(output) != executed.output_sha256:
        raise Unusable(
            f"{output} was edited since the crop; nothing was moved.",
            reason="changed",
            mend="Move the edited file away, then undo.",
        )


def _owed(started: CropStarted) -> tuple[Move, ...]:
    """What has to appear again: companions that are still beside the output, and the original if it is not there."""
    companions = tuple(move for move in companions_back(started) if disk.exists(move.standing))
    original = original_back(started)
    if _stands(started) and not disk.exists(original.origin):
        return companions
    return (*companions, original)


def _stands(started: CropStarted) -> bool:
    source = Path(started.source)
    return disk.exists(source) and not disk.is_empty(source) and sha256_of(source) == started.sha256


def _places_are_free(moves: tuple[Move, ...], started: CropStarted) -> None:
    marker = original_back(started).origin
    for move in moves:
        if not _has_appeared(move, marker):
            disk.refuse_taken(move.final)


def _has_appeared(move: Move, marker: Path) -> bool:
    """Whether the old name is there already: ours from an interrupted undo, or a file with the same bytes."""
    if is_staged(move, marker):
        return True
    # The copy beside it may be a stale one: a disk can remember its name, and forget that it was made anew.
    held = (path for path in (move.standing, move.origin) if disk.exists(path))
    return disk.exists(move.final) and any(disk.same_content(path, move.final) for path in held)


def _appear(moves: tuple[Move, ...], started: CropStarted) -> None:
    """Let all old names appear; all or none."""
    original = original_back(started)
    marker = original.origin
    try:
        if original in moves and not is_staged(original, marker):
            copy_original(started)
            # Else a disk might know of a reserved name and not of this copy, which tells that the name is ours.
            disk.sync_directory(marker.parent)
        for move in moves:
            if not _has_appeared(move, marker):
                stage(move)
    except (Unusable, OSError):
        for move in moves:
            retract(move, marker)
        remove_hidden(started)
        raise


def _complete(started: CropStarted) -> tuple[MovedFile, ...]:
    """What remains once the output is gone."""
    moved = [move for move in companions_back(started) if finish(move)]
    for directory in {Path(started.output).parent, *(move.origin.parent for move in moved)}:
        if directory.is_dir():
            disk.sync_directory(directory)
    original = original_back(started)
    if disk.exists(original.origin):
        finish(original)
    disk.sync_directory(original.final.parent)
    return tuple(
        MovedFile(str(move.origin), str(move.final), sha256_of(move.final), move.final.lstat().st_size)
        for move in moved
    )
