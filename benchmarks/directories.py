"""Directories: scans of 10,000 files, the next image, progress of 200 directories; CPU seconds, medians.

    python benchmarks/directories.py            10,000 images of 20 kB in one directory; 200 directories of 150
    python benchmarks/directories.py --quick    a tenth of it

The baseline of a scan is what any tool must do: list the names with lengths and times (after the first time), or read
every byte and hash it (the first time), in the same run.
"""

import sys

# This folder is first on the path of a script in it, and would hide the standard library's modules of these names.
sys.path[:] = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from PIL import Image

from commands.crops import SkipImage
from commands.decider import Request
from commands.directories import ScanDirectory
from commands.handle import handle_many
from commands.progress.scanning import Scanner
from commands.recording.recording import Asked
from imaging.scan import find_images
from imaging.zones import Zones
from ledger.events.directories import ScannedImage
from ledger.log import Ledger
from ledger.values import Dimensions, directory_subject, image_subject
from projections.catch_up import catch_up
from projections.progress import progress
from projections.reader import Projections
from projections.store import Store
from projections.upcoming import next_images

NOW = datetime(2025, 10, 27, 16, tzinfo=UTC)
ASKED = Asked("operator:bench", "bench", NOW)
PADDING = 20_000
TIMES = 5


class Desk:
    """A ledger with all projections."""

    def __init__(self, home: Path) -> None:
        self.ledger = Ledger.create(home / "ledger.db")
        self.store = Store.open(home / "projections.db")
        self.catch_up()
        self.projections = Projections.open(home / "projections.db")
        self.scanner = Scanner(self.ledger, self.projections, Zones.of(home))

    def catch_up(self) -> None:
        catch_up(self.ledger, self.store)

    def scan(self, directory: Path) -> None:
        """As `crop scan` does it: look, record, fold."""
        self.scanner.scan(directory, ASKED)
        self.catch_up()

    def ask(self, requests: list[Request]) -> None:
        outcome = handle_many(requests, ledger=self.ledger, now=NOW)
        assert not outcome.refused, outcome.refused
        self.catch_up()


def cpu_s(work: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds of one call."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def median_of(work: Callable[[], object], times: int = TIMES) -> tuple[float, float]:
    figures = [cpu_s(work) for _ in range(times)]
    return statistics.median(cpu for cpu, _ in figures), statistics.median(wall for _, wall in figures)


def fill(directory: Path, count: int) -> None:
    directory.mkdir()
    stream = BytesIO()
    Image.new("RGB", (64, 64)).save(stream, "PNG")
    for number in range(count):
        # What stands behind a PNG's end is read and hashed, and no part of the picture.
        name = f"20250803_{number // 3:06d}_stage{(1, 1.5, 2)[number % 3]}_made.png"
        (directory / name).write_bytes(stream.getvalue() + number.to_bytes(4) + bytes(PADDING))


def hash_all(directory: Path) -> None:
    for found in find_images(directory):
        hashlib.sha256(found.path.read_bytes()).hexdigest()


def list_all(directory: Path) -> None:
    with os.scandir(directory) as entries:
        for entry in entries:
            entry.stat()


def told(what: str, figures: tuple[float, float], baseline: tuple[float, float] | None = None, of: str = "") -> None:
    ratio = f"   {figures[0] / baseline[0]:5.1f} x {of}" if baseline else ""
    print(f"{what:<58} {figures[0] * 1000:9.1f} ms CPU {figures[1] * 1000:9.1f} ms{ratio}")


def scans(home: Path, count: int) -> None:
    desk, directory = Desk(home), home / "photos"
    fill(directory, count)
    hash_all(directory)  # into the page cache, for both
    reading, listing = median_of(lambda: hash_all(directory), 3), median_of(lambda: list_all(directory))
    told(f"scan of {count:,} new files", cpu_s(lambda: desk.scan(directory)), reading, "hashing them all")
    told(f"scan of {count:,} known files", median_of(lambda: desk.scan(directory)), listing, "listing them")
    os.utime(min(directory.iterdir()), ns=(1, 1))
    told(f"scan of {count:,} files, one touched", cpu_s(lambda: desk.scan(directory)), listing, "listing them")
    place = str(directory)
    told("next image, nothing decided", median_of(lambda: next_images(desk.projections, place, project="p")))
    first = next_images(desk.projections, place, project="p", limit=count * 9 // 10)
    desk.ask([skip(place, image.filename) for image in first])
    told("next image, nine tenths decided", median_of(lambda: next_images(desk.projections, place, project="p")))
    told("progress of the one directory", median_of(lambda: progress(desk.projections, directory=place)))


def skip(directory: str, name: str) -> Request:
    path = f"{directory}/{name}"
    return Request(SkipImage(image_subject("p", path), "p", path), ASKED.actor, ASKED.correlation)


def many(home: Path, directories: int, images: int) -> None:
    desk = Desk(home)
    names = [f"20250803_{number:06d}_stage2_made.png" for number in range(images)]
    found = tuple(ScannedImage(name, 9, 1, "a" * 64, Dimensions(64, 64)) for name in names)
    places = [f"/photos/set_{number:03d}" for number in range(directories)]
    for place in places:
        scan = Request(ScanDirectory(directory_subject(place), place, found), ASKED.actor, ASKED.correlation)
        desk.ask([scan, *(skip(place, name) for name in names[::2])])
    told(f"progress of {directories:,} directories of {images:,}", median_of(lambda: progress(desk.projections)))
    told("progress of one of them", median_of(lambda: progress(desk.projections, directory=places[7])))
    told("next image of one of them", median_of(lambda: next_images(desk.projections, places[7], project="p")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    part = 10 if parser.parse_args().quick else 1
    with tempfile.TemporaryDirectory(prefix="cropledger-bench-") as one, tempfile.TemporaryDirectory() as other:
        scans(Path(one), 10_000 // part)
        many(Path(other), 200 // part, 150)


if __name__ == "__main__":
    main()
