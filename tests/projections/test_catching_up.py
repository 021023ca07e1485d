"""The engine: every event exactly once, whoever is killed when, and whatever version comes along."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

import pytest
from attrs import evolve

from db.connect import WrongThreadError
from ledger.errors import Busy, CropledgerError, Diverged
from ledger.events.crops import CropRecorded, CropWithdrawn
from ledger.log import Ledger
from projections import catch_up as engine
from projections.catalogue import ALL
from projections.catch_up import catch_up, caught_up
from projections.compare import check
from projections.projection import Drop, Projection, Put, Set, Table, View
from projections.queue import owed
from projections.store import Store

BOX = "0.1,0.2,0.8,0.9"

# The tally counts every insertion: what is applied twice, or not at all, shows.
COUNTING = Projection(
    name="counting",
    version=1,
    sentence="For tests.",
    tables=(
        Table("""
CREATE TABLE counted ( -- For tests.
  position INTEGER NOT NULL PRIMARY KEY -- For tests.
) STRICT
"""),
        Table("""
CREATE TABLE tally ( -- For tests.
  n INTEGER NOT NULL PRIMARY KEY -- For tests.
) STRICT
"""),
    ),
    views=(),
    folds=MappingProxyType({CropRecorded: lambda _event, entry: iter([Put("counted", {"position": entry.position})])}),
    indexes=(
        "INSERT INTO tally SELECT count(*) FROM counted",
        "CREATE TRIGGER counts AFTER INSERT ON counted BEGIN UPDATE tally SET n = n + 1; END",
    ),
)

PROGRAM = """
import sys, time
from pathlib import Path
from ledger.log import Ledger
from projections import catch_up as engine
from projections.store import Store
from tests_projections_counting import COUNTING
engine.CHUNK = 3
home, until = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
with Ledger.open(home / "ledger.db") as ledger:
    while True:
        with Store.open(home / "projections.db") as store:
            head = engine.catch_up(ledger, store, (*engine.ALL, COUNTING))
        if head.position >= until:
            break
"""


def one(store, sql):
    return store.connection.execute(sql).get


def start(stage, until):
    (stage.home / "tests_projections_counting.py").write_text(
        f"import importlib.util\nspec = importlib.util.spec_from_file_location('counting', {__file__!r})\n"
        "module = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(module)\nCOUNTING = module.COUNTING\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(stage.home), str(Path.cwd())])}
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(stage.home), str(until)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n", child.stderr.read()
    return child


def marks(count, first=0):
    return "\n".join(f"ann records a/{number}.png {BOX}" for number in range(first, first + count))


def test_catching_up_twice_adds_nothing(stage):
    stage.tell(marks(3))
    with Store.open(stage.path) as store:
        first = catch_up(stage.ledger, store)
        changed = store.connection.total_changes()
        assert catch_up(stage.ledger, store) == first == stage.ledger.head()
        assert store.connection.total_changes() == changed


def test_all_cursors_stand_at_the_head_with_its_hash(stage):
    stage.tell(marks(2))
    stage.catch_up()
    stage.tell(marks(1, first=2))
    stage.catch_up()
    with Store.open(stage.path) as store:
        cursors = store.cursors()
    assert set(cursors) == {each.name for each in ALL}
    assert {cursor.head for cursor in cursors.values()} == {stage.ledger.head()}


def test_more_events_than_a_chunk_are_all_folded(stage, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK", 4)
    stage.tell(marks(4))
    stage.catch_up()
    stage.tell(marks(9, first=4))
    with stage.projections() as projections:
        assert [crop.filename for crop in owed(projections)] == [f"{number}.png" for number in range(13)]


def test_caught_up_opens_what_it_has_caught_up(stage):
    stage.tell(marks(2))
    with caught_up(stage.ledger, stage.path) as projections:
        assert len(owed(projections)) == 2


@pytest.mark.parametrize("readers", [2, 4])
def test_processes_that_catch_up_at_once_apply_each_event_once(stage, readers):
    children = [start(stage, 60) for _ in range(readers)]
    stage.tell(marks(60))
    for child in children:
        _, errors = child.communicate(timeout=60)
        assert child.returncode == 0, errors
    with Store.open(stage.path) as store:
        assert one(store, "SELECT n FROM tally") == one(store, "SELECT count(*) FROM counted") == 60
    assert check(stage.ledger, stage.path) == []


def test_a_kill_while_catching_up_loses_and_doubles_nothing(stage):
    for round_ in range(8):
        child = start(stage, 10_000)
        stage.tell(marks(12, first=12 * round_))
        time.sleep(0.003 * round_)
        child.send_signal(signal.SIGKILL)
        child.communicate()
    with Store.open(stage.path) as store:
        catch_up(stage.ledger, store, (*ALL, COUNTING))
        assert one(store, "SELECT n FROM tally") == one(store, "SELECT count(*) FROM counted") == 96
    assert check(stage.ledger, stage.path) == []


def test_a_raised_version_is_dropped_and_folded_again(stage):
    stage.tell(marks(3))
    newer = evolve(
        COUNTING,
        version=2,
        tables=(
            Table("""
