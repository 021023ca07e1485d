"""Every event type there is, in the order of the documentation."""

from collections.abc import Mapping
from types import MappingProxyType

from ledger.events.crops import (
    CropExecuted,
    CropFailed,
    CropRecorded,
    CropReleased,
    CropRetried,
    CropStarted,
    CropUndone,
    CropWithdrawn,
)
from ledger.events.directories import DirectoryRelocated, DirectoryRestarted, DirectoryScanned
from ledger.events.event import Event
from ledger.events.groups import GroupRejected, GroupRelocated, GroupReopened, ImageChosen
from ledger.events.history import HistoryCompleted, HistoryImported
from ledger.events.images import ImageKept, ImageRelocated, ImageRestored, ImageSkipped
from ledger.events.imports import (
    DecisionImported,
    MarkImported,
    OperationImported,
    ProgressImported,
    ProjectImported,
    SelectionImported,
    SittingImported,
)
from ledger.events.runs import (
    BatchBegun,
    BatchesMissed,
    BatchOverran,
    BlockBegun,
    ClockJumped,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopRequested,
)
from ledger.events.schedules import ScheduleCancelled, SchedulePlanned
from ledger.events.sittings import SittingEnded, SittingStarted
from ledger.events.staging import ImageStaged, ImageUnstaged

ALL: tuple[type[Event], ...] = (
    CropRecorded,
    CropWithdrawn,
    CropStarted,
    CropExecuted,
    CropFailed,
    CropReleased,
    CropRetried,
    CropUndone,
    ImageSkipped,
    ImageKept,
    ImageRestored,
    ImageRelocated,
    ImageChosen,
    GroupRejected,
    GroupReopened,
    GroupRelocated,
    ImageStaged,
    ImageUnstaged,
    HistoryImported,
    HistoryCompleted,
    MarkImported,
    DecisionImported,
    OperationImported,
    SittingImported,
    ProgressImported,
    ProjectImported,
    SelectionImported,
    DirectoryScanned,
    DirectoryRestarted,
    DirectoryRelocated,
    SittingStarted,
    SittingEnded,
    SchedulePlanned,
    ScheduleCancelled,
    RunStarted,
    RunPaused,
    RunResumed,
    RunStopRequested,
    BlockBegun,
    BatchBegun,
    BatchesMissed,
    BatchOverran,
    ClockJumped,
    RunEnded,
)

BY_TYPE: Mapping[str, type[Event]] = MappingProxyType({event.TYPE: event for event in ALL})
