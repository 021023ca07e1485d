"""The ledger's promises: dense, in order, all or none, idempotent, honest; and how it is read."""

# ruff: noqa: PT012  # an exception that ends a block of several appends is what is tested

import threading
import time
from datetime import UTC, datetime

import apsw
import msgspec
import pytest

from db.lock import is_held
from ledger.entry import Batch, Draft, Entry, Head, derived_id, new_id
from ledger.errors import Conflict, Damaged, Invalid
from ledger.events.crops import CropRetried, CropWithdrawn
from ledger.log import Ledger
from ledger.sealing import sealed
from ledger.values import instant, is_instant
from tests.ledger.besides import raw

# -- positions, versions, receipts


def test_positions_are_dense_and_versions_count_each_subject(ledger, draft):
    ledger.append(Batch.of(draft("image/a"), draft("image/b")))
    ledger.append(Batch.of(draft("image/a")))
    receipt = ledger.append(Batch.of(draft("image/b"), draft("image/c"), draft("image/b")))
    found = [(entry.position, entry.subject, entry.version) for entry in ledger.read()]
    assert found == [
        (1, "image/a", 1), (2, "image/b", 1), (3, "image/a", 2),
        (4, "image/b", 2), (5, "image/c", 1), (6, "image/b", 3),
    ]  # fmt: skip
    assert receipt.positions == (4, 5, 6)
    assert receipt.head == ledger.head()
    assert not receipt.repeated


def test_an_entry_is_read_as_it_was_drafted(ledger, draft):
    sent = draft("image/a", "because ü", actor="runner:7f2a", correlation="c", causation="cause")
    receipt = ledger.append(Batch.of(sent))
    (found,) = ledger.read()
    assert found == Entry(
        1,
        sent.id,
        "image/a",
        1,
        CropWithdrawn("because ü"),
        sent.occurred_at,
        receipt.recorded_at,
        "runner:7f2a",
        "c",
        "cause",
    )
    assert type(found) is Entry
    assert is_instant(found.recorded_at)
    assert not found.by_a_person
    assert msgspec.structs.replace(found, actor="operator:anna").by_a_person


def test_the_same_text_is_kept_as_canonical_json(filled):
    filled.close()
    assert raw(filled.path, "SELECT data FROM events WHERE position = 1") == [('{"reason":"number 0"}',)]


def test_every_entry_has_a_salt_of_its_own(ledger, draft):
    ledger.append(Batch.of(*[draft() for _ in range(20)]))
    ledger.append(Batch.of(draft()))
    ledger.close()
    assert raw(ledger.path, "SELECT count(DISTINCT salt), min(length(salt)), max(length(salt)) FROM events") == [
        (21, 16, 16)
    ]


def test_an_empty_batch_adds_nothing(ledger):
    receipt = ledger.append(Batch(()))
    assert receipt.positions == ()
    assert receipt.head == ledger.head()
    assert ledger.head().position == 0


def test_a_position_that_was_rolled_back_is_given_again(ledger, draft):
    with pytest.raises(RuntimeError), ledger.exclusive():
        ledger.append(Batch.of(draft(), draft()))
        raise RuntimeError
    assert ledger.append(Batch.of(draft())).positions == (1,)
    assert list(ledger.faults()) == []


# -- all or none


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_exception_inside_exclusive_undoes_all_of_it(filled, draft, error):
    before = filled.read()
    with pytest.raises(error), filled.exclusive():
        filled.append(Batch.of(draft("image/a")))
        filled.append(Batch.of(draft("image/b"), draft("image/c")))
        raise error
    assert filled.read() == before
    filled.append(Batch.of(draft()))  # and the lock is free
    assert len(filled.read()) == len(before) + 1


def test_what_is_appended_inside_exclusive_lands_at_its_end_at_once(ledger, draft):
    with Ledger.open(ledger.path) as other:
        with ledger.exclusive():
            ledger.append(Batch.of(draft("image/a")))
            with ledger.exclusive():
                ledger.append(Batch.of(draft("image/b")))
            assert len(ledger.read()) == 2
            assert other.read() == []
        assert len(other.read()) == 2


def test_an_append_inside_a_block_does_not_let_go_of_the_blocks_lock(ledger, draft):
    lock = ledger.path.with_name(ledger.path.name + ".lock")
    with ledger.exclusive():
        for drafts in ([draft()], [draft(), draft()]):
            ledger.append(Batch.of(*drafts))
            assert is_held(lock)
    assert not is_held(lock)


def test_a_batch_that_fails_half_way_leaves_nothing_even_where_its_error_is_caught_inside(ledger, draft):
    good, bad = draft("image/a"), draft("image/b", correlation=None)  # the table refuses it: NOT NULL
    with ledger.exclusive():
        with pytest.raises((Invalid, apsw.ConstraintError)):
            ledger.append(Batch.of(good, bad))
        ledger.append(Batch.of(draft("image/c")))
    assert [(entry.position, entry.subject) for entry in ledger.read()] == [(1, "image/c")]
    assert list(ledger.faults()) == []


