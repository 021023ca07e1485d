"""Which of the marks on an image is owed: a sum over a set, so no order and no repetition of the marks matters."""

import pytest
from attrs import evolve as changed
from hypothesis import given
from hypothesis import strategies as st

from commands.importing.standing import standing
from commands.recording.marks import Mark
from ledger.values import Box, Dimensions, Instant, Suggestion

BOXES = (Box(0.125, 0.125, 0.625, 0.625), Box(0.125, 0.125, 0.625, 0.6250001), Box(0, 0, 0.5, 0.5))
SIZES = (None, Dimensions(800, 400), Dimensions(400, 200))
TIMES = tuple(Instant(f"2025-11-02T10:0{minute}:00.000000Z") for minute in range(4))

marks = st.builds(
    Mark, st.just("p"), st.sampled_from(["/d/a.png", "/e/a.png"]), st.sampled_from(BOXES), st.sampled_from(SIZES),
    st.sampled_from([None, "g1", "g2"]), st.sampled_from([None, Suggestion(BOXES[2], 0.5), Suggestion(BOXES[2], 0.6)]),
    st.sampled_from(TIMES), st.sampled_from([None, 0, 7200]), st.sampled_from([(), ("found_elsewhere",)]),
)  # fmt: skip


@given(st.lists(marks, max_size=6), st.lists(st.sampled_from(TIMES), max_size=1), st.randoms(use_true_random=False))
def test_no_order_and_no_repetition_of_the_marks_matters(told, made, chance):
    again = [*told, *chance.choices(told, k=2)] if told else []
    chance.shuffle(again)
    assert standing(again, made) == standing(told, made)


@given(st.lists(marks, min_size=1, max_size=6))
def test_what_is_owed_is_one_of_the_boxes_at_one_of_the_times(told):
    found = standing(told, [])
    assert found is not None
    assert (found.at, found.box) in {(mark.at, mark.box) for mark in told}
    assert standing(told, [max(mark.at for mark in told)]) is None


def mark(box: Box, minute: int, size: Dimensions | None = None, **known: object) -> Mark:
    return Mark("p", "/d/a.png", box, size, at=TIMES[minute], **known)


def test_a_box_that_was_drawn_again_after_another_is_a_new_mark():
    one, _, other = BOXES
    assert standing([mark(one, 0), mark(other, 1), mark(one, 2)], []).at == TIMES[2]
    assert standing([mark(one, 0), mark(one, 2), mark(other, 1)], [TIMES[1]]).at == TIMES[2]


def test_the_same_pixels_are_the_same_box_by_whichever_size_is_known():
    near = Box(0.125, 0.125, 0.6252, 0.625)  # a sixth of a pixel off: told apart only where no size is known
    assert standing([mark(BOXES[0], 0, SIZES[1]), mark(near, 1)], []).at == TIMES[0]
    assert standing([mark(BOXES[0], 0), mark(near, 1)], [], SIZES[1]).at == TIMES[0]
    assert standing([mark(BOXES[0], 0), mark(near, 1)], []).at == TIMES[1]


def test_a_remark_counts_only_where_every_telling_makes_it():
    odd = ("found_elsewhere",)
    assert standing([mark(BOXES[0], 0, warnings=odd), mark(BOXES[0], 1, warnings=odd)], []).warnings == odd
    assert standing([mark(BOXES[0], 0, warnings=odd), mark(BOXES[0], 1)], []).warnings == ()


def test_a_clock_is_that_of_the_time_that_counts():
    told = [mark(BOXES[0], 0), mark(BOXES[0], 0, utc_offset_s=7200), mark(BOXES[0], 1, utc_offset_s=0)]
    assert standing(told, []).utc_offset_s == 7200


@pytest.mark.parametrize(
    "known",
    [
        {"dimensions": SIZES[2]},
        {"group": "g2"},
        {"suggestion": Suggestion(BOXES[2], 0.6)},
        {"utc_offset_s": 7200},
        {"box": BOXES[1]},
        {"warnings": ("found_elsewhere",)},
    ],
)
def test_of_two_tellings_that_differ_in_one_thing_the_order_does_not_matter(known):
    one = mark(BOXES[0], 0, SIZES[1], group="g1", suggestion=Suggestion(BOXES[2], 0.5), utc_offset_s=0)
    other = changed(one, **known)
    assert standing([one, other], []) == standing([other, one], [])
