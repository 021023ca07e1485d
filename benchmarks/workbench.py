"""The marking page in a real browser, against its promises: `./run python benchmarks/workbench.py [--images 2000]`.

Enter to the next three images interactive (keydown to the frame after they are painted), beside two frames in which
nothing happens, and as the browser itself times a real key press, to the paint and in steps of 8 ms (W3C "Event
Timing"); script time of a drag; a submit's way to the ledger and back; memory of the server, the page's heap and its
processes after many images, and how many pictures it holds. Needs a Chromium on the path (or `CROP_CHROMIUM`). Times
are taken inside the page. Figures are those of one machine; the ratio to the empty frames travels.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PIL import Image

from tests.nursery import Nursery
from tests.web.bench import Bench
from tests.web.conftest import Server, chromium

PRESS = """
() => new Promise((resolve) => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const names = () => all("crop-pane:not([hidden]) .name").map((name) => name.textContent).join();
  const ready = () => all("crop-pane:not([hidden]) .picture").length === all("crop-pane:not([hidden])").length;
  const before = names();
  const began = performance.now();
  const enter = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
  document.getElementById("panes").dispatchEvent(enter);
  const look = () => requestAnimationFrame(() => names() !== before && ready()
    ? requestAnimationFrame(() => resolve(performance.now() - began)) : look());
  look();
})
"""

NOTHING = """
() => new Promise((resolve) => {
  const began = performance.now();
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
})
"""


COUNT_FRAMES = """
() => {
  window.framesSeen = 0;
  const count = () => { window.framesSeen += 1; requestAnimationFrame(count); };
  count();
}
"""

WATCH_KEYS = """
() => {
  window.keysTimed = [];
  new PerformanceObserver((list) => list.getEntries().forEach((each) => {
    if (each.name === "keydown") window.keysTimed.push(each.duration);
  })).observe({ type: "event", durationThreshold: 16, buffered: false });
}
"""

HELD = "() => [document.querySelectorAll('*').length, Number(document.getElementById('bench').dataset.pictures)]"


def heap_mb(page: object) -> float:
    """What of the page's memory is in use, after everything that can go is gone."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    session.detach()
    return used


def browser_mb() -> float:
    """Resident memory of the page's process, the largest of the browser's renderers begun from here."""
    told = subprocess.run(["ps", "-eo", "rss=,args="], capture_output=True, text=True, check=True).stdout
    sizes = [int(line.split()[0]) for line in told.splitlines() if "--type=renderer" in line]
    return max(sizes, default=0) / 1024


def make_images(directory: Path, count: int, megapixels: float) -> None:
    """Noise under gradients: as heavy as photographs, and each with other bytes."""
    directory.mkdir(parents=True)
    side = int((megapixels * 1e6) ** 0.5)
    base = Image.merge("RGB", [Image.effect_noise((side, side), spread) for spread in (20, 30, 40)])
    base.save(directory.parent / "base.jpg", quality=90)
    raw = (directory.parent / "base.jpg").read_bytes()
    for number in range(count):
        comment = b"\xff\xfe\x00\x0a" + f"{number:08d}".encode()
        (directory / f"20250803_{number:06d}_stage2_upscaled.jpg").write_bytes(raw[:2] + comment + raw[2:])


def percentiles(values: list[float]) -> str:
    """Median, 95th and 99th percentile."""
    ordered = sorted(values)
    p95, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.95, 0.99))
    return f"p50 {statistics.median(ordered):7.1f}  p95 {p95:7.1f}  p99 {p99:7.1f} ms  ({len(ordered)} times)"


