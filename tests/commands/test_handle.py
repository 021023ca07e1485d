"""The shell around the deciders: what lands, what is answered, and what the answer says."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from commands.crops import RecordCrop, RestoreImage, SkipImage, WithdrawCrop
from commands.decider import Request
from commands.handle import decider_of, handle, handle_many
from ledger.entry import Batch, Draft, derived_id
from ledger.errors import Busy, Conflict, Damaged, Invalid, NotFound, Refused
from ledger.events.crops import CropRecorded, CropRetried, CropWithdrawn
from ledger.events.images import ImageSkipped
from ledger.log import Ledger
from ledger.values import Box, Dimensions, instant

NOW = datetime(2025, 10, 27, 16, tzinfo=UTC)
MARK = CropRecorded("p", "/p/set_a/a.png", Box(0.1, 0.1, 0.9, 0.9), Dimensions(100, 80), "a" * 64, 1000)


@pytest.fixture
def ledger(tmp_path):
    with Ledger.create(tmp_path / "ledger.db", clock=lambda: NOW + timedelta(seconds=5)) as opened:
        yield opened


def request(command, **others):
    return Request(command, "operator:anna", "request-1", **others)


def record(subject="image/a", **change):
    return RecordCrop(subject, attrs.evolve(MARK, **change))


def test_what_is_answered_is_what_stands_in_the_ledger(ledger):
    outcome = handle(request(SkipImage("image/b", "p", "/b")), ledger=ledger, now=NOW)
    more = handle_many([request(record()), request(record("image/c"))], ledger=ledger, now=NOW)
    assert [*outcome.entries, *more.entries] == ledger.read()
    assert [entry.position for entry in more.entries] == list(more.receipt.positions) == [2, 3]
    assert {entry.occurred_at for entry in more.entries} == {instant(NOW)}
    assert {entry.recorded_at for entry in more.entries} == {instant(NOW + timedelta(seconds=5))}


def test_the_second_event_of_one_command_names_the_first_as_its_cause(ledger):
    handle(request(record()), ledger=ledger, now=NOW)
    outcome = handle(request(SkipImage("image/a", "p", "/a"), id="mine"), ledger=ledger, now=NOW)
    first, second = outcome.entries
    assert (type(first.event), type(second.event)) == (CropWithdrawn, ImageSkipped)
    assert (first.id, first.causation) == ("mine", None)
    assert second.causation == "mine"
    assert second.id not in {"mine", None}


def test_a_request_may_say_when_it_happened(ledger):
    at = instant(NOW - timedelta(days=3))
    assert handle(request(record(), at=at), ledger=ledger, now=NOW).entries[0].occurred_at == at


def test_what_is_so_already_is_counted_and_adds_nothing(ledger):
    handle(request(record()), ledger=ledger, now=NOW)
    again = handle(request(record()), ledger=ledger, now=NOW)
    assert (again.entries, again.unchanged, again.receipt) == ((), 1, None)
    many = handle_many([request(record()), request(record("image/b")), request(record())], ledger=ledger, now=NOW)
    assert (len(many.entries), many.unchanged) == (1, 2)


def test_each_request_is_decided_on_top_of_those_before_it(ledger):
    requests = [request(record()), request(WithdrawCrop("image/a")), request(record()), request(record())]
    outcome = handle_many(requests, ledger=ledger, now=NOW)
    assert [entry.version for entry in outcome.entries] == [1, 2, 3]
    assert outcome.unchanged == 1


def test_one_refusal_raises_and_among_many_is_set_aside(ledger):
    with pytest.raises(NotFound):
        handle(request(WithdrawCrop("image/a")), ledger=ledger, now=NOW)
    requests = [
        request(record()),
        request(RestoreImage("image/b")),
        request(WithdrawCrop("image/c")),
        request(record("x/y")),
    ]
    outcome = handle_many(requests, ledger=ledger, now=NOW)
    assert [(index, type(why)) for index, why in outcome.refused] == [(1, Refused), (2, NotFound), (3, Invalid)]
    assert [entry.subject for entry in ledger.read()] == ["image/a"]


def test_nothing_asked_is_nothing_done(ledger):
    assert handle_many([], ledger=ledger, now=NOW).receipt is None
    assert ledger.read() == []


def test_what_breaks_while_deciding_undoes_the_whole_turn(ledger):
    def broken():
        yield request(record())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        handle_many(broken(), ledger=ledger, now=NOW)
    assert ledger.read() == []
    assert len(handle(request(record()), ledger=ledger, now=NOW).entries) == 1


def test_an_id_that_comes_back_after_a_withdrawal_is_answered_as_known(ledger):
    """The source's record was there; what happened to it since does not bring it back."""
    asked = request(record(), id=derived_id("marks.csv", "1"), at=instant(NOW))
    first = handle(asked, ledger=ledger, now=NOW)
    handle(request(WithdrawCrop("image/a")), ledger=ledger, now=NOW)
    again = handle(asked, ledger=ledger, now=NOW)
    assert again.entries == ()
    assert again.unchanged == 1
    assert again.receipt.repeated
    assert again.receipt.positions == first.receipt.positions
    assert ledger.head().position == 2


def test_an_id_used_for_something_else_is_a_conflict(ledger):
    handle(request(record(), id="x"), ledger=ledger, now=NOW)
    with pytest.raises(Conflict):
        handle(request(record(group="g"), id="x"), ledger=ledger, now=NOW)
    assert ledger.head().position == 1


def test_an_id_used_twice_among_many_is_refused_alone(ledger):
    requests = [request(record(), id="x"), request(record("image/b"), id="x"), request(record("image/c"), id="y")]
    outcome = handle_many(requests, ledger=ledger, now=NOW)
    assert [index for index, _ in outcome.refused] == [1]
    assert [entry.subject for entry in ledger.read()] == ["image/a", "image/c"]


def test_a_history_that_could_not_have_happened_stops_the_command_with_its_position(ledger):
    ledger.append(Batch.of(Draft("image/a", CropRetried(), "operator:anna", instant(NOW), "r")))
    with pytest.raises(Damaged) as found:
        handle(request(record()), ledger=ledger, now=NOW)
    assert found.value.position == 1


def test_a_subject_without_rules_is_invalid():
    for subject in ("planet/1", "image", "", "a/b"):
        if subject == "image":
            assert decider_of(subject) is decider_of("image/a")
        else:
            with pytest.raises(Invalid, match="image"):
                decider_of(subject)


def test_a_command_that_cannot_have_the_lock_is_busy(ledger):
    with Ledger.open(ledger.path, lock_timeout_s=0.05) as other, ledger.exclusive(), pytest.raises(Busy):
        handle(request(record()), ledger=other, now=NOW)


def test_a_request_whose_actor_is_none_is_invalid_and_nothing_lands(ledger):
    with pytest.raises(Invalid):
        handle(attrs.evolve(request(record()), actor="anna"), ledger=ledger, now=NOW)
    assert ledger.read() == []
