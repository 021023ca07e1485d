"""What the plans of days add up to."""

from ledger.events.schedules import PlannedBatch, PlannedBlock, ScheduleCancelled, SchedulePlanned
from projections.schedules import schedule_of, schedules


def block(hour, *sizes):
    batches = tuple(
        PlannedBatch(f"2025-10-27T{hour:02d}:00:{n:02d}.000000Z", "local", size) for n, size in enumerate(sizes)
    )
    return PlannedBlock(
        "work", f"2025-10-27T{hour:02d}:00:00.000000Z", f"2025-10-27T{hour:02d}:30:00.000000Z", None, batches
    )


REST = PlannedBlock("break", "2025-10-27T09:30:00.000000Z", "2025-10-27T10:00:00.000000Z", "lunch", ())


def plan(stage, *blocks, date="2025-10-27", project=None, supersedes=None):
    planned = SchedulePlanned(date, "UTC", project, "poisson", 7, 0, "{}", None, 100, 98, blocks, supersedes)
    stage.append(f"schedule/{project or 'all'}/{date}", planned, "operator:ann")


def test_a_day_has_its_sums(stage):
    plan(stage, block(9, 3, 2), REST, block(10, 1))
    with stage.projections() as projections:
        [day] = schedules(projections)

    assert (day.date, day.project, day.status, day.method, day.seed) == ("2025-10-27", None, "planned", "poisson", 7)
    assert (day.work_blocks, day.breaks, day.batches, day.crops, day.crops_reserved) == (2, 1, 3, 6, 7)
    assert (day.starts_at, day.ends_at) == ("2025-10-27T09:00:00.000000Z", "2025-10-27T10:30:00.000000Z")


def test_a_plan_that_was_replaced_counts_no_more_but_keeps_its_rows(stage):
    plan(stage, block(9, 3, 3, 3))
    plan(stage, block(9, 1), supersedes=1)
    with stage.projections() as projections:
        [day] = schedules(projections)
    assert (day.crops, day.position) == (1, 2)

    from projections.store import Store

    with Store.open(stage.path) as store:
        assert store.connection.execute("SELECT position, count(*) FROM schedule_batches GROUP BY 1").fetchall() == [
            (1, 3),
            (2, 1),
        ]


def test_a_cancelled_day_says_so(stage):
    plan(stage, block(9, 3))
    stage.append("schedule/all/2025-10-27", ScheduleCancelled("ill"), "operator:ann")
    with stage.projections() as projections:
        day = schedule_of(projections, "schedule/all/2025-10-27")

    assert day is not None
    assert day.status == "cancelled"


def test_days_come_in_order_and_by_project(stage):
    plan(stage, block(9, 3), date="2025-10-28", project="q")
    plan(stage, block(9, 3), date="2025-10-27", project="p")
    plan(stage, date="2025-10-26")
    with stage.projections() as projections:
        assert [day.date for day in schedules(projections)] == ["2025-10-26", "2025-10-27", "2025-10-28"]
        assert [day.date for day in schedules(projections, project="q")] == ["2025-10-28"]
        assert schedules(projections)[0].crops == 0
