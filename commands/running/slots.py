"""The batches of a plan that are still to come: which is due, which is too late, and who takes over what is missing.

Pure. Instants are seconds since 1970 by the clock that the plan is followed with.
"""

from collections.abc import Collection, Iterator, Sequence

from attrs import evolve, frozen

from ledger.events.schedules import SchedulePlanned
from ledger.values import parse_instant

OVERHANG_S = 2.0
"""A crop may begin so long after its block has ended: blocks end within a second of their last batch."""


@frozen
class Slot:
    """A planned batch that is still to come."""

    schedule: str
    """Subject of the planned day."""
    plan: int
    """Position of the plan in the ledger."""
    block: int
    """The block it is in, from 1."""
    batch: int
    """Its place in the day, from 1."""
    at: str
    """When it is planned (UTC)."""
    at_s: float
    ends_s: float
    """When its block ends."""
    planned: int
    """Crops."""
    carried: int = 0
    """Crops that it takes over from batches before it."""

    @property
    def crops(self) -> int:
        """How many crops it is to claim."""
        return self.planned + self.carried

    @property
    def closes_s(self) -> float:
        """After this, no crop of it begins."""
        return max(self.ends_s, self.at_s) + OVERHANG_S


def slots_of(schedule: str, position: int, plan: SchedulePlanned, settled: Collection[int] = ()) -> Iterator[Slot]:
    """The batches of a plan, in order, but for those that are settled."""
    number = 0
    for place, block in enumerate(plan.blocks, 1):
        ends_s = parse_instant(block.end).timestamp()
        for batch in block.batches:
            number += 1
            if number not in settled:
                at_s = parse_instant(batch.at).timestamp()
                yield Slot(schedule, position, place, number, batch.at, at_s, ends_s, batch.crops)


def lost_at(slots: Sequence[Slot], late_max_s: float) -> float:
    """When the first of these is missed: too late, its block over, or the next one due."""
    first = slots[0]
    lost_s = min(first.at_s + late_max_s, first.closes_s)
    return min(lost_s, slots[1].at_s) if len(slots) > 1 else lost_s


def too_late(slots: Sequence[Slot], now_s: float, late_max_s: float) -> int:
    """How many of the first ones are missed at this instant. Never is more than one left that is due."""
    count = 0
    while count < len(slots) and now_s > slots[count].at_s and now_s >= lost_at(slots[count : count + 2], late_max_s):
        count += 1
    return count


def carry(slots: Sequence[Slot], plan: int, crops: int, *, evenly: bool) -> tuple[list[Slot], int]:
    """Have later batches of a plan take over crops: evenly, or the next ones first; none gets more than twice its own.

    Returns the batches, and how many crops found a place.
    """
    own = [number for number, slot in enumerate(slots) if slot.plan == plan]
    taken = [0] * len(own)
    room = [slots[number].planned - slots[number].carried for number in own]
    crops = min(crops, sum(max(0, each) for each in room))
    if evenly and own:
        for place in range(len(own)):
            share = (place + 1) * crops // len(own) - place * crops // len(own)
            taken[place] = max(0, min(share, room[place]))
    left = crops - sum(taken)
    for place in range(len(own)):
        more = max(0, min(left, room[place] - taken[place]))
        taken[place] += more
        left -= more
    carried = list(slots)
    for place, number in enumerate(own):
        if taken[place]:
            carried[number] = evolve(slots[number], carried=slots[number].carried + taken[place])
    return carried, crops
