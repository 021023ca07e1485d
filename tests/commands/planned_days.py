"""A planned day on a virtual clock: a ledger, a queue, a plan, and runs that change no pixel but record everything."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs

from commands.crops import RecordCrop
from commands.decider import Request
from commands.handle import handle, handle_many
from commands.running.clock import VirtualClock
from commands.running.following import Following, Scene, days_to_follow, follow
from commands.running.runner import Done
from commands.running.simulating import Pretender
from commands.runs import PauseRun, ResumeRun, StopRun, run_subject
from commands.schedules import PlanSchedule, schedule_subject
from configs.home import Home
from configs.settings import load
from imaging.problems import Unusable
from imaging.zones import Zones
from ledger.events.crops import CropExecuted, CropFailed, CropRecorded, CropStarted
from ledger.events.runs import RunPaused
from ledger.events.schedules import PlannedBatch, PlannedBlock, SchedulePlanned
from ledger.log import Ledger
from ledger.values import Box, Dimensions, image_subject, instant
from projections.catch_up import catch_up
from projections.reader import Projections
from projections.store import Store

NINE = datetime(2025, 10, 27, 16, tzinfo=UTC)
"""Nine o'clock on a Monday in Los Angeles."""
DAY = "schedule/all/2025-10-27"
NEVER = (float("inf"), float("inf"))


def work(start_s, *batches):
    """A stretch of work that begins then, with (seconds behind its start, crops) for each batch."""
    return start_s, batches


TWO_BLOCKS = (work(0, (0, 2), (30, 2), (60, 2)), work(400, (0, 2), (30, 2), (60, 2)))
"""Twelve crops: six, a break of five and a half minutes, six."""


def plan_of(blocks, crops_max, supersedes=None):
    """A plan with breaks between these stretches of work."""
    planned = []
    for number, (start_s, batches) in enumerate(blocks):
        end_s = start_s + batches[-1][0] + 1
        of = tuple(PlannedBatch(at(start_s + offset), at(start_s + offset), crops) for offset, crops in batches)
        planned.append(PlannedBlock("work", at(start_s), at(end_s), None, of))
        if number + 1 < len(blocks):
            planned.append(PlannedBlock("break", at(end_s), at(blocks[number + 1][0]), "micro", ()))
    return SchedulePlanned(
        date="2025-10-27", timezone="America/Los_Angeles", project=None, method="policy", seed=1, ledger_position=0,
        settings=json.dumps({}), not_before=None, queue=crops_max, crops_max=crops_max, blocks=tuple(planned),
        supersedes=supersedes,
    )  # fmt: skip


def at(seconds):
    return instant(NINE + timedelta(seconds=seconds))


@attrs.define(kw_only=True)
class Worker(Pretender):
    """Executes in pretence; fails where it is told to, and takes as long as it is told to."""

    broken: dict = attrs.Factory(dict)
    """Name of a file -> how often it still fails for a passing reason."""
    slow: dict = attrs.Factory(dict)
    """Name of a file -> how long it takes."""
    dies_at: int = -1
    """The crop (counted from 0) in which its process dies."""
    dies_claiming: int = -1
    """The batch (counted from 0) that it has begun and is about to claim when its process dies."""
    batches: int = 0
    begun: int = 0
    seen_s: list = attrs.Factory(list)
    """When each crop was begun, by the clock of the plan."""

    def cut(self, claim):
        name = Path(claim.started.source).name
        self.begun += 1
        self.seen_s.append(self.clock.now_s())
        if self.begun - 1 == self.dies_at:
            raise KeyboardInterrupt
        if self.broken.get(name, 0) > 0:
            self.broken[name] -= 1
            return Unusable(f"{name}: no space", reason="disk_full", transient=True)
        self.crop_s = self.slow.get(name, 0.25)
        return super().cut(claim)

    def _claim(self, batch, cause):
        self.batches += 1
        if self.batches - 1 == self.dies_claiming:
            raise KeyboardInterrupt
        yield from super()._claim(batch, cause)

    def recover(self, stuck):
        """The disk knows nothing of pretended crops: what was interrupted is owed again."""
        for subject in stuck:
            started = self.image(subject).started
            if started is not None:
                failed = CropFailed(started.run, started.attempt, "interrupted", "interrupted", final=False)
                yield self._record_failure(subject, started.source, failed)


