"""Where everything stands, as values: what the overview, its tables and the report in a file are drawn from."""

from datetime import datetime, timedelta
from functools import partial

from attrs import frozen

from commands.desk import Desk
from commands.progress.sitting_down import goes_on, per_hour
from commands.running.status import Status, status
from ledger.values import instant
from projections.cadence import marked_quarters
from projections.executions import executed_between, executed_quarters
from projections.problems import Problem, problems
from projections.progress import DirectoryProgress, progress
from projections.queue import OwedCrop, QueueSizes, owed, sizes, steps
from projections.schedules import Schedule, blocks, schedules
from projections.schedules import batches as planned_batches
from projections.sittings import Sitting, sittings
from projections.work import kinds_of_work
from web import burn, kinds, pace, strip
from web.charts import Cell, Chart, Column, Table
from web.chosen import Chosen

FEWEST_S = 60.0
"""Less work than this says nothing about the pace."""

NEWS_DAYS = 7
"""Problems older than this are history, also for who has not seen them."""


@frozen
class AtOnce:
    """What a person looks at first, and what is quickly asked: shown before all the rest when something happens."""

    chosen: Chosen
    queue: QueueSizes
    status: Status
    problems: tuple[Problem, ...]
    failed: tuple[OwedCrop, ...]


def at_once(desk: Desk, chosen: Chosen) -> AtOnce:
    """The queue, the runner, what failed and what a person should know."""
    views = desk.projections
    return AtOnce(
        chosen,
        sizes(views, project=chosen.project),
        status(desk.ledger, views, desk.home, desk.now),
        tuple(problems(views, instant(chosen.now - timedelta(days=NEWS_DAYS)))),
        tuple(owed(views, project=chosen.project, status="failed")),
    )


@frozen
class Standing:
    """Everything the overview shows, at one position of the ledger."""

    position: int
    chosen: Chosen
    first: AtOnce
    charts: tuple[Chart, ...]
    directories: tuple[DirectoryProgress, ...]
    sat: Table
    projects: tuple[str, ...]

    @property
    def tables(self) -> dict[str, Table]:
        """Every table, by its name in the address."""
        listed = [directories_table(self.directories), failures_table(self.first.failed, self.chosen), self.sat]
        return {table.name: table for table in [*(chart.table for chart in self.charts), *listed]}


def standing(desk: Desk, chosen: Chosen) -> Standing:
    """Where everything stands; the position is taken first, so that the live stream tells all that came later."""
    position, views, project = desk.ledger.head().position, desk.projections, chosen.project
    every = progress(views)
    return Standing(
        position,
        chosen,
        at_once(desk, chosen),
        tuple(_charts(desk, chosen)),
        tuple(each for each in every if project in {None, each.project}),
        _sat(desk, chosen),
        tuple(sorted({each.project for each in every if each.project})),
    )


def _charts(desk: Desk, chosen: Chosen) -> list[Chart]:
    views, project = desk.projections, chosen.project
    since_s, until_s = chosen.begins.timestamp(), chosen.ends.timestamp()
    plans = [plan for plan in schedules(views) if _shows(plan, chosen)]
    shown = [plan for plan in plans if chosen.one_day and plan.date == str(chosen.first)]
    executed = tuple(executed_between(views, chosen.since, chosen.until, project=project)) if shown else ()
    days = [
        strip.Day(plan, tuple(blocks(views, plan.position)), tuple(planned_batches(views, plan.position)), executed)
        for plan in shown
    ]  # fmt: skip
    coming = sorted((batch for day in days for batch in day.batches), key=lambda batch: batch.at)
    changed = partial(steps, views, project=project, hourly=not chosen.one_day)
    later = changed(chosen.until, instant(chosen.now + timedelta(days=1)))
    queue = burn.Burn(
        sizes(views, project=project).owed, tuple(changed(chosen.since, chosen.until)),
        sum(step.marked - step.executed for step in later), tuple(coming),
    )  # fmt: skip
    hours = pace.by_hour(
        marked_quarters(views, project=project, since_s=since_s, until_s=until_s),
        marked_quarters(views, project=project, until_s=since_s),
        executed_quarters(views, chosen.since, chosen.until, project=project), chosen.zone,
    )  # fmt: skip
    worked = kinds_of_work(views, chosen.since, chosen.until, idle_s=desk.settings.idle_threshold_s, project=project)
    return [
        *(strip.chart(day, chosen.now) for day in days if day.blocks),
        burn.chart(queue, chosen),
        pace.chart(hours, chosen),
        kinds.chart(worked, chosen),
    ]


def _shows(plan: Schedule, chosen: Chosen) -> bool:
    if plan.status != "planned" or not str(chosen.first) <= plan.date <= str(chosen.last):
        return False
    return chosen.project in {None, plan.project} or plan.project is None


def directories_table(directories: tuple[DirectoryProgress, ...]) -> Table:
    """How far each directory is."""
    names = ("seen", "decided", "open", "problem", "failed", "skipped", "kept", "recorded", "executed", "imported")
    columns = (
        Column("directory", "Directory"), Column("project", "Project"),
        *(Column(name, name.capitalize(), number=True) for name in names),
        Column("percent_decided", "Decided, %", number=True), Column("last_at", "Last change (UTC)"),
    )  # fmt: skip
    rows = tuple(tuple(getattr(each, column.name) for column in columns) for each in directories)
    return Table("directories", "Directories", columns, rows)


def failures_table(failed: tuple[OwedCrop, ...], chosen: Chosen) -> Table:
    """The crops that wait for a person."""
    columns = (
        Column("image", "Image"), Column("project", "Project"), Column("reason", "Reason"),
        Column("message", "In words"), Column("attempts", "Attempts", number=True),
        Column("failed_at", "Failed at"), Column("subject", "Subject"),
    )  # fmt: skip
    rows = tuple(
        (each.path, each.project, each.failed_reason, each.failed_message, each.attempt,
         _local(each.failed_at, chosen), each.subject) for each in failed
    )  # fmt: skip
    return Table("failures", "Crops that failed", columns, rows)


def _local(text: str | None, chosen: Chosen) -> str | None:
    return f"{datetime.fromisoformat(text).astimezone(chosen.zone):%Y-%m-%d %H:%M}" if text else None


def _sat(desk: Desk, chosen: Chosen) -> Table:
    """The sittings of the days chosen."""
    found = sittings(
        desk.projections, idle_s=desk.settings.idle_threshold_s, project=chosen.project,
        since=chosen.since, until=chosen.until,
    )  # fmt: skip
    columns = (
        Column("began", "Began"), Column("ended", "Ended"), Column("who", "Who"),
        Column("images", "Images", number=True), Column("minutes", "Minutes", number=True),
        Column("per_hour", "An hour", number=True), Column("directory", "Where"),
    )  # fmt: skip
    return Table("sittings", "Sittings", columns, tuple(_row(each, chosen) for each in reversed(found)))


def _row(sitting: Sitting, chosen: Chosen) -> tuple[Cell, ...]:
    began, last = (
        datetime.fromisoformat(at).astimezone(chosen.zone)
        for at in (sitting.started_at, sitting.ended_at or sitting.last_at)
    )
    form = "%H:%M" if chosen.one_day else "%Y-%m-%d %H:%M"
    ended = "now" if goes_on(sitting, chosen.now) else last.strftime(form)
    pace = per_hour(sitting.images, sitting.work_s) if sitting.work_s >= FEWEST_S else None
    return (
        began.strftime(form), ended, sitting.who.partition(":")[2], sitting.images,
        round(sitting.work_s / 60, 1), round(pace) if pace else None, sitting.directory,
    )  # fmt: skip
