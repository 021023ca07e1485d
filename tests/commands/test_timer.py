"""Following a planned day, on a virtual clock: what is executed when, and what becomes of what is not."""

import pytest

from commands.handle import handle
from commands.running.runner import Done
from commands.running.timer import BlockOver, DayOver
from ledger.errors import CropledgerError, NotFound, Refused
from ledger.events.crops import CropExecuted, CropFailed, CropReleased
from ledger.events.runs import (
    BatchBegun,
    BatchesMissed,
    BatchOverran,
    BlockBegun,
    ClockJumped,
    RunEnded,
    RunPaused,
    RunStarted,
)
from projections.catch_up import catch_up
from projections.executions import runs
from projections.queue import sizes
from projections.runs import actual_batches, actual_blocks, actual_day, unfinished
from projections.schedules import schedule_of
from tests.commands.planned_days import DAY, NINE, TWO_BLOCKS, World, work


@pytest.fixture
def world_of(tmp_path):
    made = []

    def make(*arguments, **settings):
        world = World(tmp_path / str(len(made)), *arguments, **settings)
        made.append(world)
        return world

    (tmp_path / "0").mkdir()
    (tmp_path / "1").mkdir()
    yield make
    for world in made:
        world.close()


def position(world):
    return schedule_of(world.projections, DAY).position


def missed(world):
    return [(each.first, each.last, each.crops, each.carried, each.reason) for each in world.events(BatchesMissed)]


def test_each_batch_is_executed_at_its_time_and_breaks_are_empty(world_of):
    world = world_of()
    world.run()
    assert world.begun_s() == [0, 0, 30, 30, 60, 60, 400, 400, 430, 430, 460, 460]
    assert [event.late_s for event in world.events(BatchBegun)] == [0.0] * 6
    assert missed(world) == []
    assert sizes(world.projections).pending == 8
    assert world.events(RunEnded) == [RunEnded("finished")]


def test_the_run_says_what_it_follows_and_everything_it_does_is_its_own(world_of):
    world = world_of()
    world.run("spread")
    [started] = world.events(RunStarted)
    assert (started.mode, started.schedules, started.missed, started.project) == ("schedule", (DAY,), "spread", None)
    entries = world.ledger.read(limit=1000)
    theirs = [entry for entry in entries if not isinstance(entry.event, RunStarted) and entry.actor == "runner:r1"]
    assert len(theirs) == 2 + 6 + 12 + 12 + 1, "two blocks, six batches, twelve claims, twelve crops, one end"
    begun = {entry.id for entry in entries if isinstance(entry.event, BatchBegun)}
    assert {entry.causation for entry in entries if entry.event.TYPE == "crop.started"} == begun


def test_what_a_stretch_of_work_needs_is_looked_at_before_it_begins(world_of):
    world = world_of(crops=9)
    (world.photos / "001.png").unlink()
    world.run()
    first, second = world.events(BlockBegun)
    assert (first.crops, first.waiting, first.missing_files, first.problems) == (6, 9, 1, ("missing_files",))
    assert (second.crops, second.waiting, second.problems) == (6, 3, ("starved",))
    at = [entry.occurred_at for entry in world.ledger.read(limit=1000) if isinstance(entry.event, BlockBegun)]
    assert [text[11:19] for text in at] == ["15:59:55", "16:06:35"]


def test_a_disk_that_is_nearly_full_is_recorded_before_it_is_full(world_of, monkeypatch):
    class Full:
        f_bavail, f_frsize = 0, 4096

    world = world_of()
    monkeypatch.setattr("commands.inspection.looking.os.statvfs", lambda _: Full)
    world.run()
    first = world.events(BlockBegun)[0]
    assert first.problems == ("disk_low",)
    assert first.needed_bytes > first.free_bytes == 0


def test_a_queue_that_runs_dry_is_recorded(world_of):
    world = world_of(crops=7)
    world.run()
    assert missed(world) == [(5, 5, 2, 0, "starved"), (6, 6, 2, 0, "starved")]
    assert len(world.executed_s()) == 7