class World:
    """The ledger, the plan, the clock and the runs, one after the other."""

    def __init__(self, root, blocks=TWO_BLOCKS, crops=20, starts_s=-60.0, **settings):
        self.root, self.photos = root, root / "photos"
        self.photos.mkdir()
        self.home = Home(root / "home")
        self.clock = VirtualClock(NINE.timestamp() + starts_s)
        self.ledger = Ledger.create(self.home.ledger, clock=self.clock.stamp)
        self.store = Store.open(self.home.projections)
        self.settings = attrs.evolve(load(self.home.config), retry_jitter_percent=0, **settings)
        self.blocks, self.runs, self.told = blocks, 0, []
        self.broken, self.slow = {}, {}
        self.record(crops)
        self.plan(blocks)
        catch_up(self.ledger, self.store)
        self.projections = Projections.open(self.home.projections)

    def close(self):
        self.projections.close()
        self.store.close()
        self.ledger.close()

    @property
    def now_s(self):
        return self.clock.now_s() - NINE.timestamp()

    def record(self, count):
        names = [self.photos / f"{number:03}.png" for number in range(count)]
        for name in names:
            name.touch()
        size, box = Dimensions(100, 100), Box(0.1, 0.1, 0.6, 0.6)
        requests = [
            Request(
                RecordCrop(image_subject("p", name), CropRecorded("p", str(name), box, size, "a" * 64, 10, "g")),
                "operator:ann", "marks",
            )
            for name in names
        ]  # fmt: skip
        handle_many(requests, ledger=self.ledger, now=NINE - timedelta(hours=10))

    def plan(self, blocks):
        command = PlanSchedule(schedule_subject(None, "2025-10-27"), plan_of(blocks, 10_000))
        handle(Request(command, "operator:ann", "plan"), ledger=self.ledger, now=self.clock.stamp())

    def runner(self, **how):
        self.runs += 1
        return Worker(
            ledger=self.ledger, home=self.home, settings=self.settings, zones=Zones.of(self.root),
            run=f"r{self.runs}", batch_size=3, owed_beside=lambda _: frozenset(), clock=self.clock,
            broken=self.broken, slow=self.slow, **how,
        )  # fmt: skip

    def run(self, missed="skip", **how):
        """Follow the day to its end, or to the run's; returns what was yielded."""
        runner = self.runner(**how)
        days = days_to_follow(self.projections, None, 1, NINE.date(), NINE)
        told = []
        try:
            told.extend(follow(Following(days, None, missed), Scene(runner, self.projections, self.store), self.clock))
        except KeyboardInterrupt:
            assert how.get("dies_at", -1) >= 0 or how.get("dies_claiming", -1) >= 0
        self.told += told
        catch_up(self.ledger, self.store)
        return told

    # -- somebody at another terminal

    def say(self, command):
        handle(Request(command, "operator:ben", "steer"), ledger=self.ledger, now=self.clock.stamp())

    def pause(self):
        self.say(PauseRun(run_subject(f"r{self.runs}"), RunPaused("asked")))

    def resume(self):
        self.say(ResumeRun(run_subject(f"r{self.runs}")))

    def stop(self):
        self.say(StopRun(run_subject(f"r{self.runs}")))

    def later(self, seconds, happen):
        self.clock.at(NINE.timestamp() + seconds, happen)

    # -- what came of it

    def events(self, kind):
        return [entry.event for entry in self.ledger.read(limit=100_000) if isinstance(entry.event, kind)]

    def begun_s(self):
        """When each crop was begun, in seconds from nine."""
        starts = [entry for entry in self.ledger.read(limit=100_000) if isinstance(entry.event, CropStarted)]
        return [round((datetime.fromisoformat(entry.occurred_at) - NINE).total_seconds(), 2) for entry in starts]

    def executed_s(self):
        """When each crop was done, in seconds from nine."""
        done = [entry for entry in self.ledger.read(limit=100_000) if isinstance(entry.event, CropExecuted)]
        return [(datetime.fromisoformat(entry.occurred_at) - NINE).total_seconds() for entry in done]

    def outcomes(self, told):
        return [each.outcome for each in told if isinstance(each, Done)]
