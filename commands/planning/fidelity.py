"""Whether planned days are like the history they were made from. Pure.

The bar is the history's own noise: how far two random halves of its sittings are from each other. A statistic holds
where the plan is no farther from the history than 95 of 100 such halves are from one another (the split-half null);
crops per active hour must agree within 5 %, batch sizes within 2 points. Distances are Kolmogorov-Smirnov's for gaps
and breaks, Wasserstein's (in hours) for the time of day, and differences for the rest.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from attrs import evolve as changed
from attrs import frozen

from commands.planning.cadence import ACTIVE_S, Batch, Day, breaks, counts, gaps, hour_of, sittings
from commands.planning.plan import DayRequest, Method, plan_day
from commands.planning.policy import Policy
from commands.planning.resampling import History
from ledger.errors import Refused
from ledger.values import parse_instant

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Numbers = NDArray[float64]

RESAMPLES = 200
ENOUGH = 10**9
"""A queue that never ends."""
FIXED_BARS = {"crops per active hour": 0.05, "batch sizes": 0.02}


@frozen
class Statistic:
    """How far the plan is from the history, and how far it may be."""

    name: str
    distance: float
    bar: float

    @property
    def holds(self) -> bool:
        """Whether it is near enough."""
        return self.distance <= self.bar


def simulate(
    history: Sequence[Day], zone: ZoneInfo, policy: Policy, *, days: int = 200, seed: int = 1, method: Method
) -> list[Day]:
    """So many planned days, with breaks as in history, on the weekdays on which the history worked."""
    learnt = History.of(history, zone)
    policy = changed(policy, breaks="history")
    weekdays = [day.weekday for day in learnt.days]
    monday = date(2001, 1, 1)
    wanted = (monday + timedelta(days=7 * number + weekdays[number % len(weekdays)]) for number in range(days))
    requests = (DayRequest(day, zone, policy, seed, method, ENOUGH) for day in wanted)
    return [day for request in requests if (day := _as_worked(request, learnt))]


def _as_worked(request: DayRequest, history: History) -> Day:
    planned = (batch for block in plan_day(request, history) for batch in block.batches)
    moments = ((parse_instant(batch.at).timestamp(), batch.crops) for batch in planned)
    return tuple(sittings([Batch(at_s, at_s, crops) for at_s, crops in moments]))


def at_a_fixed_pace(history: Sequence[Day], zone: ZoneInfo, *, days: int = 200) -> list[Day]:
    """Days of batches of three, at the history's mean pace, from nine to five: what a plan must not look like."""
    every = [gap for day in history for sitting in day for gap in gaps(sitting)]
    pace_s = sum(every) / len(every)
    made = []
    for number in range(days):
        start_s = datetime(2001, 1, 1, 9, tzinfo=zone).timestamp() + number * 86_400
        moments = [start_s + place * pace_s for place in range(int(8 * 3600 / pace_s))]
        made.append(tuple(sittings([Batch(at_s, at_s, 3) for at_s in moments])))
    return made


def compare(
    history: Sequence[Day], planned: Sequence[Day], zone: tzinfo, *, resamples: int = RESAMPLES, seed: int = 0
) -> list[Statistic]:
    """Every statistic of the plan beside its bar; raises `Refused` where there is too little history for a null."""
    import numpy as np

    measured = _units(history, zone)
    if len(measured) < 4:
        raise Refused(f"{len(measured)} sittings are too few to know the history's own noise.")
    chance = np.random.Generator(np.random.PCG64(seed))
    null = []
    for _ in range(resamples):
        order = chance.permutation(len(measured))
        half = len(order) // 2
        first, second = ([measured[place] for place in part] for part in (order[:half], order[half:]))
        null.append(_distances(_texture(first), _texture(second)))
    found = _distances(_texture(_units(planned, zone)), _texture(measured))
    bars = {name: float(np.quantile([each[name] for each in null], 0.95)) for name in found} | FIXED_BARS
    return [Statistic(name, round(distance, 4), round(bars[name], 4)) for name, distance in found.items()]


