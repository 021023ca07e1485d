"""The crop engine beside other ways to cut 45 % out of a photograph: CPU, wall time, size and memory.

    ./run python benchmarks/crop_engine.py            medians of 5
    ./run python benchmarks/crop_engine.py --quick    medians of 3
    ./run python benchmarks/crop_engine.py --others   fetches sharp and ImageMagick for it, where they are not installed
    ./run python benchmarks/crop_engine.py --json     for programs
    ./run python benchmarks/crop_engine.py --only real.png
    ./run python benchmarks/crop_engine.py --workers  one and two workers side by side, and what another thread notices

Photographs: 3072x3072 pixels put together from real ones at their own size, and one real photograph scaled up, both as
PNG; 6000x4000 as both. The ways are measured in turn, so that a busy machine slows down all of them, each in a process
of its own that has done it once before the clock starts. Only this engine's crops are verified and on disk: the others
stop when they have the bytes. What is not installed is left out. The figures asked for: verified PNG <= 0.22 of
Pillow's default and <= 0.8 of the best of libvips, size <= 1.12 of Pillow's default, 160 MiB at most; two workers on
two cores 1.6 times as fast as one, and a thread that wakes every millisecond, 9 times of 10.
"""

import sys

# This folder is first on the path of a script in it, and would hide the standard library's queue and our ledger.
sys.path[:] = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from attrs import asdict, frozen

from benchmarks.other_croppers import fetch, has_magick, has_sharp, sharp

if TYPE_CHECKING:
    from ledger.events.crops import CropStarted

SHARE = 0.45**0.5
"""Of each side: 45 % of the area."""


@frozen
class Measured:
    """One way, one photograph, one time."""

    cpu_ms: float
    wall_ms: float
    size_bytes: int
    rss_mib: float


def box_of(width: int, height: int) -> tuple[int, int, int, int]:
    left, top = width // 6, height // 6
    return left, top, left + round(width * SHARE), top + round(height * SHARE)


# -- the ways: each makes a crop and returns its size


def engine(source: Path, *, fast: bool = True, jpeg: str = "exact") -> Callable[[], int]:
    from imaging import ladder
    from imaging.plan import Ways, plan
    from imaging.read import observe
    from imaging.write import write
    from ledger.values import PixelBox

    ladder.FAST_ALLOWED = fast
    image = observe(source)
    box = PixelBox(*box_of(image.dimensions.width_px, image.dimensions.height_px)).normalise(image.dimensions)
    output = source.with_name("out") / source.name
    started = plan(
        image, box, recorded=image.dimensions, recorded_sha256=image.sha256, run=str(os.getpid()), attempt=1,
        output=output, archive_root=source.parent, how=Ways(jpeg),
    )  # fmt: skip

    def crop() -> int:
        size = write(started).size_bytes
        Path(started.temporary).unlink()
        return size

    return crop


def pillow(source: Path, **options: object) -> Callable[[], int]:
    import io

    from PIL import Image

    def crop() -> int:
        out = io.BytesIO()
        with Image.open(source) as image:
            part = image.crop(box_of(*image.size))
            part.save(out, image.format, **options)
        return len(out.getvalue())

    return crop


def vips(source: Path, **options: object) -> Callable[[], int]:
    import pyvips

    pyvips.cache_set_max(0)

    def crop() -> int:
        image = pyvips.Image.new_from_file(str(source), access="sequential")
        left, top, right, bottom = box_of(image.width, image.height)
        part = image.crop(left, top, right - left, bottom - top)
        return len(part.write_to_buffer(source.suffix, **options))

    return crop


def magick(source: Path) -> Callable[[], int]:
    from PIL import Image

    with Image.open(source) as image:
        left, top, right, bottom = box_of(*image.size)
    out = source.with_name(f"magick{source.suffix}")
    command = ["convert", str(source), "-crop", f"{right - left}x{bottom - top}+{left}+{top}", "+repage", str(out)]

    def crop() -> int:
        subprocess.run(command, check=True, capture_output=True)
        return out.stat().st_size

    return crop


