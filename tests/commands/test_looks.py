"""Many files looked at: the same is seen by one thread and by several, in the order that was asked for."""

import threading

import pytest

from commands import looks as room
from commands.looks import FIRST, LATER, LONG_S, looks


@pytest.mark.parametrize("count", [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + LATER, FIRST + LATER + 1, 200])
@pytest.mark.parametrize("long_s", [0.0, 60.0])
def test_each_thing_is_looked_at_once_and_told_in_order(monkeypatch, count, long_s):
    monkeypatch.setattr(room, "LONG_S", long_s)
    looked: list[int] = []
    assert list(looks(lambda n: looked.append(n) or n * n, range(count))) == [n * n for n in range(count)]
    assert sorted(looked) == list(range(count))


def test_threads_are_taken_where_looks_are_long_and_only_there(monkeypatch):
    def by(long_s: float) -> set[str]:
        monkeypatch.setattr(room, "LONG_S", long_s)
        return set(looks(lambda _: threading.current_thread().name, range(50)))

    assert by(60.0) == {threading.current_thread().name}
    assert len(by(0.0)) > 1


def test_what_a_look_raises_is_raised_where_it_was_asked_for():
    seen = looks(lambda n: 1 // (5 - n), range(50))
    assert [next(seen) for _ in range(5)] == [0, 0, 0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(seen)


def test_only_the_looks_are_timed_and_not_who_takes_them(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("commands.looks.time.perf_counter", lambda: clock[0])
    names = set()
    for name in looks(lambda _: threading.current_thread().name, range(50)):
        clock[0] += 1  # whoever takes it is slow
        names.add(name)
    assert names == {threading.current_thread().name}


@pytest.mark.parametrize("fast", [0, FIRST, FIRST + 1, FIRST + 3 * LATER])
def test_threads_are_taken_from_when_looks_become_long(monkeypatch, fast):
    clock, here = [0.0], threading.current_thread().name
    monkeypatch.setattr("commands.looks.time.perf_counter", lambda: clock[0])

    def look(number: int) -> str:
        clock[0] += number >= fast
        return threading.current_thread().name

    names = list(looks(look, range(fast + 3 * LATER)))
    assert set(names[:fast]) <= {here}
    assert here not in names[fast + LATER :]


@pytest.mark.parametrize(("each_s", "threads"), [(LONG_S, True), (LONG_S * 0.9, False)])
def test_a_look_that_takes_as_long_as_a_thread_is_worth_is_given_one(monkeypatch, each_s, threads):
    clock, here = [0.0], threading.current_thread().name
    monkeypatch.setattr("commands.looks.time.perf_counter", lambda: round(clock[0], 9))

    def look(_: int) -> str:
        clock[0] += each_s
        return threading.current_thread().name

    assert (here not in list(looks(look, range(50)))[FIRST:]) == threads
