"""Marking and looking at pages while crops are executed beside it: how long each takes, against the same without a run.

    ./run python benchmarks/beside_a_run.py               24 crops of 24 megapixels by two workers
    ./run python benchmarks/beside_a_run.py --images 8    fewer

One process records a mark after the other, each durable, and asks `crop serve` for a page after each, as one operator
does without haste; `crop run --workers 2` is another process. Wall time, because that is what a person waits; it is
measured before, beside and after the run, and the ratio is what travels to other machines.
"""

import sys

# This folder is first on the path of a script in it, and would hide the standard library's queue and our ledger.
sys.path[:] = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import contextlib
import http.client
import io
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from attrs import Factory, define

from commands.cli.app import run

CROP = [str(Path(sys.executable).with_name("crop"))]
PAUSE_S = 0.05
"""Between two marks; without it the operator, not the run, would be what keeps the machine busy."""


@define
class Waits:
    """How long each mark and each page took, milliseconds."""

    marks: list[float] = Factory(list)
    pages: list[float] = Factory(list)


def crop(home: Path, *arguments: str | Path) -> None:
    """One command, in this process; what it prints is of no interest."""
    with contextlib.redirect_stdout(io.StringIO()):
        code = run(["--home", str(home), *map(str, arguments)])
    if code:
        sys.exit(f"crop {arguments} exited {code}")


def make_photographs(folder: Path, count: int, size: tuple[int, int]) -> list[Path]:
    """JPEGs of noise under gradients, each with other bytes."""
    from PIL import Image

    folder.mkdir(parents=True)
    out = io.BytesIO()
    Image.merge("RGB", [Image.effect_noise(size, spread) for spread in (20, 30, 40)]).save(out, "JPEG", quality=90)
    raw, made = out.getvalue(), []
    for number in range(count):
        path = folder / f"{number:04d}.jpg"
        path.write_bytes(raw[:2] + b"\xff\xfe\x00\x0a" + f"{number:08d}".encode() + raw[2:])
        made.append(path)
    return made


@define
class Page:
    """A page of a server, asked for over and over."""

    host: str
    port: int
    cookie: str

    @classmethod
    def at(cls, url: str) -> "Page":
        parts = urlsplit(url)
        return cls(parts.hostname or "", parts.port or 0, parts.query.replace("token=", "crop_entry="))

    def ask(self) -> None:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        connection.request("GET", "/events", headers={"cookie": self.cookie})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != 200:
            sys.exit(f"the server says {answer.status}")


def work(home: Path, page: Page, images: list[Path], go_on: Callable[[int], bool]) -> Waits:
    """Mark and look, for as long as it goes on."""
    waits, number = Waits(), 0
    while go_on(number):
        began = time.perf_counter()
        crop(home, "record", images[number % len(images)], "--box", f"0.1,0.1,0.{5 + number % 4},0.9", "--project", "b")
        marked = time.perf_counter()
        page.ask()
        waits.marks.append((marked - began) * 1000)
        waits.pages.append((time.perf_counter() - marked) * 1000)
        number += 1
        time.sleep(PAUSE_S)
    return waits


def measure(home: Path, root: Path, count: int) -> tuple[Waits, Waits, float]:
    """Without a run (before and after it), beside it, and how long it took."""
    crop(home, "init", "--root", root)
    large, small = (
        make_photographs(root / "large", count, (6000, 4000)),
        make_photographs(root / "small", 50, (800, 600)),
    )
    for path in large:
        crop(home, "record", path, "--box", "0.17,0.17,0.84,0.84", "--project", "a")
    server = subprocess.Popen(
        [*CROP, "--home", str(home), "serve", str(root / "small"), "--project", "b", "--port", "0", "--json"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        page = Page.at(json.loads(server.stdout.readline())["url"])
        work(home, page, small, lambda number: number < 10)  # to warm up
        alone = work(home, page, small, lambda number: number < 40)
        began = time.perf_counter()
        runner = subprocess.Popen(
            [*CROP, "--home", str(home), "run", "--now", "--workers", "2", "--project", "a"], stdout=subprocess.DEVNULL
        )
        beside = work(home, page, small, lambda _: runner.poll() is None)
        took = time.perf_counter() - began
        if runner.returncode:
            sys.exit(f"the run exited {runner.returncode}")
        after = work(home, page, small, lambda number: number < 40)
        return Waits(alone.marks + after.marks, alone.pages + after.pages), beside, took
    finally:
        server.kill()
        server.wait()


def tell(what: str, alone: list[float], beside: list[float]) -> None:
    """A line: medians, the slow end, and their ratios."""
    slow = [sorted(each)[int(len(each) * 0.95)] for each in (alone, beside)]
    figures = (median(alone), median(beside), median(beside) / median(alone), *slow, slow[1] / slow[0], max(beside))
    print(f"{what:22}" + "".join(f"{figure:9.2f}" for figure in figures) + f"   ({len(beside)} times)")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--images", type=int, default=24, help="how many crops the run executes")
    asked = options.parse_args()
    os.environ["CROP_OPERATOR"] = "ann"
    place = Path(tempfile.mkdtemp(prefix="cropledger-beside-"))
    try:
        alone, beside, took = measure(place / "home", place / "photos", asked.images)
    finally:
        shutil.rmtree(place)
    print(f"{asked.images} crops of 24 megapixels by two workers in {took:.1f} s; load {os.getloadavg()[0]:.1f}")
    columns = ("alone ms", "beside", "ratio", "95% ms", "beside", "ratio", "longest")
    print(" " * 22 + "".join(f"{column:>9}" for column in columns))
    tell("a mark, durable", alone.marks, beside.marks)
    tell("a page of the server", alone.pages, beside.pages)


if __name__ == "__main__":
    main()
