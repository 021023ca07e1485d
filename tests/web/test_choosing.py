"""Choosing in a real browser: by keys and by mouse, through reloads and dead servers, and what the ledger has of it."""

import json
import random
from importlib.resources import files
from pathlib import Path

import pytest
from attrs import define
from PIL import Image

STAGES = ("1_generated", "1.5_face_swapped", "2_upscaled", "3_enhanced")
PICTURES = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg")


def write_groups(directory: Path, sizes: list[int]) -> list[list[Path]]:
    """Groups of real photographs, small; every third image has a suggestion."""
    directory.mkdir(parents=True)
    groups = []
    for number, size in enumerate(sizes):
        paths = [directory / f"20250803_{100000 + number * 100 + at}_stage{STAGES[at]}.png" for at in range(size)]
        for at, path in enumerate(paths):
            with Image.open(str(files("skimage.data").joinpath(PICTURES[number % len(PICTURES)]))) as picture:
                small = picture.convert("RGB")
                small.thumbnail((240 + 20 * at, 240 + 20 * at))
                small.save(path)
            if (number + at) % 3 == 1:
                path.with_suffix(".decision").write_text(json.dumps({"ai_crop_coords": [0.1, 0.1, 0.9, 0.9]}))
        groups.append(paths)
    return groups


@define
class Chooser:
    """The choosing page in a browser."""

    page: object
    server: object

    def open(self) -> "Chooser":
        self.page.goto(f"{self.server.url.rstrip('/')}/select")
        return self.ready()

    def ready(self) -> "Chooser":
        """Wait until a group is shown, or it is said that there is none."""
        self.page.wait_for_function(
            "() => document.querySelector('.choice-pane, crop-pane')"
            " || document.getElementById('word')?.textContent.includes('no groups')"
        )
        return self

    def press(self, *keys: str) -> "Chooser":
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def recorded(self) -> "Chooser":
        """Wait until everything is sent."""
        self.page.wait_for_function("() => document.getElementById('outbox').dataset.state === 'sent'")
        return self

    def states(self) -> list[str]:
        """How each image of the group that is shown stands."""
        return self.page.eval_on_selector_all(".choice-pane", "(all) => all.map((each) => each.dataset.state)")

    def far(self) -> str:
        return self.page.locator("#far").inner_text()

    def word(self) -> str:
        return self.page.locator("#word").inner_text()


@pytest.fixture
def photos(tmp_path):
    return tmp_path / "photos" / "set_a"


@pytest.fixture
def chooser(made_server, browser_page, photos):
    def made(sizes=(4, 3, 2)):
        write_groups(photos, list(sizes))
        made_server.start(photos, "--project", "spring")
        return Chooser(browser_page, made_server).open()

    return made


def groups(server, photos):
    return [json.loads(line) for line in server.crop("groups", photos, "--json", "--project", "spring").splitlines()]


def owed(server):
    return {row["filename"]: row for row in map(json.loads, server.crop("queue", "--json").splitlines())}


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


def test_what_the_rules_refuse_is_shown_and_the_page_goes_back_to_what_stands(chooser, made_server, photos):
    page = chooser()
    page.press("2").recorded()
    made_server.crop("run", "--now")
    page.press("s").page.wait_for_selector("#refused:not([hidden])")
    assert "crop undo" in page.page.locator("#refused p").inner_text()
    assert groups(made_server, photos)[0]["how"] == "suggested"
    page.page.get_by_role("button", name="Understood").click()
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

    assert Chooser(browser_page, made_server).ready().states() == ["open", "open", "open"]


KEYS = [*"1234asdfqwerxz", "Enter", "ArrowUp", "Escape", "Control+ArrowLeft"]


def test_whatever_keys_are_pressed_one_image_of_a_group_is_kept_at_most(chooser, made_server):
    chance = random.Random(2025)  # noqa: S311
    page = chooser()
    for _ in range(30):
        for _ in range(12):
            page.press(chance.choice(KEYS))
            assert page.states().count("kept") <= 1
        page.press("Escape").recorded()
        shown = page.page.locator(".choice-pane .name").all_inner_texts()
        kept = [name for name, state in zip(shown, page.states(), strict=True) if state == "kept"]
        [group] = [each for each in _told(page) if each["images"][0]["name"] == shown[0]]
        assert kept == [name for name in [group["chosen"]] if name]
    assert set(owed(made_server)) <= {group["chosen"] for group in _told(page)}


def _told(page):
    """The groups as the server tells them."""
    return page.page.evaluate(
        """() => { const { directory } = JSON.parse(document.getElementById("bench").dataset.setup);
             return fetch(`/select/groups?directory=${directory}`).then((answer) => answer.json()); }"""
    )["groups"]
