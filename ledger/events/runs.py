"""The life of a run: started, steered, and what it met on its way through a plan. Its crops are events of their own."""

from typing import ClassVar

from attrs import frozen

from ledger.events.event import Event


@frozen
class RunStarted(Event):
    """A runner began its work; until it ends, no other one works on the same project."""

    TYPE: ClassVar[str] = "run.started"

    mode: str
    """`now`: unpaced; `schedule`: by the plans named here."""
    project: str | None
    """Whose crops it executes; absent for those of all projects."""
    process: int
    """The operating system's number of the process."""
    host: str
    """The machine's name."""
    schedules: tuple[str, ...] = ()
    """Subjects of the planned days it follows."""
    missed: str | None = None
    """What becomes of batches that are missed: `skip` or `spread`."""
    speed: float = 1.0
    """How many seconds of the plan pass in one second."""
    limit: int | None = None
    """At most so many crops."""


@frozen
class RunPaused(Event):
    """The run executes nothing until it is resumed."""

    TYPE: ClassVar[str] = "run.paused"

    reason: str
    """`asked` by a person, or `failures`: too many in a row."""
    message: str | None = None
    """Why, in words."""


@frozen
class RunResumed(Event):
    """The run goes on, from where the plan is now."""

    TYPE: ClassVar[str] = "run.resumed"

    reason: str | None = None
    """Why, in the operator's words."""


@frozen
class RunStopRequested(Event):
    """A person wants the run to end after the crop in hand."""

    TYPE: ClassVar[str] = "run.stop_requested"

    reason: str | None = None
    """Why, in the operator's words."""


@frozen
class BlockBegun(Event):
    """A stretch of work is about to begin; what it needs was looked at."""

    TYPE: ClassVar[str] = "run.block_begun"

    schedule: str
    """Subject of the planned day."""
    plan: int
    """Position of its plan in the ledger."""
    block: int
    """Its place in the day, from 1."""
    crops: int
    """Crops that are still planned in it."""
    waiting: int
    """Crops that could be claimed now."""
    missing_files: int
    """How many of the next crops have lost their image."""
    needed_bytes: int
    """Room on disk that the next crops may take, at most."""
    free_bytes: int
    """Room that there is."""
    problems: tuple[str, ...] = ()
    """Codes of what will not go as planned: `starved`, `missing_files`, `disk_low`."""


@frozen
class BatchBegun(Event):
    """A planned batch begins: as many crops are claimed as it says, if there are as many."""

    TYPE: ClassVar[str] = "run.batch_begun"

    schedule: str
    """Subject of the planned day."""
    plan: int
    """Position of its plan in the ledger."""
    block: int
    """The block it is in."""
    batch: int
    """Its place in the day, from 1."""
    at: str
    """When it was planned (UTC)."""
    crops: int
    """How many crops it is about to claim: as many as it was to, or as there are."""
    carried: int
    """How many of those it was to claim it took over from batches before it."""
    late_s: float
    """How much later than planned it begins, in seconds of the plan."""


@frozen
class BatchesMissed(Event):
    """Batches were not executed when they were planned, and will not be executed all at once later."""

    TYPE: ClassVar[str] = "run.batches_missed"

    schedule: str
    """Subject of the planned day."""
    plan: int
    """Position of its plan in the ledger."""
    first: int
    """The first of them, by its place in the day."""
    last: int
    """The last of them."""
    crops: int
    """Crops that they would have claimed."""
    carried: int
    """Crops of them that are spread over later batches of the day."""
    reason: str
    """`late_start`, `paused`, `clock_jump`, `overrun` or `starved`."""


@frozen
class BatchOverran(Event):
    """A batch took longer than there was time for."""

    TYPE: ClassVar[str] = "run.overran"

    schedule: str
    """Subject of the planned day."""
    plan: int
    """Position of its plan in the ledger."""
    batch: int
    """Its place in the day, from 1."""
    over_s: float
    """By so many seconds of the plan."""
    into: str
    """What it ran into: the next `batch`, a `break`, or the `end` of the day."""


@frozen
class ClockJumped(Event):
    """The wall clock and the time that passed disagree: the machine slept, or somebody set its clock."""

    TYPE: ClassVar[str] = "run.clock_jumped"

    by_s: float
    """How far the wall clock is ahead of the time that passed, in seconds; negative if it was set back."""


@frozen
class RunEnded(Event):
    """The run is over."""

    TYPE: ClassVar[str] = "run.ended"

    reason: str
    """`finished`, `stopped` or `interrupted` by a person, `failures` (too many in a row), `lost` (its process died)."""
    message: str | None = None
    """Why, in words."""
