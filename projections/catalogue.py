"""Every projection there is; those that read others come after them."""

from ledger.events.event import Event
from projections.ai_decisions import AI_DECISIONS_PROJECTION
from projections.batches import BATCHES
from projections.cadence import CADENCE
from projections.decisions import DECISIONS
from projections.directories import DIRECTORIES
from projections.evidence import EVIDENCE
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
    HISTORY,
    PROGRESS,
    SITTINGS,
    GROUPS,
    STAGING,
    DECISIONS,
    AI_DECISIONS_PROJECTION,
    EXECUTIONS,
    FILE_OPERATIONS,
    EVIDENCE,
    TRAINING,
    CADENCE,
    SCHEDULES,
    RUN_LIVES,
    BATCHES,
)

AUDIT_ONLY: tuple[type[Event], ...] = ()
"""Event types that no projection folds, on purpose: they are read in the ledger and nowhere else."""
