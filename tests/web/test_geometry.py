"""One table of cases for the arithmetic of the page (modules/geometry.test.mjs) and that of the ledger."""

import json
from pathlib import Path

import pytest

from ledger.errors import Invalid
from ledger.values import Box, Dimensions, PixelBox

CASES = json.loads((Path(__file__).parent / "geometry_cases.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['frame']}-{case['pixels']}")
def test_page_and_ledger_agree_on_pixels_and_fractions(case):
    frame = Dimensions(*case["frame"])
    if case["pixels"] is None:
        with pytest.raises(Invalid):
            Box(*case["given"]).denormalise(frame)
        return
    box = PixelBox(*case["pixels"])

    if "fractions" in case:
        assert box.normalise(frame) == Box(*case["fractions"])
    assert Box(*case.get("fractions", case.get("given"))).denormalise(frame) == box
