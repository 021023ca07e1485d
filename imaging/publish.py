"""Let a file appear under its final name in two steps, so that a kill between them can be told apart and undone.

`stage` makes the final name appear without replacing anything, while the file keeps the name it had: a second hard
link, a linked copy where the two names are on different file systems, or an empty reservation where there are no hard
links. `finish` lets the old name go. `retract` takes the final name back instead. As long as the old name stands,
being the same file proves that the final name is ours.
"""

import os
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from imaging import disk
from imaging.problems import Unusable, from_os_error, naming


@frozen
class Move:
    """A file on its way from one name to another."""

    origin: Path
    """The name it has, and loses when the move is finished."""
    final: Path
    """The name it gets."""
    part: Path
    """A hidden name beside `final`, for a copy across file systems."""

    @property
    def standing(self) -> Path:
        """The name that proves ownership of `final`: the copy beside it if there is one, else the origin."""
        return self.part if disk.exists(self.part) else self.origin


def stage(move: Move, *, durable: bool = True) -> None:
    """Let the final name appear; raises `Unusable` (`destination_exists`) if it is taken."""
    disk.make_directory(move.final.parent)
    with naming(move.final):
        if not _linked(move):
            disk.reserve(move.final)
    if durable:
        disk.sync_directory(move.final.parent)


def _linked(move: Move) -> bool:
    try:
        return disk.link_new(move.origin, move.final)
    except OSError as error:
        if not disk.is_other_file_system(error):
            raise
    disk.remove(move.part)
    disk.copy_new(move.origin, move.part)
    if not disk.same_content(move.origin, move.part):
        raise Unusable(f"the copy {move.part} differs from {move.origin}.", reason="verification", transient=True)
    return disk.link_new(move.part, move.final)


def is_staged(move: Move, marker: Path) -> bool:
    """Whether the final name is there and ours, with the old name still standing."""
    standing = move.standing
    if not disk.exists(standing):
        return False
    return disk.same_file(standing, move.final) or _is_reservation(standing, move.final, marker)


def _is_reservation(standing: Path, final: Path, marker: Path) -> bool:
    """Whether an empty file can only be ours: younger than the marker we wrote before it, where no link is possible."""
    if not disk.is_empty(final) or not disk.exists(marker):
        return False
    younger = final.lstat().st_mtime_ns >= marker.lstat().st_mtime_ns
    return younger and not _could_be_linked(standing, _probe(final, marker))


def _could_be_linked(standing: Path, probe: Path) -> bool:
    """Asked of this very file: some systems refuse a link to a file of another owner and allow all others."""
    disk.remove(probe)
    try:
        linked = disk.link_new(standing, probe)
    except OSError as error:
        if not disk.is_other_file_system(error):
            raise from_os_error(error, probe) from error
        return True  # such a file is copied first, and the copy would stand
    disk.remove(probe)
    return linked


def _probe(final: Path, marker: Path) -> Path:
    return final.with_name(marker.name + ".probe")


def finish(move: Move) -> bool:
    """Let the old name go; False where the final name is no longer ours, and then nothing is lost either."""
    standing = move.standing
    if not disk.exists(standing):
        return disk.exists(move.final)
    if disk.same_file(standing, move.final):
        disk.remove(standing)
    elif disk.is_empty(move.final) and not disk.is_empty(standing):
        with naming(move.final):
            _take_over(standing, move.final)
    if not disk.exists(move.origin):
        return True
    disk.sync_directory(move.final.parent)
    if not disk.exists(move.final) or not disk.same_content(move.origin, move.final):
        return False
    disk.remove(move.part)
    disk.remove(move.origin)  # last: while it stands, what is left to do is known
    return True


def _take_over(standing: Path, reservation: Path) -> None:
    """Put the file in the place of our own empty reservation, and of nothing else where the system can promise that."""
    try:
        if not disk.rename_new(standing, reservation):
            os.replace(standing, reservation)  # noqa: PTH105  # no other way here
    except FileExistsError:  # so this system can; whoever takes the free name now keeps it
        disk.remove(reservation)
        with suppress(FileExistsError):
            disk.rename_new(standing, reservation)


def retract(move: Move, marker: Path) -> None:
    """Take the final name back, if it is ours; the origin stays."""
    if is_staged(move, marker):
        disk.remove(move.final)
        disk.sync_directory(move.final.parent)
    disk.remove(move.part)
    disk.remove(_probe(move.final, marker))
