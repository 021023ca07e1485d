"""Boxes, sizes, actors and instants check themselves."""

import math
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Invalid
from ledger.values import (
    FULL_FRAME,
    MAX_SIDE_PX,
    Actor,
    Box,
    Dimensions,
    PixelBox,
    Suggestion,
    image_subject,
    instant,
    is_actor,
    is_instant,
    is_sha256,
    parse_instant,
)


@st.composite
def framed_boxes(draw, largest=20_000):
    width, height = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    right, bottom = draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height))
    return PixelBox(left, top, right, bottom), Dimensions(width, height)


@given(framed_boxes())
def test_normalise_then_denormalise_gives_every_integer_box_back(framed):
    box, frame = framed
    assert box.normalise(frame).denormalise(frame) == box


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000, 4095, 19_999, 20_000, MAX_SIDE_PX])
def test_every_edge_of_a_size_survives_the_way_to_fractions_and_back(size):
    step = max(1, size // 5000)
    assert all(round(edge / size * size) == edge for edge in range(0, size + 1, step))
    frame = Dimensions(size, 1)
    assert PixelBox(size - 1, 0, size, 1).normalise(frame).denormalise(frame) == PixelBox(size - 1, 0, size, 1)


NOT_BOXES = {
    "nan": (math.nan, 0, 1, 1),
    "infinity": (0, 0, math.inf, 1),
    "minus infinity": (0, -math.inf, 1, 1),
    "a bool": (False, 0, 1, True),
    "a text": ("0", 0, 1, 1),
    "reversed in x": (0.8, 0, 0.2, 1),
    "reversed in y": (0, 0.8, 1, 0.2),
    "no width": (0.5, 0, 0.5, 1),
    "no height": (0, 0.5, 1, 0.5),
    "left of the image": (-0.01, 0, 1, 1),
    "above the image": (0, -0.01, 1, 1),
    "right of the image": (0, 0, 1.01, 1),
    "below the image": (0, 0, 1, 1.0000001),
}


@pytest.mark.parametrize("edges", NOT_BOXES.values(), ids=NOT_BOXES)
def test_what_is_no_rectangle_inside_the_image_is_refused(edges):
    with pytest.raises(Invalid):
        Box(*edges)


@pytest.mark.parametrize("text", ["", "1,2,3", "0,0,1,1,1", "a,b,c,d", "0 0 1 1", "nan,0,1,1", "0,0,inf,1"])
def test_text_that_is_no_box_is_refused(text):
    with pytest.raises(Invalid):
        Box.parse(text)


def test_a_box_is_read_from_text_and_the_whole_frame_is_recognised():
    assert Box.parse("0.12,0.08,0.82,0.73") == Box(0.12, 0.08, 0.82, 0.73)
    assert FULL_FRAME.is_whole(Dimensions(3072, 17))
    assert not Box(0, 0, 1, 0.9).is_whole(Dimensions(100, 100))


def test_equal_boxes_are_written_alike_even_from_a_negative_zero():
    assert math.copysign(1, Box(-0.0, -0.0, 1, 1).x1) == 1


@pytest.mark.parametrize("sides", [(0, 1), (1, 0), (-5, 5), (True, 1), (1.0, 1), ("1", 1), (MAX_SIDE_PX + 1, 1)])
def test_what_is_no_size_is_refused(sides):
    with pytest.raises(Invalid):
        Dimensions(*sides)


@pytest.mark.parametrize(
    "edges", [(0, 0, 0, 1), (0, 0, 1, 0), (2, 0, 1, 1), (0, 2, 1, 1), (-1, 0, 1, 1), (0, 0, True, 1), (0, 0, 1.0, 1)]
)
def test_what_is_no_pixel_box_is_refused(edges):
    with pytest.raises(Invalid):
        PixelBox(*edges)


@pytest.mark.parametrize("edges", [(0, 0, 11, 10), (0, 0, 10, 11), (10, 0, 11, 1)])
def test_a_pixel_box_that_leaves_the_image_has_no_fractions(edges):
    with pytest.raises(Invalid, match="leaves the image"):
        PixelBox(*edges).normalise(Dimensions(10, 10))


def test_a_box_too_thin_for_one_pixel_is_refused_with_its_size():
    with pytest.raises(Invalid, match="10x10"):
        Box(0.501, 0.2, 0.502, 0.8).denormalise(Dimensions(10, 10))


def test_a_pixel_box_knows_its_size_and_whether_it_fits():
    box = PixelBox(2, 3, 10, 9)
    assert box.dimensions == Dimensions(8, 6)
    assert box.inside(Dimensions(10, 9))
    assert not box.inside(Dimensions(9, 9))
    assert not box.inside(Dimensions(10, 8))


@pytest.mark.parametrize("score", [-0.1, 1.1, math.nan, True, "0.5"])
def test_a_score_that_is_no_fraction_is_refused(score):
    with pytest.raises(Invalid):
        Suggestion(FULL_FRAME, score)


def test_a_suggestion_may_lack_its_score():
    assert Suggestion(FULL_FRAME).score is None
    assert Suggestion(FULL_FRAME, 0).score == 0
    assert Suggestion(FULL_FRAME, 1).score == 1


# -- actors


names = st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), min_size=1, max_size=200).filter(
    lambda name: not name[0].isspace() and name[0] != ":"
)


