"""Batches from the marking page: recorded once, only on what was seen, taken back and brought back."""

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from PIL import Image as Picture

from commands.crops import IMAGES, StartCrop, WithdrawCrop
from commands.decider import Request
from commands.handle import handle, replay
from commands.recording.marking import Decision, Marking
from commands.recording.marks import Mark
from commands.recording.recording import Asked, Recorder
from imaging.zones import Zones
from ledger.events.crops import CropRecorded, CropStarted
from ledger.log import Ledger
from ledger.values import Box, Dimensions, PixelBox, image_subject
from projections import batches
from projections.catch_up import catch_up
from projections.reader import Projections
from projections.store import Store

NOW = datetime(2025, 10, 27, 9, 0, tzinfo=UTC)
SIZE = Dimensions(20, 10)
SMALL, LARGE = Box(0.1, 0.1, 0.5, 0.5), Box(0.0, 0.0, 1.0, 1.0)


class Room:
    """Three images, a ledger, and a page that marks them."""

    def __init__(self, home: Path) -> None:
        self.directory = home / "set_a"
        self.directory.mkdir(parents=True)
        for number, name in enumerate("abc"):
            Picture.new("RGB", (20, 10), (number, 9, 9)).save(self.directory / f"{name}.png")
        self.ledger = Ledger.create(home / "ledger.db")
        self.store = Store.open(home / "projections.db")
        catch_up(self.ledger, self.store)
        self.projections = Projections.open(home / "projections.db")
        self.marking = Marking(Recorder(self.ledger, self.projections, Zones.of(home)))
        self.sha256: dict[str, str] = {}

    def close(self) -> None:
        for each in (self.projections, self.store, self.ledger):
            each.close()

    def path(self, name: str) -> str:
        return str(self.directory.resolve() / f"{name}.png")

    def subject(self, name: str) -> str:
        return image_subject("p", self.path(name))

    def asked(self, actor: str = "ann") -> Asked:
        return Asked(f"operator:{actor}", "", NOW)

    def decision(self, name, box, **more):
        mark = Mark("p", self.path(name), box, SIZE) if box else None
        version = more.pop("version", self.version(name))
        return Decision(self.subject(name), mark, "p", self.path(name), version, **more)

    def mark(self, batch, actor="ann", **boxes):
        """`mark("one", a=SMALL, b=None)` records a box on a and skips b."""
        answers = self.marking.mark(batch, [self.decision(*each) for each in boxes.items()], self.asked(actor))
        catch_up(self.ledger, self.store)
        return answers

    def step(self, way, actor="ann", request=None):
        """Undo or redo as the page asks for it; the subjects it was about."""
        of = self.projections, str(self.directory.resolve()), f"operator:{actor}"
        which, step = (
            (batches.last_done, self.marking.undo) if way == "undo" else (batches.last_undone, self.marking.redo)
        )
        images = batches.answered(*of, request) if request else []
        images = images or which(*of)
        if not images:
            return []
        request = request or f"{way}-{self.ledger.head().position}"
        answers = step(images[0].batch, request, [each.subject for each in images], self.asked(actor))
        catch_up(self.ledger, self.store)
        return answers

    def image(self, name):
        return replay(IMAGES, self.ledger.history(self.subject(name)))[0]

    def stands(self, name):
        image = self.image(name)
        return image.crop.box if image.crop else image.status

    def standing(self):
        return {name: self.stands(name) for name in "abc"}

    def version(self, name):
        return len(self.ledger.history(self.subject(name)))

    def correlations(self, name):
        return [entry.correlation for entry in self.ledger.history(self.subject(name))]


@pytest.fixture
def room(tmp_path):
    made = Room(tmp_path)
    yield made
    made.close()


def test_a_batch_is_recorded_together_and_says_that_it_is_one(room):
    answers = room.mark("one", a=SMALL, b=None, c=LARGE)

    assert [(answer.version, answer.refused) for answer in answers] == [(1, None)] * 3
    assert room.standing() == {"a": SMALL, "b": "skipped", "c": LARGE}
    assert {entry.correlation for entry in room.ledger.read()} == {"mark:one"}


