"""How long it takes from an event to the paint of it on the overview, and what the page costs the server.

    ./run python benchmarks/overview.py [--images 5000] [--events 40]

A made-up day (docs/screenshots.py) is served; another process's commands append events; the browser says when the
figure has changed and the next frame was drawn. Times are of the clock, so an idle machine is needed: the load is
printed with them.
"""

import sys

# This folder is first on the path of a script in it, and would hide the standard library's queue and our ledger.
sys.path[:] = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import importlib.util
import os
import shutil
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ledger.entry import Batch, Draft
from ledger.events.crops import CropWithdrawn
from ledger.log import Ledger
from ledger.values import instant
from projections.queue import owed
from projections.reader import Projections

if TYPE_CHECKING:
    from playwright.sync_api import Page

HOUSE = Path(__file__).resolve().parent.parent

WATCH = """() => {
  window.painted = [];
  new MutationObserver(() => {
    const shown = document.querySelector("#queue dd")?.textContent;
    if (shown !== window.shown) {
      window.shown = shown;
      const note = () => window.painted.push(performance.timeOrigin + performance.now());
      requestAnimationFrame(() => requestAnimationFrame(note));
    }
  }).observe(document.querySelector("main"), { childList: true, subtree: true });
}"""


def pictures() -> ModuleType:
    specification = importlib.util.spec_from_file_location("screenshots", HOUSE / "docs" / "screenshots.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def appended(home: Path, count: int, page: "Page") -> list[float]:
    """Milliseconds from the commit of an event to the frame that shows it, for so many events."""
    found = []
    with Projections.open(home / "projections.db") as projections:
        subjects = [crop.subject for crop in owed(projections, status="pending", limit=count)]
    with Ledger.open(home / "ledger.db") as ledger:
        for subject in subjects:
            at = instant(datetime.now(UTC))
            ledger.append(Batch.of(Draft(subject, CropWithdrawn(), "operator:ann", at, "benchmark")))
            committed = time.time() * 1000
            page.wait_for_timeout(700)
            painted = page.evaluate("window.painted.splice(0)")
            found.append(min(painted, default=float("inf")) - committed)
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--images", type=int, default=5000)
    options.add_argument("--events", type=int, default=40)
    asked = options.parse_args()
    from playwright.sync_api import sync_playwright

    made_by = pictures()
    with tempfile.TemporaryDirectory(prefix="crop-overview-") as place, sync_playwright() as playwright:
        photos = Path(place).resolve() / "photos"
        made = made_by.make(Path(place).resolve() / "home", photos, asked.images)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with made_by.served(made.home, photos / "none") as url:
            page = browser.new_page()
            page.goto(url)
            page.wait_for_selector("#live[data-state=live]")
            page.evaluate(WATCH)
            took = sorted(appended(made.home, asked.events, page))
        browser.close()
    p95 = took[min(len(took) - 1, round(0.95 * len(took)))]
    print(f"{asked.images} images, {asked.events} events, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"event to paint: median {statistics.median(took):.0f} ms, p95 {p95:.0f} ms, worst {took[-1]:.0f} ms")


if __name__ == "__main__":
    main()
