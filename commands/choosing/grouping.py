"""Groups of images: runs of one subject through rising stages, told by their names alone. Pure.

The rule is "nearest up": among the files that follow, up to the first whose stage is not greater than the last, the
smallest greater stage is the next of the run. Files of no known stage belong to no group and end none. The time
between files does not split groups, unless that is asked for.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import frozen

from ledger.names import ImageName, parse_name


@frozen
class Rules:
    """How groups are told."""

    look_ahead: int = 50
    """Files after the last of a run among which its next is looked for."""
    size_min: int = 2
    """Smaller runs are no groups."""
    gap_max_s: float | None = None
    """Seconds between two files of a run after which it ends; None: they may lie any time apart."""


def groups_of(names: Iterable[str], rules: Rules = Rules()) -> list[tuple[str, ...]]:
    """The groups among the images of one directory, each as its names in order; the names may come in any order."""
    files = sorted((parse_name(name) for name in names), key=lambda file: file.order)
    staged = [file for file in files if file.stage is not None]
    found, start = [], 0
    while start < len(staged):
        run = _run(staged, start, rules)
        if len(run) >= rules.size_min:
            found.append(tuple(staged[at].name for at in run))
            # What lies between two files of a run has a greater stage than the second: no run can begin there.
            start = run[-1]
        start += 1
    return found


def _run(files: Sequence[ImageName], start: int, rules: Rules) -> list[int]:
    run = [start]
    while (at := _next(files, run[-1], rules)) is not None:
        run.append(at)
    return run


def _next(files: Sequence[ImageName], last: int, rules: Rules) -> int | None:
    """The first of the files with the smallest greater stage, before one whose stage is not greater."""
    best: int | None = None
    for at in range(last + 1, min(last + 1 + rules.look_ahead, len(files))):
        if _stage(files[at]) <= _stage(files[last]) or _too_far(files[last], files[at], rules):
            break
        if best is None or _stage(files[at]) < _stage(files[best]):
            best = at
    return best


def _stage(file: ImageName) -> float:
    return file.stage or 0.0


def _too_far(one: ImageName, other: ImageName, rules: Rules) -> bool:
    if rules.gap_max_s is None:
        return False
    first, second = _moment(one), _moment(other)
    return first is not None and second is not None and (second - first).total_seconds() > rules.gap_max_s


def _moment(file: ImageName) -> datetime | None:
    """The time in a name, by some clock; None where the digits are no time."""
    try:
        return datetime.strptime(file.stamp or "", "%Y%m%d_%H%M%S")  # noqa: DTZ007  # only differences of two are used
    except ValueError:
        return None
