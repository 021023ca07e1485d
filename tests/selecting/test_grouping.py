"""Which images belong together: runs of one subject through rising stages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.choosing.grouping import Rules, groups_of
from ledger.names import parse_name

NAMES = {1: "1_generated", 1.5: "1.5_face_swapped", 2: "2_upscaled", 3: "3_enhanced", 4: "4_unknown"}


def named(stages: list[float], *, step_s: int = 60) -> list[str]:
    """Images of these stages, a minute apart."""
    seconds = [number * step_s for number in range(len(stages))]
    return [
        f"20250803_{17 + at // 3600:02d}{at // 60 % 60:02d}{at % 60:02d}_stage{NAMES[stage]}.png"
        for at, stage in zip(seconds, stages, strict=True)
    ]


def stages_of(stages: list[float], rules: Rules | None = None) -> list[list[float | None]]:
    groups = groups_of(named(stages), rules or Rules())
    return [[parse_name(name).stage for name in group] for group in groups]


@pytest.mark.parametrize(
    ("stages", "groups"),
    [
        ([1, 1.5], [[1, 1.5]]),
        ([1, 2, 3], [[1, 2, 3]]),
        ([1, 1.5, 2, 3], [[1, 1.5, 2, 3]]),
        ([2, 2, 2], []),
        ([3, 2, 1], []),
        ([2, 3, 1, 2], [[2, 3], [1, 2]]),
        ([1, 2, 1, 2], [[1, 2], [1, 2]]),
        ([1, 3, 2, 3], [[1, 2, 3]]),
        ([3, 3, 2, 3], [[2, 3]]),
        ([1, 1.5, 2, 2, 3], [[1, 1.5, 2], [2, 3]]),
        ([], []),
        ([1], []),
    ],
)
def test_nearest_up(stages: list[float], groups: list[list[float]]) -> None:
    assert stages_of(stages) == groups


def test_of_two_nearest_the_earlier_is_taken() -> None:
    names = named([1, 3, 2, 2])

    assert groups_of(names) == [(names[0], names[2])]


def test_names_may_come_in_any_order() -> None:
    names = named([1, 1.5, 2, 2, 3])

    assert groups_of(reversed(names)) == groups_of(names)


def test_within_one_second_the_stage_orders() -> None:
    stamp = "20250803_172343"
    names = [f"{stamp}_stage{NAMES[stage]}.png" for stage in (2, 1.5, 1)]

    assert groups_of(names) == [tuple(reversed(names))]


def test_files_of_no_known_stage_belong_to_no_group_and_end_none() -> None:
    names = named([1, 4, 2])
    strangers = ["a.png", "20250803_170030_notes.png", "stage2_upscaled.png"]

    assert groups_of([*names, *strangers]) == [(names[0], names[2])]


def test_time_does_not_split_a_group_unless_asked() -> None:
    names = [f"{day}_170000_stage{NAMES[stage]}.png" for day, stage in (("20250803", 1), ("20250910", 2))]

    assert groups_of(names) == [tuple(names)]
    assert groups_of(names, Rules(gap_max_s=86_400)) == []


def test_a_gap_is_told_from_the_last_of_the_run() -> None:
    names = named([1, 1.5, 2], step_s=90)

    assert groups_of(names, Rules(gap_max_s=90)) == [tuple(names)]
    assert groups_of(names, Rules(gap_max_s=89)) == []


def test_digits_that_are_no_time_are_no_gap() -> None:
    names = [f"99999999_99999{stage}_stage{NAMES[stage]}.png" for stage in (1, 2)]

    assert groups_of(names, Rules(gap_max_s=1)) == [tuple(names)]


def test_the_next_of_a_run_is_looked_for_so_far_and_no_farther() -> None:
    stages: list[float] = [1, *[3] * 3, 2]

    assert stages_of(stages, Rules(look_ahead=4)) == [[1, 2]]
    assert stages_of(stages, Rules(look_ahead=3)) == [[1, 3]]


def test_a_group_has_at_least_so_many_images() -> None:
    assert stages_of([1, 2, 1, 2, 3], Rules(size_min=3)) == [[1, 2, 3]]


@given(st.lists(st.sampled_from([1, 1.5, 2, 3, 4]), max_size=40), st.integers(1, 10))
def test_whatever_the_stages_a_group_rises_and_no_image_is_in_two(stages: list[float], look_ahead: int) -> None:
    names = named(stages)
    groups = groups_of(names, Rules(look_ahead=look_ahead))

    grouped = [name for group in groups for name in group]
    assert len(set(grouped)) == len(grouped)
    assert set(grouped) <= set(names)
    for group in groups:
        rising = [parse_name(name).stage or 0 for name in group]
        assert rising == sorted(set(rising))
        assert len(group) >= 2
        assert list(group) == sorted(group)
