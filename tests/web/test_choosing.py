"""Choosing in a real browser: by keys and by mouse, and what the ledger has of it."""

import random
from pathlib import Path

import pytest

from tests.web.choosing import Chooser, groups, owed, seen, write_groups


def test_a_directory_of_groups_is_decided_by_keys_alone(chooser, made_server, photos):
    page = chooser()
    assert page.far() == "0/3 groups"
    page.press("2").recorded()
    assert page.states() == ["other", "kept", "other", "other"]
    page.press("Enter", "s").recorded()
    assert page.states() == ["other", "kept", "other"]
    page.press("Enter", "x").recorded()
    assert page.states() == ["rejected", "rejected"]
    page.press("Enter")
    assert page.word().startswith("Every group is decided. All of it is in the ledger.")
    assert page.far() == "3/3 groups"

    first, second, third = groups(made_server, photos)
    assert (first["how"], first["chosen"]) == ("suggested", first["images"][1]["name"])
    assert (second["how"], second["chosen"]) == ("whole", second["images"][1]["name"])
    assert third["status"] == "rejected"
    [(name, crop)] = owed(made_server).items()
    assert name == first["chosen"]
    assert crop["group_id"] == first["id"]
    assert [crop[edge] for edge in ("x1", "y1", "x2", "y2")] == pytest.approx([0.1, 0.1, 0.9, 0.9])


def test_a_group_without_a_choice_is_shown_again(chooser):
    page = chooser()
    first = page.page.locator(".choice-pane .name").first.inner_text()
    page.press("Enter", "a", "Enter", "a", "Enter")
    assert page.page.locator(".choice-pane .name").first.inner_text() == first
    page.press("ArrowUp")
    assert "kept" in page.states()


def test_a_crop_is_drawn_and_recorded_pixel_by_pixel(chooser, made_server, photos):
    page = chooser()
    page.press("2", "e").ready()
    page.page.wait_for_selector("crop-pane .box:focus")
    page.press("Control+ArrowLeft", "Control+ArrowLeft", "Enter").recorded()

    [(name, crop)] = owed(made_server).items()
    [first, *_] = groups(made_server, photos)
    assert name == first["chosen"] == first["images"][2]["name"], "and not the one that the hotkey had chosen"
    assert crop["x2"] < 1
    assert round(crop["x2"] * crop["width_px"]) == pytest.approx(crop["x2"] * crop["width_px"], abs=1e-9)


def test_drawing_can_be_left_and_the_image_waits_to_be_marked(chooser, made_server, photos):
    page = chooser()
    page.press("q").ready()
    page.press("Escape").recorded()
    assert page.states()[0] == "kept"
    assert page.page.locator(".choice-pane .mark").first.inner_text() == "kept, to be marked"
    assert owed(made_server) == {}
    waiting = made_server.crop("next", photos, "--project", "spring")
    assert Path(waiting.strip()).name == groups(made_server, photos)[0]["chosen"]


def test_everything_can_be_done_by_mouse(chooser, made_server, photos):
    page = chooser()
    page.page.get_by_role("button", name="Whole A").click()
    page.recorded()
    assert page.states()[0] == "kept"
    page.page.get_by_role("button", name="Whole S").click()
    assert page.recorded().states()[:2] == ["other", "kept"]
    page.page.get_by_role("button", name="Take back").click()
    assert set(page.recorded().states()) == {"open"}
    page.page.get_by_role("button", name="Keep none").click()
    assert set(page.recorded().states()) == {"rejected"}
    page.page.get_by_role("button", name="Next group").click()
    assert page.far() == "1/3 groups"


def test_who_goes_from_button_to_button_is_not_thrown_out(chooser):
    page = chooser()
    page.page.get_by_role("button", name="Whole S").focus()
    page.press("Enter").recorded()
    seen(page, ["other", "kept", "other", "other"])

    assert page.page.evaluate("document.activeElement.textContent") == "Whole S"
    page.press("Tab", "Space").recorded()
    page.page.wait_for_selector("crop-pane")


def test_a_reload_shows_what_was_decided(chooser):
    page = chooser()
    page.press("w").ready()
    page.press("Enter").recorded()
    page.page.reload()
    page.ready()
    assert page.far() == "1/3 groups"
    page.press("ArrowUp")
    assert page.states() == ["other", "kept", "other", "other"]
    assert page.page.locator("svg rect").count() == 2, "with its box"


