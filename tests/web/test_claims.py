"""Claims: no two pages hold the same image, and a page that is gone holds none."""

import pytest

from web.claims import HELD_FOR_S, Claims


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def claims(clock):
    return Claims(lambda: clock[0])


def test_what_one_page_holds_others_do_not(claims):
    claims.add("one", ["a", "b"])

    assert claims.held_by_others("two") == {"a", "b"}
    assert claims.held_by_others("one") == set()


def test_a_page_that_asks_for_nothing_any_more_loses_its_claims(claims, clock):
    claims.add("one", ["a"])
    clock[0] += HELD_FOR_S - 1
    assert claims.held_by_others("two") == {"a"}
    clock[0] += 1
    assert claims.held_by_others("two") == set()


def test_saying_what_is_held_renews_it_and_gives_up_the_rest(claims, clock):
    claims.add("one", ["a", "b"])
    clock[0] += HELD_FOR_S - 1
    claims.hold("one", ["b"])
    clock[0] += HELD_FOR_S - 1

    assert claims.held_by_others("two") == {"b"}


def test_a_page_that_comes_back_late_does_not_take_what_others_hold_by_now(claims, clock):
    claims.add("one", ["a"])
    clock[0] += HELD_FOR_S
    claims.add("two", ["a"])
    claims.hold("one", ["a"])

    assert claims.held_by_others("one") == {"a"}


def test_leaving_gives_up_everything(claims):
    claims.add("one", ["a"])
    claims.add("two", ["b"])
    claims.release("one")

    assert claims.held_by_others("three") == {"b"}
