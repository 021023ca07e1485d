"""Which of the marks that other tools' queues hold on one image is owed. Pure, and free of the order they came in.

Of two boxes on one image the one drawn later counts. The same box again, with no other between, is one mark that was
told twice: it counts from its first time. A crop that a queue says was carried out ends what was drawn until then.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from attrs import evolve as changed

from commands.recording.marks import Mark
from ledger.values import Box, Dimensions, Instant


def standing(marks: Iterable[Mark], carried_out: Iterable[Instant], size: Dimensions | None = None) -> Mark | None:
    """The mark that is owed of those on one image, each with its time; None where it was carried out.

    `size` is that of the image, for where none of the marks has one.
    """
    ordered = sorted(marks, key=_order)
    frame = min((mark.dimensions for mark in ordered if mark.dimensions), key=_pixels, default=size)
    told = [list(same) for _, same in groupby(ordered, key=lambda mark: _box(mark, frame))]
    if not told:
        return None
    last = _together(told[-1])
    return None if any(at >= str(last.at) for at in carried_out) else last


def _order(mark: Mark) -> tuple[object, ...]:
    # Of two at the same instant nobody knows which came first: then any order will do that is always the same, so
    # whatever tells two marks from each other is in it.
    return (
        str(mark.at), mark.group is not None, mark.group or "", _edges(mark.box),
        _pixels(mark.dimensions) if mark.dimensions else (0, 0), repr(mark.suggestion), mark.utc_offset_s is None,
        mark.utc_offset_s or 0, mark.warnings, mark.path,
    )  # fmt: skip


def _box(mark: Mark, frame: Dimensions | None) -> tuple[object, ...]:
    # Sources write the same edge with more digits or fewer, and with the size or without it: the same pixels are the
    # same box.
    size = mark.dimensions or frame
    if size is None:
        return tuple(round(edge, 5) for edge in _edges(mark.box))
    sides = (size.width_px, size.height_px)
    return tuple(round(edge * sides[number % 2]) for number, edge in enumerate(_edges(mark.box)))


def _edges(box: Box) -> tuple[float, float, float, float]:
    return box.x1, box.y1, box.x2, box.y2


def _pixels(size: Dimensions) -> tuple[int, int]:
    return size.width_px, size.height_px


def _together(told: Sequence[Mark]) -> Mark:
    """One mark out of several tellings of it: its first time, and whatever any of them knows."""
    first = told[0]
    offsets = (mark.utc_offset_s for mark in told if mark.at == first.at and mark.utc_offset_s is not None)
    return changed(
        first,
        dimensions=next((mark.dimensions for mark in told if mark.dimensions), None),
        group=next((mark.group for mark in told if mark.group), None),
        suggestion=next((mark.suggestion for mark in told if mark.suggestion), None),
        utc_offset_s=next(offsets, None),
        warnings=tuple(odd for odd in first.warnings if all(odd in mark.warnings for mark in told)),
    )
