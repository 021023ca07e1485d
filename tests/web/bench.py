"""The marking page as an operator uses it: what is seen, and what mouse and keys do."""

import json
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from attrs import define
from PIL import Image, ImageOps

NAMES = (
    "astronaut.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png", "coins.png",
    "color.png", "hubble_deep_field.jpg", "ihc.png", "page.png", "rocket.jpg", "text.png", "moon.png",
    "motorcycle_left.png",
)  # fmt: skip
ORIENTATION = 0x0112


def write_photographs(directory: Path, count: int) -> list[Path]:
    """Real photographs, small: PNG, and JPEG in all eight orientations, portrait and landscape."""
    directory.mkdir(parents=True)
    paths = []
    for number in range(count):
        suffix, content = _photograph(number)
        paths.append(directory / f"20250803_{172300 + number}_stage2_upscaled{suffix}")
        paths[-1].write_bytes(content)
    return paths


@cache
def _photograph(number: int) -> tuple[str, bytes]:
    with Image.open(str(files("skimage.data").joinpath(NAMES[number % len(NAMES)]))) as picture:
        picture = picture.convert("RGB")  # noqa: PLW2901
        picture.thumbnail((500, 500))
        made = BytesIO()
        if number % 3 == 1:
            exif = Image.Exif()
            exif[ORIENTATION] = 1 + number // 3 % 8
            picture.save(made, "JPEG", quality=92, exif=exif)
            return ".jpg", made.getvalue()
        picture.save(made, "PNG")
        return ".png", made.getvalue()


@define
class Bench:
    """A page in a browser, on the marking page of a server."""

    page: object
    url: str

    def open(self, query: str = "", *, patience_ms: int = 30_000) -> "Bench":
        self.page.goto(f"{self.url.rstrip('/')}/crop{query}")
        return self.ready(patience_ms)

    def ready(self, patience_ms: int = 30_000) -> "Bench":
        """Wait until there is something to mark, and all of it is shown."""
        self.page.wait_for_function(
            """() => { const panes = [...document.querySelectorAll("crop-pane:not([hidden])")];
                 return panes.length && panes.every((pane) => pane.querySelector(".picture")
                   || pane.classList.contains("broken")); }""",
            timeout=patience_ms,
        )
        return self

    def names(self) -> list[str]:
        """The images that are shown, from the left."""
        return self.page.locator("crop-pane:not([hidden]) .name").all_inner_texts()

    def readouts(self) -> list[str]:
        return self.page.locator("crop-pane:not([hidden]) .readout").all_inner_texts()

    def press(self, *keys: str) -> "Bench":
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def enter(self) -> "Bench":
        """Record what is shown; returns when the next is shown, or there is nothing more."""
        before = self.names()
        self.press("Enter")
        self.page.wait_for_function(
            """(before) => { const shown = [...document.querySelectorAll("crop-pane:not([hidden])")];
                 const names = shown.map((pane) => pane.querySelector(".name").textContent);
                 return JSON.stringify(names) !== before && shown.every((pane) => pane.querySelector(".picture")
                   || pane.classList.contains("broken")); }""",
            arg=json.dumps(before, separators=(",", ":"), ensure_ascii=False),
        )
        return self

    def shows(self, name: str) -> "Bench":
        """Wait until this image is the first of those shown."""
        self.page.wait_for_function(
            "(name) => document.querySelector('crop-pane:not([hidden]) .name')?.textContent === name", arg=name
        )
        return self

    def recorded(self) -> "Bench":
        """Wait until the server has acknowledged everything."""
        self.page.wait_for_selector("#outbox[data-state=sent]", state="attached")
        return self

    def far(self) -> str:
        return self.page.locator("#far").inner_text()

    def box(self, number: int) -> list[int]:
        """The box of an image (from 1) in pixels of the image, measured on the screen."""
        return self.page.evaluate(
            """(number) => { const pane = document.querySelector(`crop-pane[data-number="${number}"]`);
                 const stage = pane.querySelector(".stage").getBoundingClientRect();
                 const box = pane.querySelector(".box").getBoundingClientRect();
                 const across = Number(/\\((\\d+) /.exec(pane.querySelector(".name").title)[1]);
                 const scale = stage.width / across;
                 return [box.left - stage.left, box.top - stage.top, box.right - stage.left, box.bottom - stage.top]
                   .map((edge) => Math.round(edge / scale)); }""",
            number,
        )

    def drag(self, number: int, start: tuple[float, float], end: tuple[float, float], *, shift: bool = False) -> None:
        """Drag on an image (from 1) between two places, given as fractions of what is shown of it."""
        rect = self.page.locator(f'crop-pane[data-number="{number}"] .stage').bounding_box()
        place = [(rect["x"] + x * rect["width"], rect["y"] + y * rect["height"]) for x, y in (start, end)]
        mouse = self.page.mouse
        if shift:
            self.page.keyboard.down("Shift")
        mouse.move(*place[0])
        mouse.down()
        mouse.move(*place[1], steps=4)
        mouse.up()
        if shift:
            self.page.keyboard.up("Shift")


def queue(server):
    """What is owed: name -> row, with the box as one list."""
    rows = [json.loads(line) for line in server.crop("queue", "--json", "--limit", "100").splitlines()]
    return {row["filename"]: row | {"box": [row["x1"], row["y1"], row["x2"], row["y2"]]} for row in rows}


def events(server, kind):
    rows = [json.loads(line) for line in server.crop("log", "--json").splitlines()]
    return [row for row in rows if row["type"] == kind]


def shown_as(path):
    with Image.open(path) as picture:
        return ImageOps.exif_transpose(picture).convert("RGB")


def assert_executed(server, photos, originals, boxes):
    """`crop run --now` makes of each original exactly its box, in the frame that was seen."""
    server.crop("run", "--now")
    for name, box in boxes.items():
        [output] = list((photos.parent / "__cropped" / "set_a").glob(name))
        found, wanted = shown_as(output), originals[name].crop(box)
        assert found.size == wanted.size, name
        worst = max(abs(a - b) for a, b in zip(found.tobytes(), wanted.tobytes(), strict=True))
        assert worst <= (0 if name.endswith(".png") else 60), (name, worst)


def fractions(event, box):
    size = event["data"]["dimensions"]
    across, down = size["width_px"], size["height_px"]
    return [box[0] / across, box[1] / down, box[2] / across, box[3] / down]


def directory_of(page):
    return page.page.locator("#directory").get_attribute("title")
