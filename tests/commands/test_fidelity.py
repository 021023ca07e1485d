"""Planned days are as like the history as it is like itself; a fixed pace and a Poisson plan are not."""

import numpy as np
import pytest

from commands.planning.fidelity import at_a_fixed_pace, compare, kolmogorov_smirnov, simulate, wasserstein
from ledger.errors import Refused
from tests.commands.test_plan import LOS_ANGELES, POLICY, worked


@pytest.fixture(scope="module", params=[1, 2])
def history(request):
    return worked(number_of_days=10, seed=request.param)


def failed(history, days):
    return {each.name for each in compare(history, days, LOS_ANGELES) if not each.holds}


def test_the_block_bootstrap_keeps_every_statistic(history):
    days = simulate(history, LOS_ANGELES, POLICY, days=200, method="block-bootstrap")

    assert len(days) == 200
    assert failed(history, days) == set()


def test_a_poisson_plan_fails(history):
    days = simulate(history, LOS_ANGELES, POLICY, days=60, method="poisson")

    assert "gaps between batches (KS)" in failed(history, days)


def test_a_fixed_pace_fails(history):
    days = at_a_fixed_pace(history, LOS_ANGELES, days=60)

    assert {"gaps between batches (KS)", "burstiness", "break lengths (KS)", "batch sizes"} <= failed(history, days)


def test_a_plan_that_is_five_times_too_fast_fails(history):
    days = simulate(history, LOS_ANGELES, POLICY, days=60, method="block-bootstrap")
    first = days[0][0][0].start_s
    fast = [tuple(tuple(b._replace(start_s=first + (b.start_s - first) / 5, end_s=first + (b.start_s - first) / 5)
                        for b in sitting) for sitting in day) for day in days]  # fmt: skip

    assert {"gaps between batches (KS)", "crops per active hour"} <= failed(history, fast)


def test_one_of_twenty_halves_of_the_history_is_beyond_the_bar(history):
    from commands.planning.fidelity import _distances, _texture, _units

    found = compare(history, history, LOS_ANGELES)
    units, chance, beyond = _units(history, LOS_ANGELES), np.random.Generator(np.random.PCG64(99)), 0
    for _ in range(300):
        order = [units[place] for place in chance.permutation(len(units))]
        half = len(order) // 2
        name = "gaps between batches (KS)"
        beyond += _distances(_texture(order[:half]), _texture(order[half:]))[name] > found[0].bar

    assert [each.distance for each in found] == [0] * len(found)
    assert 0.01 < beyond / 300 < 0.12


def test_too_little_history_has_no_noise_to_measure():
    with pytest.raises(Refused, match="too few"):
        compare([((worked()[0][0]),)], [((worked()[0][0]),)], LOS_ANGELES)


def test_distances_of_distributions():
    low, high = np.array([0.0, 1.0, 2.0]), np.array([10.0, 11.0, 12.0])

    assert kolmogorov_smirnov(low, low) == 0
    assert kolmogorov_smirnov(low, high) == 1
    assert kolmogorov_smirnov(np.array([]), low) == 1
    assert kolmogorov_smirnov(np.array([]), np.array([])) == 0
    assert wasserstein(low, high) == pytest.approx(10)
    assert wasserstein(low, low + 0.5) == pytest.approx(0.5)
