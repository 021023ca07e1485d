"""The look before a run: what `crop check` costs on 5,000 crops that are owed, against reading all of their bytes.

    python benchmarks/check.py            5,000 images of 3 MB in 20 directories, each with a companion
    python benchmarks/check.py --quick    a tenth of it
    python benchmarks/check.py --json     for programs

The baseline is what an inspection without sizes and times would have to do: hash every file. It is measured on some
of them. The images are small ones with a large private chunk, which the disk keeps as a hole.
"""

import sys

# This folder is first on the path of a script in it, and would hide the standard library's queue and our ledger.
sys.path[:] = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import hashlib
import io
import itertools
import json
import os
import statistics
import struct
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from commands.crops import RecordCrop
from commands.decider import Request
from commands.handle import handle_many
from commands.inspection.inspecting import Scope, inspected, wanted_of
from commands.running.runner import Runner
from configs.home import Home
from configs.settings import load
from imaging.read import sha256_of
from imaging.zones import Zones
from ledger.events.crops import CropRecorded
from ledger.log import Ledger
from ledger.values import Box, Dimensions, image_subject
from projections.catch_up import catch_up
from projections.reader import Projections
from projections.store import Store

DIRECTORIES = 20
SIDE = 64
CHUNK_BYTES = 3_000_000
HASHED = 100
"""Files that the baseline hashes."""
TIMES = 5


def made(folder: Path, count: int) -> list[Path]:
    """PNG images of 3 MB, each with a companion."""
    stream = io.BytesIO()
    Image.linear_gradient("L").resize((SIDE, SIDE)).convert("RGB").save(stream, "PNG")
    raw = stream.getvalue()
    before, after = raw[:-12], raw[-12:]
    paths = []
    for number in range(count):
        directory = folder / f"set_{number % DIRECTORIES:02d}"
        directory.mkdir(exist_ok=True)
        path = directory / f"20250803_{number:06d}_stage2_upscaled.png"
        with path.open("wb") as file:
            file.write(before + struct.pack(">I4s", CHUNK_BYTES, b"prVt"))
            file.seek(CHUNK_BYTES + 4, os.SEEK_CUR)
            file.write(after)
        path.with_suffix(".yaml").write_text("prompt: a gradient")
        paths.append(path)
    return paths


def recorded(number: int, path: Path) -> Request:
    # What the file holds is not read by the look, so any sha256 will do, if each has its own.
    size, sha256 = path.stat().st_size, hashlib.sha256(str(number).encode()).hexdigest()
    crop = CropRecorded("bench", str(path), Box(0.1, 0.1, 0.6, 0.6), Dimensions(SIDE, SIDE), sha256, size, "g")
    return Request(RecordCrop(image_subject("bench", path), crop), "operator:bench", "marks")


def measured(work: Callable[[], object]) -> dict[str, float]:
    """Median seconds of wall and CPU."""
    walls, cpus = [], []
    for _ in range(TIMES):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return {"wall_s": statistics.median(walls), "cpu_s": statistics.median(cpus)}


def compared(count: int) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder, "home"))
        home.root.mkdir()
        paths = made(Path(folder).resolve(), count)
        with Ledger.create(home.ledger) as ledger, Store.open(home.projections) as store:
            outcome = handle_many(itertools.starmap(recorded, enumerate(paths)), ledger=ledger, now=datetime.now(UTC))
            assert not outcome.refused, outcome.refused
            catch_up(ledger, store)
            with Projections.open(home.projections) as projections:
                zones = Zones.of(folder)
                runner = Runner(ledger, home, load(home.config), zones, "bench", 3, lambda _: frozenset())

                def look() -> None:
                    found = inspected(runner, projections, wanted_of(projections, Scope()))
                    assert (found.crops, found.depths["header"], found.findings) == (count, count, ()), found

                hashed = measured(lambda: list(map(sha256_of, paths[:HASHED])))
                whole = {name: seconds * count / HASHED for name, seconds in hashed.items()}
                return {"check": measured(look), "hash everything": whole}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    count = 500 if options.quick else 5_000
    found = compared(count)
    if options.json:
        print(json.dumps({"crops": count, **found}))
        return
    print(f"{count:,} crops that are owed, medians of {TIMES}")
    for name, took in found.items():
        each = took["cpu_s"] / count * 1e6
        print(f"{name:>16}: {took['wall_s']:.2f} s wall, {took['cpu_s']:.2f} s CPU, {each:.0f} us CPU each")
    print(f"ratio of CPU: {found['check']['cpu_s'] / found['hash everything']['cpu_s']:.3f}")


if __name__ == "__main__":
    main()
