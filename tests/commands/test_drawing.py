"""A planned day as a picture: what is left goes down by what is planned, and now is marked."""

from attrs import evolve as changed

from commands.planning.drawing import lines, svg
from commands.planning.plan import crops_of
from ledger.values import parse_instant
from tests.commands.test_plan import BY_POLICY, planned, request

DAY = changed(planned(request(policy=BY_POLICY)), queue=5000)
NOON = parse_instant("2025-10-27T19:10:00Z")


def test_the_queue_burns_down_by_what_is_planned():
    rows = [line for line in lines(DAY, NOON) if "[" in line]
    left = [int(row.split("[")[0].split()[-1].replace(",", "")) for row in rows]

    assert left == sorted(left, reverse=True)
    assert left[-1] == 5000 - crops_of(DAY.blocks)
    assert [row[:5] for row in rows if row.endswith("< now")] == ["12:00"]


def test_the_picture_has_every_block_and_where_now_is():
    assert svg(DAY, NOON).count("<title>") == len(DAY.blocks)
    assert "#c0392b" in svg(DAY, NOON)
    assert "#c0392b" not in svg(DAY)


def test_an_empty_day_says_so():
    empty = changed(DAY, blocks=())

    assert [*lines(empty)] == ["Mon 2025-10-27 (America/Los_Angeles): nothing is planned."]
    assert "nothing is planned" in svg(empty)
