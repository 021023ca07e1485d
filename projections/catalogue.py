"""Every projection there is; those that read others come after them."""

from ledger.events.event import Event
from projections.batches import BATCHES
from projections.cadence import CADENCE
from projections.decisions import DECISIONS
from projections.directories import DIRECTORIES
from projections.executions import EXECUTIONS
from projections.file_operations import FILE_OPERATIONS
from projections.groups import GROUPS
from projections.history import HISTORY
from projections.progress import PROGRESS
from projections.projection import Projection
from projections.queue import QUEUE
from projections.runs import RUN_LIVES
from projections.schedules import SCHEDULES
from projections.sittings import SITTINGS
from projections.staging import STAGING
from projections.training import TRAINING

ALL: tuple[Projection, ...] = (
    QUEUE,
    DIRECTORIES,
    PROGRESS,
    SITTINGS,
    GROUPS,
    STAGING,
    DECISIONS,
    EXECUTIONS,
    FILE_OPERATIONS,
    HISTORY,
    TRAINING,
    CADENCE,
    SCHEDULES,
    RUN_LIVES,
    BATCHES,
)

AUDIT_ONLY: tuple[type[Event], ...] = ()
"""Event types that no projection folds, on purpose: they are read in the ledger and nowhere else."""
