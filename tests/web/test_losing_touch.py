"""Reloads, dead servers and lost answers: nothing that was marked is lost, and nothing is recorded twice."""

import signal
from pathlib import Path

from tests.web.bench import directory_of, events, fractions, queue


def test_a_reload_in_mid_batch_keeps_what_was_drawn(made_server, bench):
    page = bench()
    names = page.names()
    page.drag(2, (0.2, 0.2), (0.6, 0.6))
    page.press("3")
    before = page.readouts()

    page.open()

    assert (page.names(), page.readouts()) == (names, before)
    page.enter().recorded()
    assert queue(made_server).keys() == set(names[:2])


def test_marks_made_while_the_server_is_dead_are_recorded_once_when_it_is_back(made_server, bench):
    page = bench()
    directory, port = directory_of(page), made_server.port
    first = page.names()
    page.page.wait_for_timeout(300)  # the two batches behind are loaded
    made_server.kill()
    page.drag(1, (0.2, 0.2), (0.6, 0.6))
    box = page.box(1)
    second = page.enter().names()
    page.enter()
    page.page.wait_for_selector("#outbox[data-state=away]")
    assert page.page.locator("#outbox").inner_text() == "6 not sent yet"
    assert "6 marks are kept here" in page.page.locator("#word").inner_text()

    made_server.start(directory, "--project", "spring", port=port)
    page.recorded()
    page.page.complaints.clear()

    recorded = events(made_server, "crop.recorded")
    assert sorted(Path(event["data"]["path"]).name for event in recorded) == sorted(first + second)
    [one] = [event for event in recorded if event["data"]["path"].endswith(first[0])]
    assert queue(made_server)[first[0]]["box"] == fractions(one, box)
    page.page.complaints.clear()


def test_an_answer_that_got_lost_is_asked_for_again_and_nothing_is_recorded_twice(made_server, bench):
    page = bench()
    lost = []

    def lose_the_first(route):
        answer = route.fetch()
        if lost:
            route.fulfill(response=answer)
        else:
            lost.append(answer.status)
            route.abort()

    page.page.route("**/crop/marks", lose_the_first)
    page.enter().recorded()

    assert lost == [200]
    assert len(events(made_server, "crop.recorded")) == 3
    page.page.complaints.clear()


def test_a_server_killed_with_the_request_in_its_hands_records_each_mark_once_when_it_is_back(made_server, bench):
    page = bench(12)
    directory, port = directory_of(page), made_server.port
    shown = []
    for read, after_ms in ((False, 0), (True, 2), (True, 20)):  # before it is read, and while it is answered
        page.page.wait_for_timeout(300)  # the two batches behind are loaded
        shown += page.names()
        if not read:
            made_server.process.send_signal(signal.SIGSTOP)
        with page.page.expect_request("**/crop/marks"):
            page.press("Enter")
        page.page.wait_for_timeout(after_ms)
        made_server.kill()
        made_server.start(directory, "--project", "spring", port=port)
        page.recorded()

    recorded = [Path(event["data"]["path"]).name for event in events(made_server, "crop.recorded")]
    assert sorted(recorded) == sorted(shown)
    assert len(set(shown)) == 9
    page.page.complaints.clear()


def test_what_was_not_sent_goes_out_from_the_next_page_that_is_opened(made_server, bench, browser_page):
    page = bench()
    directory, port = directory_of(page), made_server.port
    names = page.names()
    page.page.wait_for_timeout(300)
    made_server.kill()
    page.press("Enter")
    page.page.wait_for_selector("#outbox[data-state=away]")
    page.page.on("dialog", lambda dialog: dialog.accept())
    page.page.goto("about:blank")

    made_server.start(directory, "--project", "spring", port=port)
    page.open()
    page.recorded()

    assert set(queue(made_server)) == set(names)
    page.page.complaints.clear()
