"""Carry an image and its companions to another directory: all of them, or none, and nothing is replaced.

The order: a hidden marker is laid beside the destination; no destination is taken; all final names appear while every
old name still stands; the old names go. The marker goes only when the caller has recorded what happened. So whoever
finds it knows that these files are on their way, and `carry` called again finishes it, whatever a kill left.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

from imaging import disk
from imaging.problems import Unusable, from_os_error
from imaging.publish import Move, finish, is_staged, retract, stage
from imaging.read import read_whole, sha256_of
from ledger.events.crops import MovedFile


@frozen
class Load:
    """Files that go together: the image first."""

    marker: Path
    moves: tuple[Move, ...]
    begun: bool
    """Whether an earlier attempt to carry this image laid the marker, and nobody recorded how it ended."""


def load_of(image: Path, to: Path, companions: Iterable[Path]) -> Load:
    """The image on its way to the path `to`, its companions on theirs beside it, under their own names.

    Where an earlier attempt was begun, its companions are those that its marker names.
    """
    name = ".crop-carry-" + hashlib.sha256(os.fsencode(image)).hexdigest()[:24]
    marker = to.with_name(name)
    known = _named_in(marker)
    beside = list(companions) if known is None else [image.with_name(each) for each in known]
    pairs = [(image, to), *((path, to.with_name(path.name)) for path in beside)]
    moves = tuple(
        Move(origin, final, final.with_name(f"{name}.{number}")) for number, (origin, final) in enumerate(pairs)
    )
    return Load(marker, moves, known is not None)


def _named_in(marker: Path) -> list[str] | None:
    """The companions that a marker names; None where there is none, or a torn one: then nothing had moved yet."""
    if not disk.exists(marker):
        return None
    try:
        names = json.loads(read_whole(marker)[0])
    except ValueError:
        disk.remove(marker)
        return None
    return [str(name) for name in names]


def carry(load: Load) -> tuple[MovedFile, ...]:
    """Move everything; raises `Unusable`, and then nothing has moved. What arrived is read back.

    Killed at any point, calling it again finishes it, as long as nobody took the files away meanwhile.
    """
    try:
        _check(load)
        _appear(load)
        for move in load.moves:
            _let_go(move)
        for directory in {path.parent for move in load.moves for path in (move.origin, move.final)}:
            if directory.is_dir():
                disk.sync_directory(directory)
        return tuple(_moved(move) for move in load.moves)
    except OSError as error:
        raise from_os_error(error, load.moves[0].origin) from error


def settle(load: Load) -> None:
    """What was carried is recorded: the marker is not needed any more."""
    if load.marker.parent.is_dir():
        disk.remove(load.marker)


def _check(load: Load) -> None:
    for move in load.moves:
        if not disk.exists(move.origin) and not (load.begun and disk.exists(move.final)):
            raise Unusable(f"{move.origin} is gone.", reason="missing")
        if disk.exists(move.origin) and not stat.S_ISREG(move.origin.lstat().st_mode):
            raise Unusable(f"{move.origin} is not a regular file.", reason="unsupported")
        if disk.exists(move.origin) and not (load.begun and is_staged(move, load.marker)):
            disk.refuse_taken(move.final)


def _appear(load: Load) -> None:
    disk.make_directory(load.marker.parent)
    try:
        if not load.begun:
            names = [move.origin.name for move in load.moves[1:]]
            disk.write_new(load.marker, [json.dumps(names).encode()], 0o600)
            disk.sync_directory(load.marker.parent)
        for move in load.moves:
            if disk.exists(move.origin) and not is_staged(move, load.marker):
                stage(move)
    except (Unusable, OSError):
        for move in load.moves:
            retract(move, load.marker)
        if not load.begun:
            settle(load)
        raise


def _let_go(move: Move) -> None:
    if not finish(move):
        raise Unusable(
            f"{move.final} is not what was put there.", reason="changed", mend=f"{move.origin} still stands."
        )


def _moved(move: Move) -> MovedFile:
    return MovedFile(str(move.origin), str(move.final), sha256_of(move.final), move.final.lstat().st_size)