def test_what_a_dry_queue_could_not_give_is_not_carried_over(world_of):
    world = world_of(crops=2)
    world.later(100, lambda: world.record(8))
    world.run("spread")
    assert missed(world) == [(2, 2, 2, 0, "starved"), (3, 3, 2, 0, "starved")]
    assert [(event.crops, event.carried) for event in world.events(BatchBegun)] == [(2, 0)] * 4


def test_a_late_start_skips_what_is_past_and_begins_with_what_is_due(world_of):
    world = world_of(starts_s=45.0)
    world.run()
    assert missed(world) == [(1, 1, 2, 0, "late_start")]
    assert world.begun_s()[:2] == [45, 45], "the latest batch that is due is still in time"
    assert world.events(BatchBegun)[0].late_s == 15
    assert len(world.executed_s()) == 10


def test_what_is_past_can_be_spread_over_later_batches_and_is_no_burst(world_of):
    world = world_of(starts_s=200.0)
    world.run("spread")
    assert missed(world) == [(1, 3, 6, 6, "late_start")]
    assert [(event.crops, event.carried) for event in world.events(BatchBegun)] == [(4, 2)] * 3
    assert len(world.executed_s()) == 12


def test_what_is_spread_is_spread_evenly(world_of):
    world = world_of((work(0, (0, 3)), work(400, (0, 3), (30, 3), (60, 3))), starts_s=200.0)
    world.run("spread")
    assert [event.crops for event in world.events(BatchBegun)] == [4, 4, 4]


def test_no_batch_grows_beyond_twice_its_size(world_of):
    world = world_of((work(0, *((30 * n, 2) for n in range(5))), work(400, (0, 2))), starts_s=200.0)
    world.run("spread")
    assert missed(world) == [(1, 5, 10, 2, "late_start")]
    assert [event.crops for event in world.events(BatchBegun)] == [4]


def test_a_batch_that_is_too_late_is_missed_though_nothing_else_is_due(world_of):
    world = world_of((work(0, (0, 2), (200, 2)),), starts_s=70.0)
    world.run()
    assert missed(world) == [(1, 1, 2, 0, "late_start")]
    assert world.begun_s() == [200, 200]


def test_a_pause_executes_nothing_and_misses_what_comes_due(world_of):
    world = world_of()
    world.later(10, world.pause)
    world.later(420, world.resume)
    world.run()
    assert world.begun_s() == [0, 0, 420, 420, 430, 430, 460, 460]
    assert missed(world)[:2] == [(2, 2, 2, 0, "paused"), (3, 3, 2, 0, "paused")]


def test_being_woken_shortly_before_a_batch_does_not_begin_it_early(world_of):
    world = world_of()
    world.later(26, world.pause)
    world.later(28, world.resume)
    world.run()
    assert world.begun_s() == [0, 0, 30, 30, 60, 60, 400, 400, 430, 430, 460, 460]


def test_a_pause_that_outlasts_the_day_ends_with_it(world_of):
    world = world_of()
    world.later(-30, world.pause)
    world.run()
    assert world.begun_s() == []
    assert sum(event.crops for event in world.events(BatchesMissed)) == 12
    assert world.events(RunEnded) == [RunEnded("finished")]


def test_a_stop_gives_back_what_was_only_claimed(world_of):
    world = world_of()
    world.later(30.1, world.stop)
    world.run()
    assert len(world.executed_s()) == 3
    assert [event.reason for event in world.events(CropReleased)] == ["stopped"]
    assert world.events(RunEnded) == [RunEnded("stopped")]
    assert sizes(world.projections).pending == 17


def test_a_pause_within_a_batch_leaves_its_rest_to_later_batches(world_of):
    world = world_of()
    world.later(30.1, world.pause)
    world.later(35, world.resume)
    world.run()
    assert [event.reason for event in world.events(CropReleased)] == ["paused"]
    assert [(event.crops, event.carried) for event in world.events(BatchBegun)] == [
        (2, 0), (2, 0), (3, 1), (2, 0), (2, 0), (2, 0),
    ]  # fmt: skip
    assert len(world.executed_s()) == 12