def ways(kind: str) -> Iterator[tuple[str, str]]:
    """A name for the table and the expression that prepares it."""
    yield "Cropledger, verified and synced", "engine(source)"
    if kind == "jpeg":
        yield "Cropledger, lossless, verified", "engine(source, jpeg='lossless')"
    yield "Cropledger without the extra", "engine(source, fast=False)"
    if kind == "png":
        yield "Pillow, its default (level 6)", "pillow(source)"
        yield "Pillow, level 1", "pillow(source, compress_level=1)"
        yield "libvips, level 3, up", "vips(source, compression=3, filter='up')"
        yield "libvips, its default", "vips(source)"
    else:
        yield "Pillow, quality 92", "pillow(source, quality=92)"
        yield "libvips, quality 92", "vips(source, Q=92)"
    if has_magick():
        yield "ImageMagick", "magick(source)"
    if has_sharp():
        yield "sharp, its default", "sharp(source, box)"


# -- measuring

CHILD = "import sys; sys.path.insert(0, {here!r}); import crop_engine; crop_engine.measure({way!r}, {source!r})"


def measure(way: str, source: str) -> None:
    """In the child: once to warm up, then on the clock; prints one line of JSON."""
    crop = eval(way, globals(), {"source": Path(source)})  # noqa: S307  # one of our own, above
    crop()
    before, began = cpu_s(), time.perf_counter()
    size = crop()
    after, ended = cpu_s(), time.perf_counter()
    rss = most_children_held() if way.startswith("magick") else most_held()
    print(json.dumps([(after - before) * 1000, (ended - began) * 1000, size, rss]))


def cpu_s() -> float:
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def most_held() -> float:
    """MiB. Linux counts what the parent held before the child's own program in `ru_maxrss`, and not here."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def most_children_held() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def measured(way: str, source: Path) -> Measured | None:
    if way.startswith("sharp"):
        from PIL import Image

        with Image.open(source) as image:
            cpu_ms, wall_ms, size, rss = sharp(source, box_of(*image.size))
        return Measured(cpu_ms, wall_ms, int(size), rss)
    here = str(Path(__file__).parent)
    program = CHILD.format(here=here, way=way, source=str(source))
    place = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, env=place)
    return Measured(*json.loads(done.stdout)) if done.returncode == 0 else None


def photographs(folder: Path) -> Iterator[tuple[str, Path]]:
    """The kind of ways, and the file."""
    import skimage
    from PIL import Image, ImageOps

    names = ("astronaut", "coffee", "chelsea", "motorcycle_left", "ihc", "motorcycle_right")
    data = Path(skimage.__file__).parent / "data"
    tiles = [Image.open(data / f"{name}.png").convert("RGB") for name in names]

    def together(width: int, height: int) -> Image.Image:
        whole, row = Image.new("RGB", (width, height)), 280
        for number, top in enumerate(range(0, height, row)):
            left = -97 * number
            while left < width:
                tile = tiles[(left + number) % len(tiles)]
                tile = ImageOps.mirror(tile) if (left + top) % 2 else tile
                whole.paste(tile.crop((0, 0, tile.width, row)), (left, top))
                left += tile.width
        return whole

    together(3072, 3072).save(folder / "real.png")
    tiles[0].resize((3072, 3072), Image.Resampling.LANCZOS).save(folder / "scaled up.png")
    together(6000, 4000).save(folder / "24 MP.png", compress_level=1)
    together(6000, 4000).save(folder / "24 MP.jpg", quality=92)
    yield from (("png", folder / name) for name in ("real.png", "scaled up.png", "24 MP.png"))
    yield "jpeg", folder / "24 MP.jpg"


def main() -> None:
    """Measure every way in turn, some times over, and print medians and ratios to the first of the others."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--json", action="store_true")
    options.add_argument("--others", action="store_true")
    options.add_argument("--workers", action="store_true")
    options.add_argument("--only", help="the photograph whose name begins like this")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as others:
        if asked.others:
            os.environ.update(fetch(Path(others)))
        if asked.workers:
            tell_workers(Path(folder))
            return
        for kind, source in photographs(Path(folder)):
            if not source.name.startswith(asked.only or ""):
                continue
            table = medians(kind, source, times=3 if asked.quick else 5)
            print(json.dumps({source.name: {n: asdict(m) for n, m in table.items()}})) if asked.json else tell(
                source, table
            )


