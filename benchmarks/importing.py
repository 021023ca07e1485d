"""Importing: a crop log of 12,000 rows, the first time and again, 2,000 sidecars, 2,000 crops that wait; CPU seconds.

./run python benchmarks/importing.py            the baseline is Python's csv module reading the same file
./run python benchmarks/importing.py --json     for programs
"""

import sys

# This folder is first on the path of a script in it, and would hide our ledger.
sys.path[:] = [place for place in sys.path if not place.endswith("benchmarks")]

import csv
import io
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image

from commands.importing.importing import Brought, Importer
from commands.importing.waiting import Waiting
from commands.recording.recording import Recorder
from configs.home import Home
from imaging.zones import Zones
from ledger.log import Ledger
from projections.catch_up import catch_up
from projections.reader import Projections
from projections.store import Store

ROWS = 12_000
SIDECARS = 2_000
WAITING = 2_000
TIMES = 3
NOW = datetime(2025, 11, 1, tzinfo=UTC)


def crop_log(path: Path) -> None:
    with path.open("w") as file:
        for number in range(ROWS):
            at = (NOW + timedelta(seconds=number)).isoformat().replace("+00:00", "Z")
            name = f"set_{number % 40:02}/2025_{number}_stage2_upscaled.png"
            file.write(f"2025-11-01 05:00:00,set_{number},x,1,0,{name},100.0,50.0,500.0,250.0,{at},"
                       f"{name},stage2_upscaled,800,400,,,,\r\n")  # fmt: skip


def sidecars(folder: Path) -> list[Path]:
    made = []
    for number in range(SIDECARS):
        path = folder / f"2025_{number}_stage2_upscaled.decision"
        path.write_text(json.dumps({"project_id": "p", "group_id": f"g{number}", "ai_crop_coords": [0.1, 0.1, 0.9, 1]}))
        made.append(path)
    return made


def queue(folder: Path) -> Path:
    """A queue of crops, and their images: half of them were moved since."""
    drawn = io.BytesIO()
    Image.new("RGB", (800, 400), "red").save(drawn, "PNG")
    (folder / "moved").mkdir()
    with (folder / "pending.jsonl").open("w") as file:
        for number in range(WAITING):
            name = f"2025_{number}_stage1_generated.png"
            (folder / ("moved" if number % 2 else "") / name).write_bytes(drawn.getvalue() + str(number).encode())
            line = {
                "created_at": (NOW + timedelta(seconds=number)).isoformat(), "project_id": "p", "group_id": None,
                "filename": name, "dir": str(folder), "width": 800, "height": 400, "crop_norm": [0.1, 0.1, 0.6, 0.6],
            }  # fmt: skip
            file.write(json.dumps(line) + "\n")
    return folder / "pending.jsonl"


def cpu_s(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def measured() -> dict[str, float]:
    """One run, in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log, home = folder / "log.csv", Home(folder / "home")
        crop_log(log)
        files, waiting = sidecars(folder), queue(folder)
        with Ledger.create(home.ledger) as ledger, Store.open(home.projections) as store:
            catch_up(ledger, store)

            def bring(*paths: Path) -> Brought:
                with Projections.open(home.projections) as known:
                    recorder = Recorder(ledger, known, Zones.of(folder))
                    waits = Waiting.of(recorder, aside=frozenset({home.root.resolve()}))
                    importer = Importer.of(ledger, home, NOW, project="p", projections=known, waiting=waits)
                    return importer.bring_all(paths)

            def baseline() -> None:
                with log.open(newline="") as file:
                    assert sum(1 for _ in csv.reader(file)) == ROWS

            return {
                "csv.reader alone": cpu_s(baseline),
                f"import {ROWS:,} rows": cpu_s(lambda: bring(log)),
                "the same again": cpu_s(lambda: bring(log)),
                f"import {SIDECARS:,} sidecars": cpu_s(lambda: bring(*files)),
                f"import {WAITING:,} waiting crops": cpu_s(lambda: bring(waiting)),
                "the same queue again": cpu_s(lambda: bring(waiting)),
                "fold all projections": cpu_s(lambda: catch_up(ledger, store)),
            }


def main() -> None:
    runs = [measured() for _ in range(TIMES)]
    figures = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    if "--json" in sys.argv:
        print(json.dumps(figures))
        return
    for name, seconds in figures.items():
        ratio = seconds / figures["csv.reader alone"]
        print(f"{name:28} {seconds:8.3f} s CPU  {ratio:8.0f} x csv.reader")


if __name__ == "__main__":
    main()
