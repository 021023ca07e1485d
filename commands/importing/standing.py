"""Which of the marks that other tools' queues hold on one image is owed. Pure, and free of the order they came in.

Of two boxes on one image the one drawn later counts. The same box again, with no other between, is one mark that was
told twice: it counts from its first time. A crop that a queue says was carried out ends what was drawn until then.
"""

from collections.abc import Iterable
from itertools import groupby

from attrs import evolve as changed

from commands.recording.marks import Mark
from ledger.values import Box, Instant


def standing(marks: Iterable[Mark], carried_out: Iterable[Instant]) -> Mark | None:
    """The mark that is owed of those on one image, each with its time; None where it was carried out."""
    told = [list(same) for _, same in groupby(sorted(marks, key=_order), key=_box)]
    if not told:
        return None
    last = _together(told[-1])
    return None if any(at >= str(last.at) for at in carried_out) else last


def _order(mark: Mark) -> tuple[object, ...]:
    # Of two at the same instant nobody knows which came first: then any order will do that is always the same.
    return str(mark.at), mark.group is not None, mark.group or "", _edges(mark.box), mark.path


def _box(mark: Mark) -> tuple[object, ...]:
    # Sources write the same edge with more digits or fewer: the same pixels are the same box.
    if mark.dimensions is None:
        return tuple(round(edge, 5) for edge in _edges(mark.box))
    pixels = mark.box.denormalise(mark.dimensions)
    return pixels.left, pixels.top, pixels.right, pixels.bottom


def _edges(box: Box) -> tuple[float, float, float, float]:
    return box.x1, box.y1, box.x2, box.y2


def _together(told: list[Mark]) -> Mark:
    """One mark out of several tellings of it: its first time, and whatever any of them knows."""
    return changed(
        told[0],
        dimensions=next((mark.dimensions for mark in told if mark.dimensions), None),
        group=next((mark.group for mark in told if mark.group), None),
        suggestion=next((mark.suggestion for mark in told if mark.suggestion), None),
    )