def test_a_slow_crop_is_recorded_and_what_it_delays_is_no_burst(world_of):
    world = world_of()
    world.slow["000.png"] = 75.0
    world.run()
    assert [(event.batch, event.into) for event in world.events(BatchOverran)] == [(1, "break")]
    assert missed(world) == [(2, 3, 5, 1, "overrun")], "with the crop that was given back, which is passed on"
    assert world.events(CropReleased)[0].reason == "break", "its second crop would have begun in the break"


def test_a_crop_that_runs_into_the_next_batch_is_recorded_and_the_next_begins_at_once(world_of):
    world = world_of()
    world.slow["001.png"] = 32.0
    world.run()
    assert [(event.batch, event.into, event.over_s) for event in world.events(BatchOverran)] == [(1, "batch", 2.25)]
    assert world.begun_s()[2:4] == [32.25, 32.25]
    assert missed(world) == []


def test_a_clock_that_jumps_is_recorded_and_the_plan_goes_on_from_now(world_of):
    world = world_of()
    world.later(100, lambda: world.clock.leap(340))
    world.run()
    assert [event.by_s for event in world.events(ClockJumped)] == [340.0]
    assert missed(world) == [(4, 4, 2, 0, "clock_jump")]
    assert world.begun_s()[6:] == [440, 440, 460, 460]


def test_a_clock_that_is_set_back_executes_nothing_twice(world_of):
    world = world_of()
    world.later(45, lambda: world.clock.leap(-40))
    world.run()
    assert [event.by_s for event in world.events(ClockJumped)] == [-40.0]
    assert len(world.executed_s()) == 12
    assert len({event.batch for event in world.events(BatchBegun)}) == 6


def test_too_many_failures_in_a_row_pause_the_run_before_the_queue_is_burnt(world_of):
    world = world_of(stop_after_failures=3)
    world.broken |= {f"{number:03}.png": 99 for number in range(20)}
    world.run()
    [pause] = world.events(RunPaused)
    assert pause.reason == "failures"
    assert "3 failures in a row" in pause.message
    assert len(world.events(CropFailed)) == 3
    assert sizes(world.projections).failed == 0


def test_after_a_pause_for_failures_the_count_begins_anew(world_of):
    world = world_of(stop_after_failures=3)
    world.broken |= {f"{number:03}.png": 99 for number in range(20)}
    world.later(45, world.resume)
    world.run()
    assert len(world.events(RunPaused)) == 2
    assert len(world.events(CropFailed)) == 6


def test_what_fails_for_a_passing_reason_is_tried_again_later_and_counted_once(world_of):
    world = world_of()
    world.broken["000.png"] = 2
    world.run()
    failed = world.events(CropFailed)
    assert [(each.attempt, each.final, each.retry_after_s) for each in failed] == [(1, False, 0.5), (2, False, 1.0)]
    assert len(world.executed_s()) == 12
    assert sizes(world.projections).failed == 0


def test_a_lost_file_fails_with_its_reason_and_its_batch_is_not_the_worse_for_it(world_of):
    world = world_of()
    (world.photos / "002.png").unlink()
    world.run()
    day = actual_day(world.projections, position(world))
    assert (day.executed, day.failed) == (11, 1)
    assert [(each.reason, each.final) for each in world.events(CropFailed)] == [("missing", True)]


@pytest.mark.parametrize("crop", range(12))
def test_a_run_that_dies_is_followed_by_one_that_does_the_rest(world_of, crop):
    world = world_of()
    world.run(dies_at=crop)
    assert world.events(RunEnded) == []
    world.run()
    assert [event.reason for event in world.events(RunEnded)] == ["lost", "finished"]
    batches = [event.batch for event in world.events(BatchBegun)]
    assert sorted(set(batches)) == sorted(batches), "no batch is begun twice"
    executed = [event.source for event in world.events(CropExecuted)]
    assert len(executed) == len(set(executed)) == 12 if crop < 10 else len(executed) in {10, 11}


@pytest.mark.parametrize("batch", range(6))
def test_a_run_that_dies_before_it_has_claimed_anything_leaves_the_batch_to_the_next(world_of, batch):
    world = world_of()
    world.run(dies_claiming=batch)
    world.run()
    assert len(world.executed_s()) == (12 if batch < 5 else 10)
    assert unfinished(world.projections, position(world)) == (0 if batch < 5 else 2)


