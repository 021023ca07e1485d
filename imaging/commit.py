"""Commit a verified crop on disk so that a kill at any instant is recovered from the started event alone, by no guess.

The order: the crop stands verified under its temporary name; no destination is taken; the original is in the archive;
output and companions appear under their final names while every old name still stands; THE SOURCE'S NAME GOES; the
companions' old names go; the temporary name goes last. So while the source stands, everything that appeared can be
taken back; once it is gone, everything that must appear has appeared; and without temporary name nothing is left to do.
What went before the source's name is durable before it goes; its going, before the companions' old names go; and
theirs, before the temporary name goes.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from attrs import evolve

from imaging import archive, disk
from imaging.lockstep import Needed, Steps, alone, together
from imaging.problems import Unfinished, Unusable, from_os_error
from imaging.publish import Move, finish, is_staged, retract, stage
from imaging.read import open_plain, sha256_of
from imaging.restore import bring_back, place_is_free, remove_hidden
from imaging.verify import Written, is_whole, source_of, verified, verified_whole
from ledger.events.crops import CropExecuted, CropStarted, MovedFile


def commit(plan: CropStarted, written: Written) -> CropExecuted:
    """Publish `plan.temporary`, archive the source and move the companions: all, or nothing and `Unusable`.

    `Unfinished` means that it is committed but not tidied: leave the crop started, `recover` completes it.
    """
    [outcome] = commit_all(((plan, written),))
    if isinstance(outcome, Unusable):
        raise outcome
    return outcome


def commit_all(crops: Sequence[tuple[CropStarted, Written]]) -> list[CropExecuted | Unusable]:
    """The same for several, each for itself: what they need on the disk before they go on is waited for together."""
    began = time.perf_counter()
    outcomes = together(_steps(plan, written) for plan, written in crops)
    share_ms = (time.perf_counter() - began) * 1000 / max(len(crops), 1)
    return [
        outcome
        if isinstance(outcome, Unusable)
        else evolve(outcome, elapsed_ms=round(written.elapsed_ms + share_ms, 3))
        for outcome, (_, written) in zip(outcomes, crops, strict=True)
    ]


def _steps(plan: CropStarted, written: Written) -> Steps[CropExecuted]:
    try:
        yield _prepared(plan)
        _let_the_source_go(plan)
    except (Unusable, OSError) as error:
        _abandon(plan, error)
        raise _typed(error, plan) from error
    return (yield from _completion(plan, written, recovered=False))


def recover(plan: CropStarted) -> CropExecuted | None:
    """Finish or roll back what a killed attempt left; None: rolled back, the source untouched and nothing else left.

    Raises `Unusable` where a person took away or changed what is needed to decide; then nothing is removed.
    Only for an attempt whose process is gone. May itself be killed and run again.
    """
    try:
        if _source_stands(plan) or not _was_published(plan):
            _roll_back(plan)
            return None
        return _go_forward(plan)
    except OSError as error:
        raise from_os_error(error, plan.source) from error


def _prepared(plan: CropStarted) -> Needed:
    """Do everything that can still be taken back; says what must be durable before the source's name may go."""
    for move in _moves(plan):
        disk.refuse_taken(move.final)
    archive.keep(plan)
    for move in _moves(plan):
        stage(move, durable=False)
    names = {Path(plan.archive).parent, *(move.final.parent for move in _moves(plan))}
    return frozenset((Path(plan.temporary), Path(plan.archive), *names))


def _moves(plan: CropStarted) -> tuple[Move, ...]:
    return (*_companion_moves(plan), _output_move(plan))


def _output_move(plan: CropStarted) -> Move:
    temporary = Path(plan.temporary)
    return Move(temporary, Path(plan.output), _beside(plan.output, temporary.name + ".part"))


def _companion_moves(plan: CropStarted) -> Iterator[Move]:
    name = Path(plan.temporary).name
    for number, pair in enumerate(plan.companions):
        yield Move(Path(pair.source), Path(pair.destination), _beside(pair.destination, f"{name}.{number}"))


def _beside(path: str, name: str) -> Path:
    return Path(path).with_name(name)


def _let_the_source_go(plan: CropStarted) -> None:
    source = Path(plan.source)
    state = source.lstat()
    is_as_planned = (state.st_size, state.st_mtime_ns) == (plan.size_bytes, plan.modified_ns)
    if not is_as_planned and sha256_of(source) != plan.sha256:
        raise Unusable(f"{plan.source} changed while it was cropped.", reason="changed", transient=True)
    disk.remove(source)


