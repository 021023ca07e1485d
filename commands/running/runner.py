"""Executes the queue: claims crops, has them written and verified, and records how each ended.

The only caller of `imaging.write`. Every step that the disk takes is announced in `crop.started` first, so that
whatever happens to this process, the next run can finish or clear up from the ledger and the disk alone.
"""

import heapq
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import ClassVar

from attrs import Factory, define, evolve, frozen

from commands.crops import IMAGES, FailCrop, FinishCrop, ReleaseCrop, StartCrop
from commands.decider import Request
from commands.handle import handle, handle_many, replay
from commands.image import Image
from commands.running.leases import lock_of
from commands.running.side_by_side import side_by_side
from configs.home import Home
from configs.settings import Settings
from db.lock import held_while_alive
from imaging import commit, write
from imaging.companions import Listing, list_directory
from imaging.plan import Ways, plan
from imaging.problems import Unfinished, Unusable
from imaging.read import ImageFile, observe
from imaging.verify import Written
from imaging.zones import Zones
from ledger.errors import Conflict, CropledgerError, Invalid, Unsafe
from ledger.events.crops import CropExecuted, CropFailed, CropRecorded, CropReleased, CropStarted
from ledger.log import Ledger

REFUSED = (Unusable, Unsafe, Invalid)
"""What a file, a place or a name can be refused for; anything else is a bug and stops the run."""


@frozen
class Left:
    """An attempt that is neither done nor undone on disk; it stays started, and the next run finishes it."""

    TYPE: ClassVar[str] = "left"
    message: str


Outcome = CropExecuted | CropFailed | Left


Cut = Written | CropExecuted | CropledgerError
"""What came of cutting: a file to be put in its place, or why there is none; who only pretends is done with it."""

TOGETHER = 8
"""How many crops are put in their places at once: the disk is waited for once for all of them."""
TOGETHER_S = 1.0
"""How long the first of them may wait for the others."""

LISTING_AGE_S = 1.0
"""How old a directory's listing may be: a companion that appears within it counts as one that came after the claim."""