def test_a_plan_that_changes_meanwhile_is_followed_as_it_is_now(world_of):
    world = world_of()
    world.later(100, lambda: world.plan((work(300, (0, 1)),)))
    world.run()
    assert world.begun_s() == [0, 0, 30, 30, 60, 60, 300]
    assert world.events(RunEnded) == [RunEnded("finished")]


def test_a_plan_that_is_cancelled_meanwhile_ends_the_run(world_of):
    from commands.schedules import CancelSchedule

    world = world_of()
    world.later(100, lambda: world.say(CancelSchedule(DAY)))
    world.run()
    assert len(world.executed_s()) == 6


def test_planned_and_actual_are_told_for_stretches_and_days_and_stand_in_the_views(world_of):
    world = world_of(starts_s=45.0)
    told = world.run()
    blocks = [each.actual for each in told if isinstance(each, BlockOver)]
    assert [(each.planned, each.executed, each.missed) for each in blocks] == [(6, 4, 1), (6, 6, 0)]
    [day] = [each.actual for each in told if isinstance(each, DayOver)]
    assert (day.planned, day.executed, day.missed_crops, day.late_max_s) == (12, 10, 2, 15.0)
    assert actual_blocks(world.projections, position(world)) == blocks
    assert actual_day(world.projections, position(world)) == day
    assert [each.status for each in actual_batches(world.projections, position(world))] == ["missed"] + ["begun"] * 5
    assert unfinished(world.projections, position(world)) == 0


def test_an_undone_crop_was_executed_all_the_same(world_of):
    world = world_of()
    world.run()
    [total] = runs(world.projections)
    assert (total.attempts, total.executed) == (12, 12)


def test_a_day_nobody_planned_cannot_be_followed(world_of):
    from commands.running.following import days_to_follow

    world = world_of()
    with pytest.raises(NotFound, match="2025-10-27"):
        days_to_follow(world.projections, None, 1, None, NINE.replace(year=2026))
    with pytest.raises(NotFound, match="Nothing is planned for q"):
        days_to_follow(world.projections, "q", 1, NINE.date(), NINE)
    assert [day.date for day in days_to_follow(world.projections, None, 1, None, NINE)] == ["2025-10-27"]
    assert [day.date for day in days_to_follow(world.projections, None, 3, None, NINE.replace(day=26))]


def test_a_second_run_is_refused_while_the_first_one_lives(world_of):
    world = world_of()
    refused = []

    def another():
        try:
            world.run()
        except Refused as why:
            refused.append(why)
        world.runs -= 1

    world.later(10, another)
    world.run()
    assert [str(why)[:17] for why in refused] == ["Run r1 is at work"]
    assert len(world.executed_s()) == 12


def test_the_same_plan_again_the_next_morning_has_nothing_left(world_of):
    world = world_of()
    world.run()
    before = world.ledger.head().position
    told = world.run()
    assert [each for each in told if isinstance(each, Done)] == []
    assert world.ledger.head().position == before + 2, "a run that begins and ends"


def test_a_plan_that_breaks_the_rules_of_plans_is_not_recorded(world_of):
    from attrs import evolve

    from commands.decider import Request
    from commands.schedules import PlanSchedule
    from tests.commands.planned_days import plan_of

    world = world_of()
    sound = plan_of(TWO_BLOCKS, 100)
    wrong = [
        (DAY, evolve(sound, blocks=sound.blocks[::-1])),
        (DAY, evolve(sound, crops_max=3)),
        (DAY, evolve(sound, timezone="Nowhere/At_All")),
        (DAY, evolve(sound, settings="{")),
        ("schedule/p/2025-10-27", sound),
        ("schedule/all/2025-10-28", sound),
    ]
    before = world.ledger.head()
    for subject, plan in wrong:
        with pytest.raises(CropledgerError):
            handle(Request(PlanSchedule(subject, plan), "operator:ann", "c"), ledger=world.ledger, now=NINE)
    assert world.ledger.head() == before
    catch_up(world.ledger, world.store)
