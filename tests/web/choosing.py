"""The choosing page as an operator uses it: what is seen, and what the keys do."""

import json
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path

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
            path.write_bytes(_photograph(PICTURES[number % len(PICTURES)], 240 + 20 * at))
            if (number + at) % 3 == 1:
                path.with_suffix(".decision").write_text(json.dumps({"ai_crop_coords": [0.1, 0.1, 0.9, 0.9]}))
        groups.append(paths)
    return groups


@cache
def _photograph(name: str, side_px: int) -> bytes:
    with Image.open(str(files("skimage.data").joinpath(name))) as picture:
        small = picture.convert("RGB")
        small.thumbnail((side_px, side_px))
        made = BytesIO()
        small.save(made, "PNG")
        return made.getvalue()


@define
class Chooser:
    """The choosing page in a browser."""

    page: object
    url: str

    def open(self) -> "Chooser":
        self.page.goto(f"{self.url.rstrip('/')}/select")
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


def groups(server, photos):
    return [json.loads(line) for line in server.crop("groups", photos, "--json", "--project", "spring").splitlines()]


def owed(server):
    return {row["filename"]: row for row in map(json.loads, server.crop("queue", "--json").splitlines())}


def seen(page, states):
    """Wait until the images of the group at hand stand so."""
    page.page.wait_for_function(
        """(states) => JSON.stringify([...document.querySelectorAll(".choice-pane")].map((each) => each.dataset.state))
             === JSON.stringify(states)""",
        arg=states,
    )


def far_is(page, text):
    page.page.wait_for_function("(text) => document.getElementById('far').textContent === text", arg=text)
