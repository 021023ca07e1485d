"""Crops that wait in other tools' queues, as lines of their files, and what is owed here by them."""

import json

from commands.recording.marks import Mark
from commands.recording.recording import Asked, Recorder
from imaging.zones import Zones
from ledger.values import Box
from tests.importing import samples
from tests.importing.conftest import NOW

BOX = Box(0.125, 0.125, 0.625, 0.625)


def line(desk, name: str = "q.png", **changes: object) -> dict[str, object]:
    return json.loads(samples.PENDING) | {"dir": str(desk.folder), "filename": name} | changes


def batch(desk, *names: str, status: str = "pending", number: int = 1) -> dict[str, object]:
    made = samples.batch(status, number=number)
    [crop] = made["crops"]
    return made | {"crops": [crop | {"source_path": str(desk.folder / name)} for name in names]}


def lines(*objects: object) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in objects)


def owed(desk) -> list[tuple[object, ...]]:
    return desk.rows("SELECT filename, x1, marked_at, marked_by, warnings FROM queue ORDER BY filename")


def marked(desk, name: str, box: Box) -> None:
    """An operator marks an image here, now."""
    recorder = Recorder(desk.ledger, desk.projections(), Zones.of(desk.folder))
    assert recorder.record([Mark("p", str(desk.folder / name), box)], Asked("operator:ann", "c", NOW)).recorded == 1
