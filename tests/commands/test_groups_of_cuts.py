"""Which crops are put in their places, and recorded, at once."""

from commands.running import runner
from commands.running.runner import TOGETHER_S, _in_groups
from imaging.problems import Unusable

FAILED = Unusable("gone", reason="missing")


def sizes(cuts, most=3):
    return [len(group) for group in _in_groups(((None, cut) for cut in cuts), most)]


def test_so_many_at_once_and_the_rest_at_the_end():
    assert sizes(["cut"] * 7) == [3, 3, 1]
    assert sizes([]) == []


def test_a_failure_is_told_at_once_with_those_before_it():
    assert sizes(["cut", FAILED, FAILED, "cut", "cut"]) == [2, 1, 2]


def test_none_waits_for_long(monkeypatch):
    clock = iter([0.0, 0.0, TOGETHER_S + 0.1, TOGETHER_S + 0.2, TOGETHER_S + 0.3])
    last = [0.0]

    def monotonic():
        last[0] = next(clock, last[0])
        return last[0]

    monkeypatch.setattr(runner.time, "monotonic", monotonic)
    assert sizes(["cut"] * 4) == [2, 2]