@frozen
class Done:
    """How one attempt ended."""

    subject: str
    path: str
    outcome: Outcome
    warnings: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether the crop is off the queue: executed, or failed for good."""
        return not isinstance(self.outcome, CropFailed) or self.outcome.final


@frozen
class Claim:
    """A crop that is ours to execute."""

    subject: str
    started: CropStarted


def _wall_clock() -> datetime:
    return datetime.now(UTC)


@define
class Runner:
    """One run, under a name of its own. Its lock file in `home/runs` says that it lives."""

    ledger: Ledger
    home: Home
    settings: Settings
    zones: Zones
    run: str
    batch_size: int
    owed_beside: Callable[[Path], frozenset[Path]]
    """The images in a directory that are owed crops of their own, and so are nobody's companions."""
    sleep: Callable[[float], None] = time.sleep
    stamp: Callable[[], datetime] = _wall_clock
    attend: Callable[[], None] = lambda: None
    """Called before each batch; may wait, and may ask to stop."""
    hold: Callable[[], str | None] = lambda: None
    """Asked before each crop: why it may not be begun now, if so; then what is claimed is given back."""
    workers: int = 1
    """How many crops are written at once; the ledger is written by one thread in any case."""
    reencode: bool = False
    """Whether lossy images other than JPEG may be encoded once more."""
    chance: Random = Factory(Random)
    stopped: str | None = None
    """Why it is to stop: finish the crop in hand, then no more."""
    words: str | None = None
    """The same for a person."""
    _waiting: list[tuple[float, int, str]] = Factory(list)
    _tries: dict[str, int] = Factory(dict)
    _listings: dict[Path, tuple[float, Listing]] = Factory(dict)
    """The directory at hand, and when it was listed."""

    def now(self) -> datetime:
        """What its entries say of when they happened."""
        return self.stamp()

    @property
    def stopping(self) -> bool:
        """Whether nothing more is to be begun."""
        return self.stopped is not None

    @property
    def actor(self) -> str:
        """Who its entries name."""
        return f"runner:{self.run}"

    # -- clearing up after runs that died -------------------------------------------------------------------------

    def recover(self, stuck: Iterator[str]) -> Iterator[Done]:
        """Finish or clear up what dead runs left started; crops of living runs are left alone."""
        for subject in stuck:
            claimed = self.image(subject).started
            if claimed is None:
                continue
            with held_while_alive(lock_of(self.home, claimed.run)) as dead:
                image = self.image(subject)  # again, behind the lock: somebody may have recovered it meanwhile
                if dead and image.status == "started" and image.started == claimed:
                    yield self._recovered(subject, claimed)

    def _recovered(self, subject: str, started: CropStarted) -> Done:
        try:
            self._check_zones(started)
            executed = commit.recover(started)
        except REFUSED as why:
            if _may_pass(why):
                return Done(subject, started.source, Left(str(why)))
            return self._give_up(subject, started, why)
        if executed is not None:
            return self._finish(subject, evolve(executed, recovered=True))
        message = f"{started.source}: run {started.run} was interrupted; the image is untouched."
        failed = CropFailed(started.run, started.attempt, "interrupted", message, final=False)
        return self._record_failure(subject, started.source, failed)

    def _check_zones(self, started: CropStarted) -> None:
        # The plan comes from the ledger, which takes events from scripts too: it may not lead anywhere else.
        moves = [path for move in started.companions for path in (move.source, move.destination)]
        for path in (started.source, started.output, started.temporary, *moves):
            self.zones.check(Path(path))
        Zones.of(self.home.originals).check(Path(started.archive))

    # -- executing ------------------------------------------------------------------------------------------------

    def execute(self, owed: list[str]) -> Iterator[Done]:
        """Execute these crops in order, claiming a batch at a time; what fails for a passing reason is tried again."""
        self._waiting = [(0.0, number, subject) for number, subject in enumerate(owed)]
        while self._waiting:
            self.attend()
            if self.stopping:
                return
            yield from self.batch(self._next_batch(), together=TOGETHER)

    def batch(self, owed: list[str], cause: str | None = None, *, together: int = 1) -> Iterator[Done]:
        """Claim these crops together and execute them in order; those that may not be begun any more are given back.

        `cause` is the id of the entry that the claims follow from. So many crops are put in their places, and recorded,
        at once.
        """
        claims = list(self._claim(owed, cause))
        yield from (claim for claim in claims if isinstance(claim, Done))
        begun = self._begun([claim for claim in claims if isinstance(claim, Claim)])
        for cuts in _in_groups(side_by_side(self.cut, begun, self.workers), together):
            yield from self._settled(cuts)

    def _begun(self, claims: list[Claim]) -> Iterator[Claim]:
        """One after the other, until they may not be begun any more; those are given back."""
        for number, claim in enumerate(claims):
            why = self.hold()
            if why is not None:
                self._release(claims[number:], why)
                return
            yield claim

    def _release(self, claims: list[Claim], why: str) -> None:
        """Give back what was claimed and not begun; if the run goes on, it comes to these crops again."""
        given = [CropReleased(claim.started.run, claim.started.attempt, why) for claim in claims]
        requests = [
            Request(ReleaseCrop(claim.subject, released), self.actor, self.run)
            for claim, released in zip(claims, given, strict=True)
        ]
        handle_many(requests, ledger=self.ledger, now=self.now())
        for claim in claims:
            heapq.heappush(self._waiting, (0.0, len(self._waiting), claim.subject))

    def _next_batch(self) -> list[str]:
        ready_at = self._waiting[0][0]
        pause = ready_at - time.monotonic()
        if pause > 0:
            self.sleep(pause)
        now = max(time.monotonic(), ready_at)
        batch: list[str] = []
        while self._waiting and len(batch) < self.batch_size and self._waiting[0][0] <= now:
            batch.append(heapq.heappop(self._waiting)[2])
        return batch

    def _claim(self, batch: list[str], cause: str | None) -> Iterator[Claim | Done]:
        """Plan these crops and claim them together; those that cannot be planned have failed."""
        plans: dict[str, CropStarted] = {}
        for subject in batch:
            image = self.image(subject)
            if image.status != "pending" or image.crop is None:
                continue  # withdrawn, or somebody else was quicker
            try:
                plans[subject] = self.planned(image.crop, image.attempts + 1)
            except REFUSED as why:
                yield from self._not_claimed(subject, image.crop.path, why, cause)
        requests = [
            Request(StartCrop(subject, start), self.actor, self.run, causation=cause)
            for subject, start in plans.items()
        ]
        refused = {index for index, _ in handle_many(requests, ledger=self.ledger, now=self.now()).refused}
        for index, (subject, start) in enumerate(plans.items()):
            if index not in refused:
                yield Claim(subject, start)

    def planned(self, crop: CropRecorded, attempt: int, look: Callable[[Path], ImageFile] = observe) -> CropStarted:
        """What executing this crop would write, from the file as `look` finds it now; raises one of `REFUSED`."""
        source = self.zones.check(Path(crop.path))
        image = look(source)
        output = destination(source, self.settings.destination)
        self.zones.check(output)
        return plan(
            image,
            crop.box,
            recorded=crop.dimensions,
            recorded_sha256=crop.sha256,
            run=self.run,
            attempt=attempt,
            output=output,
            archive_root=self.home.originals,
            companions=self._listing(source.parent).of(source, exclude=self.owed_beside(source.parent)),
            how=Ways(self.settings.jpeg, self.reencode),
        )

    def _listing(self, directory: Path) -> Listing:
        # Listing a directory of 10,000 files for every few crops would cost more than the crops.
        read_at, listing = self._listings.get(directory, (-LISTING_AGE_S, None))
        if listing is None or time.monotonic() - read_at > LISTING_AGE_S:
            listing = list_directory(directory)
            self._listings = {directory: (time.monotonic(), listing)}
        return listing

    def cut(self, claim: Claim) -> Cut:
        """Writing and verifying a crop, and nothing of the ledger's: it may run in any thread."""
        try:
            return write.write(claim.started)
        except REFUSED as why:
            return why

    def _settled(self, cuts: list[tuple[Claim, Cut]]) -> Iterator[Done]:
        """Put what was cut in its place, record what was executed at once, and what was not after that."""
        outcomes = self._committed(cuts)
        executed = [(claim.subject, each) for claim, each in outcomes if isinstance(each, CropExecuted)]
        self._record(executed)
        for claim, outcome in outcomes:
            if isinstance(outcome, CropExecuted):
                yield Done(claim.subject, outcome.source, outcome, outcome.warnings)
            elif isinstance(outcome, Unfinished):
                yield self._recovered(claim.subject, claim.started)
            else:
                yield self._failed(claim.subject, claim.started, outcome)

    def _committed(self, cuts: list[tuple[Claim, Cut]]) -> list[tuple[Claim, CropExecuted | CropledgerError]]:
        written = [(claim.started, each) for claim, each in cuts if isinstance(each, Written)]
        committed = iter(commit.commit_all(written))
        return [(claim, next(committed) if isinstance(each, Written) else each) for claim, each in cuts]

    def _record(self, executed: list[tuple[str, CropExecuted]]) -> None:
        requests = [Request(FinishCrop(subject, each), self.actor, self.run) for subject, each in executed]
        for _, why in handle_many(requests, ledger=self.ledger, now=self.now()).refused:
            raise why

    def _finish(self, subject: str, executed: CropExecuted) -> Done:
        self._record([(subject, executed)])
        return Done(subject, executed.source, executed, executed.warnings)

    # -- failing --------------------------------------------------------------------------------------------------

    def _failed(self, subject: str, started: CropStarted, why: CropledgerError) -> Done:
        if not _may_pass(why) or started.attempt >= self.settings.attempts_max:
            return self._give_up(subject, started, why)
        pause = self._again(subject, started.attempt)
        failed = CropFailed(started.run, started.attempt, _reason(why), str(why), final=False, retry_after_s=pause)
        return self._record_failure(subject, started.source, failed)

    def _give_up(self, subject: str, started: CropStarted, why: CropledgerError) -> Done:
        failed = CropFailed(started.run, started.attempt, _reason(why), str(why), final=True)
        return self._record_failure(subject, started.source, failed)

    def _not_claimed(self, subject: str, path: str, why: CropledgerError, cause: str | None) -> Iterator[Done]:
        self._tries[subject] = tries = self._tries.get(subject, 0) + 1
        final = not _may_pass(why) or tries >= self.settings.attempts_max
        pause = None if final else self._again(subject, tries)
        failed = CropFailed(self.run, 0, _reason(why), str(why), final=final, retry_after_s=pause)
        # Another run may have claimed it while we looked; then the file is gone because that run has moved it.
        with suppress(Conflict):
            yield self._record_failure(subject, path, failed, cause)

    def _again(self, subject: str, attempt: int) -> float:
        pause = self._backoff_s(attempt)
        heapq.heappush(self._waiting, (time.monotonic() + pause, len(self._waiting), subject))
        return pause

    def _backoff_s(self, attempt: int) -> float:
        """Twice as long after each try, up to a limit, and by chance a bit more or less."""
        longest = min(self.settings.retry_base_s * 2.0 ** (attempt - 1), self.settings.retry_max_s)
        jitter = self.settings.retry_jitter_percent / 100
        return longest * self.chance.uniform(1 - jitter, 1 + jitter)

    def _record_failure(self, subject: str, path: str, failed: CropFailed, cause: str | None = None) -> Done:
        request = Request(FailCrop(subject, failed), self.actor, self.run, causation=cause)
        handle(request, ledger=self.ledger, now=self.now())
        return Done(subject, path, failed)

    # -- the rest -------------------------------------------------------------------------------------------------

    def image(self, subject: str) -> Image:
        """What the ledger says of an image now."""
        image, _ = replay(IMAGES, self.ledger.history(subject))
        assert isinstance(image, Image)  # noqa: S101  # for the type checker: IMAGES folds into Image
        return image


def destination(source: Path, template: str) -> Path:
    """Where the crop of this image goes."""
    return Path(template.format(parent=source.parent.parent, directory=source.parent.name)) / source.name


def _in_groups(cuts: Iterable[tuple[Claim, Cut]], most: int) -> Iterator[list[tuple[Claim, Cut]]]:
    """So many at once, but none waits for long, nor for a failure to be told: too many of those end a run."""
    group: list[tuple[Claim, Cut]] = []
    since = 0.0
    for claim, cut in cuts:
        since = since if group else time.monotonic()
        group.append((claim, cut))
        if len(group) >= most or isinstance(cut, CropledgerError) or time.monotonic() - since > TOGETHER_S:
            yield group
            group = []
    if group:
        yield group


def _reason(why: CropledgerError) -> str:
    return why.reason if isinstance(why, Unusable) else type(why).__name__.lower()


def _may_pass(why: CropledgerError) -> bool:
    """Whether it may pass by itself, so that trying again makes sense."""
    return isinstance(why, Unusable) and why.transient
