"""Back and forth on the marking page: batches are revised, undone and redone, also those from before a restart."""

from pathlib import Path

from tests.web.bench import directory_of, events, fractions, queue


def test_back_and_revise_replaces_the_one_box_that_was_changed(made_server, bench):
    page = bench()
    first = page.names()
    page.enter().recorded().press("ArrowLeft")
    assert page.names() == first
    page.drag(2, (0.2, 0.2), (0.6, 0.6))
    box = page.box(2)
    page.enter().recorded()

    assert len(events(made_server, "crop.recorded")) == 4
    [again] = [event for event in events(made_server, "crop.recorded") if event["data"]["supersedes"]]
    assert Path(again["data"]["path"]).name == first[1]
    assert queue(made_server)[first[1]]["box"] == fractions(again, box)
    assert len(queue(made_server)) == 3


def test_changes_are_undone_one_by_one_and_then_the_batch_before(made_server, bench):
    page = bench()
    first = page.names()
    page.drag(1, (0.2, 0.2), (0.6, 0.6))
    box = page.box(1)
    second = page.enter().recorded().names()
    page.press("2", "3", "z")
    assert page.readouts()[1:] == ["no crop", page.readouts()[2]]
    assert "no crop" not in page.readouts()[2]
    page.press("z", "z")
    page.shows(first[0])
    page.recorded()

    assert queue(made_server) == {}
    assert page.box(1) == box  # what was drawn is still there, and Enter records it again

    page.press("Shift+Z").recorded()
    page.shows(second[0])
    assert set(queue(made_server)) == set(first)


def test_undo_redo_and_back_know_the_batches_from_before_a_restart(made_server, bench):
    page = bench()
    first = page.names()
    second = page.enter().names()
    page.enter().recorded()
    port = made_server.port
    made_server.stop()
    made_server.start(directory_of(page), "--project", "spring", port=port)
    page.open()
    page.page.complaints.clear()
    third = page.names()
    assert not {*first, *second} & {*third}

    page.press("b")
    page.shows(second[0])
    page.press("b")
    page.shows(first[0])
    page.press("z").recorded()
    page.shows(second[0])
    assert set(queue(made_server)) == set(first)

    page.open()
    assert page.names() == second
    page.press("Shift+Z").recorded()
    page.page.wait_for_function("() => document.querySelector('#far').textContent.startsWith('6/')")
    assert set(queue(made_server)) == {*first, *second}


def test_a_digit_skips_and_takes_that_back_and_nothing_is_owed_for_it(made_server, bench):
    page = bench()
    names = page.names()
    page.press("1", "2", "2").enter().recorded()

    assert set(queue(made_server)) == set(names[1:])
    assert [Path(event["data"]["path"]).name for event in events(made_server, "image.skipped")] == names[:1]

    page.press("b", "1").enter().recorded()
    assert set(queue(made_server)) == set(names)
