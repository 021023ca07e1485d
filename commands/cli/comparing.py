"""Planned and actual, as a table below a drawn day."""

from datetime import datetime
from zoneinfo import ZoneInfo

from commands.cli.output import say, table
from commands.desk import Desk
from commands.schedules import schedule_subject
from ledger.events.schedules import SchedulePlanned
from projections.runs import Actual, actual_blocks, actual_day
from projections.schedules import schedule_of


def actual_of(desk: Desk, planned: SchedulePlanned) -> tuple[Actual | None, list[Actual]]:
    """What became of a planned day, and of each of its stretches of work; nothing where nobody followed it yet."""
    day = schedule_of(desk.projections, schedule_subject(planned.project, planned.date))
    if day is None:
        return None, []
    whole = actual_day(desk.projections, day.position)
    if whole is None or not whole.begun + whole.missed:
        return None, []
    return whole, actual_blocks(desk.projections, day.position)


def tell_actual(whole: Actual, blocks: list[Actual], planned: SchedulePlanned) -> None:
    """Print the day's sums and a row for each stretch of work."""
    from commands.cli.watching import sums

    zone = ZoneInfo(planned.timezone)
    rows = [
        (each.block, _clock(planned.blocks[each.block - 1].start, zone), each.planned, each.executed, each.failed,
         each.missed_crops, each.executed - each.planned, each.late_max_s)
        for each in blocks
    ]  # fmt: skip
    say(f"Planned and actual: {sums(whole)}.")
    say(table(("block", "begins", "planned", "executed", "failed", "missed", "variance", "late at most (s)"), rows))


def _clock(text: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(text).astimezone(zone):%H:%M:%S}"
