"""What may happen to an image, told as given / when / then."""

import attrs
import pytest

from commands.crops import (
    IMAGES,
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
from commands.image import ALLOWED, Image, evolve, illegal
from ledger.entry import Entry
from ledger.errors import Conflict, CropledgerError, Damaged, Invalid, NotFound, Refused
from ledger.events.catalogue import ALL
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
from ledger.events.groups import ImageChosen
from ledger.events.history import HistoryCompleted, HistoryImported
from ledger.events.images import ImageKept, ImageRelocated, ImageRestored, ImageSkipped
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


# Command and status -> the events it causes, or the error. This table is the specification.
RULES = {
    RECORD: {
        "untouched": [RECORDED],
        "pending": [],
        "started": Refused,
        "failed": [attrs.evolve(RECORDED, supersedes=1)],
        "executed": Refused,
        "skipped": Refused,
        "kept": Refused,
        "staged": Refused,
    },
    RECORD_OTHER: {
        "untouched": [OTHER_BOX],
        "pending": [attrs.evolve(OTHER_BOX, supersedes=1)],
        "started": Refused,
        "failed": [attrs.evolve(OTHER_BOX, supersedes=1)],
        "executed": Refused,
        "skipped": Refused,
        "kept": Refused,
        "staged": Refused,
    },
    WITHDRAW: {
        "untouched": NotFound,
        "pending": [WITHDRAWN],
        "started": Refused,
        "failed": [WITHDRAWN],
        "executed": Refused,
        "skipped": NotFound,
        "kept": NotFound,
        "staged": NotFound,
    },
    SKIP: {
        "untouched": [SKIPPED],
        "pending": [CropWithdrawn("the image was skipped"), SKIPPED],
        "started": Refused,
        "failed": [CropWithdrawn("the image was skipped"), SKIPPED],
        "executed": Refused,
        "skipped": [],
        "kept": Refused,
        "staged": [],
    },
    KEEP: {
        "untouched": [KEPT],
        "pending": [CropWithdrawn("the image is kept whole"), KEPT],
        "started": Refused,
        "failed": [CropWithdrawn("the image is kept whole"), KEPT],
        "executed": Refused,
        "skipped": Refused,
        "kept": [],
        "staged": Refused,
    },
    RESTORE: {
        "untouched": Refused,
        "pending": Refused,
        "started": Refused,
        "failed": Refused,
        "executed": Refused,
        "skipped": [RESTORED],
        "kept": [RESTORED],
        "staged": Refused,
    },
    START: {
        "untouched": Conflict,
        "pending": [STARTED],
        "started": [],
        "failed": Conflict,
        "executed": Conflict,
        "skipped": Conflict,
        "kept": Conflict,
        "staged": Conflict,
    },
    FINISH: {
        "untouched": Conflict,
        "pending": Conflict,
        "started": [EXECUTED],
        "failed": Conflict,
        "executed": [],
        "skipped": Conflict,
        "kept": Conflict,
        "staged": Conflict,
    },
    FAIL: {
        "untouched": Conflict,
        "pending": Conflict,
        "started": [FAILED],
        "failed": [],
        "executed": Conflict,
        "skipped": Conflict,
        "kept": Conflict,
        "staged": Conflict,
    },
    RELEASE: {
        "untouched": Conflict,
        "pending": Conflict,
        "started": [RELEASED],
        "failed": Conflict,
        "executed": Conflict,
        "skipped": Conflict,
        "kept": Conflict,
        "staged": Conflict,
    },
    RETRY: {
        "untouched": Refused,
        "pending": [],
        "started": Refused,
        "failed": [RETRIED],
        "executed": Refused,
        "skipped": Refused,
        "kept": Refused,
        "staged": Refused,
    },
    UNDO: {
        "untouched": Refused,
        "pending": Refused,
        "started": Refused,
        "failed": Refused,
        "executed": [UNDONE],
        "skipped": Refused,
        "kept": Refused,
        "staged": Refused,
    },
    RELOCATE: {
        "untouched": NotFound,
        "pending": [ImageRelocated(PATH, NEW_PATH, decided=True, marked=True, evidence=False)],
        "started": Refused,
        "failed": [ImageRelocated(PATH, NEW_PATH, decided=True, marked=True, evidence=False)],
        "executed": [ImageRelocated(PATH, NEW_PATH, decided=True, marked=True, evidence=False)],
        "skipped": [ImageRelocated(PATH, NEW_PATH, decided=True, marked=False, evidence=False)],
        "kept": [ImageRelocated(PATH, NEW_PATH, decided=True, marked=False, evidence=False)],
        "staged": [ImageRelocated(PATH, NEW_PATH, decided=True, marked=False, evidence=False, staged=True)],
    },
    STAGE: {
        "untouched": Refused,
        "pending": Refused,
        "started": Refused,
        "failed": Refused,
        "executed": Refused,
        "skipped": [STAGED],
        "kept": Refused,
        "staged": [],
    },
    UNSTAGE: {
        "untouched": Refused,
        "pending": Refused,
        "started": Refused,
        "failed": Refused,
        "executed": Refused,
        "skipped": Refused,
        "kept": Refused,
        "staged": [UNSTAGED],
    },
    IMPORT: {status: [HISTORY] for status in HISTORIES},
}
CASES = [
    pytest.param(
        command, status, expected, id=f"{type(command).__name__}-{status}{'-other' * (command is RECORD_OTHER)}"
    )
    for command, by_status in RULES.items()
    for status, expected in by_status.items()
]


def test_the_table_covers_every_command_and_status():
    from commands.crops import _DECISIONS
    from commands.image import _STEPS

    assert {type(command) for command in RULES} == set(_DECISIONS)
    assert all(set(by_status) == set(HISTORIES) for by_status in RULES.values())
    of_images = {event for event in ALL if event.TYPE.partition(".")[0] in {"crop", "image", "history"}} - {ImageChosen}
    assert set(_STEPS) == of_images == set(ALLOWED) | {HistoryImported, HistoryCompleted}


@pytest.mark.parametrize(("command", "status", "expected"), CASES)
def test_what_a_command_does_in_each_status(command, status, expected):
    image = given(*HISTORIES[status])
    assert image.status == status
    if isinstance(expected, list):
        assert then(image, command) == expected
    else:
        with pytest.raises(expected):
            then(image, command)


@pytest.mark.parametrize(("command", "status", "expected"), CASES)
def test_each_command_twice_adds_nothing(command, status, expected):
    if not isinstance(expected, list):
        return
    events = [*HISTORIES[status], *expected]
    assert then(given(*events), command) == []
    assert then(given(*events, HISTORY), IMPORT) == []


@pytest.mark.parametrize(
    "command", [WITHDRAW, SKIP, KEEP, RESTORE, START, FINISH, FAIL, RETRY, UNDO], ids=lambda one: type(one).__name__
)
def test_evidence_of_old_crops_in_between_does_not_make_it_two(command):
    for status, expected in RULES[command].items():
        if isinstance(expected, list) and expected:
            assert then(given(*HISTORIES[status], *expected, HISTORY), command) == []


@pytest.mark.parametrize(("command", "status", "expected"), CASES)
def test_a_refusal_names_the_path_the_position_and_the_actor(command, status, expected):
    if isinstance(expected, list) or status == "untouched":
        return
    number = len(HISTORIES[status])
    for history in (HISTORIES[status], [*HISTORIES[status], HISTORY]):
        with pytest.raises(CropledgerError) as refused:
            then(given(*history), command)
        said = str(refused.value)
        assert PATH in said
        if command is not FINISH or status != "started":
            assert f"position {number + 100}" in said, said
            assert "operator:anna" in said


@pytest.mark.parametrize(
    ("status", "mend"),
    [
        ("executed", f"crop undo {PATH}"),
        ("skipped", f"crop restore {PATH}"),
        ("kept", f"crop restore {PATH}"),
        ("started", "Wait for the run"),
    ],
)
def test_a_refused_mark_says_what_to_do_about_it(status, mend):
    with pytest.raises(Refused) as refused:
        then(given(*HISTORIES[status]), RECORD)
    assert mend in str(refused.value)


MOVED = ImageRelocated(PATH, NEW_PATH, decided=True, marked=True, evidence=False)


@pytest.mark.parametrize("status", ["pending", "failed", "executed"])
def test_what_is_owed_goes_with_the_file(status):
    image = given(*HISTORIES[status], MOVED)
    assert (image.status, image.name, image.crop.path) == (status, NEW_PATH, NEW_PATH)
    assert image.crop.box == RECORDED.box


def test_an_image_is_relocated_from_where_it_is_and_once():
    image = given(RECORDED, MOVED)
    assert then(image, RELOCATE) == []
    with pytest.raises(Conflict, match=NEW_PATH):
        then(image, RelocateImage("image/a", PATH, "/p/set_c/c.png"))
    back = RelocateImage("image/a", NEW_PATH, PATH)
    assert then(image, back) == [attrs.evolve(MOVED, source=NEW_PATH, path=PATH)]


def test_a_relocated_image_says_what_the_ledger_knows_of_it():
    [found] = then(given(HISTORY), RELOCATE)
    assert (found.decided, found.marked, found.evidence) == (False, False, True)
    assert then(given(HISTORY, found), RelocateImage("image/a", NEW_PATH, PATH))[0].decided is False
    [found] = then(given(RECORDED, WITHDRAWN, SKIPPED, HISTORY), RELOCATE)
    assert (found.decided, found.marked, found.evidence) == (True, True, True)


def test_after_an_undo_the_crop_is_owed_where_the_original_is_back():
    image = given(*HISTORIES["executed"], MOVED, UNDONE)
    assert (image.status, image.name, image.crop) == ("pending", PATH, RECORDED)


def test_a_mark_an_hour_later_with_the_same_box_is_the_same_mark():
    assert then(given(RECORDED), RecordCrop("image/a", attrs.evolve(RECORDED, utc_offset_s=3600, supersedes=9))) == []


@pytest.mark.parametrize(
    "change", [{"group": "g"}, {"sha256": "c" * 64}, {"warnings": ("x",)}, {"size_bytes": 1}], ids=str
)
def test_a_mark_that_differs_in_anything_else_replaces_the_one_that_stands(change):
    new = attrs.evolve(RECORDED, **change)
    assert then(given(RECORDED), RecordCrop("image/a", new)) == [attrs.evolve(new, supersedes=1)]


def test_a_replacement_supersedes_the_one_that_stands_not_the_first():
    image = given(RECORDED, attrs.evolve(OTHER_BOX, supersedes=1))
    assert then(image, RECORD) == [attrs.evolve(RECORDED, supersedes=2)]


def test_a_mark_after_a_withdrawal_supersedes_nothing():
    assert then(given(RECORDED, WITHDRAWN), RECORD) == [RECORDED]


def test_after_an_undo_the_same_crop_is_owed_again():
    image = given(*HISTORIES["executed"], UNDONE)
    assert (image.status, image.crop, image.attempts) == ("pending", RECORDED, 0)
    assert then(image, START) == [STARTED]
    assert then(image, RECORD) == []
    with pytest.raises(Conflict):
        then(image, FINISH)  # a late duplicate of what was undone


def test_a_failure_that_is_not_final_leaves_the_crop_owed_and_counts_the_attempt():
    image = given(RECORDED, STARTED, AGAIN)
    assert (image.status, image.attempts) == ("pending", 1)
    assert then(image, FailCrop("image/a", AGAIN)) == []
    with pytest.raises(Conflict, match="attempt 1 does not follow 1"):
        then(image, START)
    assert then(image, StartCrop("image/a", SECOND)) == [SECOND]


def test_attempts_count_anew_after_a_retry():
    image = given(RECORDED, STARTED, AGAIN, SECOND, attrs.evolve(FAILED, run="9b00", attempt=2), RETRIED)
    assert (image.status, image.attempts, image.failed) == ("pending", 0, None)
    assert then(image, START) == [STARTED]


def test_a_crop_that_cannot_even_be_claimed_fails_as_attempt_0():
    assert then(given(RECORDED), FailCrop("image/a", UNCLAIMED)) == [UNCLAIMED]
    assert given(RECORDED, UNCLAIMED).status == "failed"
    with pytest.raises(Conflict):
        then(given(RECORDED), FAIL)
    with pytest.raises(Conflict):
        then(given(RECORDED, STARTED), FailCrop("image/a", UNCLAIMED))


@pytest.mark.parametrize("change", [{"run": "other"}, {"attempt": 2}], ids=str)
def test_only_the_attempt_that_started_can_end(change):
    image = given(RECORDED, STARTED)
    for command in (
        FinishCrop("image/a", attrs.evolve(EXECUTED, **change)),
        FailCrop("image/a", attrs.evolve(FAILED, **change)),
    ):
        with pytest.raises(Conflict):
            then(image, command)


@pytest.mark.parametrize("change", [{"run": "other"}, {"temporary": "/o/.b.tmp"}], ids=str)
def test_a_crop_somebody_else_started_is_refused_and_the_run_named(change):
    with pytest.raises(Conflict, match="run 7f2a"):
        then(given(RECORDED, STARTED), StartCrop("image/a", attrs.evolve(STARTED, **change)))


def test_what_restores_another_original_is_no_undo():
    with pytest.raises(Conflict, match="not the original"):
        then(given(*HISTORIES["executed"]), UndoCrop("image/a", attrs.evolve(UNDONE, source_sha256="c" * 64)))


def test_evidence_of_old_crops_changes_no_status_and_is_kept():
    for status, events in HISTORIES.items():
        image = given(*events, HISTORY)
        assert (image.status, image.history) == (status, (HISTORY,))
        assert image.last == given(*events).last
    assert given(HISTORY).name == PATH
    assert then(given(HISTORY), ImportHistory("image/a", attrs.evolve(HISTORY, stamp="2025-10-02T10:00:00"))) != []
    assert given(HISTORY, RECORDED, WITHDRAWN).history == (HISTORY,)


def test_a_restored_image_is_as_new():
    image = given(SKIPPED, RESTORED)
    assert image.status == "untouched"
    assert then(image, RECORD) == [RECORDED]
    with pytest.raises(Refused):
        then(given(SKIPPED, RESTORED, RECORDED), RESTORE)


# -- legal order, as audit asks for it


LEGAL = {
    RECORDED: {"untouched", "pending", "failed"},
    WITHDRAWN: {"pending", "failed"},
    STARTED: {"pending"},
    EXECUTED: {"started"},
    FAILED: {"started"},
    UNCLAIMED: {"pending"},
    RETRIED: {"failed"},
    UNDONE: {"executed"},
    SKIPPED: {"untouched"},
    KEPT: {"untouched"},
    RESTORED: {"skipped", "kept"},
    ImageRelocated(PATH, NEW_PATH, decided=True, marked=True, evidence=False): set(HISTORIES) - {"started"},
    STAGED: {"skipped"},
    UNSTAGED: {"staged"},
    HISTORY: set(HISTORIES),
}


@pytest.mark.parametrize("status", HISTORIES)
@pytest.mark.parametrize("event", LEGAL, ids=lambda event: f"{event.TYPE}{getattr(event, 'attempt', '')}")
def test_what_could_not_have_followed_is_damage(event, status):
    image = given(*HISTORIES[status])
    assert (illegal(image, event) is None) == (status in LEGAL[event])
    if status not in LEGAL[event]:
        with pytest.raises(Damaged) as found:
            evolve(image, entry(event, 50))
        assert found.value.position == 150


def test_a_start_that_skips_or_repeats_an_attempt_is_damage():
    assert illegal(given(RECORDED), SECOND) is not None
    assert illegal(given(RECORDED, STARTED, AGAIN), STARTED) is not None
    assert illegal(given(RECORDED, STARTED, AGAIN), SECOND) is None


def test_what_a_decision_yields_is_always_legal():
    for command, by_status in RULES.items():
        for status, expected in by_status.items():
            if isinstance(expected, list):
                given(*HISTORIES[status], *then(given(*HISTORIES[status]), command))


def test_an_event_about_something_else_is_damage():
    class Foreign:
        TYPE = "schedule.planned"

    with pytest.raises(Damaged, match="says nothing about an image"):
        evolve(Image(), entry(Foreign(), 1))


def test_what_is_no_command_about_an_image_is_invalid():
    with pytest.raises(Invalid):
        IMAGES.decide(object(), Image())
