"""The figures a rhythm is described by: spreads, burstiness, memory and the scatter of counts. Pure."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from attrs import frozen


@frozen
class Spread:
    """How a number is distributed: its mean and its quantiles. All are 0 where nothing was counted."""

    count: int = 0
    mean: float = 0.0
    p10: float = 0.0
    p25: float = 0.0
    median: float = 0.0
    p75: float = 0.0
    p90: float = 0.0

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """The spread of these values."""
        ordered = sorted(values)
        if not ordered:
            return cls()
        quantiles = (round(quantile(ordered, share), 3) for share in (0.1, 0.25, 0.5, 0.75, 0.9))
        return cls(len(ordered), round(math.fsum(ordered) / len(ordered), 3), *quantiles)


def quantile(ordered: Sequence[float], share: float) -> float:
    """A quantile of sorted values, interpolated between neighbours (Hyndman & Fan 1996, type 7)."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def burstiness(gaps: Sequence[float]) -> float:
    """(spread - mean) / (spread + mean) of the gaps: -1 for a metronome, 0 for Poisson, towards 1 for bursts.

    Goh & Barabási, "Burstiness and memory in complex systems", EPL 81 (2008) 48002.
    """
    if len(gaps) < 2:
        return 0.0
    mean, deviation = _moments(gaps)
    return (deviation - mean) / (deviation + mean) if deviation + mean > 0 else 0.0


def memory(runs: Iterable[Sequence[float]]) -> float:
    """The correlation of each gap's logarithm with the next one's in the same run.

    The memory coefficient of Goh & Barabási (2008); of logarithms, or one long pause would decide it alone.
    """
    firsts: list[float] = []
    seconds: list[float] = []
    for run in runs:
        logs = [math.log(max(gap, 0.001)) for gap in run]
        firsts += logs[:-1]
        seconds += logs[1:]
    if len(firsts) < 3:
        return 0.0
    (mean_first, spread_first), (mean_second, spread_second) = _moments(firsts), _moments(seconds)
    if spread_first * spread_second == 0:
        return 0.0
    pairs = zip(firsts, seconds, strict=True)
    shared = sum([(first - mean_first) * (second - mean_second) for first, second in pairs]) / len(firsts)
    return shared / (spread_first * spread_second)


def fano(counts: Sequence[int]) -> float:
    """Variance over mean of counts in equal windows: 0 for a metronome, 1 for Poisson (Fano 1947)."""
    if not counts or sum(counts) == 0:
        return 0.0
    mean, deviation = _moments(counts)
    return deviation**2 / mean


def windows(starts_s: Sequence[float], width_s: float) -> list[int]:
    """How many starts fall into each whole window of this width, counted from the first start."""
    whole = int((starts_s[-1] - starts_s[0]) // width_s) if starts_s else 0
    edges = [bisect_right(starts_s, starts_s[0] + number * width_s) for number in range(1, whole + 1)]
    return [after - before for before, after in pairwise([0, *edges])]


def _moments(values: Sequence[float]) -> tuple[float, float]:
    mean = math.fsum(values) / len(values)
    return mean, math.sqrt(sum([(value - mean) * (value - mean) for value in values]) / len(values))
