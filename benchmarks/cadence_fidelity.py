"""How like the history planned days are, beside a fixed pace and the labelled alternatives; and how long a plan takes.

    python benchmarks/cadence_fidelity.py HOME --tz America/New_York          a ledger's history
    python benchmarks/cadence_fidelity.py --made                              a bursty operator, made for it
    python benchmarks/cadence_fidelity.py HOME --json                         for programs

Every statistic stands beside its bar, the history's own split-half noise (200 resamples). The block bootstrap has to
keep below all of them; a fixed pace and a Poisson plan must not. Exit 1 if it is otherwise.
"""

import sys

# This folder is first on the path of a script in it, and would hide the standard library's queue and our ledger.
sys.path[:] = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import json
import math
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from zoneinfo import ZoneInfo

from attrs import asdict

from commands.planning.cadence import Batch, Day, days, sittings
from commands.planning.fidelity import ENOUGH, Statistic, at_a_fixed_pace, compare, simulate
from commands.planning.plan import DayRequest, plan_day
from commands.planning.policy import Policy
from commands.planning.resampling import History
from commands.planning.rhythm import Span, rhythm_of
from configs.settings import load
from ledger.log import Ledger
from projections.catch_up import caught_up

DAYS = 250


def measured(home: Path, zone: ZoneInfo, project: str | None) -> Sequence[Day]:
    """The history in a home; its projections are made beside, not in it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Ledger.open(home / "ledger.db") as ledger,
        caught_up(ledger, Path(folder) / "projections.db") as projections,
    ):
        return rhythm_of(projections, Span(project), zone, lunch=("12:00", "13:30")).days


def made(zone: ZoneInfo, seed: int) -> Sequence[Day]:
    """Twenty days of bursts whose pace drifts (an AR(1) of log gaps), with pauses, breaks and lunches."""
    chance, batches, mood = Random(seed), [], 0.0  # noqa: S311  # a made operator, no secrets
    for number in range(20):
        moment = 1_756_728_000.0 + number * 86_400 + chance.gauss(0, 2400)
        end = moment + chance.uniform(3, 8) * 3600
        while moment < end:
            for _ in range(int(chance.lognormvariate(3.5, 0.8)) + 1):
                mood = 0.5 * mood + chance.gauss(0, 0.4)
                moment += 18 * math.exp(mood) + (chance.uniform(60, 280) if chance.random() < 0.015 else 0)
                batches.append(Batch(moment, moment, chance.choices((1, 2, 3), (5, 20, 75))[0]))
            moment += chance.uniform(310, 590) if chance.random() < 0.3 else chance.lognormvariate(7, 0.5)
    return days(sittings(batches), zone)


def three_days_s(history: Sequence[Day], zone: ZoneInfo, policy: Policy) -> float:
    began = perf_counter()
    learnt = History.of(history, zone)
    for number in range(3):
        plan_day(DayRequest(date(2025, 10, 27) + timedelta(number), zone, policy, 1, "block-bootstrap", ENOUGH), learnt)
    return perf_counter() - began


def trials(history: Sequence[Day], zone: ZoneInfo, policy: Policy, seed: int) -> dict[str, list[Statistic]]:
    found = {}
    for method in ("block-bootstrap", "hour-bootstrap", "poisson"):
        found[method] = compare(history, simulate(history, zone, policy, days=DAYS, seed=seed, method=method), zone)
    found["fixed pace"] = compare(history, at_a_fixed_pace(history, zone, days=DAYS), zone)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", nargs="?", type=Path)
    parser.add_argument("--made", action="store_true")
    parser.add_argument("--tz", default="America/New_York")
    parser.add_argument("--project")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.made == bool(asked.home):
        parser.error("a home, or --made")
    zone, policy = ZoneInfo(asked.tz), Policy.of(load(Path("no-such-config.toml")))
    history = made(zone, asked.seed) if asked.made else measured(asked.home, zone, asked.project)
    found, seconds = trials(history, zone, policy, asked.seed), three_days_s(history, zone, policy)
    holds = {name: all(each.holds for each in statistics) for name, statistics in found.items()}
    good = holds["block-bootstrap"] and not holds["poisson"] and not holds["fixed pace"] and seconds < 1
    if asked.json:
        plain = {name: [asdict(each) for each in statistics] for name, statistics in found.items()}
        print(json.dumps({"days": DAYS, "three_days_s": seconds, "statistics": plain, "holds": holds, "good": good}))
        return int(not good)
    for place, statistic in enumerate(found["block-bootstrap"]):
        cells = (found[name][place] for name in found)
        marks = "  ".join(
            f"{name}: {each.distance:.4f}{' ' if each.holds else '!'}" for name, each in zip(found, cells, strict=True)
        )
        print(f"{statistic.name:<30} bar {statistic.bar:.4f}   {marks}")
    print(f"{len(history)} days of history; {DAYS} days simulated; ! is beyond the bar. A 3-day plan: {seconds:.2f} s.")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