def test_the_same_batch_again_is_the_same_answer_and_nothing_new(room):
    answers = room.mark("one", a=SMALL, b=None)
    head = room.ledger.head()

    assert room.mark("one", a=SMALL, b=None) == answers
    assert room.ledger.head() == head


def test_the_same_batch_again_changes_nothing_after_others_went_on(room):
    room.mark("one", a=SMALL)
    room.mark("two", "bob", a=LARGE)

    [answer] = room.mark("one", a=SMALL)

    assert (answer.version, answer.refused) == (2, None)
    assert room.stands("a") == LARGE


def test_what_somebody_decided_since_it_was_seen_is_kept(room):
    seen = room.decision("a", SMALL), room.decision("b", SMALL)
    room.mark("theirs", "bob", a=LARGE)

    answers = room.marking.mark("mine", seen, room.asked())

    assert "was decided by operator:bob meanwhile (position 1)" in answers[0].refused
    assert [answer.refused for answer in answers[1:]] == [None]
    assert (room.stands("a"), room.stands("b")) == (LARGE, SMALL)


def test_one_s_own_batch_is_followed_before_its_answer_was_seen(room):
    seen = room.version("a")
    room.mark("one", a=SMALL)

    [follows] = room.marking.mark("two", [room.decision("a", LARGE, version=seen, follows="one")], room.asked())
    [stale] = room.marking.mark("three", [room.decision("a", SMALL, version=seen, follows="one")], room.asked())

    assert follows.refused is None
    assert stale.refused is not None
    assert room.stands("a") == LARGE


def test_a_skipped_image_can_be_marked_after_all_and_the_other_way_round(room):
    room.mark("one", a=None, b=SMALL)
    room.mark("two", a=SMALL, b=None)

    assert (room.stands("a"), room.stands("b")) == (SMALL, "skipped")


def test_a_file_that_holds_something_else_by_now_is_refused(room):
    decision = room.decision("a", SMALL, sha256="0" * 64)

    [answer] = room.marking.mark("one", [decision], room.asked())

    assert "holds another picture" in answer.refused
    assert room.stands("a") == "untouched"


def test_a_missing_file_is_refused_and_can_be_skipped(room):
    Path(room.path("a")).unlink()

    assert "no such file" in room.mark("one", a=SMALL)[0].refused
    assert room.mark("two", a=None)[0].refused is None


def test_undo_takes_back_the_last_batch_and_redo_brings_it_again(room):
    room.mark("one", a=SMALL, b=None)
    room.mark("two", c=LARGE)

    room.step("undo")
    assert room.standing() == {"a": SMALL, "b": "skipped", "c": "untouched"}
    room.step("undo")
    assert room.standing() == dict.fromkeys("abc", "untouched")
    assert room.step("undo") == []

    room.step("redo")
    room.step("redo")
    assert room.standing() == {"a": SMALL, "b": "skipped", "c": LARGE}
    assert room.step("redo") == []


def test_undo_of_a_revision_leads_to_what_stood_before_it(room):
    room.mark("one", a=SMALL, b=None, c=SMALL)
    room.mark("two", a=LARGE, b=SMALL, c=None)
    room.step("undo")

    assert room.standing() == {"a": SMALL, "b": "skipped", "c": SMALL}


def test_an_undo_sent_twice_takes_back_one_batch(room):
    room.mark("one", a=SMALL)
    room.mark("two", b=SMALL)

    first = room.step("undo", request="again-and-again")
    assert room.step("undo", request="again-and-again") == first
    assert room.standing() == {"a": SMALL, "b": "untouched", "c": "untouched"}


def test_a_new_batch_ends_what_could_be_brought_back(room):
    room.mark("one", a=SMALL)
    room.step("undo")
    room.mark("two", b=SMALL)

    assert room.step("redo") == []


def test_each_operator_takes_back_their_own(room):
    room.mark("mine", a=SMALL)
    room.mark("theirs", "bob", b=SMALL)

    room.step("undo")

    assert room.standing() == {"a": "untouched", "b": SMALL, "c": "untouched"}