def medians(kind: str, source: Path, *, times: int) -> dict[str, Measured]:
    found: dict[str, list[Measured]] = {}
    for _ in range(times):
        for name, way in ways(kind):
            if (one := measured(way, source)) is not None:
                found.setdefault(name, []).append(one)
    return {name: _median(each) for name, each in found.items()}


def _median(each: list[Measured]) -> Measured:
    return Measured(
        median(one.cpu_ms for one in each), median(one.wall_ms for one in each),
        each[0].size_bytes, median(one.rss_mib for one in each),
    )  # fmt: skip


def tell(source: Path, table: dict[str, Measured]) -> None:
    ours = next(iter(table.values()))
    print(f"\n{source.name}, {source.stat().st_size / 1e6:.1f} MB")
    print(f"{'':34}{'CPU ms':>8}{'wall ms':>9}{'MB':>7}{'RSS MiB':>9}{'ours is':>9}{'of size':>9}")
    for name, one in table.items():
        ratio = f"{ours.cpu_ms / one.cpu_ms:9.2f}{ours.size_bytes / one.size_bytes:9.2f}"
        print(f"{name:34}{one.cpu_ms:8.0f}{one.wall_ms:9.0f}{one.size_bytes / 1e6:7.2f}{one.rss_mib:9.0f}{ratio}")


# -- several workers


def tell_workers(folder: Path) -> None:
    """Eight crops by one and by two workers, in turn, committed four at a time as a run does it."""
    source = next(path for kind, path in photographs(folder) if kind == "png")
    idle = ticks_in(lambda: time.sleep(1))
    taken: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for _ in range(3):
        for hands, each in taken.items():
            crops = planned_copies(source, folder / f"{hands}-{len(each)}")
            began = time.perf_counter()
            ticks = ticks_in(lambda crops=crops, hands=hands: cut_all(crops, hands))  # type: ignore[misc]
            each.append((time.perf_counter() - began, ticks))
    (one, _), (two, ticks) = ((median(w for w, _ in each), median(t for _, t in each)) for each in taken.values())
    print(f"8 crops: {one:.2f} s by one worker, {two:.2f} s by two: {one / two:.2f} times as fast (wanted 1.6)")
    print(f"a thread that wakes every millisecond: {idle:.0f}/s idle, {ticks:.0f}/s beside two workers, "
          f"{1 - ticks / idle:.0%} lost (wanted < 10%)")  # fmt: skip


def ticks_in(work: Callable[[], None]) -> float:
    """How often a second another thread woke that sleeps a millisecond at a time."""
    import threading

    woken, over = [0], threading.Event()

    def tick() -> None:
        while not over.is_set():
            time.sleep(0.001)
            woken[0] += 1

    other = threading.Thread(target=tick)
    began = time.perf_counter()
    other.start()
    work()
    over.set()
    other.join()
    return woken[0] / (time.perf_counter() - began)


def planned_copies(source: Path, folder: Path) -> list["CropStarted"]:
    from imaging.plan import plan
    from imaging.read import observe
    from ledger.values import PixelBox

    (folder / "in").mkdir(parents=True)
    crops = []
    for number in range(8):
        image = observe(shutil.copy(source, folder / "in" / f"{number}.png"))
        box = PixelBox(*box_of(image.dimensions.width_px, image.dimensions.height_px)).normalise(image.dimensions)
        crops.append(plan(
            image, box, recorded=image.dimensions, recorded_sha256=image.sha256, run="r", attempt=1,
            output=folder / "out" / image.path.name, archive_root=folder / "originals",
        ))  # fmt: skip
    return crops


def cut_all(crops: list["CropStarted"], hands: int) -> None:
    from commands.running.side_by_side import side_by_side
    from imaging.commit import commit_all
    from imaging.write import write

    group = []
    for one in side_by_side(write, crops, hands):
        group.append(one)
        if len(group) == 4:
            commit_all(group)
            group = []


if __name__ == "__main__":
    main()
