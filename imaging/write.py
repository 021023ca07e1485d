"""THE ONLY PIXEL WRITER. One door: a started crop goes in, a verified temporary file comes out.

Nothing is moved here and the source is only read. `imaging.commit` takes it from there.
"""

import hashlib
import time
from pathlib import Path

from attrs import evolve

from imaging.decode import FAULTS, format_of
from imaging.disk import make_directory, remove, write_new
from imaging.problems import Unusable
from imaging.read import read_whole
from imaging.verify import Source, Written, is_whole, load, verified
from ledger.events.crops import CropStarted


def write(plan: CropStarted) -> Written:
    """Write and verify `plan.temporary`; raises `Unusable`, and then leaves no file behind."""
    began = time.perf_counter()
    source_path, temporary = Path(plan.source), Path(plan.temporary)
    raw, state = read_whole(source_path)
    if hashlib.sha256(raw).hexdigest() != plan.sha256:
        raise Unusable(f"{source_path} changed since the crop was started.", reason="changed", transient=True)
    content, source, warnings = _content(plan, raw)
    make_directory(temporary.parent)
    _write_new_or_nothing(temporary, content, state.st_mode)
    try:
        found = verified(plan, source, temporary, hashlib.sha256(content).hexdigest())
    except Unusable:
        remove(temporary)
        raise
    return evolve(found, warnings=warnings, elapsed_ms=(time.perf_counter() - began) * 1000)


def _content(plan: CropStarted, raw: bytes) -> tuple[bytes, Source | None, tuple[str, ...]]:
    if is_whole(plan):
        return raw, None, ()
    source = load(raw, plan.source)
    _croppable(plan, source)
    try:
        content, warnings = format_of(raw[:16], plan.source).encode(raw, source.region(plan.pixel_box))
    except Unusable as refusal:
        raise Unusable(f"{plan.source}: {refusal.message}", reason=refusal.reason) from refusal
    except FAULTS as error:
        raise Unusable(f"{plan.source} cannot be encoded: {error}", reason="unsupported") from error
    return content, source, warnings


def _croppable(plan: CropStarted, source: Source) -> None:
    if source.header.damage is not None:
        raise Unusable(f"{plan.source} is {source.header.damage}.", reason="unsupported")
    if source.dimensions != plan.dimensions:
        why = f"{plan.source} is {source.dimensions}, the crop was started for {plan.dimensions}."
        raise Unusable(why, reason="changed", transient=True)


def _write_new_or_nothing(path: Path, content: bytes, mode: int) -> None:
    try:
        write_new(path, content, mode)
    except Unusable as refusal:
        # A full disk leaves a torn file, which is ours; a name that was taken is not.
        if refusal.reason != "destination_exists":
            remove(path)
        raise
