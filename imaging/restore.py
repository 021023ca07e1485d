"""Put an archived original and its companions back under their old names, without replacing anything."""

from pathlib import Path

from imaging import disk
from imaging.problems import Unusable, naming
from imaging.publish import Move, finish, is_staged, stage
from imaging.read import sha256_of
from ledger.events.crops import CropStarted


def original_back(plan: CropStarted) -> Move:
    """The way of the original from a fresh copy, under a hidden name beside it, to its old name."""
    fresh = Path(plan.source).with_name(Path(plan.temporary).name + ".undo")
    return Move(fresh, Path(plan.source), fresh.with_name(fresh.name + ".part"))


def companions_back(plan: CropStarted) -> tuple[Move, ...]:
    """The ways of the companions back, in the order of the plan."""
    name = Path(plan.temporary).name + ".undo"
    return tuple(
        Move(Path(pair.destination), Path(pair.source), Path(pair.source).with_name(f"{name}.{number}"))
        for number, pair in enumerate(plan.companions)
    )


def copy_original(plan: CropStarted) -> None:
    """A verified copy of the archived original beside its old place, with its time and its permissions.

    The archive's own permission to write is gone; the output carries the bits that the source had.
    """
    fresh, output, kept = original_back(plan).origin, Path(plan.output), Path(plan.archive)
    disk.make_directory(fresh.parent)
    mode = kept.lstat().st_mode | 0o200
    if disk.exists(fresh) and sha256_of(fresh) == plan.sha256:
        # A whole copy of an interrupted return stays: what else appeared then is known by it. It got its permissions
        # before the output went.
        mode = fresh.lstat().st_mode
    else:
        disk.remove(fresh)
        with naming(fresh):
            disk.copy_new(kept, fresh)
    if disk.exists(output):
        mode = output.lstat().st_mode
    with naming(fresh):
        disk.set_state(fresh, mode, plan.modified_ns)
    if sha256_of(fresh) != plan.sha256:
        raise Unusable(f"the copy {fresh} differs from {kept}.", reason="verification", transient=True)


def place_is_free(plan: CropStarted) -> bool:
    """Whether the original's old name is free, or held by nothing but our own restoring."""
    move = original_back(plan)
    return not disk.exists(move.final) or is_staged(move, move.origin)


def bring_back(plan: CropStarted) -> None:
    """Companions first, the original last: while it does not stand, an interrupted return is known and done again."""
    for move in companions_back(plan):
        if disk.exists(move.origin) and not disk.exists(move.final):
            stage(move)
        finish(move)
    move = original_back(plan)
    if not is_staged(move, move.origin):
        copy_original(plan)
        stage(move)
    finish(move)
    disk.sync_directory(move.final.parent)


def remove_hidden(plan: CropStarted) -> None:
    """Remove what an interrupted return left under its hidden names, which nobody else uses."""
    original = original_back(plan)
    for path in (original.origin, original.part, *(move.part for move in companions_back(plan))):
        disk.remove(path)
