"""What may happen to a group: the decider alone."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve as changed
from hypothesis import given
from hypothesis import strategies as st

from commands.decider import Command
from commands.groups import GROUPS, ChooseImage, Group, RejectGroup, ReopenGroup
from ledger.entry import Entry
from ledger.errors import CropledgerError, Damaged, Invalid, NotFound
from ledger.events.event import Event
from ledger.events.groups import GroupImage, GroupRejected, GroupReopened, ImageChosen
from ledger.events.images import ImageRestored
from ledger.values import Instant, group_subject

SUBJECT = group_subject("p", "/photos/a.png")
IMAGES = tuple(GroupImage(f"image/{name}", name) for name in ("a", "b", "c"))


def chosen(name: str, how: Any = "crop", images: tuple[GroupImage, ...] = IMAGES) -> ChooseImage:
    return ChooseImage(SUBJECT, ImageChosen("p", "/photos", "g", images, name, how))


def rejected(images: tuple[GroupImage, ...] = IMAGES) -> RejectGroup:
    return RejectGroup(SUBJECT, GroupRejected("p", "/photos", "g", images))


def entry(event: Event, position: int = 1) -> Entry:
    at = Instant("2025-10-27T16:00:00.000000Z")
    return Entry(position, str(position), SUBJECT, position, event, at, at, "operator:ann", "c", None)


def after(*commands: Command) -> Group:
    group, position = GROUPS.initial, 0
    for command in commands:
        for event in GROUPS.decide(command, group):
            position += 1
            group = GROUPS.evolve(group, entry(event, position))
    return group


def test_an_image_is_chosen() -> None:
    group = after(chosen("b", "whole"))

    assert (group.status, group.chosen, group.images) == ("chosen", "b", IMAGES)


def test_choosing_another_image_lets_the_first_one_go_and_says_so() -> None:
    [event] = GROUPS.decide(chosen("c"), after(chosen("a")))

    assert isinstance(event, ImageChosen)
    assert (event.chosen, event.supersedes) == ("c", "a")
    assert after(chosen("a"), chosen("c")).chosen == "c"


def test_keeping_the_same_image_in_another_way_supersedes_no_image() -> None:
    [event] = GROUPS.decide(chosen("a", "whole"), after(chosen("a", "crop")))

    assert isinstance(event, ImageChosen)
    assert (event.how, event.supersedes) == ("whole", None)


def test_an_image_that_was_renamed_and_is_chosen_again_supersedes_no_other() -> None:
    renamed = (changed(IMAGES[0], name="z"), *IMAGES[1:])
    [event] = GROUPS.decide(chosen("z", images=renamed), after(chosen("a")))

    assert isinstance(event, ImageChosen)
    assert event.supersedes is None


@pytest.mark.parametrize("before", [(), (chosen("b"),), (rejected(),)])
@pytest.mark.parametrize("command", [chosen("a"), chosen("a", "whole"), rejected()])
def test_asked_twice_it_is_recorded_once(before: tuple[Command, ...], command: Command) -> None:
    assert list(GROUPS.decide(command, after(*before, command))) == []


def test_a_choice_among_other_images_than_before_is_a_new_one() -> None:
    assert list(GROUPS.decide(chosen("a", images=IMAGES[:2]), after(chosen("a"))))
    assert list(GROUPS.decide(rejected(IMAGES[:2]), after(rejected())))


def test_a_rejected_group_keeps_none_until_one_is_chosen() -> None:
    assert after(chosen("a"), rejected()).chosen is None
    assert after(rejected(), chosen("a")).chosen == "a"


def test_what_was_decided_can_be_opened_again_once() -> None:
    for decided in (chosen("a"), rejected()):
        group = after(decided, ReopenGroup(SUBJECT))
        assert (group.status, group.chosen) == ("open", None)
        assert list(GROUPS.decide(ReopenGroup(SUBJECT), group)) == []
        assert list(GROUPS.decide(decided, group)), "and then decided as before"


def test_a_group_about_which_nothing_is_decided_cannot_be_opened() -> None:
    with pytest.raises(NotFound):
        list(GROUPS.decide(ReopenGroup(SUBJECT), GROUPS.initial))


@pytest.mark.parametrize("images", [(), IMAGES[:1], (IMAGES[0], IMAGES[0]), (IMAGES[0], changed(IMAGES[0], name="d"))])
def test_a_group_has_two_images_or_more_each_once(images: tuple[GroupImage, ...]) -> None:
    for command in (chosen("a", images=images), rejected(images)):
        with pytest.raises(Invalid):
            list(GROUPS.decide(command, GROUPS.initial))


def test_only_an_image_of_the_group_can_be_chosen() -> None:
    with pytest.raises(Invalid, match="z is not an image of g"):
        list(GROUPS.decide(chosen("z"), GROUPS.initial))


def test_an_image_is_kept_in_one_of_three_ways() -> None:
    with pytest.raises(Invalid, match="suggested, whole, crop; not 'perhaps'"):
        list(GROUPS.decide(chosen("a", "perhaps"), GROUPS.initial))


def test_a_command_about_something_else_is_refused() -> None:
    from commands.crops import RestoreImage

    with pytest.raises(Invalid, match="RestoreImage is not a command about a group"):
        list(GROUPS.decide(RestoreImage(SUBJECT), GROUPS.initial))


@pytest.mark.parametrize(
    "event",
    [
        GroupReopened(),
        ImageRestored(),
        ImageChosen("p", "/photos", "g", IMAGES, "z", "crop"),
    ],
)
def test_an_entry_that_cannot_follow_is_damage(event: Event) -> None:
    with pytest.raises(Damaged, match="Position 1"):
        GROUPS.evolve(GROUPS.initial, entry(event))


COMMANDS: tuple[Callable[[str], Command], ...] = (
    lambda name: chosen(name, "crop"),
    lambda name: chosen(name, "whole"),
    lambda name: chosen(name, "suggested"),
    lambda _: rejected(),
    lambda _: ReopenGroup(SUBJECT),
)


@given(st.lists(st.tuples(st.sampled_from(COMMANDS), st.sampled_from("abc")), max_size=12))
def test_whatever_is_asked_the_last_choice_stands_and_no_other(
    asked: list[tuple[Callable[[str], Command], str]],
) -> None:
    group, kept = GROUPS.initial, None
    for number, (make, name) in enumerate(asked, 1):
        command = make(name)
        try:
            events = list(GROUPS.decide(command, group))
        except CropledgerError:
            continue
        for event in events:
            group = GROUPS.evolve(group, entry(event, number))
        kept = name if isinstance(command, ChooseImage) else None
        assert group.chosen == kept
