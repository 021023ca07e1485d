"""An image at every point of its life: events, commands, and given / when / then."""

import attrs

from commands.crops import (
    FailCrop,
    FinishCrop,
    ImportHistory,
    KeepImage,
    RecordCrop,
    ReleaseCrop,
    RelocateImage,
    RestoreImage,
    RetryCrop,
    SkipImage,
    StageImage,
    StartCrop,
    UndoCrop,
    UnstageImage,
    WithdrawCrop,
    decide,
)
from commands.image import Image, evolve
from ledger.entry import Entry
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
from ledger.events.history import HistoryImported
from ledger.events.images import ImageKept, ImageRestored, ImageSkipped
from ledger.events.staging import ImageStaged, ImageUnstaged
from ledger.values import Box, Dimensions, PixelBox

PATH = "/p/set_a/a.png"
SIZE = Dimensions(100, 80)
RECORDED = CropRecorded("p", PATH, Box(0.1, 0.1, 0.9, 0.9), SIZE, "a" * 64, 1000)
OTHER_BOX = attrs.evolve(RECORDED, box=Box(0.2, 0.2, 0.8, 0.8))
STARTED = CropStarted(
    "7f2a", 1, PATH, "a" * 64, 1000, 5, SIZE, PixelBox(10, 8, 90, 72), "/o/a.png", "/o/.a.tmp", "/h/aa"
)
SECOND = attrs.evolve(STARTED, run="9b00", attempt=2)
EXECUTED = CropExecuted("7f2a", 1, PATH, "a" * 64, "/h/aa", "/o/a.png", "b" * 64, 500, Dimensions(80, 64))
FAILED = CropFailed("7f2a", 1, "missing", "gone", final=True)
AGAIN = attrs.evolve(FAILED, final=False, retry_after_s=1.0)
UNCLAIMED = attrs.evolve(FAILED, attempt=0)
RETRIED, WITHDRAWN, UNDONE = CropRetried("mended"), CropWithdrawn("wrong"), CropUndone(PATH, "a" * 64, "/o/a.png")
SKIPPED, RESTORED = ImageSkipped("p", PATH, "blurred"), ImageRestored("not that bad")
KEPT = ImageKept("p", PATH, "fine as it is", "g1", "a" * 64)
STAGED = ImageStaged(PATH, "/p/__delete_staging/set_a/a.png", "a" * 64, 1000)
UNSTAGED = ImageUnstaged(PATH, "/p/__delete_staging/set_a/a.png", "a" * 64)
NEW_PATH = "/p/set_b/b.png"
HISTORY = HistoryImported("p", PATH, "crop_log_v1", "2025-10-01T10:00:00")

HISTORIES = {
    "untouched": [],
    "pending": [RECORDED],
    "started": [RECORDED, STARTED],
    "failed": [RECORDED, STARTED, FAILED],
    "executed": [RECORDED, STARTED, EXECUTED],
    "skipped": [SKIPPED],
    "kept": [KEPT],
    "staged": [SKIPPED, STAGED],
}
RECORD, RECORD_OTHER = RecordCrop("image/a", RECORDED), RecordCrop("image/a", OTHER_BOX)
WITHDRAW, SKIP, RESTORE = (
    WithdrawCrop("image/a", "wrong"),
    SkipImage("image/a", "p", PATH, "blurred"),
    RestoreImage("image/a", "not that bad"),
)
STAGE, UNSTAGE = StageImage("image/a", STAGED), UnstageImage("image/a", UNSTAGED)
KEEP, RELOCATE = KeepImage("image/a", KEPT), RelocateImage("image/a", PATH, NEW_PATH)
START, FINISH, FAIL = StartCrop("image/a", STARTED), FinishCrop("image/a", EXECUTED), FailCrop("image/a", FAILED)
RELEASED = CropReleased(STARTED.run, STARTED.attempt, "stopped")
RELEASE = ReleaseCrop("image/a", RELEASED)
RETRY, UNDO, IMPORT = RetryCrop("image/a", "mended"), UndoCrop("image/a", UNDONE), ImportHistory("image/a", HISTORY)


def given(*events):
    """The image after these events."""
    image = Image()
    for number, event in enumerate(events, 1):
        image = evolve(image, entry(event, number))
    return image


def entry(event, number):
    when = f"2025-10-27T16:00:{number:02}.000000Z"
    return Entry(number + 100, f"id{number}", "image/a", number, event, when, when, "operator:anna", "r", None)


def then(image, command):
    return list(decide(command, image))
