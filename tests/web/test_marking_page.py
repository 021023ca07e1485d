"""What surrounds the images on the marking page: keys and their help, directories, words, and who cannot see."""

import shutil

import pytest

from tests.web.bench import Bench, queue, write_photographs


def test_keys_are_those_of_the_settings_and_the_help_says_them(made_server, bench):
    config = made_server.home / "config.toml"
    config.write_text(config.read_text() + '\nkey_submit = "Space"\nkey_overlay = "g"\nimages_side_by_side = 2\n')
    page = bench(4)
    assert len(page.names()) == 2
    page.press("Enter", "?")
    rows = page.page.locator("#keys tr").all_inner_texts()
    page.press("?")
    before = page.names()
    page.press("Space").recorded()

    assert "Space\tRecord these and show the next" in rows
    assert "G\tHide or show the boxes" in rows
    assert page.names() != before
    assert set(queue(made_server)) == set(before)


def test_next_and_previous_directory(made_server, browser_page, tmp_path):
    for name in ("set_a", "set_b"):
        write_photographs(tmp_path / "photos" / name, 1)
    made_server.start(tmp_path / "photos" / "set_a", tmp_path / "photos" / "set_b", "--project", "spring")
    browser_page.goto(made_server.url + "crop")
    assert browser_page.locator(".choices .directory").all_inner_texts() == ["set_a", "set_b"]
    browser_page.get_by_role("link", name="set_b").click()
    page = Bench(browser_page, made_server.url).ready()

    page.press("n")
    browser_page.wait_for_function("() => document.querySelector('#directory')?.textContent === 'set_a'")
    page.ready().press("p")
    browser_page.wait_for_function("() => document.querySelector('#directory')?.textContent === 'set_b'")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(made_server, bench, browser_page, scheme):
    from axe_playwright_python.sync_playwright import Axe

    browser_page.emulate_media(color_scheme=scheme)
    page = bench(4)
    page.press("2", "Tab")
    found = Axe().run(browser_page)
    assert found.violations_count == 0, found.generate_report()
    page.press("?")
    found = Axe().run(browser_page)
    assert found.violations_count == 0, found.generate_report()


def test_a_read_only_server_says_so(made_server, browser_page, photos):
    write_photographs(photos, 1)
    made_server.options = ("--host", "0.0.0.0", "--token", "a-long-token-for-a-test")  # noqa: S104  # what is tested
    made_server.start(photos, "--project", "spring")
    browser_page.goto(f"http://127.0.0.1:{made_server.port}/crop?token=a-long-token-for-a-test")

    assert "read-only" in browser_page.locator("main").inner_text()
    browser_page.complaints.clear()  # of the browser's, about addresses without TLS


def test_a_directory_that_is_gone_is_said_and_not_hidden(made_server, browser_page, photos):
    write_photographs(photos, 1)
    made_server.start(photos, "--project", "spring")
    shutil.rmtree(photos)
    browser_page.goto(made_server.url + "crop")

    browser_page.wait_for_function(
        "() => document.querySelector('#word').textContent.includes('There is no directory')"
    )
    browser_page.complaints.clear()


def test_pictures_are_made_in_the_very_pixels_they_take_and_again_when_the_window_changes(bench, browser_page):
    browser_page.set_viewport_size({"width": 700, "height": 500})  # smaller than the photographs
    page = bench(4)

    def sizes():
        return browser_page.evaluate(
            """() => [...document.querySelectorAll("crop-pane:not([hidden]) .picture")].map((picture) => {
                 const { width, height } = picture.getBoundingClientRect();
                 const { devicePixelRatio: dense } = window;
                 return [picture.width - Math.round(width * dense), picture.height - Math.round(height * dense)]; })"""
        )

    fits = """() => [...document.querySelectorAll("crop-pane:not([hidden]) .picture")]
      .every((each) => each.width === each.clientWidth)"""
    browser_page.wait_for_function(fits)
    assert sizes() == [[0, 0]] * 3
    before = browser_page.evaluate("() => document.querySelector('.picture').width")
    browser_page.set_viewport_size({"width": 1100, "height": 700})
    browser_page.wait_for_function("(before) => document.querySelector('.picture').width > before", arg=before)
    browser_page.wait_for_function(fits)
    assert sizes() == [[0, 0]] * 3
    browser_page.set_viewport_size({"width": 700, "height": 400})
    browser_page.wait_for_function(fits)
    page.enter()  # the last one has the window for itself
    assert len(page.names()) == 1
    browser_page.wait_for_function(fits)
    assert sizes() == [[0, 0]]


def test_what_was_submitted_is_sent_once_the_next_images_are_seen(bench, browser_page):
    page = bench(9)
    order = browser_page.evaluate(
        """() => new Promise((done) => {
             const order = [], first = document.querySelector("crop-pane .name").textContent, { fetch } = window;
             window.fetch = (address, ...more) => { order.push(String(address)); return fetch(address, ...more); };
             const shown = () => document.querySelector("crop-pane .name").textContent !== first;
             requestAnimationFrame(() => requestAnimationFrame(() => order.push(shown() ? "next is seen" : "nothing")));
             const enter = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
             document.getElementById("panes").dispatchEvent(enter);
             order.push(shown() ? "next is shown" : "nothing", `${localStorage.length} kept`);
             setTimeout(() => done(order), 500); })"""
    )
    page.recorded()

    assert order[0] == "next is shown"
    assert not order[1].startswith("0 "), "what waits is kept in the browser at once"
    assert order.index("next is seen") < order.index("/crop/marks")


def test_pictures_that_are_far_behind_are_given_up(bench, browser_page):
    page = bench(24)
    for _ in range(6):
        page.enter()
    page.recorded()
    page.press("b", "b", "b", "b")  # and are there again for who goes back

    page.ready()
    assert 6 <= int(browser_page.locator("#bench").get_attribute("data-pictures")) <= 21
