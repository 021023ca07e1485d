"""What could not have followed on what stands there is damage, as audit tells it."""

import pytest

from commands.crops import IMAGES
from commands.image import Image, evolve, illegal
from ledger.errors import Damaged, Invalid
from ledger.events.images import ImageRelocated
from tests.commands.images import (
    AGAIN,
    EXECUTED,
    FAILED,
    HISTORIES,
    HISTORY,
    KEPT,
    NEW_PATH,
    PATH,
    RECORDED,
    RESTORED,
    RETRIED,
    SECOND,
    SKIPPED,
    STAGED,
    STARTED,
    UNCLAIMED,
    UNDONE,
    UNSTAGED,
    WITHDRAWN,
    entry,
    given,
)

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


def test_an_event_about_something_else_is_damage():
    class Foreign:
        TYPE = "schedule.planned"

    with pytest.raises(Damaged, match="says nothing about an image"):
        evolve(Image(), entry(Foreign(), 1))


def test_what_is_no_command_about_an_image_is_invalid():
    with pytest.raises(Invalid):
        IMAGES.decide(object(), Image())
