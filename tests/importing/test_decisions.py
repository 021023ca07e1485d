"""What sidecars and decisions databases say: of which image, of which choice; and what they may not say."""

import json

import pytest

from commands.importing.decisions import read_row, read_sidecar
from commands.importing.facts import Told
from commands.importing.quarantine import SetAside
from ledger.events.imports import DecisionImported
from ledger.values import Box
from tests.importing import samples

TOLD = Told("told", name="20250709_162446_stage2_upscaled.decision")


def sidecar(record, told: Told = TOLD) -> DecisionImported:
    [fact] = read_sidecar(record, json.dumps(record), told).facts
    assert isinstance(fact.event, DecisionImported)
    return fact.event


def row(**changes) -> DecisionImported:
    values = samples.ROW | {
        key: json.loads(str(samples.ROW[key])) for key in ("images", "ai_crop_coords", "final_crop_coords")
    }
    [fact] = read_row(values | changes, "text", Told("told")).facts
    assert isinstance(fact.event, DecisionImported)
    return fact.event


@pytest.mark.parametrize(
    ("shape", "images"),
    [
        ("by filename", ("a.png",)),
        ("by image path", ("b.png",)),
        ("by images", ("a.png", "b.png")),
        ("by stem", ()),
        ("of a group", ("a.png", "b.png", "c.png")),
    ],
)
def test_which_image_a_sidecar_means(shape, images):
    assert sidecar(samples.SIDECARS[shape]).images == images


def test_a_sidecar_that_names_no_image_means_the_one_of_its_stem_and_only_as_a_sidecar(desk):
    desk.bring(samples.SIDECAR, "c.decision")
    assert desk.rows("SELECT stem, filename, x1 FROM suggested_images") == [("c", None, 0.15)]
    assert desk.bring(samples.SIDECAR, "c.json").quarantined == {"image": 1}
    assert desk.bring(samples.SIDECAR * 2, "d.decision").quarantined == {"image": 2}


def test_a_group_s_sidecar_holds_the_recommendation_and_the_choice():
    event = sidecar(samples.SIDECARS["of a group"])
    assert (event.suggested_index, event.chosen_index, event.action) == (2, 1, "crop")
    assert event.suggestion.box == Box(0.1, 0.0, 0.9, 0.8)
    assert (event.suggestion.score, event.box) == (0.87, Box(0.2, 0.0, 0.9, 0.7))


def test_a_suggestion_is_for_the_image_that_the_model_would_choose(desk):
    for name in ("by images", "of a group"):
        desk.bring(json.dumps(samples.SIDECARS[name]).encode(), f"{name}.decision")
    assert desk.rows("SELECT filename FROM suggested_images ORDER BY 1") == [("b.png",), ("c.png",)]
    whole = samples.SIDECARS["by images"] | {"ai_selected_index": None}
    desk.bring(json.dumps(whole).encode(), "nobody knows which.decision")
    assert desk.rows("SELECT count(*) FROM suggested_images") == [(2,)]


def test_unknown_keys_and_the_project_of_the_record_are_kept():
    event = sidecar(samples.SIDECARS["by stem"])
    assert json.loads(event.record) == samples.SIDECARS["by stem"]
    assert event.project == "p"
    assert sidecar({"needs_crop": True}).project == "told"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ai_crop_coords": [0.9, 0.1, 0.2, 0.3]}, "box"),
        ({"ai_crop_coords": [0, 0, 1]}, "box"),
        ({"ai_crop_coords": [0, 0, 1, "1"]}, "box"),
        ({"ai_crop_coords": [0, 0, 1, 1.2]}, "box"),
        ({"ai_confidence": 1.5}, "number"),
        ({"ai_selected_index": 4}, "chosen"),
        ({"images": ["a.png"], "ai_selected_index": 1}, "chosen"),
        ({"filename": ".."}, "filename"),
        ({"ai_crop_accepted": "yes"}, "fields"),
        ({"timestamp": "2025-11-02 10:00:00"}, "zone"),
        ({"group_id": "a\0b"}, "fields"),
    ],
)
def test_what_breaks_a_rule_is_set_aside(change, reason):
    with pytest.raises(SetAside) as why:
        sidecar(samples.SIDECARS["by stem"] | change)
    assert why.value.reason == reason