def test_what_was_changed_elsewhere_since_is_not_taken_back(room):
    room.mark("one", a=SMALL, b=SMALL)
    handle(Request(WithdrawCrop(room.subject("a")), "operator:bob", "shell"), ledger=room.ledger, now=NOW)

    answers = room.step("undo")

    assert "has been decided anew since (position 3, operator:bob)" in answers[0].refused
    assert answers[1].refused is None
    room.mark("two", c=SMALL)
    room.step("undo")
    assert room.stands("c") == "untouched"


def test_a_batch_that_was_taken_back_in_part_does_not_stand_in_the_way_of_the_one_before(room):
    room.mark("zero", c=SMALL)
    room.mark("one", a=SMALL, b=SMALL)
    handle(Request(WithdrawCrop(room.subject("a")), "operator:bob", "shell"), ledger=room.ledger, now=NOW)

    room.step("undo")
    room.step("undo")

    assert room.standing() == dict.fromkeys("abc", "untouched")


def test_what_was_marked_anew_is_not_replaced_by_what_was_taken_back_before(room):
    room.mark("one", a=SMALL)
    room.step("undo")
    room.mark("two", a=LARGE)

    [answer] = room.marking.redo("one", "redo-by-hand", [room.subject("a")], room.asked())

    assert "has been decided anew since" in answer.refused
    assert room.stands("a") == LARGE


def test_what_a_run_has_begun_is_not_taken_back(room):
    room.mark("one", a=SMALL)
    started = CropStarted("7f2a", 1, room.path("a"), "a" * 64, 1, 1, SIZE, PixelBox(2, 1, 10, 5), "/o", "/t", "/k")
    handle(Request(StartCrop(room.subject("a"), started), "runner:7f2a", "run"), ledger=room.ledger, now=NOW)

    [answer] = room.step("undo")

    assert "is being executed" in answer.refused


def test_the_batches_before_are_known_one_by_one(room):
    room.mark("one", a=SMALL)
    room.mark("two", b=SMALL)
    room.mark("three", "bob", c=SMALL)
    of = room.projections, str(room.directory.resolve()), "operator:ann"

    assert [each.batch for each in batches.before(*of, None)] == ["two"]
    assert [each.batch for each in batches.before(*of, "two")] == ["one"]
    assert batches.before(*of, "one") == []


def test_a_mark_knows_its_file_and_when_it_was_made(room):
    room.marking.mark("one", [room.decision("a", SMALL, at="2025-10-27T08:00:00.000000Z")], room.asked())

    [entry] = room.ledger.read()
    assert isinstance(entry.event, CropRecorded)
    assert (entry.occurred_at, entry.event.dimensions) == ("2025-10-27T08:00:00.000000Z", SIZE)


@settings(max_examples=15, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck))
class UndoMachine(RuleBasedStateMachine):
    """Whatever is marked, undo leads back to what stood before and redo to what stood after, as an editor's would."""

    @initialize()
    def begin(self):
        self.home = Path(tempfile.mkdtemp(prefix="cropledger-undo-"))
        self.room = Room(self.home)
        self.done, self.undone, self.number = [], [], 0

    @rule(boxes=st.dictionaries(st.sampled_from("abc"), st.sampled_from([SMALL, LARGE, None]), min_size=1))
    def mark(self, boxes):
        before = self.room.standing()
        self.number += 1
        head = self.room.ledger.head().position
        self.room.mark(f"batch-{self.number}", **boxes)
        if self.room.ledger.head().position > head:
            self.done.append((before, self.room.standing()))
            self.undone.clear()

    @precondition(lambda self: self.done)
    @rule()
    def undo(self):
        self.room.step("undo")
        self.undone.append(self.done.pop())
        assert self.room.standing() == self.undone[-1][0]

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self):
        self.room.step("redo")
        self.done.append(self.undone.pop())
        assert self.room.standing() == self.done[-1][1]

    @invariant()
    def nothing_else_can_be_taken_back(self):
        of = self.room.projections, str(self.room.directory.resolve()), "operator:ann"
        assert bool(batches.last_done(*of)) == bool(self.done)
        assert bool(batches.last_undone(*of)) == bool(self.undone)

    def teardown(self):
        self.room.close()
        shutil.rmtree(self.home)


TestUndo = UndoMachine.TestCase
