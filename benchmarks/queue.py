"""The queue: record and finish batches of three, without pixels, and what one operation costs as the queue grows.

    python benchmarks/queue.py            5,000 batches of 3, then the cost per crop from 100 to 100,000 crops
    python benchmarks/queue.py --quick    a tenth of it
    python benchmarks/queue.py --json     for programs

The tool this replaces rewrote its whole queue file with every update: 10 ms at 100 batches, 310 ms at 5,000, and 36 to
72 minutes for 5,000 batches. Such a file is written beside ours, as the baseline.
"""

import sys

# This folder is first on the path of a script in it, and would hide the standard library's queue and our ledger.
sys.path[:] = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from commands.crops import FinishCrop, RecordCrop, StartCrop
from commands.decider import Request
from commands.handle import handle_many
from ledger.events.crops import CropExecuted, CropRecorded, CropStarted
from ledger.log import Ledger
from ledger.values import Box, Dimensions, PixelBox, image_subject
from projections.catch_up import catch_up
from projections.queue import owed, sizes
from projections.reader import Projections
from projections.store import Store

BATCH = 3
NOW = datetime(2025, 10, 27, 16, tzinfo=UTC)
SIZE = Dimensions(3072, 3072)


class Desk:
    """A ledger with all projections, on a disk that is really synced."""

    def __init__(self, home: Path) -> None:
        self.ledger = Ledger.create(home / "ledger.db")
        self.store = Store.open(home / "projections.db")
        catch_up(self.ledger, self.store)
        self.projections = Projections.open(home / "projections.db")

    def record(self, numbers: range) -> None:
        """One submit of the operator: recorded, durable, and visible in the queue."""
        self._handle([Request(RecordCrop(subject(n), recorded(n)), "operator:bench", "submit") for n in numbers])

    def finish(self) -> None:
        """A runner takes the next batch from the queue, claims it, and records each crop as executed."""
        batch = owed(self.projections, status="pending", limit=BATCH)
        starts = [started(crop.path) for crop in batch]
        subjects = [crop.subject for crop in batch]
        self._handle([Request(StartCrop(s, e), "runner:bench", "run") for s, e in zip(subjects, starts, strict=True)])
        for each, start in zip(subjects, starts, strict=True):
            self._handle([Request(FinishCrop(each, executed(start)), "runner:bench", "run")])

    def _handle(self, requests: list[Request]) -> None:
        outcome = handle_many(requests, ledger=self.ledger, now=NOW)
        assert not outcome.refused, outcome.refused
        catch_up(self.ledger, self.store)

    def close(self) -> None:
        self.projections.close()
        self.store.close()
        self.ledger.close()


def path_of(number: int) -> str:
    return f"/photos/set_{number // 500:03d}/20250803_{number:06d}_stage2_upscaled.png"


def subject(number: int) -> str:
    return image_subject("bench", path_of(number))


def recorded(number: int) -> CropRecorded:
    return CropRecorded("bench", path_of(number), Box(0.1, 0.1, 0.6, 0.6), SIZE, "a" * 64, 12_345, f"group_{number}")


def started(path: str) -> CropStarted:
    out = path.replace("/photos/", "/photos/__cropped/")
    return CropStarted(
        "bench", 1, path, "a" * 64, 12_345, 0, SIZE, PixelBox(307, 307, 1843, 1843), out, out + ".tmp", "/o/aa/aa.png"
    )


def executed(start: CropStarted) -> CropExecuted:
    return CropExecuted(
        "bench", 1, start.source, start.sha256, start.archive, start.output, "b" * 64, 9_876, Dimensions(1536, 1536)
    )


class RewrittenFile:
    """How the tool before kept its queue: one JSON line per batch, the whole file written again with every update."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[dict[str, object]] = []

    def record(self, numbers: range) -> None:
        with self.path.open("a") as file:
            self.lines.append({"batch_id": numbers.start, "status": "pending", "crops": [path_of(n) for n in numbers]})
            file.write(json.dumps(self.lines[-1]) + "\n")

    def update(self, number: int, status: str) -> None:
        read = [json.loads(line) for line in self.path.read_text().splitlines()]
        read[number]["status"] = status
        self.path.write_text("".join(json.dumps(line) + "\n" for line in read))


def whole_run(batches: int) -> dict[str, float]:
    """Record and finish so many batches; seconds of wall and CPU."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        wall, cpu = time.perf_counter(), time.process_time()
        for number in range(batches):
            desk.record(range(number * BATCH, (number + 1) * BATCH))
        for _ in range(batches):
            desk.finish()
        took = {"batches": batches, "wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        assert sizes(desk.projections).owed == 0
        desk.close()
    return took


def growth(lengths: list[int], probes: int) -> list[dict[str, float]]:
    """Median cost of one submit of three and of finishing three, with so many crops in the queue already."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        count = 0
        for length in lengths:
            while count < length:
                more = min(5_000, length - count)
                desk.record(range(count, count + more))
                count += more
            records, finishes = [], []
            for _ in range(probes):
                records.append(timed(lambda at=count: desk.record(range(at, at + BATCH))))
                count += BATCH
                finishes.append(timed(desk.finish))
            rows.append(
                {"crops": length, "record_ms": statistics.median(records), "finish_ms": statistics.median(finishes)}
            )
        desk.close()
    return rows


def rewriting(lengths: list[int], probes: int) -> list[dict[str, float]]:
    """Median cost of one update of the rewritten file, with so many batches in it."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        queue = RewrittenFile(Path(folder) / "crop_queue.jsonl")
        for length in lengths:
            for number in range(len(queue.lines), length):
                queue.record(range(number * BATCH, (number + 1) * BATCH))
            updates = [timed(lambda at=number: queue.update(at, "processing")) for number in range(probes)]
            rows.append({"batches": length, "update_ms": statistics.median(updates)})
    return rows


def timed(operation: Callable[[], None]) -> float:
    begun = time.perf_counter()
    operation()
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    batches = 500 if options.quick else 5_000
    lengths = [100, 1_000, 10_000] if options.quick else [100, 1_000, 10_000, 100_000]
    run = whole_run(batches)
    rows = growth(lengths, 20)
    old = rewriting([100, 500] if options.quick else [100, 1_000, 5_000], 10)
    if options.json:
        print(json.dumps({"run": run, "growth": rows, "rewritten_file": old}))
        return
    print(f"record and finish {batches:,} batches of {BATCH}: {run['wall_s']:.1f} s wall, {run['cpu_s']:.1f} s CPU")
    print("\ncrops in the queue   record 3 (ms)   finish 3 (ms)")
    for row in rows:
        print(f"{row['crops']:>18,}   {row['record_ms']:>13.2f}   {row['finish_ms']:>13.2f}")
    first, last = rows[0], rows[-1]
    print(
        f"growth from {first['crops']:,} to {last['crops']:,}: record x{last['record_ms'] / first['record_ms']:.2f}, "
        f"finish x{last['finish_ms'] / first['finish_ms']:.2f}"
    )
    print("\na file rewritten per update, as before: batches in it, ms per update")
    for row in old:
        print(f"{row['batches']:>18,}   {row['update_ms']:>13.2f}")


if __name__ == "__main__":
    main()
