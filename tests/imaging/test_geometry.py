"""Boxes between the displayed and the stored frame, and after the size has drifted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from imaging.geometry import displayed, place, same_aspect, to_displayed, to_stored
from imaging.problems import Unusable
from ledger.errors import Invalid
from ledger.values import Box, Dimensions, PixelBox

ORIENTATIONS = range(1, 9)
sides = st.integers(1, 40)


@st.composite
def frames_and_boxes(draw):
    frame = Dimensions(draw(sides), draw(sides))
    left, top = draw(st.integers(0, frame.width_px - 1)), draw(st.integers(0, frame.height_px - 1))
    right, bottom = draw(st.integers(left + 1, frame.width_px)), draw(st.integers(top + 1, frame.height_px))
    return frame, PixelBox(left, top, right, bottom)


@given(frames_and_boxes(), st.sampled_from(ORIENTATIONS))
def test_a_box_goes_to_the_stored_frame_and_back(framed, orientation):
    shown, box = framed
    stored = displayed(shown, orientation)
    there = to_stored(box, shown, orientation)
    assert there.inside(stored)
    assert to_displayed(there, stored, orientation) == box


@given(frames_and_boxes(), st.sampled_from(ORIENTATIONS))
def test_turning_then_cutting_is_cutting_then_turning(framed, orientation):
    shown, box = framed
    stored = displayed(shown, orientation)
    count = stored.width_px * stored.height_px
    picture = Image.frombytes(
        "I;16", (stored.width_px, stored.height_px), b"".join(n.to_bytes(2, "little") for n in range(count))
    )
    turn = Image.Exif()
    turn[0x0112] = orientation
    picture.info["exif"] = turn.tobytes()
    inner = to_stored(box, shown, orientation)
    cut = picture.crop((inner.left, inner.top, inner.right, inner.bottom))
    cut.info["exif"] = turn.tobytes()
    seen = ImageOps.exif_transpose(picture).crop((box.left, box.top, box.right, box.bottom))
    assert ImageOps.exif_transpose(cut).tobytes() == seen.tobytes()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_box_that_leaves_the_image_is_refused(orientation):
    with pytest.raises(Invalid, match="leaves the image"):
        to_stored(PixelBox(0, 0, 5, 4), Dimensions(4, 4), orientation)


def test_an_unchanged_size_needs_no_warning():
    placed = place(Box(0.25, 0.25, 0.75, 1.0), recorded=Dimensions(8, 4), actual=Dimensions(8, 4))
    assert placed.pixel_box == PixelBox(2, 1, 6, 4)
    assert placed.warnings == ()


@given(st.integers(100, 5000), st.integers(100, 5000), st.floats(0.3, 4.0))
def test_a_scaled_image_keeps_the_box_and_says_so(width, height, factor):
    recorded, actual = Dimensions(width, height), Dimensions(round(width * factor), round(height * factor))
    placed = place(Box(0.25, 0.25, 0.75, 0.75), recorded=recorded, actual=actual)
    assert placed.warnings == (() if recorded == actual else ("dimension_drift",))
    assert placed.pixel_box == Box(0.25, 0.25, 0.75, 0.75).denormalise(actual)


@pytest.mark.parametrize("actual", [(3000, 4000), (4000, 2900), (4000, 3002), (2000, 1502), (8000, 6004)])
def test_another_shape_means_the_box_has_lost_its_meaning(actual):
    with pytest.raises(Unusable, match="another shape") as caught:
        place(Box(0, 0, 0.5, 0.5), recorded=Dimensions(4000, 3000), actual=Dimensions(*actual))
    assert caught.value.reason == "aspect_changed"


@pytest.mark.parametrize("actual", [(2000, 1500), (2000, 1501), (4000, 3001), (1333, 1000), (8000, 6001)])
def test_one_pixel_of_rounding_is_the_same_shape(actual):
    assert same_aspect(Dimensions(4000, 3000), Dimensions(*actual))
