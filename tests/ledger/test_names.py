"""What an image's name says, and the order it gives."""

from hypothesis import given
from hypothesis import strategies as st

from ledger.names import STAGES, in_order, order_key, parse_name


def test_a_name_of_the_form_says_when_and_which_stage():
    found = parse_name("20250803_172343_stage1.5_face_swapped.png")
    assert (found.stamp, found.stage) == ("20250803_172343", 1.5)
    stages = ["1_generated", "1.5_face_swapped", "2_upscaled", "3_enhanced"]
    assert tuple(parse_name(f"20250803_172343_stage{stage}.png").stage for stage in stages) == STAGES


def test_a_stage_there_is_none_of_is_unknown():
    for stage in ("4_printed", "1.7_x", "15_x", "10_x", "x", ""):
        assert parse_name(f"20250803_172343_stage{stage}.png").stage is None, stage
    assert parse_name("20250803_172343_stage2x.png").stage is None
    assert parse_name("20250803_172343.png").stage is None


def test_a_name_of_another_form_says_nothing():
    for name in ("a.png", "x20250803_172343_stage1_generated.png", "20250803_1723431_stage1_generated.png", ""):
        found = parse_name(name)
        assert (found.name, found.stamp, found.stage) == (name, None, None)


def test_names_are_ordered_by_stamp_then_stage_then_name_and_those_without_a_stamp_come_last():
    ordered = [
        "20250803_172343_stage1_generated.png",
        "20250803_172343_stage1_h.png",
        "20250803_172343_stage1.5_face_swapped.png",
        "20250803_172343_stage2_upscaled.png",
        "20250803_172343_stage3_enhanced.png",
        "20250803_172343_other.png",
        "20250803_172343_stage10_a.png",
        "20250803_172344_stage1_generated.png",
        "1.png",
        "a.png",
    ]
    assert sorted(frozenset(ordered), key=in_order) == ordered


stamps = st.sampled_from(["20250803_172343_", "20250803_172344_", "2025", "", "~", "x"])
tails = st.sampled_from(["stage1_x", "stage1.5_x", "stage2", "stage3_", "stage7", "a", "~", "é", ""])


@given(st.lists(st.builds("{}{}{}.png".format, stamps, tails, st.text(max_size=3))))
def test_the_order_as_text_is_the_order(names):
    assert sorted(names, key=in_order) == sorted(names, key=order_key)
