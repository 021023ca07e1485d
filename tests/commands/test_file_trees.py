"""Resume is a function of decisions: whatever happens to files, every image is presented until decided, none twice.

A machine adds, removes, renames, moves and swaps files in two directories, decides what is presented, executes, fails,
starts afresh, and reopens everything as after a kill. The model knows images by their content and nothing of events.
"""

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
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
from PIL import Image

from commands.crops import FailCrop, FinishCrop, KeepImage, RecordCrop, SkipImage, StartCrop, WithdrawCrop
from commands.decider import Request
from commands.finding import images_at, subject_for
from commands.handle import handle
from commands.progress.restarting import restart, restartable
from commands.progress.scanning import Scanner
from commands.recording.recording import Asked
from imaging.zones import Zones
from ledger.events.crops import CropExecuted, CropFailed, CropRecorded, CropStarted
from ledger.events.images import ImageKept
from ledger.log import Ledger
from ledger.names import in_order
from ledger.values import Box, Dimensions, PixelBox
from projections.catch_up import catch_up
from projections.compare import check
from projections.progress import progress
from projections.reader import Projections
from projections.store import Store
from projections.upcoming import next_images, pending_images

NAMES = [f"2025080{day}_172343_stage{stage}_x.png" for day in (1, 2) for stage in ("1", "1.5", "2")] + [
    "a.png",
    "b.png",
]
DIRECTORIES = ("set_a", "set_b")
SIZE = Dimensions(2, 2)
MEMORY = next((each for each in ("/dev/shm",) if Path(each).is_dir()), None)  # noqa: S108  # syncing is not tested here
START = datetime(2025, 10, 27, 16, tzinfo=UTC)