# -- what is compared ---------------------------------------------------------------------------------------------


class _Unit(NamedTuple):
    """A sitting, and the break behind it."""

    gaps: "Numbers"
    crops: "Numbers"
    hours: "Numbers"
    counts: "Numbers"
    pauses: "Numbers"


class _Texture(NamedTuple):
    """What makes one rhythm like another."""

    gaps: "Numbers"
    breaks: "Numbers"
    hours: "Numbers"
    burstiness: float
    fano: float
    memory: float
    crops_per_active_hour: float
    sizes: "Numbers"


def _units(days: Sequence[Day], zone: tzinfo) -> list[_Unit]:
    import numpy as np

    return [
        _Unit(
            np.array(gaps(sitting)), np.array([batch.crops for batch in sitting], float),
            np.array([hour_of(batch.start_s, zone) for batch in sitting]), np.array(counts(sitting), float),
            np.array(pause),
        )
        for day in days
        for sitting, pause in zip(day, [*([each] for each in breaks(day)), []], strict=True)
    ]  # fmt: skip


def _texture(units: Sequence[_Unit]) -> _Texture:
    import numpy as np

    within, crops, hours, counted, pauses = (np.concatenate(part) for part in zip(*units, strict=True))
    logs = [np.log(np.maximum(unit.gaps, 0.001)) for unit in units if len(unit.gaps) > 1]
    active_s, spread, mean = within[within < ACTIVE_S].sum(), within.std(), within.mean()
    return _Texture(
        np.sort(within), np.sort(pauses), np.sort(hours), _ratio(spread - mean, spread + mean),
        _ratio(counted.var(), counted.mean()), _correlation(logs), _ratio(crops.sum() * 3600, active_s),
        np.array([(crops == size).mean() for size in (1, 2, 3)]),
    )  # fmt: skip


def _ratio(above: float, below: float) -> float:
    return float(above / below) if below > 0 else 0.0


def _correlation(runs: "Sequence[Numbers]") -> float:
    import numpy as np

    if not runs:
        return 0.0
    firsts, seconds = np.concatenate([run[:-1] for run in runs]), np.concatenate([run[1:] for run in runs])
    if len(firsts) < 3 or firsts.std() * seconds.std() == 0:
        return 0.0
    return float(np.corrcoef(firsts, seconds)[0, 1])


def _distances(one: _Texture, other: _Texture) -> dict[str, float]:
    return {
        "gaps between batches (KS)": kolmogorov_smirnov(one.gaps, other.gaps),
        "break lengths (KS)": kolmogorov_smirnov(one.breaks, other.breaks),
        "time of day (Wasserstein, h)": wasserstein(one.hours, other.hours),
        "burstiness": abs(one.burstiness - other.burstiness),
        "Fano factor of 5 minutes": abs(one.fano - other.fano),
        "lag-1 correlation": abs(one.memory - other.memory),
        "crops per active hour": abs(_ratio(one.crops_per_active_hour, other.crops_per_active_hour) - 1),
        "batch sizes": float(abs(one.sizes - other.sizes).max()),
    }


def kolmogorov_smirnov(one: "Numbers", other: "Numbers") -> float:
    """The greatest distance between two distributions of sorted values; 1 where only one of them has any."""
    import numpy as np

    if not len(one) or not len(other):
        return float(len(one) != len(other))
    every = np.concatenate([one, other])
    return float(np.abs(_share(one, every) - _share(other, every)).max())


def wasserstein(one: "Numbers", other: "Numbers") -> float:
    """How far the one distribution has to be moved to become the other, on average; of sorted values."""
    import numpy as np

    every = np.sort(np.concatenate([one, other]))
    apart = np.abs(_share(one, every[:-1]) - _share(other, every[:-1]))
    return float((apart * np.diff(every)).sum())


def _share(values: "Numbers", places: "Numbers") -> "Numbers":
    import numpy as np

    shares: Numbers = np.searchsorted(values, places, "right") / len(values)
    return shares
