"""What is drawn over time: what is owed minute by minute or hour by hour, what was executed by quarters of an hour."""

from projections.cadence import Quarter
from projections.executions import executed_between, executed_quarters
from projections.queue import Step, steps

BOX = "0.1,0.2,0.8,0.9"


def days(stage):
    """09:01 to 09:08 on one day: three are marked, one is withdrawn, two executed, one of them for the project Q."""
    stage.tell(f"""
        ann records a/1.png {BOX}
        ann records a/2.png {BOX}
        ann records a/3.png {BOX} project Q
        ann withdraws a/2.png
        r1 starts a/1.png
        r1 executes a/1.png
        r1 starts a/3.png project Q
        r1 executes a/3.png project Q
    """)
    return stage.projections()


def test_what_is_owed_changes_minute_by_minute(stage):
    found = steps(days(stage), stage.at(0), stage.at(9))

    assert found == [
        Step("2025-10-27T09:01", 1, 0), Step("2025-10-27T09:03", 1, 0), Step("2025-10-27T09:06", 0, 1),
        Step("2025-10-27T09:08", 0, 1),
    ]  # fmt: skip
    assert sum(step.marked for step in steps(stage.projections(), stage.at(2), stage.at(9))) == 1


def test_an_hour_s_changes_are_those_of_its_minutes_and_stand_at_its_end(stage):
    assert steps(days(stage), stage.at(0), stage.at(9), hourly=True) == [Step("2025-10-27T09:59", 2, 2)]
    assert steps(stage.projections(), stage.at(0), stage.at(9), project="Q", hourly=True) == [
        Step("2025-10-27T09:59", 1, 1)
    ]


def test_what_was_executed_is_counted_by_quarters_of_an_hour(stage):
    views = days(stage)
    nine = int(stage.now.replace(minute=0).timestamp())

    assert executed_quarters(views, stage.at(0), stage.at(9)) == [Quarter(nine, 2)]
    assert executed_quarters(views, stage.at(7), stage.at(9)) == [Quarter(nine, 1)]
    assert executed_quarters(views, stage.at(0), stage.at(8), project="Q") == []
    assert executed_quarters(views, stage.at(0), stage.at(9), project="Q") == [Quarter(nine, 1)]
    assert len(executed_between(views, stage.at(0), stage.at(9))) == 2
