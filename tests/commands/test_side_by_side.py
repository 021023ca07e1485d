"""Several hands: everything is done once, the next thing waits for a free hand, and results come out in one thread."""

import threading

import pytest

from commands.running.side_by_side import side_by_side


@pytest.mark.parametrize("hands", [1, 2, 5])
def test_everything_is_done_once_and_comes_out(hands):
    found = dict(side_by_side(lambda number: number * number, range(40), hands))
    assert found == {number: number * number for number in range(40)}
    assert list(side_by_side(str, [], hands)) == []


def test_as_many_at_once_as_there_are_hands_and_no_more():
    meeting = threading.Barrier(3, timeout=20)
    assert len(list(side_by_side(lambda _: meeting.wait(), range(9), 3))) == 9
    going, most = set(), []

    def work(number):
        going.add(number)
        most.append(len(going))
        going.discard(number)

    list(side_by_side(work, range(50), 2))
    assert max(most) <= 2


def test_the_next_thing_is_asked_for_here_and_only_when_a_hand_is_free():
    asked, release = [], threading.Event()

    def things():
        for number in range(4):
            asked.append((number, threading.current_thread()))
            if number == 2:
                assert release.is_set()
            yield number

    def work(number):
        if number == 0:
            release.set()
        return number

    finished = side_by_side(work, things(), 2)
    next(finished)
    assert {number for number, _ in asked} == {0, 1, 2}
    assert {thread for _, thread in asked} == {threading.current_thread()}
    assert len(list(finished)) == 3


def test_no_hand_waits_for_whoever_takes_what_is_finished():
    at_work = threading.Event()

    def work(number):
        if number == 2:
            at_work.set()
        return number

    finished = side_by_side(work, range(4), 2)
    next(finished)
    assert at_work.wait(20)
    assert len(list(finished)) == 3


def test_what_goes_wrong_comes_out_after_the_others_are_through():
    begun, done = threading.Event(), []

    def work(number):
        if number == 1:
            assert begun.wait(20)
            raise LookupError(number)
        begun.set()
        done.append(number)

    with pytest.raises(LookupError):
        list(side_by_side(work, range(2), 2))
    assert done == [0]