def test_what_the_rules_refuse_is_shown_and_the_page_goes_back_to_what_stands(chooser, made_server, photos):
    page = chooser()
    page.press("2").recorded()
    made_server.crop("run", "--now")
    page.press("s").page.wait_for_selector("#refused:not([hidden])")
    assert "crop undo" in page.page.locator("#refused p").inner_text()
    assert groups(made_server, photos)[0]["how"] == "suggested"
    page.page.get_by_role("button", name="Seen").click()
    page.page.complaints[:] = [each for each in page.page.complaints if "422" not in each]


def test_a_directory_without_groups_says_what_a_group_is(chooser):
    page = chooser(sizes=[1])
    assert "a group is two images or more" in page.word()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(chooser, browser_page, scheme):
    from axe_playwright_python.sync_playwright import Axe

    browser_page.emulate_media(color_scheme=scheme)
    page = chooser()
    for keys in (["2"], ["Enter", "x"], ["ArrowUp", "e"], ["Escape", "?"]):
        page.press(*keys).recorded()
        found = Axe().run(browser_page)
        assert found.violations_count == 0, found.generate_report()


def test_a_read_only_server_says_so(made_server, browser_page, photos):
    write_groups(photos, [2])
    made_server.options = ("--host", "0.0.0.0", "--token", "a-long-token-for-a-test")  # noqa: S104  # what is tested
    made_server.start(photos, "--project", "spring")
    browser_page.goto(f"http://127.0.0.1:{made_server.port}/select?token=a-long-token-for-a-test")

    assert "read-only" in browser_page.locator("main").inner_text()
    browser_page.complaints.clear()  # of the browser's, about addresses without TLS


def test_several_directories_are_offered(made_server, browser_page, photos):
    write_groups(photos, [2])
    write_groups(photos.parent / "set_b", [3])
    made_server.start(photos, photos.parent / "set_b", "--project", "spring")
    browser_page.goto(f"{made_server.url.rstrip('/')}/select")
    browser_page.get_by_role("link", name="set_b").click()

    assert Chooser(browser_page, made_server.url).ready().states() == ["open", "open", "open"]


# -- keys -----------------------------------------------------------------------------------------------------------


def test_keys_are_those_of_the_settings_and_the_help_and_the_buttons_say_them(chooser, made_server, photos):
    config = made_server.home / "config.toml"
    config.write_text(config.read_text() + '\nchoose_key_whole = "u i o p"\nchoose_key_next = "Space n"\n')
    page = chooser()
    page.press("a", "s", "i").recorded()
    assert page.states() == ["other", "kept", "other", "other"]
    assert page.page.get_by_role("button", name="Whole O").is_visible()
    assert page.page.locator('.tools [data-action="next"] kbd').inner_text() == "Space"
    page.press("Enter")
    assert len(page.states()) == 4
    page.press("n", "?")
    assert len(page.states()) == 3
    rows = page.page.locator("#keys tr").all_inner_texts()
    assert "U I O P\tKeep image 1, 2, 3, 4 whole" in rows
    assert "Space or N\tNext group without a decision; while drawing: record the crop first" in rows


KEYS = [*"1234asdfqwerxz", "Enter", "ArrowUp", "Escape", "Control+ArrowLeft"]


WATCH = """() => {
  window.keptAtOnce = 0;
  const look = () => {
    const kept = document.querySelectorAll('.choice-pane[data-state="kept"]').length;
    window.keptAtOnce = Math.max(window.keptAtOnce, kept);
  };
  const everything = { childList: true, subtree: true, attributes: true };
  new MutationObserver(look).observe(document.getElementById("panes"), everything);
}"""


def test_whatever_keys_are_pressed_one_image_of_a_group_is_kept_at_most(chooser, made_server):
    chance = random.Random(2025)  # noqa: S311
    page = chooser()
    page.page.evaluate(WATCH)
    for _ in range(24):  # and test_choosing_states.py presses thousands, without a browser
        page.press(*chance.choices(KEYS, k=8), "Escape").recorded()
        shown = page.page.locator(".choice-pane .name").all_inner_texts()
        kept = [name for name, state in zip(shown, page.states(), strict=True) if state == "kept"]
        [group] = [each for each in _told(page) if each["images"][0]["name"] == shown[0]]
        assert kept == [name for name in [group["chosen"]] if name]
    assert page.page.evaluate("window.keptAtOnce") == 1
    assert set(owed(made_server)) <= {group["chosen"] for group in _told(page)}


def _told(page):
    """The groups as the server tells them, whole."""
    return page.page.evaluate(
        """async () => { const { directory } = JSON.parse(document.getElementById("bench").dataset.setup);
             const ask = async (more) => (await fetch(`/select/groups?directory=${directory}${more}`)).json();
             return ask(`&of=${(await ask("")).groups.map((group) => group.id).join()}`); }"""
    )["groups"]
