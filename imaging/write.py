"""THE ONLY PIXEL WRITER. One door: a started crop goes in, a verified temporary file comes out.

Nothing is moved here and the source is only read. `imaging.commit` takes it from there.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from attrs import evolve

from imaging.decode import FAULTS, format_at
from imaging.disk import make_directory, remove, write_new
from imaging.formats import jpeg
from imaging.formats.header import Encoded
from imaging.pixels import Pixels
from imaging.problems import Unusable
from imaging.read import digest, open_plain, unchanged
from imaging.verify import Source, Written, is_whole, source_of, verified, verified_whole
from ledger.events.crops import CropStarted

_BLOCK = 1 << 20


def write(plan: CropStarted) -> Written:
    """Write and verify `plan.temporary`; raises `Unusable`, and then leaves no file behind."""
    began = time.perf_counter()
    with open_plain(Path(plan.source)) as (stream, state):
        _is_the_planned(plan, stream, state)
        make_directory(Path(plan.temporary).parent)
        found = _copied(plan, stream, state.st_mode) if is_whole(plan) else _cropped(plan, stream, state)
    return evolve(found, elapsed_ms=(time.perf_counter() - began) * 1000)


def _is_the_planned(plan: CropStarted, stream: BinaryIO, state: os.stat_result) -> None:
    # With the planned size and time it is taken for the file planned for: its sha256 is checked in the archive, before
    # anything counts on it.
    if (state.st_size, state.st_mtime_ns) != (plan.size_bytes, plan.modified_ns) and digest(stream) != plan.sha256:
        raise Unusable(f"{plan.source} changed since the crop was started.", reason="changed", transient=True)


def _copied(plan: CropStarted, stream: BinaryIO, mode: int) -> Written:
    stream.seek(0)
    _write_or_nothing(plan, iter(lambda: stream.read(_BLOCK), b""), mode)
    with _removed_if_wrong(plan):
        return verified_whole(plan, Path(plan.temporary))


def _cropped(plan: CropStarted, stream: BinaryIO, state: os.stat_result) -> Written:
    source = source_of(stream, plan.source)
    _croppable(plan, source)
    # Whole blocks are cut without being decoded, and their coefficients would fill the memory beside the pixels.
    cut = None if plan.whole_blocks else source.region(plan.pixel_box)
    encoded = _encoded(plan, source, cut)
    checksum = _write_or_nothing(plan, _typed(encoded.pieces, plan.source), state.st_mode)
    with _removed_if_wrong(plan):
        unchanged(Path(plan.source), state, os.fstat(stream.fileno()))
        found = verified(source, plan, Path(plan.temporary), cut=cut, checksum=checksum)
    return evolve(found, warnings=encoded.warnings)


def _croppable(plan: CropStarted, source: Source) -> None:
    if source.header.damage is not None:
        raise Unusable(f"{plan.source} is {source.header.damage}.", reason="unsupported")
    if source.dimensions != plan.dimensions:
        why = f"{plan.source} is {source.dimensions}, the crop was started for {plan.dimensions}."
        raise Unusable(why, reason="changed", transient=True)


def _encoded(plan: CropStarted, source: Source, cut: Pixels | None) -> Encoded:
    with _naming(source.name):
        if cut is None:
            return jpeg.cut_whole_blocks(source.stream, source.header, source.stored(plan.pixel_box))
        return format_at(source.stream, source.name).encode(source.stream, source.header, cut)


def _typed(pieces: Iterable[bytes], name: str) -> Iterator[bytes]:
    """The same pieces; some are encoded only while they are written, and what fails then is no fault of the disk."""
    rest = iter(pieces)
    while True:
        with _naming(name):
            piece = next(rest, None)
        if piece is None:
            return
        yield piece


@contextmanager
def _naming(name: str) -> Iterator[None]:
    try:
        yield
    except Unusable as refusal:
        raise Unusable(f"{name}: {refusal.message}", reason=refusal.reason) from refusal
    except FAULTS as error:
        raise Unusable(f"{name} cannot be encoded: {error}", reason="unsupported") from error


def _write_or_nothing(plan: CropStarted, pieces: Iterable[bytes], mode: int) -> int:
    path = Path(plan.temporary)
    try:
        return write_new(path, pieces, mode, durable=False)  # `commit` waits for the disk
    except Unusable as refusal:
        # A full disk leaves a torn file, which is ours; a name that was taken is not.
        if refusal.reason != "destination_exists":
            remove(path)
        raise


@contextmanager
def _removed_if_wrong(plan: CropStarted) -> Iterator[None]:
    try:
        yield
    except Unusable:
        remove(Path(plan.temporary))
        raise