def _abandon(plan: CropStarted, error: Exception) -> None:
    """Roll back after a failure; whatever then still stands is for `recover`."""
    try:
        _roll_back(plan)
    except (Unusable, OSError) as second:
        raise Unfinished(
            f"{plan.source}: {error} Taking it back failed too: {second}", reason="io_error", transient=True
        ) from second


def _roll_back(plan: CropStarted) -> None:
    """Take back all that appeared. The temporary name goes last: while it stands, this can be done again."""
    temporary = Path(plan.temporary)
    for move in _moves(plan):
        retract(move, temporary)
    remove_hidden(plan)
    archive.release(plan)
    disk.remove(temporary)
    if temporary.parent.is_dir():
        disk.sync_directory(temporary.parent)


def _completion(plan: CropStarted, written: Written, *, recovered: bool) -> Steps[CropExecuted]:
    """What remains once the source's name is gone."""
    try:
        # Otherwise a disk might forget that the source's name went, and know that those of its companions did.
        yield frozenset((Path(plan.source).parent,))
        moved = [move for move in _companion_moves(plan) if finish(move)]
        yield frozenset(move.origin.parent for move in moved)
        archive.protect(Path(plan.archive))
        _finish_output(plan)
        yield frozenset((Path(plan.output).parent,))
        return _executed(plan, written, moved, recovered=recovered)
    except (Unusable, OSError) as error:
        why = f"{plan.source} is committed but not finished: {error}"
        raise Unfinished(why, reason="io_error", transient=True) from error


def _finish_output(plan: CropStarted) -> None:
    """The temporary name goes, last of all."""
    if not finish(_output_move(plan)):
        raise Unusable(f"{plan.output} is no longer the crop that was put there.", reason="changed")


def _executed(plan: CropStarted, written: Written, moved: list[Move], *, recovered: bool) -> CropExecuted:
    left = ("companion_left",) if len(moved) < len(plan.companions) else ()
    return CropExecuted(
        run=plan.run,
        attempt=plan.attempt,
        source=plan.source,
        source_sha256=plan.sha256,
        archive=plan.archive,
        output=plan.output,
        output_sha256=written.sha256,
        output_size_bytes=written.size_bytes,
        output_dimensions=plan.pixel_box.dimensions,
        pixels_sha256=written.pixels_sha256,
        companions=tuple(_moved(move) for move in moved),
        recovered=recovered,
        warnings=tuple(dict.fromkeys((*plan.warnings, *written.warnings, *left))),
    )


def _moved(move: Move) -> MovedFile:
    return MovedFile(str(move.origin), str(move.final), sha256_of(move.final), move.final.lstat().st_size)


def _typed(error: Exception, plan: CropStarted) -> Unusable:
    return error if isinstance(error, Unusable) else from_os_error(error, plan.source)  # type: ignore[arg-type]


def _source_stands(plan: CropStarted) -> bool:
    """Whether the original still has its own name: then nothing was committed."""
    source = Path(plan.source)
    if not disk.exists(source):
        return False
    return disk.same_file(source, Path(plan.archive)) or sha256_of(source) == plan.sha256


def _was_published(plan: CropStarted) -> bool:
    """Whether there is something of this crop to finish, now that the source is gone or is another file."""
    temporary, output = Path(plan.temporary), Path(plan.output)
    staged = is_staged(_output_move(plan), temporary)
    if not archive.holds(plan):
        if staged:
            raise Unusable(
                f"the original {plan.source} is gone and not in the archive; {plan.output} is all that is left of it.",
                reason="missing",
                mend="Keep that file, and bring the archive back from a backup.",
            )
        return False  # somebody took the source away before anything was published
    if disk.exists(temporary):
        return staged or not disk.exists(output)
    if not disk.exists(output):
        raise Unusable(
            f"{plan.source} and its crop {output} were both taken away.",
            reason="missing",
            mend=f"The original is kept as {plan.archive}.",
        )
    return True


def _verified(plan: CropStarted, place: Path) -> Written:
    """The crop, compared with the archived original, or with its hash alone where the bytes were kept whole."""
    if is_whole(plan):
        return verified_whole(plan, place)
    with open_plain(Path(plan.archive)) as (stream, _):
        return verified(source_of(stream, plan.archive), plan, place)


def _go_forward(plan: CropStarted) -> CropExecuted | None:
    """Verify the crop against the archived original, then finish; a crop that fails gives the original back."""
    temporary = Path(plan.temporary)
    place = temporary if disk.exists(temporary) else Path(plan.output)
    try:
        found = _verified(plan, place)
    except Unusable:
        if place != temporary or not place_is_free(plan):
            raise
        bring_back(plan)
        _roll_back(plan)
        return None
    for move in _moves(plan):
        if disk.exists(move.origin) and not disk.exists(move.final):
            stage(move)
    return alone(_completion(plan, found, recovered=True))