def memory_kb(process: int) -> int:
    """Resident memory of a process, KiB."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True, check=True)
    return int(told.stdout)


def submits(page: object, times: list[float]) -> None:
    """Note how long each submit took, as the browser saw it."""

    def done(request: object) -> None:
        if request.url.endswith("/crop/marks"):
            times.append(request.timing["responseEnd"] - request.timing["requestStart"])

    page.on("requestfinished", done)


def drag_script_ms(page: object, bench: Bench) -> tuple[float, float]:
    """Script and layout time of a drag of 240 moves on the middle image, ms per move; and frames a second."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def metrics() -> dict[str, float]:
        return {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}

    rect = page.locator('crop-pane[data-number="2"] .stage').bounding_box()
    x, y, before = rect["x"] + 40, rect["y"] + 40, metrics()
    page.evaluate(COUNT_FRAMES)
    began = time.perf_counter()
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 240, y + 200, steps=240)
    page.mouse.up()
    seconds = time.perf_counter() - began
    after = metrics()
    spent = sum(after[name] - before[name] for name in ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration"))
    bench.press("x", "c", "v")
    return 1000 * spent / 240, page.evaluate("() => window.framesSeen") / seconds


def main(arguments: Iterable[str] | None = None) -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=300, help="how many to mark")
    parser.add_argument("--megapixels", type=float, default=6.0)
    asked = parser.parse_args(arguments)
    from playwright.sync_api import sync_playwright

    home = Path(tempfile.mkdtemp(prefix="cropledger-workbench-"))
    server = Server(home / "home", home, Nursery())  # in a process that is begun anew, as its memory is measured
    try:
        make_images(home / "set_a", asked.images, asked.megapixels)
        server.crop("init", "--root", home)
        server.start(home / "set_a", "--project", "bench")
        with sync_playwright() as playwright:
            options = ["--no-sandbox", "--disable-dev-shm-usage"]
            browser = playwright.chromium.launch(executable_path=chromium(), args=options)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            measure(page, server, asked.images)
            browser.close()
    finally:
        server.kill()
        shutil.rmtree(home)


def measure(page: object, server: Server, images: int) -> None:
    """Mark everything; each batch is looked at until the two behind it are loaded, as a person would.

    Every other Enter is the page's own event, timed to the frame behind the paint; the rest are real keys, timed by the
    browser.
    """
    times: list[float] = []
    previews: list[str] = []
    submits(page, times)
    page.on("requestfinished", lambda request: "/preview/" in request.url and previews.append(request.url))
    page.set_default_timeout(60_000)
    bench = Bench(page, server.url).open()
    script, frames = drag_script_ms(page, bench)
    page.evaluate(WATCH_KEYS)
    bench.press("Enter")
    before = memory_kb(server.process.pid) / 1024, heap_mb(page), browser_mb(), page.evaluate(HELD)
    swaps, nothing = [], []
    for turn in range(1, (images - 1) // 3):
        while len(previews) < min(images, 3 * turn + 9):
            page.wait_for_timeout(20)
        page.wait_for_timeout(100)  # for decoding
        if turn % 2:
            nothing.append(page.evaluate(NOTHING))
            swaps.append(page.evaluate(PRESS))
        else:
            bench.press("Enter")
    bench.press("Enter").recorded()
    after = memory_kb(server.process.pid) / 1024, heap_mb(page), browser_mb(), page.evaluate(HELD)
    ratio = statistics.median(swaps) / statistics.median(nothing)
    print(f"Enter to the next three interactive   {percentiles(swaps)}   promised: p50 36, p95 50")
    print(f"two frames in which nothing happens   {percentiles(nothing)}   ratio {ratio:.2f}")
    print(f"a real Enter to the paint, by browser {percentiles(page.evaluate('() => window.keysTimed') or [0.0])}")
    print(f"a submit, as the browser sees it      {percentiles(times)}")
    print(f"a drag: script, style and layout      {script:7.2f} ms a move, {frames:.0f} frames a second")
    for name, first, last in zip(("server", "heap of the page", "page's process"), before, after, strict=False):
        print(f"memory: {name:29} {first:7.1f} MB at first, {last:.1f} MB after {images} images")
    print(f"elements and pictures of the page     {before[3]} at first, {after[3]} after {images} images")
    print(f"load of the machine                   {os.getloadavg()[0]:7.1f}")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
