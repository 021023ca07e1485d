"""Several at once on the choosing page: tabs, the command line, and a server that comes and goes."""

import json

from tests.web.choosing import Chooser, far_is, groups, seen, write_groups


def test_what_is_chosen_in_one_tab_is_seen_in_the_other(chooser, made_server, browser_page):
    one = chooser()
    two = Chooser(browser_page.context.new_page(), made_server.url).open()

    one.press("s").recorded()
    seen(two, ["other", "kept", "other", "other"])
    two.press("d").recorded()
    seen(one, ["other", "other", "kept", "other"])
    one.press("Enter", "x").recorded()
    far_is(two, "2/3 groups")
    two.press("Enter")
    assert len(two.states()) == 2, "the group that was rejected in the other tab is passed by"


def test_what_the_command_line_chooses_and_takes_back_isseen(chooser, made_server, photos):
    page = chooser()
    [first, *_] = groups(made_server, photos)
    made_server.crop("choose", photos / first["images"][0]["name"], "--whole", "--project", "spring")
    seen(page, ["kept", "other", "other", "other"])
    made_server.crop("reopen", photos / first["images"][0]["name"], "--project", "spring")
    seen(page, ["open"] * 4)
    far_is(page, "0/3 groups")


def test_a_box_that_is_marked_elsewhere_is_drawn_here(chooser, made_server, photos):
    page = chooser()
    page.press("q", "Escape").recorded()
    assert page.page.locator(".choice-pane svg").count() == 0
    name = groups(made_server, photos)[0]["chosen"]
    made_server.crop("record", photos / name, "--box", "0.2,0.2,0.7,0.7", "--project", "spring")

    page.page.wait_for_selector(".choice-pane[data-state=kept] svg")


def test_drawing_ends_when_another_image_is_chosen_elsewhere(chooser, made_server, photos):
    page = chooser()
    page.press("q").recorded()
    page.page.wait_for_selector("crop-pane")
    name = groups(made_server, photos)[0]["images"][1]["name"]
    made_server.crop("choose", photos / name, "--whole", "--project", "spring")

    page.page.wait_for_selector("#refused:not([hidden])")
    assert "decided on another page" in page.page.locator("#refused p").inner_text()
    assert page.states() == ["other", "kept", "other", "other"]


def test_files_that_come_later_become_groups_on_the_page(chooser, made_server, photos):
    page = chooser()
    write_groups(photos.parent / "more", [1, 1, 1, 1, 3])
    for path in list((photos.parent / "more").glob("*1004*")):
        path.rename(photos / path.name)
    made_server.crop("scan", photos)

    far_is(page, "0/4 groups")
    assert len(page.states()) == 4


def test_what_was_not_sent_goes_out_from_the_next_page_and_is_recorded_once(chooser, made_server, photos):
    page = chooser()
    port = made_server.port
    made_server.kill()
    page.press("s")
    page.page.wait_for_selector("#outbox[data-state=away]")
    page.page.on("dialog", lambda dialog: dialog.accept())
    page.page.goto("about:blank")
    made_server.start(photos, "--project", "spring", port=port)
    page.open().recorded()

    seen(page, ["open"] * 3)
    assert page.far() == "1/3 groups"
    rows = [json.loads(line) for line in made_server.crop("log", "--json").splitlines()]
    assert [row["type"] for row in rows].count("image.chosen") == 1
    page.page.complaints.clear()


def test_an_answer_that_got_lost_is_asked_for_again_and_takes_back_nothing_that_came_later(
    chooser, made_server, photos
):
    page = chooser()
    lost = []

    def lose_the_first(route):
        answer = route.fetch()
        if lost:
            route.fulfill(response=answer)
        else:
            lost.append(answer.status)
            [first, *_] = groups(made_server, photos)
            made_server.crop("choose", photos / first["images"][3]["name"], "--whole", "--project", "spring")
            route.abort()

    page.page.route("**/select/decide", lose_the_first)
    page.press("s").recorded()

    seen(page, ["other", "other", "other", "kept"])
    assert lost == [200]
    page.page.complaints.clear()


def test_a_server_that_dies_is_said_and_nothing_is_lost(chooser, made_server, photos):
    page = chooser()
    port = made_server.port
    made_server.kill()
    page.press("s", "Enter", "a", "a")
    page.page.wait_for_function("() => document.getElementById('outbox').dataset.state === 'away'")
    assert "2 kept here and not sent yet" in page.page.locator("#outbox").inner_text()
    made_server.start(photos, "--project", "spring", port=port)
    page.recorded()
    assert [group["chosen"] is not None for group in groups(made_server, photos)] == [True, True, False]
    page.page.complaints.clear()  # that nobody answered for a while is what this is about
