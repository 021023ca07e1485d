"""A suggestion that is known beforehand, from a sidecar or an import, goes into what is recorded."""

import json

import pytest
from PIL import Image

from commands.recording.marks import Mark
from commands.recording.recording import Asked, Recorder
from imaging.zones import Zones
from ledger.events.crops import CropRecorded
from ledger.values import Box, Suggestion
from tests.importing import samples
from tests.importing.conftest import NOW

BOX = Box(0.1, 0.1, 0.9, 0.9)
SUGGESTED = Suggestion(Box(0.15, 0.02, 0.79, 0.67))


@pytest.fixture
def recorded(desk):
    def record(**mark: object) -> CropRecorded:
        path = desk.folder / "c.png"
        if not path.exists():
            Image.new("RGB", (80, 40)).save(path)
        with desk.projections() as projections:
            recorder = Recorder(desk.ledger, projections, Zones.of(desk.folder))
            result = recorder.record([Mark("p", str(path), BOX, **mark)], Asked("operator:ann", "c", NOW))
        assert not result.refused
        return desk.entries()[-1].event

    return record


def beside(desk, record: object) -> None:
    (desk.folder / "c.decision").write_text(record if isinstance(record, str) else json.dumps(record))


def test_without_either_nothing_is_suggested(recorded):
    event = recorded()
    assert (event.suggestion, event.group, event.warnings) == (None, None, ("unknown_group",))


def test_the_sidecar_beside_the_image_tells(desk, recorded):
    beside(desk, samples.SIDECARS["by stem"])
    event = recorded()
    assert (event.suggestion, event.group, event.warnings) == (SUGGESTED, samples.GROUP, ())


def test_an_imported_decision_tells(desk, recorded):
    desk.bring(samples.SIDECAR, "c.decision")
    (desk.folder / "c.decision").unlink()
    assert recorded().suggestion == SUGGESTED


def test_the_sidecar_that_is_there_now_goes_before_what_was_imported(desk, recorded):
    desk.bring(samples.SIDECAR, "c.decision")
    beside(desk, {**samples.SIDECARS["by stem"], "ai_crop_coords": [0.2, 0.2, 0.6, 0.6]})
    assert recorded().suggestion == Suggestion(Box(0.2, 0.2, 0.6, 0.6))


def test_what_the_marker_says_goes_before(desk, recorded):
    beside(desk, samples.SIDECARS["by stem"])
    event = recorded(suggestion=Suggestion(BOX), group="g")
    assert (event.suggestion.box, event.group) == (BOX, "g")


@pytest.mark.parametrize(
    "sidecar",
    [
        samples.SIDECARS["by stem"] | {"project_id": "q"},
        samples.SIDECARS["by stem"] | {"filename": "d.png"},
    ],
)
def test_a_sidecar_of_another_project_or_image_says_nothing(desk, recorded, sidecar):
    beside(desk, sidecar)
    event = recorded()
    assert (event.suggestion, event.group) == (None, None)


def test_a_suggestion_for_another_image_of_the_group_is_not_this_one_s(desk, recorded):
    beside(desk, samples.SIDECARS["by images"] | {"images": ["c.png", "b.png"]})
    event = recorded()
    assert (event.suggestion, event.group) == (None, samples.GROUP)


@pytest.mark.parametrize("sidecar", ["{torn", "[]", '{"a": 1}', '{"project_id": "p", "ai_crop_coords": [1, 0, 0, 1]}'])
def test_a_sidecar_that_cannot_be_understood_is_a_warning_and_stops_nothing(desk, recorded, sidecar):
    beside(desk, sidecar)
    assert recorded().warnings == ("sidecar_unreadable", "unknown_group")


def test_the_match_is_in_the_decisions(desk, recorded):
    beside(desk, samples.SIDECARS["by stem"])
    recorded()
    [row] = desk.rows("SELECT group_id, user_action, crop_match, ai_crop_coords, images FROM ai_decisions")
    assert row == (samples.GROUP, "crop", 0, "[0.15, 0.02, 0.79, 0.67]", '["c.png"]')
