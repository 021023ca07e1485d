"""`crop run` killed with SIGKILL at random instants, on generated images; a plain restart must make it all good.

Twenty kills here; `just crash` does two hundred (CROP_KILLS=200). The tool this replaces, killed 200 times, truncated
159 source images and left 200 batches stuck.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest
from PIL import Image

from commands.cli.app import run as crop
from imaging.samples import make_samples
from ledger.events.crops import CropExecuted, CropStarted
from ledger.log import Ledger
from tests.nursery import Nursery

KILLS = int(os.environ.get("CROP_KILLS", "20"))
PICTURES = 12
BOX = "0.1,0.2,0.7,0.9"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Scene:
    """A home with a queue, and what every file held before anything ran."""

    def __init__(self, root: Path, templates: Path) -> None:
        self.root, self.home = root, root / "home"
        self.photos = root / "photos" / "set_a"
        shutil.copytree(templates, self.photos)
        self.images = sorted(path for path in self.photos.iterdir() if path.suffix in {".png", ".jpg", ".webp"})
        self.before = {path.name: sha256(path) for path in self.photos.iterdir()}
        assert crop(["--home", str(self.home), "init", "--root", str(root)]) == 0
        marks = root / "marks.jsonl"
        marks.write_text("".join(json.dumps(mark_on(path)) + "\n" for path in self.images))
        assert crop(["--home", str(self.home), "record", "--from", str(marks), "--actor", "t"]) == 0

    @property
    def cropped(self) -> Path:
        return self.photos.parent / "__cropped" / "set_a"

    def run_and_kill(self, nursery: Nursery, chance: random.Random) -> list[str]:
        """Start a run and kill it at a random instant, every other one behind its first crop; what it acknowledged."""
        with nursery.begin("--home", self.home, "run", "--now", "--json") as process:
            acknowledged = [process.stdout.readline()] if chance.random() < 0.5 else []
            time.sleep(chance.uniform(0, 0.25 if acknowledged else 0.8))
            process.send_signal(signal.SIGKILL)
            acknowledged += process.stdout.readlines()
        told = [json.loads(line) for line in acknowledged if line.endswith("\n")]
        return [each["path"] for each in told if each.get("type") == "crop.executed"]

    def check_nothing_is_lost(self, acknowledged: list[str]) -> None:
        """What must hold at any instant: every original is whole somewhere, every output in place is right."""
        archived = {sha256(path) for path in (self.home / "originals").rglob("*") if path.is_file()}
        for image in self.images:
            whole = image.exists() and sha256(image) == self.before[image.name]
            assert whole or self.before[image.name] in archived, f"{image.name} is truncated or lost"
        with Ledger.open(self.home / "ledger.db") as ledger:
            assert not list(ledger.faults())
            executed = {e.event.source for e in ledger.read(0, 10_000) if isinstance(e.event, CropExecuted)}
            assert set(acknowledged) <= executed, "an acknowledged event is gone"
            for entry in ledger.read(0, 10_000):
                if isinstance(entry.event, CropStarted) and Path(entry.event.output).exists():
                    with Image.open(entry.event.output) as output:
                        output.load()

    def check_all_is_done(self) -> None:
        """What must hold after a plain restart."""
        with Ledger.open(self.home / "ledger.db") as ledger:
            executed = [e.event for e in ledger.read(0, 10_000) if isinstance(e.event, CropExecuted)]
        assert sorted(event.source for event in executed) == [str(path) for path in self.images], "stuck or doubled"
        for event in executed:
            assert sha256(Path(event.output)) == event.output_sha256
            assert sha256(Path(event.archive)) == self.before[Path(event.source).name]
        assert list(self.photos.iterdir()) == []
        assert sorted(path.name for path in self.cropped.iterdir()) == sorted(self.before), "left-overs or losses"
        for path in self.cropped.iterdir():
            if path not in {Path(event.output) for event in executed}:
                assert sha256(path) == self.before[path.name], f"the companion {path.name} changed"
        assert crop(["--home", str(self.home), "audit"]) == 0


def mark_on(image: Path) -> dict[str, object]:
    with Image.open(image) as opened:
        width, height = opened.size
        if opened.getexif().get(0x0112, 1) >= 5:
            width, height = height, width
    return {
        "created_at": "2025-10-27T16:00:00Z", "project_id": "p", "group_id": "g", "filename": image.name,
        "dir": str(image.parent), "width": width, "height": height, "crop_norm": [float(x) for x in BOX.split(",")],
    }  # fmt: skip


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("templates") / "set_a"
    list(make_samples(directory, PICTURES))
    return directory


@pytest.mark.timeout(60 + 20 * KILLS)
def test_kill_9_at_any_instant_loses_nothing_and_a_plain_restart_finishes(
    tmp_path: Path, templates: Path, nursery: Nursery
) -> None:
    chance = random.Random(1)  # noqa: S311  # instants, not secrets
    kills = scenes = 0
    while kills < KILLS:
        scene = Scene(tmp_path / str(scenes), templates)
        scenes += 1
        acknowledged: list[str] = []
        for _ in range(min(4, KILLS - kills)):
            acknowledged += scene.run_and_kill(nursery, chance)
            scene.check_nothing_is_lost(acknowledged)
            kills += 1
        assert crop(["--home", str(scene.home), "run", "--now"]) == 0
        scene.check_all_is_done()
        shutil.rmtree(scene.root)
