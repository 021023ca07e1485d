"""Any sequence of keys: the page's own state machine keeps one image of a group at most, and so does the ledger."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from attrs import define
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from commands.choosing.choosing import Chooser, Wish
from commands.choosing.selecting import FoundGroup, found_groups
from commands.crops import IMAGES
from commands.handle import replay
from commands.progress.scanning import Scanner
from commands.recording.recording import Asked
from configs.settings import load
from imaging.zones import Zones
from ledger.log import Ledger
from ledger.values import Dimensions, PixelBox, Suggestion
from projections.catch_up import catch_up
from projections.groups import selections
from projections.reader import Projections
from projections.store import Store

SUGGESTED = PixelBox(10, 8, 50, 32)
SIZE = Dimensions(60, 40)
KEYS = [*"1234asdfqwerxz", "enter", "arrowup", "escape"]
BOUND = load(Path("/nowhere")).choosing_keys
NOW = datetime(2025, 10, 27, 16, tzinfo=UTC)
boxes = st.builds(
    lambda left, top, width, height: {"left": left, "top": top, "right": left + width, "bottom": top + height},
    st.integers(0, 30), st.integers(0, 20), st.integers(1, 30), st.integers(1, 20),
)  # fmt: skip
presses = st.lists(st.tuples(st.sampled_from(KEYS), st.none() | boxes), min_size=1, max_size=25)


@define
class Page:
    """The page's state machine, in a Node process that lives as long as the tests."""

    process: subprocess.Popen[str]

    def ask(self, **asked: object) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    node = shutil.which("node")
    if node is None and not os.environ.get("CI"):
        pytest.skip("there is no node here: it runs the page's state machine")
    assert node, "no node: the page's state machine was not tried"
    folder = tmp_path_factory.mktemp("modules")
    (folder / "package.json").write_text('{"type": "module"}')
    for source in (*Path(str(files("web") / "static")).glob("*.js"), Path(__file__).with_name("choosing_driver.mjs")):
        shutil.copy(source, folder)
    with subprocess.Popen(
        [node, "choosing_driver.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Page(process)
        process.terminate()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three groups of four, three and two images."""
    directory = tmp_path_factory.mktemp("photos")
    stages = ("1_generated", "1.5_face_swapped", "2_upscaled", "3_enhanced")
    for hour, count in ((10, 4), (11, 3), (12, 2)):
        for at, stage in enumerate(stages[:count]):
            picture = Image.linear_gradient("L").rotate(at).resize((60, 40)).convert("RGB")
            picture.save(directory / f"20250803_{hour}000{at}_stage{stage}.png")
    return directory


def told(group: FoundGroup) -> dict[str, object]:
    """A group as the server tells it; every second image has a suggestion."""
    box = SUGGESTED.normalise(SIZE)
    images = [
        {"id": each.subject, "name": each.name, "width": 60, "height": 40, "preview": "there",
         "suggestion": [box.x1, box.y1, box.x2, box.y2] if at % 2 else None}
        for at, each in enumerate(group.images)
    ]  # fmt: skip
    return {"id": group.subject, "images": images, "status": "open", "chosen": None, "how": None, "box": None}


@define
class Books:
    """A ledger that the page's requests go into."""

    ledger: Ledger
    projections: Projections
    store: Store
    groups: dict[str, FoundGroup]
    chooser: Chooser

    def record(self, sent: dict[str, Any]) -> None:
        group, asked = self.groups[sent["group"]], Asked("operator:ann", sent["id"], NOW)
        if sent["kind"] == "reject":
            self.chooser.reject(group, asked)
        elif sent["kind"] == "reopen":
            self.chooser.reopen(group, asked)
        else:
            name = next(image.name for image in group.images if image.subject == sent["image"])
            self.chooser.choose(group, name, self._wish(sent), asked)

    @staticmethod
    def _wish(sent: dict[str, Any]) -> Wish:
        if sent["how"] == "suggested":
            box = SUGGESTED.normalise(SIZE)
            return Wish("suggested", box, Suggestion(box))
        return Wish(sent["how"], PixelBox(**sent["box"]).normalise(SIZE) if sent.get("box") else None)

    def kept(self) -> dict[str, list[str]]:
        """What the projections say is kept, by group."""
        catch_up(self.ledger, self.store)
        found: dict[str, list[str]] = {subject: [] for subject in self.groups}
        for image in selections(self.projections):
            if image.kept:
                found[image.subject].append(image.filename)
        return found

    def standing(self, group: FoundGroup) -> dict[str, str]:
        """The status of each of its images."""
        return {each.name: replay(IMAGES, self.ledger.history(each.subject))[0].status for each in group.images}


@pytest.fixture
def books(photos: Path, tmp_path_factory: pytest.TempPathFactory):
    """Makes a ledger of its own for every sequence."""

    def made(stack: ExitStack) -> Books:
        home = tmp_path_factory.mktemp("home")
        ledger = stack.enter_context(Ledger.create(home / "ledger.db"))
        store = stack.enter_context(Store.open(home / "projections.db"))
        catch_up(ledger, store)
        projections = stack.enter_context(Projections.open(home / "projections.db"))
        zones = Zones.of(photos)
        Scanner(ledger, projections, zones).scan(photos, Asked("operator:ann", "scan", NOW))
        catch_up(ledger, store)
        groups = {group.subject: group for group in found_groups(projections, str(photos), "p")}
        return Books(ledger, projections, store, groups, Chooser(ledger, zones))

    return made


def _image(name: str) -> dict[str, object]:
    return {"id": name, "name": name, "width": 60, "height": 40, "preview": "there", "suggestion": None}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=presses)
def test_whatever_is_pressed_a_group_keeps_one_image_at_most(page: Page, keys: list[tuple[str, object]]) -> None:
    names = [[f"{group}{at}" for at in range(count)] for group, count in (("a", 4), ("b", 3), ("c", 2))]
    groups = [
        {"id": each[0][0], "status": "open", "chosen": None, "how": None, "box": None,
         "images": [_image(name) for name in each]}
        for each in names
    ]  # fmt: skip
    page.ask(groups=groups, keys=BOUND)
    for key, box in keys:
        state = page.ask(key=key, box=box, send=True)
        for group in state["groups"]:
            assert len(group["kept"]) == (1 if group["status"] == "chosen" else 0)
            assert group["kept"] == ([group["chosen"]] if group["chosen"] else [])
        at_hand = state["groups"][state["at"]]
        assert state["cropping"] in {None, at_hand["chosen"]}, "a crop is drawn on the image that is kept"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=presses)
def test_the_ledger_keeps_what_the_page_shows_and_no_other_image(
    page: Page, books: Any, keys: list[tuple[str, object]]
) -> None:
    with ExitStack() as stack:
        known = books(stack)
        assert [len(group.images) for group in known.groups.values()] == [4, 3, 2]
        page.ask(groups=[told(group) for group in known.groups.values()], keys=BOUND)
        for key, box in keys:
            state = page.ask(key=key, box=box, send=True)
            for sent in state["sent"]:
                known.record(sent)
            shown = {group["id"]: group for group in state["groups"]}
            if state["sent"]:
                assert known.kept() == {id_: group["kept"] for id_, group in shown.items()}
        for subject, group in known.groups.items():
            _agrees(shown[subject], known.standing(group))


def _agrees(shown: dict[str, Any], standing: dict[str, str]) -> None:
    """What the images are, each by itself, is what the page shows of their group."""
    for name, status in standing.items():
        if shown["status"] == "open":
            assert status == "untouched"
        elif name != shown["chosen"]:
            assert status == "skipped"
        elif shown["how"] == "whole":
            assert status == "kept"
        else:
            assert status in ({"pending"} if shown["how"] == "suggested" else {"pending", "untouched"})
