"""From the queue and the rhythm to planned days in the ledger."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from zoneinfo import ZoneInfo

from attrs import frozen

from commands.decider import Request
from commands.handle import DECIDERS, Outcome, handle_many, replay
from commands.planning.cadence import Day
from commands.planning.dayfile import as_file, lint
from commands.planning.doubts import DAYS_FOR_BLOCKS, WEEKDAYS
from commands.planning.plan import ASSUMED_GAP_S, DayRequest, Method, crops_of, plan_day
from commands.planning.policy import Policy
from commands.planning.resampling import History
from commands.schedules import CancelSchedule, PlanSchedule, schedule_subject
from ledger.errors import CropledgerError, NotFound, Refused
from ledger.events.schedules import PlannedBlock, SchedulePlanned
from ledger.log import Ledger
from ledger.values import instant
from projections.queue import sizes
from projections.reader import Projections
from projections.schedules import Schedule, schedules


@frozen
class Wish:
    """Which days are to be planned, and how."""

    start: date
    days: int
    zone: ZoneInfo
    policy: Policy
    seed: int
    project: str | None = None
    method: Method | None = None
    """The block bootstrap, if nothing is said; Poisson with little history, the policy alone without any."""
    begins: datetime | None = None
    """When the first batch of the first day is wanted."""
    not_before: datetime | None = None


@frozen
class Planned:
    """What is to be recorded: plans, and days whose plan is to go since nothing is left for them."""

    plans: tuple[SchedulePlanned, ...]
    emptied: tuple[str, ...] = ()
    """Subjects."""
    left: int = 0
    """Crops of the queue that no day has planned."""


def require_numpy() -> None:
    """Raise `Refused` where the extra that planning needs was not installed."""
    if find_spec("numpy") is None:
        raise Refused("Planning needs numpy, which is not installed.", mend="pip install 'cropledger[plan]'")


def plan(wish: Wish, worked: Sequence[Day], projections: Projections, position: int) -> Planned:
    """Plan the days in order, each with what the ones before it have left of the queue. Nothing is recorded."""
    require_numpy()
    known = schedules(projections)
    queue = sizes(projections, project=wish.project).pending
    total = allowed(queue, wish.policy)
    left = total - _taken(wish, known)
    if queue == 0:
        raise Refused("No crop is pending, so there is nothing to plan.", mend="To record some: crop record")
    if total == 0:
        margin = f"the queue's margin of {wish.policy.queue_margin_percent:g} %"
        raise Refused(
            f"Only {queue} pending, and {margin} is left out of plans: nothing remains to plan.",
            mend="Execute at once: crop run --now",
        )
    if left <= 0:
        raise Refused(f"All {queue:,} pending crops are planned on other days.", mend="See: crop schedule list")
    history = History.of(worked, wish.zone)
    plans: list[SchedulePlanned] = []
    emptied: list[str] = []
    for number in range(wish.days):
        waiting = queue - sum(crops_of(each.blocks) for each in plans)
        made = _day(wish, number, history, waiting, left, position)
        if made.blocks:
            plans.append(made)
            left -= _reserved(made.blocks)
        else:
            emptied.append(schedule_subject(wish.project, made.date))
    standing = {each.subject for each in known if each.status == "planned"}
    unplanned = queue - sum(crops_of(each.blocks) for each in plans)
    return Planned(tuple(plans), tuple(subject for subject in emptied if subject in standing), unplanned)


def allowed(queue: int, policy: Policy) -> int:
    """So many crops of a queue may be planned: all but the margin."""
    return int(queue * (100 - policy.queue_margin_percent) // 100)


def _taken(wish: Wish, known: Sequence[Schedule]) -> int:
    """What later days, which are not planned anew now, have planned of the same queue."""
    last = (wish.start + timedelta(days=wish.days)).isoformat()
    return sum(
        each.crops_reserved
        for each in known
        if each.status == "planned"
        and (wish.project is None or each.project in {None, wish.project})
        and (each.date >= last or (each.date >= wish.start.isoformat() and each.project != wish.project))
    )


def _day(wish: Wish, number: int, history: History, waiting: int, left: int, position: int) -> SchedulePlanned:
    day = wish.start + timedelta(days=number)
    begins = wish.begins if number == 0 else _same_clock(wish, day)
    not_before = wish.not_before if number == 0 else None
    earliest = begins or not_before
    method = _method(wish, history)
    request = DayRequest(
        day, wish.zone, wish.policy, wish.seed, method, left,
        begins.timestamp() if begins else None, not_before.timestamp() if not_before else None,
    )  # fmt: skip
    made = SchedulePlanned(
        date=day.isoformat(), timezone=str(wish.zone), project=wish.project, method=method, seed=wish.seed,
        ledger_position=position, settings=wish.policy.as_text(),
        not_before=instant(earliest) if earliest else None, queue=waiting, crops_max=left,
        blocks=plan_day(request, history), warnings=tuple(_warnings(wish, day, history, method)),
    )  # fmt: skip
    problems = lint(as_file(made), wish.policy, left)
    if problems:
        raise CropledgerError(f"The plan for {day} breaks its own rules: {' '.join(problems)}")
    return made


def _same_clock(wish: Wish, day: date) -> datetime | None:
    """Under the policy every day begins as the first does; in history, days begin as they did."""
    if wish.begins is None or wish.policy.breaks != "policy":
        return None
    return datetime.combine(day, wish.begins.astimezone(wish.zone).time(), wish.zone)


def _method(wish: Wish, history: History) -> Method:
    if not history.days:
        return "policy"
    return wish.method or ("block-bootstrap" if len(history.days) >= DAYS_FOR_BLOCKS else "poisson")


def _warnings(wish: Wish, day: date, history: History, method: Method) -> Iterator[str]:
    if method == "policy":
        yield f"No history: planned from the policy alone, with a batch assumed every {ASSUMED_GAP_S:.0f} s."
        return
    if len(history.days) < DAYS_FOR_BLOCKS:
        yield f"Only {len(history.days)} working days of history: the plan ({method}) is a guess."
    elif not any(worked.weekday == day.weekday() for worked in history.days):
        yield f"{WEEKDAYS[day.weekday()]} are not in the history: planned like the other days."
    if wish.policy.breaks == "history" and method == "poisson":
        yield "A Poisson plan has the right amount of work for each hour, but neither bursts nor breaks."


def _reserved(blocks: Sequence[PlannedBlock]) -> int:
    return sum(len(block.batches) * max((batch.crops for batch in block.batches), default=0) for block in blocks)


def record(planned: Planned, ledger: Ledger, actor: str, correlation: str, now: datetime) -> Outcome:
    """Record the plans together; a plan takes the place of the one its day had."""
    requests = [
        Request(PlanSchedule(schedule_subject(each.project, each.date), each), actor, correlation)
        for each in planned.plans
    ] + [Request(CancelSchedule(subject, "nothing is left to plan"), actor, correlation) for subject in planned.emptied]
    outcome = handle_many(requests, ledger=ledger, now=now)
    for _, why in outcome.refused:
        raise why
    return outcome


def standing(ledger: Ledger, subject: str) -> SchedulePlanned:
    """The plan that holds for a day; raises `NotFound`."""
    day, _ = replay(DECIDERS["schedule"], ledger.history(subject))
    if not isinstance(day.plan, SchedulePlanned):
        raise NotFound(f"Nothing is planned for {subject.rpartition('/')[2]}.", mend="See: crop schedule list")
    return day.plan
