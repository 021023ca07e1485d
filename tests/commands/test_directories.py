"""What a directory's history says, and what a scan adds to it."""

import pytest
from attrs import evolve as changed
from hypothesis import given
from hypothesis import strategies as st

from commands.directories import (
    DIRECTORIES,
    Directory,
    RelocateDirectory,
    RestartDirectory,
    ScanDirectory,
    directory_hash,
)
from ledger.entry import Entry
from ledger.errors import Conflict, Damaged, Invalid
from ledger.events.crops import CropWithdrawn
from ledger.events.directories import DirectoryRelocated, DirectoryRestarted, DirectoryScanned, ScannedImage
from ledger.values import Dimensions

PLACE = "/photos/set_a"


def image(name, content="a", modified_ns=1):
    return ScannedImage(name, len(content), modified_ns, content * 64, Dimensions(8, 6))


def broken(name, modified_ns=1):
    return ScannedImage(name, 4, modified_ns, problem="unreadable")


def scanned(directory, *found):
    events = list(DIRECTORIES.decide(ScanDirectory("directory/1", PLACE, found), directory))
    for event in events:
        directory = after(directory, event)
    return events, directory


def after(directory, event, position=7):
    return DIRECTORIES.evolve(
        directory, Entry(position, "id", "directory/1", 1, event, "t", "t", "operator:a", "c", None)
    )


def test_the_first_scan_says_everything_that_is_there():
    [event], directory = scanned(Directory(), image("a"), broken("b"))
    assert (event.directory, event.images, event.added) == (PLACE, 2, (image("a"), broken("b")))
    assert (event.removed, event.replaced, event.touched) == ((), (), ())
    assert directory == Directory(PLACE, scanned=True, images={"a": image("a"), "b": broken("b")})


def test_a_scan_that_finds_everything_as_it_was_says_nothing():
    _, directory = scanned(Directory(), image("a"), broken("b"))
    assert scanned(directory, broken("b"), image("a")) == ([], directory)


def test_an_empty_directory_is_a_fact_once():
    [event], directory = scanned(Directory())
    assert event.images == 0
    assert scanned(directory) == ([], directory)


def test_a_later_scan_says_what_was_added_removed_replaced_and_only_touched():
    _, directory = scanned(Directory(), image("gone"), image("other"), image("same"), image("kept"), broken("mended"))
    found = (
        image("new"), image("other", "b"), image("same", modified_ns=2), image("kept"), image("mended", modified_ns=3),
    )  # fmt: skip
    [event], directory = scanned(directory, *found)
    assert event.images == 5
    assert event.added == (image("new"),)
    assert event.removed == ("gone",)
    assert event.replaced == (image("other", "b"), image("mended", modified_ns=3))
    assert event.touched == (image("same", modified_ns=2),)
    assert dict(directory.images) == {each.name: each for each in found}


def test_the_directory_hash_is_that_of_names_lengths_and_contents_whatever_the_order_and_the_times():
    one = directory_hash([image("a"), image("b", "c")])
    assert one == directory_hash([image("b", "c", 99), image("a")])
    others = [[image("a"), image("b")], [image("a")], [image("a"), image("c", "c")], []]
    assert len({one, *map(directory_hash, others)}) == 5


names = st.sampled_from("abcd")
images = st.builds(image, names, st.sampled_from("xy"), st.integers(1, 2)) | st.builds(broken, names, st.integers(1, 2))
listings = st.lists(images, max_size=5, unique_by=lambda each: each.name)


@given(st.lists(listings, min_size=1, max_size=6))
def test_the_scans_add_up_to_what_the_last_one_found(found):
    directory = Directory()
    for listing in found:
        events, directory = scanned(directory, *listing)
        assert dict(directory.images) == {each.name: each for each in listing}
        assert directory.path == PLACE
        assert all(event.images == len(listing) for event in events)


@pytest.mark.parametrize(
    "event",
    [
        DirectoryScanned(PLACE, 1, "h", removed=("b",)),
        DirectoryScanned(PLACE, 1, "h", added=(image("a"),)),
        DirectoryScanned(PLACE, 1, "h", replaced=(image("b"),)),
        DirectoryScanned(PLACE, 1, "h", touched=(image("b"),)),
        CropWithdrawn(),
    ],
    ids=["removed", "added", "replaced", "touched", "of an image"],
)
def test_an_entry_that_cannot_follow_is_damage(event):
    _, directory = scanned(Directory(), image("a"))
    with pytest.raises(Damaged, match="Position 9") as caught:
        after(directory, event, 9)
    assert caught.value.position == 9


def test_only_commands_about_directories_are_answered():
    with pytest.raises(Invalid, match="not a command about a directory"):
        DIRECTORIES.decide(changed, Directory())


RESTARTED = DirectoryRestarted(PLACE, 5, 1, 0, 0, "other framing")


def test_starting_afresh_is_recorded_where_something_was_decided():
    _, directory = scanned(Directory(), image("a"))
    for counts in ({"completed": 1}, {"skipped": 1}, {"owed": 1}):
        event = DirectoryRestarted(PLACE, 5, **{"completed": 0, "skipped": 0, "owed": 0} | counts)
        assert list(DIRECTORIES.decide(RestartDirectory("directory/1", event), directory)) == [event]
    nothing = DirectoryRestarted(PLACE, 5, 0, 0, 0)
    assert list(DIRECTORIES.decide(RestartDirectory("directory/1", nothing), directory)) == []


def test_starting_afresh_on_a_directory_that_was_never_scanned_does_not_make_it_scanned():
    directory = after(Directory(), RESTARTED)
    assert directory == Directory(PLACE)
    [event], _ = scanned(directory)
    assert event.images == 0


def test_a_directory_moves_from_where_it_is_and_keeps_what_was_found():
    _, directory = scanned(Directory(), image("a"))
    move = RelocateDirectory("directory/1", PLACE, "/elsewhere", 1)
    assert list(DIRECTORIES.decide(move, directory)) == [DirectoryRelocated(PLACE, "/elsewhere", 1)]
    moved = after(directory, DirectoryRelocated(PLACE, "/elsewhere", 1))
    assert (moved.path, moved.images) == ("/elsewhere", directory.images)
    assert list(DIRECTORIES.decide(move, moved)) == []
    with pytest.raises(Conflict, match="/elsewhere"):
        list(DIRECTORIES.decide(RelocateDirectory("directory/1", PLACE, "/third", 1), moved))
    with pytest.raises(Damaged):
        after(moved, DirectoryRelocated(PLACE, "/third", 1))