def test_two_drafts_with_one_id_are_refused_whole(ledger, draft):
    with pytest.raises(Invalid, match="same id"):
        ledger.append(Batch.of(draft(id="x"), draft(id="y"), draft(id="x")))
    assert ledger.read() == []


def test_one_that_cannot_be_inserted_leaves_nothing_and_the_next_one_lands(ledger, draft):
    with pytest.raises(Invalid, match="NOT NULL"):
        ledger.append(Batch.of(draft("image/a", correlation=None)))
    ledger.append(Batch.of(draft("image/b")))
    assert [(entry.position, entry.subject) for entry in ledger.read()] == [(1, "image/b")]
    assert list(ledger.faults()) == []


def test_a_program_that_knows_no_lock_cannot_slip_in_before_one_is_inserted(filled, draft, monkeypatch):
    """Between reading the head and inserting behind it there is no transaction, only the lock."""
    row = "SELECT 13, 'foreign', 'image/z', 1, type, schema, occurred_at, recorded_at, actor, correlation, causation"
    foreign = apsw.Connection(str(filled.path))

    def slipping_in(*given):
        foreign.execute(f"INSERT INTO events {row}, data, salt, digest, hash FROM events WHERE position = 12")
        return sealed(*given)

    monkeypatch.setattr("ledger.log.sealed", slipping_in)
    with pytest.raises(Invalid, match=r"events\.position"):
        filled.append(Batch.of(draft("image/a")))
    foreign.close()
    assert [entry.id for entry in filled.read(12)] == ["foreign"]
    assert {fault.position for fault in filled.faults()} == {13}


# -- expected versions


def test_a_subject_that_moved_on_is_a_conflict_and_nothing_lands(filled, draft):
    for expected in (0, 3, 5):
        with pytest.raises(Conflict, match="image/a is at version 4"):
            filled.append(Batch((draft("image/b"), draft("image/a")), expected=(("image/a", expected),)))
    assert filled.head().position == 12
    assert filled.append(Batch((draft("image/a"),), expected=(("image/a", 4),))).positions == (13,)
    assert filled.append(Batch((draft("image/new"),), expected=(("image/new", 0),))).positions == (14,)


def test_a_subject_may_be_expected_without_a_draft_about_it(filled, draft):
    with pytest.raises(Conflict, match="image/b"):
        filled.append(Batch((draft("image/a"),), expected=(("image/b", 1),)))


# -- idempotent, with a fingerprint


def test_a_batch_sent_again_returns_its_first_receipt(filled, draft):
    batch = Batch((draft("image/a"), draft("image/z")), expected=(("image/a", 4),))
    first = filled.append(batch)
    filled.append(Batch.of(draft("image/a")))
    again = filled.append(batch)
    assert again.repeated
    assert (again.positions, again.recorded_at) == (first.positions, first.recorded_at)
    assert filled.head().position == 15


@pytest.mark.parametrize(
    "other",
    [
        {"subject": "image/b"},
        {"reason": "another"},
        {"actor": "operator:bob"},
        {"occurred_at": "2020-01-01T00:00:00.000000Z"},
    ],
    ids=str,
)
def test_an_id_used_for_something_else_is_a_conflict_never_silence(filled, draft, other):
    sent = draft("image/a")
    filled.append(Batch.of(sent))
    with pytest.raises(Conflict, match="position 13"):
        filled.append(Batch.of(draft(**{"subject": "image/a", **other}, id=sent.id)))
    assert filled.head().position == 13


def test_an_id_used_for_another_kind_of_event_is_a_conflict(filled, draft):
    sent = draft("image/a")
    filled.append(Batch.of(sent))
    with pytest.raises(Conflict):
        filled.append(Batch.of(Draft("image/a", CropRetried("why"), sent.actor, sent.occurred_at, "r", id=sent.id)))


def test_a_batch_of_which_a_part_is_known_is_a_conflict(filled, draft):
    one, two, three = draft("image/x"), draft("image/y"), draft("image/z")
    filled.append(Batch.of(one, two))
    for mixed in (Batch.of(two, three), Batch.of(three, two), Batch.of(one, two, three)):
        with pytest.raises(Conflict, match="part of this batch"):
            filled.append(mixed)
    assert filled.head().position == 14
    assert filled.append(Batch.of(three)).positions == (15,)


def test_a_part_of_a_batch_sent_again_is_known(filled, draft):
    one, two = draft("image/x"), draft("image/y")
    filled.append(Batch.of(one, two))
    assert filled.append(Batch.of(two)).positions == (14,)


# -- what no entry may hold


@pytest.mark.parametrize(
    "bad",
    [
        {"actor": "anna"}, {"actor": ""}, {"occurred_at": "2025-10-27"}, {"occurred_at": "2025-10-27T16:00:00Z"},
        {"correlation": "\udcff"}, {"subject": "image/\udcff"}, {"reason": "\udcff"}, {"actor": "operator:\udcff"},
    ],
    ids=ascii,
)  # fmt: skip
def test_what_would_spoil_the_ledger_for_ever_is_refused(ledger, draft, bad):
    for batch in (Batch.of(draft(**bad)), Batch.of(draft(), draft(**bad))):
        with pytest.raises(Invalid):
            ledger.append(batch)
    assert ledger.read() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET actor = 'operator:eve' WHERE position = 3",
        "UPDATE OR REPLACE events SET position = 3 WHERE position = 4",
        "DELETE FROM events WHERE position = 12",
        "DELETE FROM events",
        "UPDATE ledger SET id = 'x'",
        "DELETE FROM ledger",
    ],
)
def test_the_file_itself_refuses_to_change_or_forget(filled, statement):
    filled.close()
    with pytest.raises(apsw.ConstraintError):
        raw(filled.path, statement)