@given(st.sampled_from(["operator", "runner", "import", "suggester"]), names)
def test_an_actor_reads_back_as_it_was_written(kind, name):
    actor = Actor(kind, name)
    assert Actor.parse(str(actor)) == actor
    assert is_actor(str(actor))


@pytest.mark.parametrize(
    "text",
    ["", "anna", "operator:", "operator: anna", "person:anna", "operator:a\nb", "Operator:x", "operator:" + "x" * 201],
)
def test_what_names_no_actor_is_refused(text):
    assert not is_actor(text)
    with pytest.raises(Invalid):
        Actor.parse(text)


def test_an_actor_whose_name_would_not_read_back_is_refused():
    with pytest.raises(Invalid):
        Actor("operator", "a\n")
    with pytest.raises(Invalid):
        Actor("operator", "")


# -- instants

moments = st.datetimes(
    timezones=st.sampled_from([UTC, ZoneInfo("America/Los_Angeles"), timezone(timedelta(hours=14))]),
    min_value=datetime(2, 1, 1),  # noqa: DTZ001  # the strategy adds the zone
    max_value=datetime(9998, 1, 1),  # noqa: DTZ001  # as above
)


@given(moments, moments)
def test_the_order_of_instants_as_text_is_the_order_of_time(one, other):
    assert (instant(one) < instant(other)) == (one.astimezone(UTC) < other.astimezone(UTC))


@given(moments)
def test_an_instant_reads_back_as_the_same_moment_to_the_microsecond(moment):
    assert is_instant(instant(moment))
    assert parse_instant(instant(moment)) == moment.astimezone(UTC)


def test_a_whole_second_keeps_its_six_digits():
    assert instant(datetime(2025, 10, 27, 16, tzinfo=UTC)) == "2025-10-27T16:00:00.000000Z"
    assert instant(datetime(2025, 10, 27, 9, tzinfo=timezone(-timedelta(hours=7)))) == "2025-10-27T16:00:00.000000Z"


def test_a_naive_time_is_refused():
    with pytest.raises(Invalid, match="no zone"):
        instant(datetime(2025, 10, 27))  # noqa: DTZ001  # that is the point
    with pytest.raises(Invalid, match="no zone"):
        parse_instant("2025-10-27T09:00:00")
    with pytest.raises(Invalid, match="not a time"):
        parse_instant("yesterday")


class Nowhere(tzinfo):
    """A zone that does not know its offset: Python takes such a time for naive."""

    def utcoffset(self, _moment):
        return None


def test_a_zone_without_an_offset_is_no_zone():
    with pytest.raises(Invalid, match="no zone"):
        instant(datetime(2025, 10, 27, tzinfo=Nowhere()))


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-12:00"])
def test_a_time_beyond_the_calendar_is_refused(text):
    with pytest.raises(Invalid, match="years 1 to 9999"):
        parse_instant(text)


@pytest.mark.parametrize(
    "text", ["2025-10-27T16:00:00Z", "2025-10-27 16:00:00.000000Z", "2025-10-27T16:00:00.000000+00:00"]
)
def test_only_the_one_form_is_an_instant(text):
    assert not is_instant(text)


# -- ids


def test_a_sha256_is_64_lower_case_hexadecimal_digits():
    assert is_sha256("a0" * 32)
    assert not is_sha256("A0" * 32)
    assert not is_sha256("a0" * 31)
    assert not is_sha256("a0" * 32 + "\n")


def test_an_image_keeps_its_subject_and_projects_do_not_share_one():
    assert image_subject("p", "/a/b.png") == image_subject("p", "/a/b.png")
    assert len({image_subject("p", "/a"), image_subject("q", "/a"), image_subject("p", "/b")}) == 3
    assert image_subject("p", "/a/\udcff.png").startswith("image/")