@cache
def pixels(content):
    stream = BytesIO()
    Image.new("RGB", (2, 2), (content % 256, content // 256, 7)).save(stream, "PNG")
    return stream.getvalue()


@attrs.define
class Seen:
    """What a person would say about an image."""

    content: int
    directory: str
    name: str
    there: bool = True
    """Whether its file is there."""
    status: str = "open"
    known: tuple | None = None
    """Where a scan last found it: a file that moves and then goes, unseen, went from there."""

    @property
    def counts(self):
        """Whether it is seen: an open image that is gone is not, nor what was executed before starting afresh."""
        return self.status != "uncounted" and (self.there or self.status != "open")


class Trees(RuleBasedStateMachine):
    @initialize()
    def open(self):
        self.place = Path(tempfile.mkdtemp(prefix="cropledger-trees-", dir=MEMORY)).resolve()
        for name in DIRECTORIES:
            (self.place / name).mkdir()
        self.images, self.now, self.contents = [], START, 0
        self.reopen()

    def reopen(self):
        self.ledger = Ledger.create(self.place / "ledger.db", clock=lambda: self.now)
        self.store = Store.open(self.place / "projections.db")
        catch_up(self.ledger, self.store)
        self.projections = Projections.open(self.place / "projections.db")
        self.scanner = Scanner(self.ledger, self.projections, Zones.of(self.place))

    def shut(self):
        self.projections.close()
        self.store.close()
        self.ledger.close()

    def teardown(self):
        if hasattr(self, "place"):
            self.every_image_is_presented_until_decided_and_counted_once()
            self.shut()
            shutil.rmtree(self.place)

    # -- what happens to files

    def path(self, image):
        return self.place / image.directory / image.name

    def at(self, directory, name):
        """The images that hold a name: whose file is there, or whose crop is owed under it."""
        return [each for each in self.images if (each.directory, each.name) == (directory, name)
                and (each.there or each.status in {"pending", "failed"})]  # fmt: skip

    def free(self, directory, name):
        return not self.at(directory, name)

    @rule(directory=st.sampled_from(DIRECTORIES), name=st.sampled_from(NAMES))
    def add(self, directory, name):
        if self.free(directory, name):
            self.contents += 1
            (self.place / directory / name).write_bytes(pixels(self.contents))
            self.images.append(Seen(self.contents, directory, name))

    @rule(data=st.data())
    @precondition(lambda self: any(each.there for each in self.images))
    def remove(self, data):
        image = data.draw(st.sampled_from([each for each in self.images if each.there]))
        others = [each for each in self.at(*image.known) if each is not image] if image.known else []
        if image.status in {"pending", "failed"} and others:
            return  # another file took the name that its crop is owed under: the mark stands for that one
        self.path(image).unlink()
        if image.known is None:
            self.images.remove(image)
            return
        image.there, (image.directory, image.name) = False, image.known

    @rule(data=st.data(), directory=st.sampled_from(DIRECTORIES), name=st.sampled_from(NAMES))
    @precondition(lambda self: any(each.there for each in self.images))
    def move(self, data, directory, name):
        image = data.draw(st.sampled_from([each for each in self.images if each.there]))
        if self.free(directory, name):
            self.path(image).rename(self.place / directory / name)
            image.directory, image.name = directory, name

    @rule(data=st.data())
    @precondition(lambda self: sum(each.there for each in self.images) > 1)
    def swap(self, data):
        there = [each for each in self.images if each.there]
        one, other = data.draw(st.lists(st.sampled_from(there), min_size=2, max_size=2, unique_by=id))
        for image, source in ((one, other), (other, one)):
            (self.place / source.directory / source.name).write_bytes(pixels(image.content))
        one.directory, one.name, other.directory, other.name = other.directory, other.name, one.directory, one.name

    @rule(data=st.data(), directory=st.sampled_from(DIRECTORIES), name=st.sampled_from(NAMES))
    def bring_back(self, data, directory, name):
        gone = [each for each in self.images if not each.there and each.status in {"open", "skipped", "kept"}]
        if gone and self.free(directory, name):
            image = data.draw(st.sampled_from(gone))
            (self.place / directory / name).write_bytes(pixels(image.content))
            image.directory, image.name, image.there = directory, name, True

    # -- what people and runs do

    def scan(self):
        for name in DIRECTORIES:
            self.scanner.scan(self.place / name, Asked("operator:ann", "c", self.now))
            catch_up(self.ledger, self.store)
        for image in self.images:
            if image.there:
                image.known = image.directory, image.name

    def do(self, command):
        self.now += timedelta(seconds=1)
        handle(Request(command, "operator:ann", "c"), ledger=self.ledger, now=self.now)
        catch_up(self.ledger, self.store)

    def subject(self, image):
        return images_at(self.path(image), self.projections, "p")[0].subject

    @rule(directory=st.sampled_from(DIRECTORIES), how=st.sampled_from(["record", "record", "skip", "keep", "quit"]))
    def decide_what_is_presented(self, directory, how):
        self.scan()
        for found in next_images(self.projections, str(self.place / directory), project="p"):
            [image] = [each for each in self.images if each.there and str(self.path(each)) == found.path]
            assert image.status in {"open", "failed"}, "presented although it is decided"
            subject = subject_for(Path(found.path), "p", self.projections, found.sha256)
            if how == "record":
                mark = CropRecorded("p", found.path, Box(0, 0, 1, 0.5), SIZE, found.sha256, found.size_bytes)
                self.do(RecordCrop(subject, mark))
                image.status = "pending"
            elif how == "skip":
                self.do(SkipImage(subject, "p", found.path, "blurred", found.sha256))
                image.status = "skipped"
            elif how == "keep":
                self.do(KeepImage(subject, ImageKept("p", found.path, sha256=found.sha256)))
                image.status = "kept"

    def pending(self):
        self.scan()
        return [each for each in self.images if each.status == "pending"]

    @rule(data=st.data(), executed=st.booleans())
    @precondition(lambda self: any(each.status == "pending" and each.there for each in self.images))
    def run(self, data, executed):
        image = data.draw(st.sampled_from([each for each in self.pending() if each.there]))
        subject, path = self.subject(image), str(self.path(image))
        if not executed:
            self.do(FailCrop(subject, CropFailed("r1", 0, "unreadable", "cannot be read", final=True)))
            image.status = "failed"
            return
        sha, output, kept = "a" * 64, f"{self.place}/out/{image.content}.png", f"/originals/{image.content}"
        self.do(
            StartCrop(subject, CropStarted("r1", 1, path, sha, 9, 1, SIZE, PixelBox(0, 0, 2, 1), output, "t", kept))
        )
        done = CropExecuted("r1", 1, path, sha, kept, output, f"{image.content:064}", 5, Dimensions(2, 1))
        self.do(FinishCrop(subject, done))
        self.path(image).unlink()
        image.status, image.there = "executed", False

    @rule(data=st.data())
    @precondition(lambda self: any(each.status == "pending" for each in self.images))
    def withdraw(self, data):
        image = data.draw(st.sampled_from(self.pending()))
        self.do(WithdrawCrop(self.subject(image)))
        image.status = "open"

    @rule(directory=st.sampled_from(DIRECTORIES))
    def start_afresh(self, directory):
        self.scan()
        plan = restartable(self.place / directory, self.projections)
        assert restart(plan, Asked("operator:ann", "c", self.now), ledger=self.ledger) == ()
        catch_up(self.ledger, self.store)
        for image in self.images:
            if image.directory == directory and image.counts:
                image.status = "uncounted" if image.status == "executed" else "open"

    @rule()
    def kill(self):
        self.shut()
        (self.place / "projections.db").unlink()
        self.reopen()

    # -- what must hold

    @rule()
    def every_image_is_presented_until_decided_and_counted_once(self):
        self.scan()
        for name in DIRECTORIES:
            self.compare(name, [each for each in self.images if each.directory == name and each.counts])

    def compare(self, name, model):
        directory = str(self.place / name)
        presented = [found.filename for found in next_images(self.projections, directory, project="p", limit=None)]
        waiting = [each.name for each in model if each.there and each.status in {"open", "failed"}]
        assert presented == sorted(waiting, key=in_order)
        owed = {found.filename for found in pending_images(self.projections, directory, project="p")}
        assert owed == {each.name for each in model if each.there and each.status == "pending"}
        rows = progress(self.projections, directory=directory, project="p")
        assert len(rows) == bool(model)
        for row in rows:
            statuses = [each.status for each in model]
            assert row.completed + row.skipped + row.pending + row.failed + row.problem == row.seen == len(model)
            assert (row.open, row.owed, row.failed) == tuple(map(statuses.count, ("open", "pending", "failed")))
            assert (row.executed, row.skipped, row.kept) == tuple(map(statuses.count, ("executed", "skipped", "kept")))

    @invariant()
    def the_projections_are_what_the_ledger_adds_up_to(self):
        if hasattr(self, "place") and self.ledger.head().position % 7 == 6:
            assert check(self.ledger, self.place / "projections.db") == []


SOME = settings(max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(SOME, max_examples=600, stateful_step_count=50)


def test_resume_is_a_function_of_decisions():
    run_state_machine_as_test(Trees, settings=SOME)


@pytest.mark.campaign
def test_resume_is_a_function_of_decisions_at_length():
    run_state_machine_as_test(Trees, settings=MANY)
