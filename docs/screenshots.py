"""Takes the pictures of the pages in docs/pictures: a made-up working day, in a headless Chromium.

    ./run python docs/screenshots.py                     writes docs/pictures/*.png
    ./run python docs/screenshots.py --to DIR            every page, light, dark and on a phone, for looking critically
    ./run python docs/screenshots.py --to DIR --images N with so many images; 0 is an empty ledger

The day is today until now, so the pictures differ with the hour at which they are taken.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from attrs import define, field
from PIL import Image

from commands.cli.app import run
from commands.running.leases import lock_of
from configs.home import Home
from db.lock import held_while_alive
from ledger.entry import Batch, Draft
from ledger.events.crops import CropExecuted, CropFailed, CropRecorded, CropStarted
from ledger.events.event import Event
from ledger.events.groups import GroupImage, ImageChosen
from ledger.events.history import HistoryImported
from ledger.events.runs import ClockJumped, RunStarted
from ledger.events.schedules import PlannedBatch, PlannedBlock, SchedulePlanned
from ledger.events.sittings import SittingEnded, SittingStarted
from ledger.log import Ledger
from ledger.values import Box, Dimensions, PixelBox, directory_subject, image_subject, instant, sitting_subject

ZONE = ZoneInfo("Europe/Berlin")
RUN = "7f2a91c3"
BEGIN = "from commands.cli.app import main; main()"
PAGES = {"overview": "/", "history": "/events", "marking": "/crop", "choosing": "/select"}
ALSO_DARK = {"overview", "marking"}
DESK, PHONE = (1280, 900), (390, 844)
SIZE = Dimensions(864, 1152)
PHOTOS = Path("/photos")
"""What a reader sees as the place of the photographs; made for the time being, where that may be."""

PICTURES = ("chelsea.png", "coffee.png", "astronaut.png", "rocket.jpg", "motorcycle_left.png", "hubble_deep_field.jpg")
"""Real photographs that come with scikit-image."""

STAGES = ("1_generated", "1.5_face_swapped", "2_upscaled", "3_enhanced")


@define
class Made:
    """A home with a day in it."""

    home: Path
    photos: Path
    chance: random.Random = field(factory=lambda: random.Random(7))  # noqa: S311  # pictures, not secrets
    drafts: list[Draft] = field(factory=list)
    pages: dict[str, str] = field(factory=dict)
    """Pages that are there only because of what was made."""

    @property
    def home_paths(self) -> Home:
        return Home(self.home)

    def crop(self, *arguments: object) -> None:
        """One command on this home."""
        if run(["--home", str(self.home), *map(str, arguments)]) not in {0, 1}:
            sys.exit(f"crop {arguments[0]} failed")

    def add(self, subject: str, event: Event, actor: str, at: datetime) -> None:
        """An event to be."""
        self.drafts.append(Draft(subject, event, actor, instant(at), f"{actor}-{at:%Y%m%d%H}"))

    def land(self) -> None:
        """What was added, in the order of time."""
        with Ledger.open(self.home / "ledger.db") as ledger:
            self.drafts.sort(key=lambda draft: draft.occurred_at)
            for first in range(0, len(self.drafts), 1000):
                ledger.append(Batch(tuple(self.drafts[first : first + 1000])))
        self.drafts.clear()

    def times(self, first: datetime, until: datetime, gap_s: float) -> Iterator[datetime]:
        """Moments of work, with a longer pause now and then."""
        moment = first
        while moment < until:
            yield moment
            pause = self.chance.random() < 0.012
            moment += timedelta(
                seconds=self.chance.uniform(600, 2400) if pause else self.chance.lognormvariate(0, 0.5) * gap_s
            )


def imported(made: Made, today: datetime) -> None:
    """Three weeks of earlier work."""
    for back in range(21, 0, -1):
        day = today - timedelta(days=back)
        for number, at in enumerate(
            made.times(day.replace(hour=9), day.replace(hour=9 + made.chance.randrange(3, 9)), 22)
        ):
            name = f"{at:%Y%m%d_%H%M%S}_stage2_{number}.png"
            event = HistoryImported("spring", name, "crop_log_v2", at.isoformat(), Box(0.1, 0.1, 0.8, 0.8), SIZE)
            made.add(image_subject("spring", name), event, "import:made", at)


def marked(made: Made, count: int, now: datetime) -> None:
    """So many marks since the morning, in several directories; half of them executed, one in a hundred failed."""
    began = now - timedelta(hours=6)
    for number in range(count):
        at = began + (now - began) * (number + 0.5) / count
        folder = f"/photos/spring/set_{'abcdefgh'[number * 8 // count]}"
        path = f"{folder}/20250803_{170000 + number}_stage{1 + number % 3}_upscaled.png"
        subject, box = image_subject("spring", path), Box(0.12, 0.08, 0.82, 0.73)
        sha = hashlib.sha256(path.encode()).hexdigest()
        made.add(subject, CropRecorded("spring", path, box, SIZE, sha, 900_000, group=f"g{number}"), "operator:ann", at)
        if number % 2 and number < count * 0.8:
            executed(made, subject, path, sha, at + timedelta(minutes=50), failed=number % 101 == 1)


def executed(made: Made, subject: str, path: str, sha: str, at: datetime, *, failed: bool) -> None:
    """An attempt, and what came of it."""
    output = path.replace("/set_", "/__cropped/set_")
    start = CropStarted(
        RUN, 1, path, sha, 900_000, 0, SIZE, PixelBox(104, 92, 708, 841), output, output + ".part", "/archive/x"
    )
    made.add(subject, start, f"runner:{RUN}", at)
    if failed:
        told = f"{path} is not there any more."
        made.add(
            subject,
            CropFailed(RUN, 1, "missing", told, final=True),
            f"runner:{RUN}",
            at + timedelta(seconds=1),
        )
        return
    done = CropExecuted(RUN, 1, path, sha, "/archive/x", output, sha, 500_000, Dimensions(604, 749), elapsed_ms=110)
    made.add(subject, done, f"runner:{RUN}", at + timedelta(seconds=1))


def sat(made: Made, count: int, now: datetime) -> None:
    """The sittings in which that was marked, and another person's, who chose."""
    began = now - timedelta(hours=6)
    for number, name in enumerate("abcdefgh"):
        first, last = (began + (now - began) * share / 8 for share in (number, number + 0.97))
        sits(made, "operator:ann", f"/photos/spring/set_{name}", count // 8, first, last if number < 7 else None)
    first = now - timedelta(hours=3)
    sits(made, "operator:ben", "/photos/autumn/set_1", 120, first, first + timedelta(minutes=42))
    for number in range(40):
        at = first + timedelta(seconds=30 + 58 * number)
        names = [f"20251012_{90000 + 10 * number + each}_stage{stage}.png" for each, stage in enumerate(STAGES[:3])]
        images = tuple(
            GroupImage(image_subject("autumn", f"/photos/autumn/set_1/{name}"), name, float(stage))
            for name, stage in zip(names, (1, 1.5, 2), strict=True)
        )
        chosen = ImageChosen("autumn", "/photos/autumn/set_1", f"a{number}", images, names[number % 3], "whole")
        made.add(f"group/{number:024x}", chosen, "operator:ben", at)


def sits(made: Made, who: str, directory: str, seen: int, first: datetime, last: datetime | None) -> None:
    """One sitting; without an end it goes on."""
    subject = sitting_subject(who, directory_subject(directory))
    project = Path(directory).parent.name
    made.add(subject, SittingStarted(directory, directory_subject(directory), project, seen, 0), who, first)
    if last is not None:
        made.add(subject, SittingEnded(1, instant(last), interrupted=False), who, last)


def running(made: Made, now: datetime) -> None:
    """A run that a person paused, and what it met before."""
    run, began = f"run/{RUN}", now - timedelta(hours=5)
    made.add(run, RunStarted("now", "spring", 4711, "desk"), f"runner:{RUN}", began)
    made.add(run, ClockJumped(812.0), f"runner:{RUN}", now - timedelta(hours=2))


def planned(made: Made, now: datetime, crops: int) -> None:
    """Today, in stretches of work with breaks between them."""
    day = now.astimezone(ZONE)
    at, blocks, left = now - timedelta(hours=5), [], crops
    for number in range(16):
        work_end = at + timedelta(minutes=made.chance.randrange(18, 40))
        share = min(left, max(1, crops // 14))
        left -= share
        batches = tuple(
            PlannedBatch(instant(when), when.astimezone(ZONE).isoformat(), min(3, share - 3 * n))
            for n in range(-(-share // 3))
            for when in [at + (work_end - at) * n / max(1, share // 3 + 1)]
        )
        blocks.append(PlannedBlock("work", instant(at), instant(work_end), None, batches))
        reason = "lunch" if number == 6 else "coffee" if number % 4 == 3 else "micro"
        at = work_end + timedelta(minutes={"lunch": 40, "coffee": 14, "micro": 5}[reason])
        blocks.append(PlannedBlock("break", instant(work_end), instant(at), reason, ()))
    plan = SchedulePlanned(
        str(day.date()), str(ZONE), None, "block-bootstrap", 7, 0, "{}", None, crops, crops, tuple(blocks[:-1])
    )
    made.add(f"schedule/{day.date()}", plan, "operator:ann", now - timedelta(hours=6))


def photographs(directory: Path, count: int) -> list[Path]:
    """So many real photographs, as large as a phone makes them, in groups of rising stages."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for number in range(count):
        subject, stage = divmod(number, 3)
        with Image.open(str(files("skimage.data").joinpath(PICTURES[subject % len(PICTURES)]))) as opened:
            picture = opened.convert("RGB")
        wide, high = picture.size
        sharp = picture.resize(
            (1600 * (stage + 2) // 4, 1600 * (stage + 2) // 4 * high // wide), Image.Resampling.LANCZOS
        )
        written.append(directory / f"20250803_{172343 + 100 * subject + stage}_stage{STAGES[stage]}.png")
        sharp.save(written[-1])
        if stage == 1:
            written[-1].with_suffix(".decision").write_text(json.dumps({"ai_crop_coords": [0.12, 0.05, 0.88, 0.81]}))
    return written


def make(home: Path, photos: Path, images: int) -> Made:
    """The day, and a few real photographs that are really cropped."""
    made, now = Made(home, photos), datetime.now(UTC)
    made.crop("init", "--root", photos)
    (made.home / "config.toml").open("a").write(f'\ntimezone = "{ZONE}"\n')
    if not images:
        return made
    imported(made, now.astimezone(ZONE).replace(minute=0, second=0, microsecond=0))
    if images > 1:
        planned(made, now, images)
        marked(made, images, now)
        sat(made, images, now)
        running(made, now)
    made.land()
    found = photographs(photos / "summer" / ("set_a" if images > 1 else LONG), 18 if images > 1 else 1)
    for path in found[-3:]:
        made.crop("record", path, "--box", "0.2,0.15,0.85,0.8", "--project", "summer", "--group", "g")
    if images > 1:
        made.crop("run", "--now", "--project", "summer", "--limit", "2")
        made.crop("undo", found[-3])
    made.pages["image"] = f"/{image_subject('summer', found[-2] if images > 1 else found[0])}"
    return made


LONG = "the summer by the sea, with a long name for once, as directories from other people have them (2)"


@contextmanager
def served(home: Path, photos: Path) -> Iterator[str]:
    """A server on this home, for the directory of real images."""
    there = sorted(photos.iterdir()) if photos.is_dir() else []
    offered = [str(each) for each in there if each.name != "__cropped"]
    command = [
        sys.executable,
        "-c",
        BEGIN,
        "--home",
        str(home),
        "serve",
        *offered,
        "--project",
        "summer",
        "--port",
        "0",
    ]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().split()[-1]
    finally:
        server.terminate()
        server.wait()


def take(url: str, to: Path, pages: dict[str, str], *, every: bool) -> None:
    """The pictures."""
    from playwright.sync_api import sync_playwright

    kinds = {"": (DESK, "light"), "-dark": (DESK, "dark")} | ({"-phone": (PHONE, "light")} if every else {})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for ending, ((width, height), scheme) in kinds.items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            for name, path in pages.items():
                if ending == "-dark" and not every and name not in ALSO_DARK:
                    continue
                page.goto(url.rstrip("/") + path)
                # Pictures are made when they are first asked for.
                page.wait_for_timeout(5000 if name == "marking" else 1500)
                place = to / f"{name}{ending}.png"
                page.screenshot(path=place, full_page=every or name in {"overview", "image"})
                with Image.open(place) as picture:  # a third of the size; photographs need dots between their colours
                    dots = Image.Dither.FLOYDSTEINBERG if name in {"marking", "choosing"} else Image.Dither.NONE
                    picture.convert("RGB").quantize(256, dither=dots).save(place, optimize=True)
        browser.close()


@contextmanager
def for_photos(otherwise: Path) -> Iterator[Path]:
    """A place for photographs with a name that says nothing of this machine, if one can be made; gone behind it."""
    try:
        PHOTOS.mkdir()
    except OSError:
        yield otherwise / "photos"
        return
    try:
        yield PHOTOS
    finally:
        shutil.rmtree(PHOTOS)


def main() -> None:
    """Read the options, make the day, take the pictures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--to", type=Path)
    options.add_argument("--images", type=int, default=240)
    asked = options.parse_args()
    to = asked.to or Path(__file__).resolve().parent / "pictures"
    to.mkdir(parents=True, exist_ok=True)
    os.environ["CROP_OPERATOR"] = "ann"
    with tempfile.TemporaryDirectory(prefix="crop-pictures-") as place, for_photos(Path(place).resolve()) as photos:
        made = make(Path(place).resolve() / "home", photos, asked.images)
        # A run is alive as long as its lock file is held, and here that is our part.
        with held_while_alive(lock_of(made.home_paths, RUN)), served(made.home, photos / "summer") as url:
            take(url, to, PAGES | made.pages, every=asked.to is not None)
    print(f"Wrote {to}")


if __name__ == "__main__":
    main()
