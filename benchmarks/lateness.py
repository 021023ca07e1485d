"""How late planned batches begin on the real clock, beside a bare sleep on the same machine.

./run python benchmarks/lateness.py                  150 batches, 0.6 s apart: a minute and a half
./run python benchmarks/lateness.py --batches 1000

The bar is 250 ms at the 99th percentile, on an idle machine. CPU time says what waiting costs: a run listens for
pause and stop all the while.
"""

import argparse
import json
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)  # not this directory: queue.py in it is no queue

from PIL import Image

from commands.crops import RecordCrop
from commands.decider import Request
from commands.handle import handle, handle_many
from commands.running.clock import RealClock
from commands.running.following import Following, Scene, days_to_follow, follow
from commands.running.runner import Runner
from commands.running.running import owed_beside
from commands.schedules import PlanSchedule, schedule_subject
from configs.home import Home
from configs.settings import load
from imaging.read import observe
from imaging.zones import Zones
from ledger.events.crops import CropRecorded
from ledger.events.runs import BatchBegun
from ledger.events.schedules import PlannedBatch, PlannedBlock, SchedulePlanned
from ledger.log import Ledger
from ledger.values import Box, image_subject, instant
from projections.catch_up import catch_up
from projections.reader import Projections
from projections.store import Store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=150)
    parser.add_argument("--gap", type=float, default=0.6, help="seconds between batches")
    wish = parser.parse_args()
    bare = [slept_late(wish.gap) for _ in range(20)]
    with tempfile.TemporaryDirectory(prefix="cropledger-lateness-") as place:
        cpu, wall = time.process_time(), time.monotonic()
        late = followed(Path(place), wish.batches, wish.gap)
        cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    print(f"bare sleep of {wish.gap} s:  median {ms(bare, 50)}, p99 {ms(bare, 99)}")
    print(f"{len(late)} of {wish.batches} batches: median {ms(late, 50)}, p99 {ms(late, 99)}, latest {ms(late, 100)}")
    times = percentile(late, 99) / max(1e-6, percentile(bare, 99))
    print(f"p99 is {times:.1f} times that of the sleep; the bar is 250 ms")
    print(f"CPU: {cpu:.2f} s in {wall:.0f} s, {100 * cpu / wall:.1f} %, with encoding {len(late)} small crops")


def slept_late(gap_s: float) -> float:
    until = time.monotonic() + gap_s / 10
    time.sleep(gap_s / 10)
    return time.monotonic() - until


def percentile(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def ms(values: list[float], percent: int) -> str:
    return f"{1000 * percentile(values, percent):.1f} ms"


def followed(place: Path, batches: int, gap_s: float) -> list[float]:
    home = Home(place / "home")
    with Ledger.create(home.ledger) as ledger, Store.open(home.projections) as store:
        record(place / "photos", batches, ledger)
        begins = datetime.now(UTC) + timedelta(seconds=5)
        plan(begins, batches, gap_s, ledger)
        catch_up(ledger, store)
        with Projections.open(home.projections) as projections:
            runner = Runner(
                ledger=ledger, home=home, settings=load(home.config), zones=Zones.of(place), run="bench",
                batch_size=1, owed_beside=owed_beside(projections),
            )  # fmt: skip
            days = days_to_follow(projections, None, 1, begins.date(), begins)
            scene = Scene(runner, projections, store)
            told = list(follow(Following(days, None, "skip"), scene, RealClock()))
    return [each.late_s for each in told if isinstance(each, BatchBegun)]


def record(photos: Path, count: int, ledger: Ledger) -> None:
    photos.mkdir(parents=True)
    requests = []
    for number in range(count):
        path = photos / f"{number:05}.png"
        Image.linear_gradient("L").resize((200, 160)).convert("RGB").rotate(number).save(path)
        seen = observe(path)
        mark = CropRecorded("p", str(path), Box(0.1, 0.1, 0.9, 0.9), seen.dimensions, seen.sha256, seen.size_bytes, "g")
        requests.append(Request(RecordCrop(image_subject("p", path), mark), "operator:bench", "marks"))
    handle_many(requests, ledger=ledger, now=datetime.now(UTC))


def plan(begins: datetime, count: int, gap_s: float, ledger: Ledger) -> None:
    moments = [instant(begins + timedelta(seconds=gap_s * number)) for number in range(count)]
    end = instant(begins + timedelta(seconds=gap_s * count + 1))
    block = PlannedBlock("work", moments[0], end, None, tuple(PlannedBatch(at, at, 1) for at in moments))
    date = begins.date().isoformat()
    planned = SchedulePlanned(
        date=date, timezone="UTC", project=None, method="policy", seed=1, ledger_position=0, settings=json.dumps({}),
        not_before=None, queue=count, crops_max=count, blocks=(block,),
    )  # fmt: skip
    request = Request(PlanSchedule(schedule_subject(None, date), planned), "operator:bench", "plan")
    handle(request, ledger=ledger, now=datetime.now(UTC))


if __name__ == "__main__":
    main()
