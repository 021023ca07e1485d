"""Queues and logs that tell of the same images, in any order, overlap and repetition: the same facts, the same rows.

Of several imports, what was recorded and withdrawn meanwhile differs, for it was owed meanwhile; what is owed at the
end does not. Within one import, the order of its files leaves no trace at all.
"""

import json
import random
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ledger.codec import encode
from ledger.events.crops import CropRecorded, CropWithdrawn
from tests.importing import samples
from tests.importing.conftest import HEADER_V2, Log, opened
from tests.importing.test_order import NEW_YORK

BOXES = [(100, 50, 500, 250), (0, 0, 400, 200), (0, 0, 800, 400)]
SIZE = (800, 400)
PLACES = {"a.png": ("",), "b.png": ("",), "moved.png": ("elsewhere",), "twice.png": ("x", "y")}
"""Where the images of a name are, below the folder that queues wrote them to be in."""
LAYOUTS = ("pending", "processed", "waits", "tried", "failed", "completed", "v1", "v2")


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    for name, places in PLACES.items():
        for place in places:
            (folder / place).mkdir(exist_ok=True)
            Image.new("RGB", SIZE, "red").save(folder / place / name)
    (folder / "b.decision").write_text(json.dumps(samples.SIDECARS["by stem"]))
    return folder


class Crop(NamedTuple):
    """Which box was marked on which image, when."""

    name: str
    box: tuple[int, int, int, int]
    minute: int

    @property
    def at(self) -> str:
        return f"2025-11-02T10:{self.minute:02}:00Z"

    @property
    def fractions(self) -> list[float]:
        return [edge / SIZE[number % 2] for number, edge in enumerate(self.box)]


class Telling(NamedTuple):
    """One record: which layout tells of which crop, and what it knows of it."""

    layout: str
    crop: Crop
    group: str | None = None
    sized: bool = True
    place: str = ""
    """Where below the folder it says that the image is; where it is not, if it was moved."""

    def record(self, folder: Path) -> bytes:
        name, box, fractions = self.crop.name, self.crop.box, self.crop.fractions
        width, height = SIZE if self.sized else (None, None)
        match self.layout:
            case "v1":
                size = "800,400" if self.sized else "0,0"
                return f"{Log.v1(name, ','.join(f'{edge:.1f}' for edge in box), self.crop.at, size)}\r\n".encode()
            case "v2":
                return f"{Log.v2(name, ','.join(map(str, fractions)), self.crop.at)}\r\n".encode()
            case "pending" | "processed":
                line = {
                    "created_at": self.crop.at, "project_id": "p", "group_id": self.group, "filename": name,
                    "dir": str(folder / self.place), "width": width, "height": height, "crop_norm": fractions,
                }  # fmt: skip
                return json.dumps(line).encode() + b"\n"
        status = {"waits": "pending", "tried": "processing"}.get(self.layout, self.layout)
        batch = samples.batch(status, number=self.crop.minute)
        [crop] = batch["crops"]
        told = {"source_path": str(folder / self.place / name), "crop_rect": box, "crop_rect_normalized": fractions}
        sizes = {"image_width": width or 0, "image_height": height or 0}
        return json.dumps(batch | {"timestamp_queued": self.crop.at, "crops": [crop | told | sizes]}).encode() + b"\n"


FILES = {"pending": "pending.jsonl", "processed": "processed.jsonl", "v1": "log.csv", "v2": "training.csv"}
HEADERS = {"v1": f"{samples.HEADER_V1}\r\n".encode(), "v2": f"{HEADER_V2}\r\n".encode()}


@st.composite
def tellings(draw: st.DrawFn) -> list[Telling]:
    """Up to three crops, each told by up to four records."""
    crops = st.builds(Crop, st.sampled_from(tuple(PLACES)), st.sampled_from(BOXES), st.integers(1, 3))
    told: list[Telling] = []
    for crop in draw(st.lists(crops, min_size=1, max_size=3)):
        known = {
            "layout": st.sampled_from(LAYOUTS), "crop": st.just(crop), "group": st.sampled_from([None, "g1"]),
            "sized": st.booleans(), "place": st.sampled_from(["", *PLACES[crop.name]]),
        }  # fmt: skip
        told += draw(st.lists(st.builds(Telling, **known), min_size=1, max_size=4))
    return told