CREATE TABLE counted_anew ( -- For tests.
  subject TEXT NOT NULL PRIMARY KEY -- For tests.
) STRICT
"""),
        ),
        indexes=(),
        folds={CropRecorded: lambda _event, entry: iter([Put("counted_anew", {"subject": entry.subject})])},
    )
    with Store.open(stage.path) as store:
        catch_up(stage.ledger, store, (*ALL, COUNTING))
        stage.tell(marks(1, first=3))
        catch_up(stage.ledger, store, (*ALL, newer))
        assert one(store, "SELECT count(*) FROM counted_anew") == 4
        assert one(store, "SELECT count(*) FROM sqlite_schema WHERE name IN ('counted', 'tally', 'counts')") == 0
        assert store.cursors()["counting"].version == 2
        assert {cursor.head for cursor in store.cursors().values()} == {stage.ledger.head()}


def test_readers_keep_the_old_rows_until_a_rebuild_commits(stage):
    stage.tell(marks(3))
    seen = []

    def look(_event, _entry):
        with engine.Projections.open(stage.path) as during:
            seen.append(len(owed(during)))
        return iter(())

    looking = Projection("looking", 1, "For tests.", (), (), {CropRecorded: look})
    newer = tuple(evolve(each, version=99) for each in ALL)
    with Store.open(stage.path) as store:
        catch_up(stage.ledger, store)
        catch_up(stage.ledger, store, (looking, *newer))
    assert seen == [3, 3, 3]


def test_a_projection_that_is_no_longer_known_is_dropped(stage):
    stage.tell(marks(1))
    with Store.open(stage.path) as store:
        catch_up(stage.ledger, store, (*ALL, COUNTING))
        catch_up(stage.ledger, store)
        assert "counting" not in store.cursors()
        assert one(store, "SELECT count(*) FROM sqlite_schema WHERE name = 'counted'") == 0


def test_a_new_projection_starts_from_the_first_event_and_joins_the_others(stage):
    stage.tell(marks(5))
    stage.catch_up()
    stage.tell(marks(2, first=5))
    with Store.open(stage.path) as store:
        catch_up(stage.ledger, store, (*ALL, COUNTING))
        assert one(store, "SELECT count(*) FROM counted") == 7
        assert {cursor.head for cursor in store.cursors().values()} == {stage.ledger.head()}


@pytest.mark.parametrize("chunk", [1, 4, 100])
@pytest.mark.parametrize("late", [(COUNTING,), ALL], ids=["one", "the others"])
def test_projections_that_are_behind_by_different_amounts_all_arrive_and_fold_nothing_twice(
    stage, monkeypatch, late, chunk
):
    stage.tell(marks(3))
    with Store.open(stage.path) as store:
        catch_up(stage.ledger, store, (*ALL, COUNTING))
        behind = stage.ledger.head()
        stage.tell(marks(7, first=3))
        catch_up(stage.ledger, store, (*ALL, COUNTING))
        with store.exclusive():
            store.move(late, behind)
            if late == (COUNTING,):
                store.connection.execute("DELETE FROM counted WHERE position > 3")
                store.connection.execute("UPDATE tally SET n = 3")
        stage.tell(marks(2, first=10))
        monkeypatch.setattr(engine, "CHUNK", chunk)
        catch_up(stage.ledger, store, (*ALL, COUNTING))
        assert one(store, "SELECT n FROM tally") == 12
        assert {cursor.head for cursor in store.cursors().values()} == {stage.ledger.head()}
    assert check(stage.ledger, stage.path) == []


def test_projections_of_another_ledger_have_diverged(stage, tmp_path):
    stage.tell(marks(2))
    stage.catch_up()
    other = Ledger.create(tmp_path / "other" / "ledger.db")
    with other, Store.open(stage.path) as store, pytest.raises(Diverged, match="crop rebuild --all"):
        catch_up(other, store)


def test_projections_ahead_of_a_restored_older_ledger_have_diverged(stage, tmp_path):
    stage.tell(marks(2))
    stage.ledger.copy_to(tmp_path / "older.db")
    stage.tell(marks(2, first=2))
    stage.catch_up()
    with Ledger.open(tmp_path / "older.db") as older, Store.open(stage.path) as store:
        with pytest.raises(Diverged, match="position 4"):
            catch_up(older, store)
        with older.exclusive():
            pass
    stage.catch_up()  # on the ledger it belongs to, all is well


def test_a_restored_ledger_that_has_gone_another_way_since_has_diverged(stage, tmp_path):
    stage.tell(marks(2))
    stage.ledger.copy_to(tmp_path / "older.db")
    stage.tell(marks(1, first=2))
    stage.catch_up()
    stage.ledger.close()
    stage.ledger = Ledger.open(tmp_path / "older.db", clock=lambda: stage.now)
    stage.tell(marks(2, first=5))
    with pytest.raises(Diverged, match="position 3"):
        stage.catch_up()


def test_a_fold_that_raises_names_its_projection_and_the_position_and_nothing_moves(stage):
    def broken(_event, _entry):
        raise ZeroDivisionError
        yield

    stage.tell(f"{marks(3)}\n ann withdraws a/1.png")
    bad = evolve(COUNTING, folds={CropWithdrawn: broken})
    with Store.open(stage.path) as store:
        catch_up(stage.ledger, store)
        with pytest.raises(CropledgerError, match=r"projection counting cannot fold position 4 \(crop.withdrawn\)"):
            catch_up(stage.ledger, store, (*ALL, bad))
        assert "counting" not in store.cursors()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (Set("counted", 99, {"position": 100}), "not there: \\(99,\\)"),
        (Put("counted", {}), "position"),
        (Put("counted", {"position": 1, "more": 2}), "more"),
        (Put("unheard_of", {"position": 1}), "unheard_of"),
    ],
)
def test_a_change_that_cannot_be_is_a_fault_that_names_the_projection(stage, change, complaint):
    stage.tell(marks(1))
    bad = evolve(COUNTING, folds={CropRecorded: lambda _event, _entry: iter([change])}, indexes=())
    with Store.open(stage.path) as store, pytest.raises(CropledgerError, match=f"counting.*{complaint}"):
        catch_up(stage.ledger, store, (bad,))


def test_a_row_set_after_it_was_dropped_is_a_fault(stage):
    stage.tell(marks(1))
    changes = [Put("counted", {"position": 1}), Drop("counted", 1), Set("counted", 1, {"position": 1})]
    bad = evolve(COUNTING, folds={CropRecorded: lambda _event, _entry: iter(changes)}, indexes=())
    with Store.open(stage.path) as store, pytest.raises(CropledgerError, match="Set on a dropped row of counted: 1"):
        catch_up(stage.ledger, store, (bad,))


TWO_KEYS = Projection(
    name="pairs",
    version=1,
    sentence="For tests.",
    tables=(
        Table("""
