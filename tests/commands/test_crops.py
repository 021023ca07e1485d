"""What may happen to an image, told as given / when / then: every command in every status."""

import attrs
import pytest

from commands.image import ALLOWED
from ledger.errors import Conflict, CropledgerError, NotFound, Refused
from ledger.events.catalogue import ALL
from ledger.events.crops import CropWithdrawn
from ledger.events.groups import ImageChosen
from ledger.events.history import HistoryCompleted, HistoryImported
from ledger.events.images import ImageRelocated
from tests.commands.images import (
    EXECUTED,
    FAIL,
    FAILED,
    FINISH,
    HISTORIES,
    HISTORY,
    IMPORT,
    KEEP,
    KEPT,
    NEW_PATH,
    OTHER_BOX,
    PATH,
    RECORD,
    RECORD_OTHER,
    RECORDED,
    RELEASE,
    RELEASED,
    RELOCATE,
    RESTORE,
    RESTORED,
    RETRIED,
    RETRY,
    SKIP,
    SKIPPED,
    STAGE,
    STAGED,
    START,
    STARTED,
    UNDO,
    UNDONE,
    UNSTAGE,
    UNSTAGED,
    WITHDRAW,
    WITHDRAWN,
    given,
    then,
)

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


def test_what_a_decision_yields_is_always_legal():
    for command, by_status in RULES.items():
        for status, expected in by_status.items():
            if isinstance(expected, list):
                given(*HISTORIES[status], *then(given(*HISTORIES[status]), command))
