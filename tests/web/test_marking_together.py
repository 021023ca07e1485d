"""Several at once on the marking page: two tabs, two people, the command line."""

from tests.web.bench import Bench, directory_of, events, queue


def test_two_tabs_never_show_the_same_image_and_see_each_other_s_progress(made_server, bench, browser_page):
    one = bench(18)
    two = Bench(browser_page.context.new_page(), made_server.url).open("?operator=bob")
    shown = [*one.names(), *two.names()]
    for _ in range(2):
        shown += one.enter().names() + two.enter().names()
    assert len(shown) == len(set(shown)) == 18
    one.press("Enter")
    two.press("Enter")
    one.recorded()
    two.recorded()

    for page in (one, two):
        page.page.wait_for_function("() => document.querySelector('#far').textContent === '18/18'")
    actors = {event["actor"] for event in events(made_server, "crop.recorded")}
    assert actors == {"operator:ann", "operator:bob"}
    assert len(queue(made_server)) == 18


def test_what_somebody_else_decided_meanwhile_is_kept_and_the_page_says_so(made_server, bench, photos):
    page = bench()
    names = page.names()
    made_server.crop("skip", photos / names[1], "--project", "spring")

    page.enter().recorded()

    assert "was decided by operator:ann meanwhile" in page.page.locator("#refused").inner_text()
    assert set(queue(made_server)) == {names[0], names[2]}
    page.page.get_by_role("button", name="Seen").click()
    assert page.page.locator("#refused").is_hidden()


def test_the_end_of_a_sitting_gives_the_images_free(made_server, bench, browser_page):
    one = bench(6)
    shown = one.enter().recorded().names()
    one.press("q")
    one.page.wait_for_selector("text=The sitting has ended.")
    assert len(events(made_server, "sitting.started")) == len(events(made_server, "sitting.ended")) == 1

    two = Bench(browser_page.context.new_page(), made_server.url).open()

    assert two.names() == shown
    assert "Starting" not in two.page.locator("#word").inner_text()


def test_a_page_that_is_closed_gives_its_images_free_at_once(made_server, bench, browser_page):
    one = bench(3)
    names = one.names()
    two = Bench(browser_page.context.new_page(), made_server.url)
    two.page.goto(made_server.url + "crop")
    two.page.wait_for_selector("#word:has-text('3 are being looked at on another page')")
    one.page.goto("about:blank")

    assert two.open().names() == names
    assert events(made_server, "sitting.ended") == []


def test_an_answer_in_mid_drag_does_not_take_the_box_out_of_the_hand(made_server, bench):
    page = bench()
    page.enter()
    stage = page.page.locator('crop-pane[data-number="1"] .stage').bounding_box()
    mouse = page.page.mouse
    mouse.move(stage["x"] + 50, stage["y"] + 50)
    mouse.down()
    mouse.move(stage["x"] + 150, stage["y"] + 150, steps=3)
    made_server.crop("scan", directory_of(page))
    page.recorded()
    page.page.wait_for_timeout(500)
    mouse.move(stage["x"] + 200, stage["y"] + 200, steps=3)
    mouse.up()

    assert "%" in page.readouts()[0]
