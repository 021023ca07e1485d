"""Any interleaving of commands, from two writers, against a plain model of what is owed.

The model knows nothing of events: it is a dictionary of what a person would expect to see. After every step the
ledger's chain verifies, what is owed is what the model owes, every command given twice adds nothing, and the
projections folded step by step are the ones that a rebuild would make.
"""

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from commands.crops import (
    IMAGES,
    FailCrop,
    FinishCrop,
    ImportHistory,
    RecordCrop,
    ReleaseCrop,
    RestoreImage,
    RetryCrop,
    SkipImage,
    StartCrop,
    UndoCrop,
    WithdrawCrop,
)
from commands.decider import Request
from commands.handle import handle, handle_many, replay
from ledger.errors import CropledgerError
from ledger.events.crops import (
    CropExecuted,
    CropFailed,
    CropRecorded,
    CropReleased,
    CropStarted,
    CropUndone,
    CropWithdrawn,
)
from ledger.events.history import HistoryImported
from ledger.events.images import ImageRestored
from ledger.log import Ledger
from ledger.values import Box, Dimensions, PixelBox
from projections.catch_up import catch_up
from projections.compare import check
from projections.reader import Projections
from projections.store import Store

IMAGES_SEEN = ("image/a", "image/b", "image/c")
BOXES = (Box(0.1, 0.1, 0.9, 0.9), Box(0.2, 0.2, 0.8, 0.8))
SIZE = Dimensions(100, 80)
images, boxes, writers = st.sampled_from(IMAGES_SEEN), st.sampled_from(BOXES), st.sampled_from(("one", "other"))
MARKABLE = {"untouched", "withdrawn", "restored", "pending", "failed"}
START = datetime(2025, 10, 27, 16, tzinfo=UTC)


def path(subject):
    return f"/p/set_a/{subject[-1]}.png"


def marked(subject, box):
    return CropRecorded("p", path(subject), box, SIZE, "a" * 64, 1000)


def started(subject, run, attempt):
    pixels = PixelBox(10, 8, 90, 72)
    return CropStarted(
        run, attempt, path(subject), "a" * 64, 1000, 5, SIZE, pixels, f"/o{path(subject)}", "/o/.tmp", "/h/aa"
    )


@attrs.define
class Expected:
    """What a person would say about an image."""

    status: str = "untouched"
    box: Box | None = None
    run: str | None = None
    attempts: int = 0
    evidence: set = attrs.field(factory=set)


