"""What a sidecar proposes; whatever is wrong with it, the image can be marked."""

import json

import pytest

from commands.sidecars import proposed_beside
from ledger.values import Box, Suggestion


@pytest.fixture
def beside(tmp_path):
    def write(content):
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        (tmp_path / "a.decision").write_bytes(text)
        return proposed_beside(tmp_path / "a.png")

    return write


def test_group_and_box_are_taken(beside):
    found = beside({"group_id": "g1", "needs_crop": True, "ai_crop_coords": [0.1, 0.2, 0.5, 0.6]})

    assert found.group == "g1"
    assert found.suggestion == Suggestion(Box(0.1, 0.2, 0.5, 0.6))


def test_without_a_sidecar_nothing_is_proposed(tmp_path):
    assert proposed_beside(tmp_path / "a.png").suggestion is None


def test_a_sidecar_about_another_image_proposes_nothing(beside):
    assert beside({"filename": "other.png", "ai_crop_coords": [0.1, 0.2, 0.5, 0.6]}).suggestion is None


def test_a_score_is_kept_where_it_is_one(beside):
    coords = {"ai_crop_coords": [0.1, 0.2, 0.5, 0.6]}
    assert beside(coords | {"ai_confidence": 0.75}).suggestion.score == 0.75
    assert beside(coords | {"ai_confidence": 75}).suggestion.score is None
    assert beside(coords | {"ai_confidence": "high"}).suggestion.score is None


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"\xff\xfe", b"[1]", {"ai_crop_coords": [0.1, 0.2]}, {"ai_crop_coords": "none"},
        {"ai_crop_coords": [0.9, 0.2, 0.1, 0.6]}, {"ai_crop_coords": [0, 0, 2, 2]}, {"ai_crop_coords": [None] * 4},
    ],
)  # fmt: skip
def test_a_sidecar_that_cannot_be_used_says_why(beside, content):
    found = beside(content)

    assert (found.group, found.suggestion) == (None, None)
    assert "a.decision cannot be used" in found.problem


@pytest.mark.parametrize("content", [{}, {"ai_crop_coords": None}, {"group_id": 7}])
def test_a_sidecar_without_a_proposal_is_no_problem(beside, content):
    assert beside(content).problem is None
