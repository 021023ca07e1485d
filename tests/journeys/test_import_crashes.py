"""`crop import` killed at random instants, and on a disk that is full: nothing is lost, and importing again completes.

Six kills here; `just crash` does more (CROP_KILLS). One import writes facts in several transactions, marks in our
queue, the quarantine and the projections: it may die between any two of them.
"""

import contextlib
import io
import json
import os
import random
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image

from commands.cli.app import run
from ledger.codec import encode
from ledger.events.crops import CropRecorded
from ledger.events.imports import MarkImported
from ledger.log import Ledger
from tests.importing import samples
from tests.importing.conftest import Log

KILLS = min(int(os.environ.get("CROP_KILLS", "6")), 60)
ROWS, MARKS = 4_500, 12


class Scene:
    """Logs and queues of other tools, and a home to bring them into."""

    def __init__(self, root: Path, home: Path) -> None:
        self.logs, self.home = root / "logs", home
        self.logs.mkdir(parents=True, exist_ok=True)
        photos = root / "photos"
        photos.mkdir(exist_ok=True)
        rows = [Log.v1(f"{n}.png", at=f"2025-10-{1 + n // 1000:02}T{n % 24:02}:{n % 60:02}:00Z") for n in range(ROWS)]
        (self.logs / "log.csv").write_bytes(Log.file(*rows, "?", "torn,row"))
        lines = []
        for number in range(MARKS):
            Image.new("RGB", (800, 400), (number, 0, 0)).save(photos / f"m{number}.png")
            for status in ("pending", "completed")[: 1 + number % 2]:
                batch = samples.batch(status, str(photos / f"m{number}.png"), number)
                lines.append(json.dumps(batch) + "\n")
        (self.logs / "crop_queue.jsonl").write_text("".join(lines))
        (self.logs / "p.db").write_bytes(samples.database(samples.ROW))
        assert run(["--home", str(home), "init", "--root", str(root)]) == 0

    @property
    def command(self) -> list[str]:
        return ["--home", str(self.home), "import", str(self.logs), "--project", "p", "--json"]

    def facts(self) -> tuple[set[tuple[str, ...]], list[str]]:
        """What stands in the ledger, and which images are owed; the chain is whole."""
        with Ledger.open(self.home / "ledger.db") as ledger:
            assert not list(ledger.faults())
            entries = ledger.read(0, 100_000)
        facts = {
            (e.id, e.subject, e.occurred_at, encode(e.event)) for e in entries if not isinstance(e.event, CropRecorded)
        }
        recorded = sorted(e.event.path for e in entries if isinstance(e.event, CropRecorded))
        return facts, recorded

    def check_complete(self) -> tuple[set[tuple[str, ...]], list[str]]:
        """After a plain import: sums add up, again brings nothing, and the projections are a fresh fold."""
        for again in (False, True):
            with contextlib.redirect_stdout(io.StringIO()) as out:
                assert run(self.command) == 1  # two rows are set aside
            reports = [json.loads(line) for line in out.getvalue().splitlines()]
            for report in reports:
                aside = sum(report["quarantined"].values())
                assert report["accepted"] + report["completed"] + report["known"] + aside == report["read"]
            assert sum(sum(report["quarantined"].values()) for report in reports) == 2
            if again:
                assert sum(report["accepted"] + report["completed"] + report["owed"] for report in reports) == 0
        assert run(["--home", str(self.home), "rebuild", "--all", "--check"]) == 0
        return self.facts()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="module")
def whole(root: Path) -> tuple[set[tuple[str, ...]], list[str]]:
    """What an import that nothing disturbs comes to."""
    return Scene(root, root / "undisturbed").check_complete()


@pytest.mark.timeout(120 + 20 * KILLS)
def test_kill_9_while_importing_loses_nothing_and_importing_again_completes(root, whole, nursery):
    chance = random.Random(3)  # noqa: S311  # instants, not secrets
    facts, recorded = whole
    scene = Scene(root, root / "home")
    for kill in range(KILLS):
        if kill % 6 == 5:
            scene = Scene(root, root / f"home{kill}")
        with nursery.begin(*scene.command) as process:
            time.sleep(chance.uniform(0, 2.5))
            process.send_signal(signal.SIGKILL)
        assert scene.facts()[0] <= facts
    found, owed = scene.check_complete()
    assert found == facts
    assert owed == recorded


def test_an_import_killed_before_the_queue_is_in_line_is_told_and_any_other_mends_it(root, whole, nursery, capsys):
    scene = Scene(root, root / "told")
    home = ["--home", str(scene.home)]
    with Ledger.open(scene.home / "ledger.db") as ledger, nursery.begin(*scene.command) as process:
        # Its first file holds the marks, and the next one thousands of rows.
        deadline = time.monotonic() + 60
        while not any(isinstance(entry.event, MarkImported) for entry in ledger.read(0, 200)):
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGKILL)
    assert scene.facts()[1] == []
    capsys.readouterr()

    assert run([*home, "check", "--json"]) == 1
    [found] = [each for each in json.loads(capsys.readouterr().out)["findings"] if each["code"] == "import_broke_off"]
    again = shlex.join(["crop", "import", *sorted(map(str, scene.logs.iterdir())), "--project", "p"])
    assert (found["path"], found["mend"]) == (str(scene.logs), again)
    other = root / "other.csv"
    other.write_bytes(Log.file(Log.v1("z.png")))
    assert run([*home, "import", str(other), "--project", "q"]) == 0
    said = capsys.readouterr().err
    assert "the queue is in line now" in said
    assert again in said
    run([*home, "check", "--json"])
    assert "import_broke_off" not in capsys.readouterr().out
    assert scene.facts()[1] == whole[1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_refuses_and_importing_again_completes(root, whole, nursery):
    disk = root / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("this machine does not let root mount")
    try:
        scene = Scene(root, disk / "home")
        for size in ("1m", "4m", "8m"):
            subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)
            with nursery.begin(*scene.command) as process:
                _, said = process.communicate()
            assert process.returncode in {1, 3}, said
            assert process.returncode == 1 or "disk is full" in said
            assert scene.facts()[0] <= whole[0]
        subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
        assert scene.check_complete() == whole
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