class Cropping(RuleBasedStateMachine):
    @initialize()
    def open(self):
        self.place = Path(tempfile.mkdtemp(prefix="cropledger-machine-"))
        self.now = START
        one = Ledger.create(self.place / "ledger.db", clock=self.clock)
        self.ledgers = {"one": one, "other": Ledger.open(self.place / "ledger.db", clock=self.clock)}
        self.store = Store.open(self.place / "projections.db")
        self.model = {subject: Expected() for subject in IMAGES_SEEN}
        self.runs = 0
        self.sent = []

    def clock(self):
        return self.now

    def teardown(self):
        if hasattr(self, "place"):
            assert [*self.ledgers["one"].faults()] == []
            self.store.close()
            assert check(self.ledgers["one"], self.place / "projections.db") == []
            for ledger in self.ledgers.values():
                ledger.close()
            shutil.rmtree(self.place)

    # -- giving commands

    def give(self, writer, command, *, allowed):
        """Give a command twice, the second time to the other writer: the second adds nothing."""
        self.now += timedelta(seconds=1)
        request = Request(command, "operator:anna", "r")
        first = self.answer(writer, request)
        assert (first is not None) == allowed, (command, self.model)
        head = self.ledgers["one"].head()
        other = "other" if writer == "one" else "one"
        second = self.answer(other, request)
        assert second is None or second.entries == ()
        assert self.ledgers["other"].head() == head
        if first is not None:
            self.sent.append(request)
            seen = self.ledgers[other].read(after=head.position - len(first.entries))
            assert tuple(seen) == first.entries

    def answer(self, writer, request):
        before = self.ledgers[writer].head()
        try:
            return handle(request, ledger=self.ledgers[writer], now=self.now)
        except CropledgerError:
            assert self.ledgers[writer].head() == before
            return None

    # -- the rules

    @rule(writer=writers, subject=images, box=boxes)
    def record(self, writer, subject, box):
        image = self.model[subject]
        allowed = self.may_be_marked(subject)
        self.give(writer, RecordCrop(subject, marked(subject, box)), allowed=allowed)
        if allowed and not (image.status == "pending" and image.box == box):
            self.model[subject] = Expected("pending", box, evidence=image.evidence)

    @rule(writer=writers, subject=images)
    def withdraw(self, writer, subject):
        image = self.model[subject]
        owed = image.status in {"pending", "failed"}
        self.give(writer, WithdrawCrop(subject), allowed=owed or image.status == "withdrawn")
        if owed:
            self.model[subject] = Expected("withdrawn", evidence=image.evidence)

    @rule(writer=writers, subject=images)
    def skip(self, writer, subject):
        image = self.model[subject]
        allowed = image.status not in {"started", "executed"}
        self.give(writer, SkipImage(subject, "p", path(subject)), allowed=allowed)
        if allowed:
            self.model[subject] = Expected("skipped", evidence=image.evidence)

    @rule(writer=writers, subject=images)
    def restore(self, writer, subject):
        image = self.model[subject]
        self.give(writer, RestoreImage(subject), allowed=image.status in {"skipped", "restored"})
        if image.status == "skipped":
            self.model[subject] = Expected("restored", evidence=image.evidence)

    @rule(writer=writers, subject=images, right=st.booleans())
    def start(self, writer, subject, right):
        image = self.model[subject]
        self.runs += 1
        run, attempt = f"run{self.runs}", image.attempts + (1 if right else 2)
        allowed = image.status == "pending" and right
        self.give(writer, StartCrop(subject, started(subject, run, attempt)), allowed=allowed)
        if allowed:
            image.status, image.run, image.attempts = "started", run, attempt

    @rule(writer=writers, subject=images, right=st.booleans())
    def execute(self, writer, subject, right):
        image = self.model[subject]
        run = image.run if right and image.run else "another"
        executed = CropExecuted(
            run,
            image.attempts,
            path(subject),
            "a" * 64,
            "/h/aa",
            f"/o{path(subject)}",
            "b" * 64,
            500,
            Dimensions(80, 64),
        )
        allowed = right and image.status in {"started", "executed"}
        self.give(writer, FinishCrop(subject, executed), allowed=allowed)
        if allowed:
            image.status = "executed"

    @rule(writer=writers, subject=images, final=st.booleans(), claimed=st.booleans())
    def fail(self, writer, subject, final, claimed):
        image = self.model[subject]
        self.runs += 1
        run, attempt = (image.run or "none", image.attempts) if claimed else (f"run{self.runs}", 0)
        if claimed and image.status != "started":
            return
        failed = CropFailed(run, attempt, "missing", "gone", final, None if final else 1.0)
        allowed = claimed or image.status == "pending"
        self.give(writer, FailCrop(subject, failed), allowed=allowed)
        if allowed:
            image.status = "failed" if final else "pending"
            image.run = None

    @rule(writer=writers, subject=images, right=st.booleans())
    def release(self, writer, subject, right):
        image = self.model[subject]
        if image.status != "started":
            return
        released = CropReleased(image.run if right else "another", image.attempts, "stopped")
        self.give(writer, ReleaseCrop(subject, released), allowed=right)
        if right:
            image.status, image.run, image.attempts = "pending", None, image.attempts - 1

    @rule(writer=writers, subject=images)
    def retry(self, writer, subject):
        image = self.model[subject]
        self.give(writer, RetryCrop(subject), allowed=image.status in {"failed", "pending"})
        if image.status == "failed":
            image.status, image.attempts = "pending", 0

    @rule(writer=writers, subject=images, right=st.booleans())
    def undo(self, writer, subject, right):
        image = self.model[subject]
        undone = CropUndone(path(subject), ("a" if right else "c") * 64, f"/o{path(subject)}")
        if image.status == "executed" or not right:
            self.give(writer, UndoCrop(subject, undone), allowed=image.status == "executed" and right)
        if image.status == "executed" and right:
            self.model[subject] = Expected("pending", image.box, evidence=image.evidence)

    @rule(writer=writers, subject=images, stamp=st.sampled_from(("2025-10-01T10:00:00", "2025-10-02T10:00:00")))
    def import_history(self, writer, subject, stamp):
        self.give(
            writer, ImportHistory(subject, HistoryImported("p", path(subject), "crop_log_v1", stamp)), allowed=True
        )
        self.model[subject].evidence.add(stamp)

    @rule(writer=writers, subjects=st.lists(images, max_size=4), box=boxes)
    def claim_a_batch(self, writer, subjects, box):
        """Many at once: those that are waiting are recorded anew, each once; the others are refused alone."""
        requests = [Request(RecordCrop(subject, marked(subject, box)), "operator:anna", "r") for subject in subjects]
        outcome = handle_many(requests, ledger=self.ledgers[writer], now=self.now)
        refused = [number for number, subject in enumerate(subjects) if not self.may_be_marked(subject)]
        assert [number for number, _ in outcome.refused] == refused
        for subject in subjects:
            image = self.model[subject]
            if self.may_be_marked(subject) and not (image.status == "pending" and image.box == box):
                self.model[subject] = Expected("pending", box, evidence=image.evidence)

    def may_be_marked(self, subject):
        return self.model[subject].status in MARKABLE

    @precondition(lambda self: self.sent)
    @rule(writer=writers, data=st.data())
    def an_old_request_comes_again(self, writer, data):
        """Whatever it does now, it leaves a sound ledger; where it answers nothing, nothing is added."""
        request = data.draw(st.sampled_from(self.sent))
        outcome = self.answer(writer, request)
        if outcome is not None and outcome.entries:
            self.read_model_from(request.command.subject)

    def read_model_from(self, subject):
        state, _ = replay(IMAGES, self.ledgers["one"].history(subject))
        image = self.model[subject]
        how = {CropWithdrawn: "withdrawn", ImageRestored: "restored"}
        image.status = how.get(type(state.last.event), state.status) if state.last else state.status
        image.attempts = state.attempts
        image.box = state.crop.box if state.crop else None
        image.run = state.started.run if state.started else None

    # -- what always holds

    @invariant()
    def what_is_owed_is_what_the_model_owes(self):
        if not hasattr(self, "model"):
            return
        for subject, image in self.model.items():
            state, version = replay(IMAGES, self.ledgers["one"].history(subject))
            assert state.status == seen_as(image.status), subject
            assert (state.crop.box if state.crop else None) == image.box
            assert {evidence.stamp for evidence in state.history} == image.evidence
            assert version == len(self.ledgers["other"].history(subject))

    @invariant()
    def the_queue_is_what_the_model_owes(self):
        if not hasattr(self, "model"):
            return
        assert catch_up(self.ledgers["other"], self.store) == self.ledgers["one"].head()
        with Projections.open(self.place / "projections.db") as projections:
            found = projections.rows(Owed, "FROM queue")
        owed = {"pending", "started", "failed"}
        assert {row.subject: (row.status, row.x1) for row in found} == {
            subject: (image.status, image.box.x1) for subject, image in self.model.items() if image.status in owed
        }


@attrs.frozen
class Owed:
    """A row of the queue, as far as the model knows it."""

    subject: str
    status: str
    x1: float


def seen_as(status):
    """The model remembers how an image became untouched; the decider has one word for it."""
    return "untouched" if status in {"withdrawn", "restored"} else status


def run(examples, steps):
    run_state_machine_as_test(
        Cropping,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_any_interleaving_leaves_what_the_model_owes():
    run(examples=25, steps=20)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_any_long_interleaving_leaves_what_the_model_owes():
    run(examples=1500, steps=60)
