"""The clock by which a plan is followed: the real one, a compressed one for rehearsals, a virtual one for simulations.

The same driver runs with each. Waiting goes by the monotonic clock, comparing by the wall clock, and where the two
disagree (the machine slept, somebody set the clock) the real clock says so.
"""

import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from attrs import Factory, define

from commands.running.attending import LISTEN_S
from ledger.log import Ledger

JUMP_S = 2.0
"""A disagreement of less, between two looks, is somebody correcting the clock bit by bit."""


class Clock(Protocol):
    """What a timer goes by."""

    @property
    def speed(self) -> float:
        """Seconds of the plan in one second."""
        ...

    def now_s(self) -> float:
        """The instant to compare plans with, in seconds since 1970."""
        ...

    def stamp(self) -> datetime:
        """The instant that stands in the ledger."""
        ...

    def wait(self, ledger: Ledger, after: int, seconds: float) -> None:
        """Let so many seconds of the plan pass, or fewer: not beyond the next time to listen."""
        ...

    def jump_s(self) -> float:
        """How far the wall clock has jumped ahead of the time that passed, since this was asked last; mostly 0."""
        ...


def _wall_s() -> float:
    return time.time()


@define
class RealClock:
    """The machine's own."""

    speed: float = 1.0
    wall: Callable[[], float] = _wall_s
    steady: Callable[[], float] = time.monotonic
    _looked: tuple[float, float] = Factory(lambda self: (self.wall(), self.steady()), takes_self=True)

    def now_s(self) -> float:
        """The wall clock."""
        return self.wall()

    def stamp(self) -> datetime:
        """The same."""
        return datetime.fromtimestamp(self.wall(), UTC)

    def wait(self, ledger: Ledger, after: int, seconds: float) -> None:
        """Sleep until something is appended, but not long."""
        ledger.wait(after, min(seconds, LISTEN_S))

    def jump_s(self) -> float:
        """The monotonic clock stands still while a machine sleeps and knows nobody who sets it; the wall clock does."""
        wall, steady = self.wall(), self.steady()
        jump = (wall - self._looked[0]) - (steady - self._looked[1])
        self._looked = (wall, steady)
        return jump if abs(jump) > JUMP_S else 0.0


@define
class CompressedClock:
    """A clock whose waiting goes faster, from an instant of its own. Entries keep the real time.

    Only waiting: a crop takes the time that it takes, and counts as much. Otherwise a machine that is quick enough for
    a plan would look too slow in every rehearsal of it.
    """

    speed: float
    begins_s: float
    steady: Callable[[], float] = time.monotonic
    _begun: float = Factory(lambda self: self.steady(), takes_self=True)
    _gained_s: float = 0.0

    def now_s(self) -> float:
        """So much later than the beginning as time has passed, and as waiting has gained."""
        return self.begins_s + self.steady() - self._begun + self._gained_s

    def stamp(self) -> datetime:
        """What really happens is recorded as of when it really happens."""
        return datetime.now(UTC)

    def wait(self, ledger: Ledger, after: int, seconds: float) -> None:
        """Sleep until something is appended, but not long."""
        before, asked_s = self.steady(), min(seconds / self.speed, LISTEN_S)
        ledger.wait(after, asked_s)
        # Who wakes a millisecond late is late by a millisecond, not by a thousand of them.
        self._gained_s += min(self.steady() - before, asked_s) * (self.speed - 1)

    def jump_s(self) -> float:
        """It goes by the monotonic clock alone."""
        return 0.0


@define
class VirtualClock:
    """Time that passes when somebody waits: whole days in seconds. What is to happen meanwhile can be put into it."""

    _now_s: float
    speed: float = 1.0
    _coming: list[tuple[float, int, Callable[[], None]]] = Factory(list)
    _numbers: "itertools.count[int]" = Factory(itertools.count)
    _jumped_s: float = 0.0

    def now_s(self) -> float:
        """Where the clock stands."""
        return self._now_s

    def stamp(self) -> datetime:
        """The same: a simulated ledger says the simulated time."""
        return datetime.fromtimestamp(self._now_s, UTC)

    def wait(self, ledger: Ledger, after: int, seconds: float) -> None:  # noqa: ARG002  # nobody else appends
        """The time has passed; if something was to happen meanwhile, only the time until then."""
        self.pass_(seconds)

    def pass_(self, seconds: float) -> None:
        """Let time pass, to the next happening at most, which happens then."""
        until = self._now_s + seconds
        if self._coming and self._coming[0][0] <= until:
            at_s, _, happen = heapq.heappop(self._coming)
            self._now_s = max(self._now_s, at_s)
            happen()
            return
        self._now_s = until

    def spend(self, seconds: float) -> None:
        """Time that work takes; what was to happen meanwhile happens in it."""
        end_s = self._now_s + seconds
        while self._now_s < end_s:
            self.pass_(end_s - self._now_s)

    def at(self, at_s: float, happen: Callable[[], None]) -> None:
        """Have something happen when the clock comes to this instant."""
        heapq.heappush(self._coming, (at_s, next(self._numbers), happen))

    def leap(self, seconds: float) -> None:
        """The machine sleeps so long, or somebody sets the clock."""
        self._now_s += seconds
        self._jumped_s += seconds

    def jump_s(self) -> float:
        """What it has leapt since this was asked last."""
        jump, self._jumped_s = self._jumped_s, 0.0
        return jump