# -- databases ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", samples.VARIANTS)
def test_every_variant_of_the_database_is_read(desk, variant):
    columns = samples.VARIANTS[variant]
    content = samples.database(samples.ROW, samples.REJECTED, columns=columns)
    report = desk.bring(content, "p.db")
    assert (report.accepted, report.layouts) == (2, {"decisions_database": 2})
    [(accepted, confidence)] = desk.rows(
        "SELECT accepted, score FROM imported_decisions WHERE group_id <> 'g2'"  # absent columns are unknown, not 0
    )
    assert accepted == (0 if "ai_crop_accepted" in columns else None)
    assert confidence == (0.91 if "ai_confidence" in columns else None)


def test_a_rejected_group_s_index_was_forced_and_is_no_choice():
    event = row(user_action="reject")
    assert (event.chosen_index, event.warnings) == (None, ("forced_index",))
    assert row(user_action="approve").chosen_index == 1


def test_a_size_that_may_be_invented_is_told():
    assert row(image_width=2048, image_height=2048).warnings == ("size_doubtful",)
    assert row().warnings == ()
    assert row(image_width=0).dimensions is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"user_action": "maybe"}, "action"),
        ({"user_selected_index": 2}, "chosen"),
        ({"final_crop_coords": [1, 0, 0, 1]}, "box"),
        ({"timestamp": "2025-11-02T10:00:00"}, "zone"),
        ({"crop_timestamp": "yesterday"}, "time"),
        ({"group_id": None}, "fields"),
        ({"images": "a.png"}, "fields"),
    ],
)
def test_a_row_that_breaks_a_rule_is_set_aside(change, reason):
    with pytest.raises(SetAside) as why:
        row(**change)
    assert why.value.reason == reason


def test_a_database_without_decisions_and_one_that_is_none_are_set_aside(desk):
    assert desk.bring(samples.database(table="others"), "p.db").quarantined == {"database": 1}
    assert desk.bring(b"SQLite format 3\0" + b"x" * 5000, "q.db").quarantined == {"database": 1}


def test_a_foreign_database_is_left_as_it_was(desk):
    content = samples.FILES["decisions_database"][1]
    desk.bring(content, "p.db")
    assert (desk.folder / "p.db").read_bytes() == content
    assert not list(desk.folder.glob("p.db-*"))


# -- what they add up to -------------------------------------------------------------------------------------------


def test_a_sidecar_and_a_row_of_one_group_are_one_line(desk):
    desk.bring(samples.database(samples.ROW | {"ai_crop_coords": None, "ai_confidence": None}), "p.db")
    desk.bring(json.dumps(samples.SIDECARS["by filename"]).encode(), "a.decision")
    [found] = desk.rows("SELECT user_action, ai_crop_coords, final_crop_coords, crop_match FROM ai_decisions")
    assert found == ("crop", "[0.15, 0.02, 0.79, 0.67]", "[0.1, 0.2, 0.6, 0.9]", 0)


def test_performance_counts_groups_that_were_decided(desk):
    other = samples.ROW | {"group_id": "g3", "user_selected_index": 0}
    desk.bring(samples.database(samples.ROW, samples.REJECTED, other), "p.db")
    desk.bring(json.dumps({"project_id": "p", "group_id": "g9", "needs_crop": False}).encode(), "z.decision")
    assert desk.rows("SELECT * FROM ai_performance") == [("p", 3, 1, 2, 50.0, 100.0)]
    assert desk.rows("SELECT count(*) FROM ai_decisions") == [(4,)]


def test_a_match_on_the_boundary_is_one_also_where_two_records_tell_of_it(desk):
    desk.bring(samples.database(samples.ROW | {"ai_crop_coords": None, "ai_confidence": None}), "p.db")
    sidecar = samples.SIDECARS["by filename"] | {"ai_crop_coords": [0.1, 0.2, 0.65, 0.9]}
    desk.bring(json.dumps(sidecar).encode(), "a.decision")
    assert desk.rows("SELECT crop_match FROM ai_decisions") == [(1,)]
