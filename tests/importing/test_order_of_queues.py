"""Queues and logs that tell of the same images, in any order, overlap and repetition: the same facts, the same rows.

What was recorded and withdrawn here meanwhile differs, for it was owed meanwhile; what is owed at the end does not.
"""

import json
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ledger.codec import encode
from ledger.events.crops import CropRecorded, CropWithdrawn
from projections import catalogue
from tests.importing import samples
from tests.importing.conftest import HEADER_V2, Log, opened
from tests.importing.test_order import NEW_YORK

BOXES = [(100, 50, 500, 250), (0, 0, 400, 200), (0, 0, 800, 400)]
SIZE = (800, 400)
NAMES = ("a.png", "b.png")
LAYOUTS = ("pending", "processed", "waits", "tried", "failed", "completed", "v1", "v2")


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    for name in NAMES:
        Image.new("RGB", SIZE, "red").save(folder / name)
    (folder / "b.decision").write_text(json.dumps(samples.SIDECARS["by stem"]))
    return folder


class Telling(NamedTuple):
    """One record: which layout says that which box was marked on which image, when."""

    layout: str
    name: str
    box: tuple[int, int, int, int]
    minute: int
    group: str | None = None

    @property
    def at(self) -> str:
        return f"2025-11-02T10:{self.minute:02}:00Z"

    @property
    def fractions(self) -> list[float]:
        return [edge / SIZE[number % 2] for number, edge in enumerate(self.box)]

    def record(self, folder: Path) -> bytes:
        match self.layout:
            case "v1":
                return f"{Log.v1(self.name, ','.join(f'{edge:.1f}' for edge in self.box), self.at)}\r\n".encode()
            case "v2":
                return f"{Log.v2(self.name, ','.join(map(str, self.fractions)), self.at)}\r\n".encode()
            case "pending" | "processed":
                line = {
                    "created_at": self.at, "project_id": "p", "group_id": self.group, "filename": self.name,
                    "dir": str(folder), "width": SIZE[0], "height": SIZE[1], "crop_norm": self.fractions,
                }  # fmt: skip
                return json.dumps(line).encode() + b"\n"
        status = {"waits": "pending", "tried": "processing"}.get(self.layout, self.layout)
        batch = samples.batch(status, number=self.minute)
        [crop] = batch["crops"]
        changed = {"source_path": str(folder / self.name), "crop_rect": self.box}
        crops = [crop | changed | {"crop_rect_normalized": self.fractions}]
        return json.dumps(batch | {"timestamp_queued": self.at, "crops": crops}).encode() + b"\n"


FILES = {"pending": "pending.jsonl", "processed": "processed.jsonl", "v1": "log.csv", "v2": "training.csv"}
HEADERS = {"v1": f"{samples.HEADER_V1}\r\n".encode(), "v2": f"{HEADER_V2}\r\n".encode()}

tellings = st.lists(
    st.builds(
        Telling,
        st.sampled_from(LAYOUTS),
        st.sampled_from(NAMES),
        st.sampled_from(BOXES),
        st.integers(1, 4),
        st.sampled_from([None, "g1"]),
    ),
    min_size=1,
    max_size=8,
    unique=True,
)


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


def outcome(desk) -> tuple[set[tuple[str, ...]], dict[str, list[object]]]:
    """The facts, and every row of every projection but for places in the ledger."""
    deeds = (CropRecorded, CropWithdrawn)
    facts = {
        (entry.id, entry.subject, entry.occurred_at, entry.actor, encode(entry.event))
        for entry in desk.entries()
        if not isinstance(entry.event, deeds)
    }
    rows: dict[str, list[object]] = {}
    for projection in catalogue.ALL:
        for table in (*projection.tables, *projection.views):
            # (of imported images, the time is that of the evidence that came last; no view tells it)
            arrival = {"position", "version"} | ({"changed_at"} if table.name == "imported_images" else set())
            columns = [name for name in table.columns if name not in arrival]
            rows[table.name] = sorted(desk.rows(f"SELECT {', '.join(columns)} FROM {table.name}"), key=repr)
    return facts, rows


def bring_all(folder: Path, images: Path, files: list[tuple[str, bytes]]) -> tuple[object, ...]:
    """Bring the files in, some in one command, some in another."""
    with opened(folder, images) as desk:
        for number, (name, content) in enumerate(files):
            if number % 3 == 0:
                importer = desk.importer(queue=True, tz=NEW_YORK)
            path = folder / name
            path.write_bytes(content)
            report = importer.bring(path)
            assert report.accepted + report.completed + report.known + report.set_aside == report.read
        return outcome(desk)


@given(told=tellings, chance=st.randoms(use_true_random=False))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_comes_to_the_same_facts_and_rows(tmp_path_factory, images, told, chance):
    files = [*pieces(told, images), *OTHERS]
    other = chance.sample(files, len(files))
    facts, rows = bring_all(tmp_path_factory.mktemp("one"), images, files)
    found, others = bring_all(tmp_path_factory.mktemp("other"), images, other)
    assert found == facts
    differing = {name: (rows[name], others[name]) for name in rows if rows[name] != others[name]}
    assert not differing
