"""What follows from what happened to an image before, told as given / when / then."""

import attrs
import pytest

from commands.crops import (
    FailCrop,
    FinishCrop,
    ImportHistory,
    RecordCrop,
    RelocateImage,
    StartCrop,
    UndoCrop,
)
from ledger.errors import Conflict, Refused
from ledger.events.images import ImageRelocated
from tests.commands.images import (
    AGAIN,
    EXECUTED,
    FAIL,
    FAILED,
    FINISH,
    HISTORIES,
    HISTORY,
    NEW_PATH,
    OTHER_BOX,
    PATH,
    RECORD,
    RECORDED,
    RELOCATE,
    RESTORE,
    RESTORED,
    RETRIED,
    SECOND,
    SKIPPED,
    START,
    STARTED,
    UNCLAIMED,
    UNDONE,
    WITHDRAWN,
    given,
    then,
)

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