def pieces(told: list[Telling], folder: Path) -> list[tuple[str, bytes]]:
    """A file for each record, and one for all records of a layout together."""
    every = [[each] for each in told[::2]] + [[each for each in told if each.layout == layout] for layout in LAYOUTS]
    return [
        (FILES.get(some[0].layout, "crop_queue.jsonl"), HEADERS.get(some[0].layout, b"") + _joined(some, folder))
        for some in every
        if some
    ]


def _joined(told: list[Telling], folder: Path) -> bytes:
    return b"".join(each.record(folder) for each in told)


OTHERS = [
    ("a.decision", json.dumps(samples.SIDECARS["by filename"] | {"group_id": "g1"}).encode()),
    ("p.db", samples.database(samples.ROW | {"group_id": "g1"})),
    ("d_progress.json", samples.PROGRESS),
    ("daily_20251102.json", samples.DAILY),
]


DEEDS = (CropRecorded, CropWithdrawn)


def deeds(desk) -> list[tuple[object, ...]]:
    """What was done about the facts, in its very places."""
    return [
        (entry.position, entry.subject, entry.version, entry.occurred_at, entry.actor, entry.event)
        for entry in desk.entries()
        if isinstance(entry.event, DEEDS)
    ]


def facts(desk) -> set[tuple[str, ...]]:
    return {
        (entry.id, entry.subject, entry.occurred_at, entry.actor, encode(entry.event))
        for entry in desk.entries()
        if not isinstance(entry.event, DEEDS)
    }


def of_several_imports(table: str) -> set[str]:
    # (of imported images, the time is that of the evidence that came last; no view tells it)
    return {"position", "version"} | ({"changed_at"} if table == "imported_images" else set())


def of_one_import(table: str) -> set[str]:
    """Facts land in the order of the files; what was done about them has the very same places."""
    return {"imported_images": {"position", "changed_at"}, "images": {"position"}}.get(table, set())


def differing(one: dict[str, list[object]], other: dict[str, list[object]]) -> dict[str, object]:
    return {name: (one[name], other[name]) for name in one if one[name] != other[name]}


def check_imports(told: list[Telling], chance: random.Random, images: Path, folder: Path) -> None:
    """The same files in two orders, each cut into imports anywhere."""
    files = [*pieces(told, images), *chance.sample(OTHERS, 2)]
    found = []
    for number, order in enumerate((files, chance.sample(files, len(files)))):
        with opened(folder / str(number), images) as desk:
            desk.bring_in_lots(order, chance, queue=True, tz=NEW_YORK)
            found.append((facts(desk), desk.every_row(of_several_imports)))
    (facts_, rows_), (others_facts, others_rows) = found
    assert others_facts == facts_
    assert not differing(rows_, others_rows)


def check_one_import(told: list[Telling], chance: random.Random, images: Path, folder: Path) -> None:
    """The same files in two orders, at once."""
    files = [*pieces(told, images), *chance.sample(OTHERS, 2)]
    found = []
    for number, order in enumerate((files, chance.sample(files, len(files)))):
        with opened(folder / str(number), images) as desk:
            desk.bring_all(order, queue=True, tz=NEW_YORK)
            done = deeds(desk)
            assert all(isinstance(event, CropRecorded) for *_, event in done)
            assert len({subject for _, subject, *_ in done}) == len(done)
            found.append((facts(desk), done, desk.every_row(of_one_import)))
            head = desk.ledger.head()
            desk.bring_all(order, queue=True, tz=NEW_YORK)
            assert desk.ledger.head() == head
    (facts_, done_, rows_), (others_facts, others_done, others_rows) = found
    assert others_facts == facts_
    assert others_done == done_
    assert not differing(rows_, others_rows)


few = settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
many = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
chances = st.randoms(use_true_random=False)


@given(told=tellings(), chance=chances)
@few
def test_any_order_of_imports_comes_to_the_same_facts_and_rows(tmp_path_factory, images, told, chance):
    check_imports(told, chance, images, tmp_path_factory.mktemp("imports"))


@given(told=tellings(), chance=chances)
@few
def test_the_order_of_files_in_one_import_leaves_no_trace(tmp_path_factory, images, told, chance):
    check_one_import(told, chance, images, tmp_path_factory.mktemp("orders"))


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@given(told=tellings(), chance=chances)
@many
def test_any_order_of_imports_in_the_long_run(tmp_path_factory, images, told, chance):
    check_imports(told, chance, images, tmp_path_factory.mktemp("imports"))


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@given(told=tellings(), chance=chances)
@many
def test_the_order_of_files_in_one_import_in_the_long_run(tmp_path_factory, images, told, chance):
    check_one_import(told, chance, images, tmp_path_factory.mktemp("orders"))
