"""The pages in a real browser: they follow what happens, and nobody is shut out."""

import pytest
from PIL import Image

PAGES = ("/", "/events", "/tables/directories", "image", "/nowhere")


@pytest.fixture
def marked(server, tmp_path):
    """A server on which one crop is recorded."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a.png", "b.png"):
        Image.effect_noise((80, 60), 50).save(photos / name)
    server.crop("record", photos / "a.png", "--box", "0.1,0.1,0.9,0.9", "--project", "p")
    return server


@pytest.fixture(scope="module")
def eventful(shared_server):
    """A server that is only looked at: a crop is owed, another failed, and names are long; somebody sits there."""
    photos = shared_server.root / ("photos of a summer that was long and had many names" * 2)
    photos.mkdir()
    names = [f"20250803_17234{number}_stage2_{'upscaled_' * 8}.png" for number in range(2)]
    for name in names:
        Image.effect_noise((80, 60), 50).save(photos / name)
    shared_server.crop("sitting", "start", photos, "--project", "p")
    for name in names:
        shared_server.crop("record", photos / name, "--box", "0.1,0.1,0.9,0.9", "--project", "p")
    (photos / names[1]).unlink()
    shared_server.crop("run", "--now", "--limit", "2", exits=1)
    return shared_server


def image_page(server):
    rows = server.get("/events?format=json").json()
    return "/" + next(row["subject"] for row in rows if row["subject"].startswith("image/"))


def test_what_another_process_records_is_seen_without_asking(marked, browser_page, tmp_path):
    browser_page.goto(marked.url)
    browser_page.wait_for_selector("#live[data-state=live]")
    owed = browser_page.locator("#queue dd").first
    assert owed.inner_text() == "1"

    marked.crop("record", tmp_path / "photos" / "b.png", "--box", "0.1,0.1,0.9,0.9", "--project", "p")

    owed.filter(has_text="2").wait_for()


def test_a_page_says_when_the_server_is_away_and_when_it_is_back(marked, browser_page):
    port = marked.port
    browser_page.goto(marked.url)
    browser_page.wait_for_selector("#live[data-state=live]")

    marked.kill()
    browser_page.wait_for_selector("#live[data-state=away]")
    marked.start(port=port)

    browser_page.wait_for_selector("#live[data-state=live]")
    browser_page.complaints.clear()  # the browser's own words about the connection


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(eventful, browser_page, path, scheme):
    from axe_playwright_python.sync_playwright import Axe

    browser_page.emulate_media(color_scheme=scheme)
    if path == "image":
        path = image_page(eventful)
    browser_page.goto(eventful.url.rstrip("/") + path)
    found = Axe().run(browser_page)

    assert found.violations_count == 0, found.generate_report()
    browser_page.complaints[:] = [each for each in browser_page.complaints if "404" not in each]


@pytest.mark.parametrize("path", PAGES)
def test_on_a_phone_nothing_reaches_beyond_the_screen(eventful, browser_page, path):
    if path == "image":
        path = image_page(eventful)
    browser_page.set_viewport_size({"width": 360, "height": 740})
    browser_page.goto(eventful.url.rstrip("/") + path)

    assert browser_page.evaluate("document.documentElement.scrollWidth") <= 360
    browser_page.complaints[:] = [each for each in browser_page.complaints if "404" not in each]