# -- reading


def test_read_goes_on_behind_a_position_and_stops_at_the_limit(filled):
    assert [entry.position for entry in filled.read(limit=5)] == [1, 2, 3, 4, 5]
    assert [entry.position for entry in filled.read(5, 4)] == [6, 7, 8, 9]
    assert [entry.position for entry in filled.read(9)] == [10, 11, 12]
    assert filled.read(12) == []
    assert filled.read(99) == []


def test_history_is_one_subject_in_order(filled):
    assert [(entry.position, entry.version) for entry in filled.history("image/b")] == [(2, 1), (5, 2), (8, 3), (11, 4)]
    assert filled.history("image/none") == []


def test_histories_are_all_subjects_each_once(filled):
    assert [[entry.position for entry in history] for history in filled.histories()] == [
        [1, 4, 7, 10], [2, 5, 8, 11], [3, 6, 9, 12],
    ]  # fmt: skip


def test_find_answers_with_the_entries_that_are_there(filled):
    known = filled.read()[4]
    assert filled.find([known.id, "unknown"]) == [known]
    assert filled.find([]) == []


def test_the_head_and_the_hashes_before_it_can_be_asked_for(ledger, draft):
    genesis = ledger.head()
    assert genesis.position == 0
    assert ledger.hash_at(0) == genesis.hash
    assert ledger.hash_at(1) is None
    receipt = ledger.append(Batch.of(draft(), draft()))
    assert ledger.head() == receipt.head == Head(2, ledger.hash_at(2))
    assert len({ledger.hash_at(position) for position in (0, 1, 2)}) == 3


def test_wait_returns_at_once_where_there_is_something_and_in_time_where_not(filled):
    started = time.monotonic()
    assert filled.wait(11, timeout_s=5).position == 12
    assert time.monotonic() - started < 5
    assert filled.wait(12, timeout_s=0.05).position == 12
    assert 0.05 <= time.monotonic() - started < 3


def test_wait_notices_what_another_writer_appends(filled, draft):
    def write():
        with Ledger.open(filled.path) as other:
            other.append(Batch.of(draft()))

    writer = threading.Timer(0.05, write)
    writer.start()
    assert filled.wait(12, timeout_s=10).position == 13
    writer.join()


def test_the_collector_is_left_as_it_was_found(filled):
    import gc

    for was_on in (True, False):
        (gc.enable if was_on else gc.disable)()
        try:
            filled.read()
            assert gc.isenabled() == was_on
        finally:
            gc.enable()


# -- ids


def test_new_ids_sort_by_the_time_they_were_made():
    ids = [new_id() for _ in range(2000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 2000
    assert ids[0][14] == "7"


def test_derived_ids_are_the_same_for_the_same_source_and_differ_for_others():
    assert derived_id("a.csv", "1") == derived_id("a.csv", "1")
    assert len({derived_id("a", "b"), derived_id("a", "c"), derived_id("ab"), derived_id("a", "b", "")}) == 4


# -- an entry that cannot be read stops the reader


@pytest.mark.parametrize(
    "spoil",
    [
        "data = '{'",
        "data = '[]'",
        """data = '{"reason":5}'""",
        "type = 'crop.unheard'",
        "schema = 2",
        "data = CAST(x'7bff7d' AS TEXT)",
        "subject = CAST(x'696d6167652f62ff' AS TEXT)",
    ],
)
def test_an_entry_that_cannot_be_read_stops_the_reader_with_its_position(filled, spoil):
    filled.close()
    raw(filled.path, "DROP TRIGGER events_are_never_changed")
    raw(filled.path, f"UPDATE events SET {spoil} WHERE position = 5")
    with Ledger.open(filled.path) as spoilt:
        assert len(spoilt.read(limit=4)) == 4
        assert len(spoilt.read(after=5)) == 7
        for after in (0, 4):
            with pytest.raises(Damaged) as stopped:
                spoilt.read(after)
            assert stopped.value.position == 5
        with pytest.raises(Damaged) as stopped:
            [*spoilt.histories()]


def test_the_clock_is_asked_once_for_each_batch_and_stamps_all_of_it(tmp_path, draft):
    moments = iter([datetime(2025, 1, day, tzinfo=UTC) for day in (1, 2, 3)])
    with Ledger.create(tmp_path / "ledger.db", clock=lambda: next(moments)) as ledger:
        ledger.append(Batch.of(draft(), draft()))
        assert [entry.recorded_at for entry in ledger.read()] == [instant(datetime(2025, 1, 2, tzinfo=UTC))] * 2
