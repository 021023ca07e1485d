"""A ledger belongs to the thread that opened it: SQLite does not look, and two in it would crash the process."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from db.connect import WrongThreadError
from ledger.entry import Batch
from ledger.log import Ledger


def elsewhere(work):
    """Do it in another thread; raises what it raises."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(work).result()


def alone(ledger):
    with ledger.exclusive():
        pass


DOORS = {
    "append one": lambda ledger, draft: ledger.append(Batch.of(draft())),
    "append two": lambda ledger, draft: ledger.append(Batch.of(draft(), draft())),
    "exclusive": lambda ledger, _: alone(ledger),
    "read": lambda ledger, _: ledger.read(),
    "history": lambda ledger, _: ledger.history("image/a"),
    "histories": lambda ledger, _: list(ledger.histories()),
    "find": lambda ledger, _: ledger.find(["x"]),
    "at": lambda ledger, _: ledger.at("crop.withdrawn", []),
    "head": lambda ledger, _: ledger.head(),
    "hash_at": lambda ledger, _: ledger.hash_at(1),
    "wait": lambda ledger, _: ledger.wait(0, 1),
    "faults": lambda ledger, _: list(ledger.faults()),
    "require": lambda ledger, _: ledger.require(None),
    "copy_to": lambda ledger, _: ledger.copy_to(ledger.path.with_name("copy.db")),
}


@pytest.mark.parametrize("door", DOORS)
def test_no_door_of_a_ledger_lets_another_thread_in(filled, draft, door):
    before = filled.head()
    with pytest.raises(WrongThreadError, match="another thread"):
        elsewhere(lambda: DOORS[door](filled, draft))
    assert filled.head() == before
    assert filled.append(Batch.of(draft())).positions == (13,)  # the lock is free


def test_every_door_is_tried():
    public = {name for name in vars(Ledger) if not name.startswith("_")} - {"create", "open", "close"}
    assert public == {door.partition(" ")[0] for door in DOORS}


def test_a_thread_may_open_one_of_its_own_and_another_may_close_it(filled, draft):
    def work():
        ledger = Ledger.open(filled.path)
        ledger.append(Batch.of(draft()))
        return ledger

    opened = elsewhere(work)
    opened.close()
    assert filled.head().position == 13