CREATE TABLE pairs ( -- For tests.
  one INTEGER NOT NULL, -- For tests.
  two TEXT NOT NULL, -- For tests.
  more TEXT, -- For tests.
  PRIMARY KEY (one, two)
) STRICT
"""),
    ),
    views=(View("CREATE VIEW all_pairs ( -- For tests.\n  one -- For tests.\n) AS SELECT one FROM pairs"),),
    folds={},
)


def test_the_order_of_changes_is_kept_for_each_row_within_a_chunk_and_across_chunks(stage, monkeypatch):
    def row(more):
        return {"one": 1, "two": "x", "more": more}

    key = (1, "x")
    steps = {
        1: [Put("pairs", row("a")), Set("pairs", key, {"more": "b"})],
        2: [Set("pairs", key, {"more": "c"})],
        3: [Drop("pairs", key), Put("pairs", row("d"))],
        4: [Set("pairs", key, {"more": "e"}), Set("pairs", key, {"more": "f"})],
        5: [Set("pairs", key, {"more": "g"}), Drop("pairs", key)],
        6: [Put("pairs", row("h")), Drop("pairs", key), Put("pairs", row("i"))],
        7: [Set("pairs", key, {"more": "j"}), Put("pairs", row("k"))],
    }
    folding = evolve(TWO_KEYS, folds={CropRecorded: lambda _event, entry: iter(steps[entry.position])})
    expected = {1: "b", 2: "c", 3: "d", 4: "f", 5: None, 6: "i", 7: "k"}
    for position, more in expected.items():
        stage.tell(marks(1, first=position))
        with Store.open(stage.path) as store:
            catch_up(stage.ledger, store, (folding,))
            assert one(store, "SELECT more FROM pairs") == more
    for chunk in (1, 2, 3, 7):
        monkeypatch.setattr(engine, "CHUNK", chunk)
        with Store.open(stage.home / f"{chunk}.db") as store:
            catch_up(stage.ledger, store, (folding,))
            assert one(store, "SELECT more FROM pairs") == "k"


def test_whoever_holds_the_projections_makes_the_others_wait_and_say_so(stage):
    stage.tell(marks(1))
    with Store.open(stage.path) as holder, Store.open(stage.path, lock_timeout_s=0.05) as other:
        with holder.exclusive(), pytest.raises(Busy, match=r"projections\.db"):
            catch_up(stage.ledger, other)
        catch_up(stage.ledger, other)


def test_readers_never_wait_for_who_catches_up(stage):
    stage.tell(marks(1))
    with stage.projections() as projections, Store.open(stage.path) as store, store.exclusive():
        store.connection.execute("DELETE FROM queue_crops")
        assert len(owed(projections)) == 1


@pytest.mark.parametrize("door", ["exclusive", "cursors", "at", "rows"])
def test_the_projections_belong_to_the_thread_that_opened_them(stage, door):
    """SQLite does not look (see `db.connect`), and two threads in one connection would crash the process."""
    stage.tell(marks(1))
    head = stage.ledger.head()
    with Store.open(stage.path) as store, stage.projections() as projections, ThreadPoolExecutor(1) as other:
        doors = {
            "exclusive": lambda: store.exclusive().__enter__(),
            "cursors": store.cursors,
            "at": lambda: store.at(head),
            "rows": lambda: owed(projections),
        }
        with pytest.raises(WrongThreadError, match="another thread"):
            other.submit(doors[door]).result()
        assert store.at(head) == {(each.name, each.version) for each in ALL}
        with store.exclusive():
            pass  # the lock is free
