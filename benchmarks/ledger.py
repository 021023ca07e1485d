"""What the ledger costs, beside plain SQLite and beside `eventsourcing`, in one run.

    ./run python benchmarks/ledger.py [--quick] [--json] [--events N]

Machines differ and are never idle, so figures are medians over rounds in which everyone takes turns, and what counts
is the ratio to plain apsw in the same round: the same table, pragmas and payload, and nothing else. The microseconds
that are wanted were set on a machine on which `eventsourcing` takes 340, 59 and 11.36 of them; the share of what it
takes here says whether they would be met there.
"""

import sys

sys.path.pop(0)  # this directory, whose files are named as the packages that they measure

import argparse
import fcntl
import itertools
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from statistics import median

import apsw
import msgspec
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from db.connect import open_live
from ledger.codec import encode
from ledger.entry import Batch, Draft, new_id
from ledger.events.crops import CropExecuted, CropRecorded, CropStarted
from ledger.events.event import Event
from ledger.log import _INSERT, _STANDING_OF_ONE, Ledger, without_collecting
from ledger.schema import TABLES
from ledger.values import Box, Dimensions, PixelBox, Suggestion, instant
from projections.catch_up import PAGE, catch_up
from projections.rebuild import rebuild
from projections.store import Store

PAYLOAD_BYTES = 423
BATCH = 100
NOW = instant(datetime.now(UTC))
numbers = itertools.count(1)
_ROWS = (
    "SELECT position, id, subject, version, data, occurred_at, recorded_at, actor, correlation, causation,"
    " type, schema FROM events WHERE position > ? ORDER BY position LIMIT 1000"
)


@dataclass
class Figure:
    """One measured line: medians per event, and the median of its ratios to the first contender of its group."""

    name: str
    cpu_us: float
    wall_us: float
    ratio_cpu: float | None
    ratio_rate: float | None
    ratio_other: float | None
    """CPU beside the last contender of its group, `eventsourcing`."""
    wanted: str


def recorded(number: int) -> CropRecorded:
    """A mark on an image, like thousands of others, 423 bytes of JSON."""
    path = f"/data/mojo3/faces/20250803_{number:09}_up.png"
    return CropRecorded(
        "mojo3", path, Box(0.12, 0.08, 0.82, 0.73), Dimensions(3072, 3072), "ab" * 32, 4182391,
        group="20250803", suggestion=Suggestion(Box(0.1, 0.1, 0.8, 0.8), 0.91, "s3"), utc_offset_s=-25200,
    )  # fmt: skip


def draft(what: Event, subject: str) -> Draft:
    """The event as the operator's, about a subject."""
    return Draft(subject, what, "operator:anna", NOW, "request-1")


def marks(count: int) -> list[tuple[str, CropRecorded]]:
    """Subjects and their first events; making them is the caller's work and is not measured."""
    return [(f"image/{number:024x}", recorded(number)) for number in itertools.islice(numbers, count)]


class Plain:
    """apsw and nothing else: our table, our pragmas, a row of the same size, one statement per need."""

    def __init__(self, place: Path) -> None:
        self.connection = open_live(place / "plain.db", synchronous="FULL")
        self.connection.execute(TABLES)
        self.data = encode(recorded(1))

    def row(self, subject: str) -> tuple[object, ...]:
        return (None, new_id(), subject, 1, "crop.recorded", 1, NOW, NOW, "operator:anna", "request-1", None,
                self.data, b"s" * 16, b"d" * 32, b"h" * 32)  # fmt: skip

    def append(self, subjects: list[str]) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany(_INSERT, [self.row(subject) for subject in subjects])
        self.connection.execute("COMMIT")

    def fetch(self) -> int:
        count = after = 0
        while rows := self.connection.execute(_ROWS, (after,)).fetchall():
            count, after = count + len(rows), int(str(rows[-1][0]))
        return count


class Bare(Plain):
    """What is promised of an append, in straight lines around one statement after the other: no draft, batch or check.

    Two locks and the turn between them, head and version, a salt, the payload, its commitment and the seal. What it
    costs more than `Plain` no ledger with these promises can save; what the ledger costs more than this is its own.
    """

    def __init__(self, place: Path) -> None:
        place.mkdir()
        super().__init__(place)
        self.encode = msgspec.json.Encoder(order="sorted").encode
        self.locks = [os.open(place / name, os.O_RDWR | os.O_CREAT) for name in ("gate", "turnstile")]
        self.decode = msgspec.json.Decoder(CropRecorded).decode

    def mark(self, subject: str, mark: CropRecorded) -> None:
        gate, turnstile = self.locks
        fcntl.flock(turnstile, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(turnstile, fcntl.LOCK_UN)
        execute = self.connection.execute
        execute("BEGIN IMMEDIATE")
        found = execute(_STANDING_OF_ONE, (subject,)).fetchall()
        position, before, version = found[0] if found else (0, bytes(32), 0)
        now, salt, data = instant(datetime.now(UTC)), os.urandom(16), self.encode(mark).decode()
        digest = sha256(salt + data.encode()).digest()
        header = (position + 1, new_id(), subject, (version or 0) + 1, "crop.recorded", 1, NOW, now, "operator:anna",
                  "request-1", None)  # fmt: skip
        sealed = sha256(before + self.encode(header) + digest).digest()
        execute(_INSERT, (*header, data, salt, digest, sealed))
        execute("COMMIT")
        fcntl.flock(gate, fcntl.LOCK_UN)

    def replay(self) -> int:
        """Every row with its payload as an attrs object, and nothing made of the two."""
        count = after = 0
        with without_collecting():
            while rows := self.connection.execute(_ROWS, (after,)).fetchall():
                events = [self.decode(row[4]) for row in rows]
                count, after = count + len(events), int(str(rows[-1][0]))
        return count


class Image(Aggregate):
    """An image as the library wants it: an aggregate that is created by its first mark."""

    @event("CropRecorded")
    def __init__(self, payload: dict[str, object]) -> None:
        self.payload = payload


class EventSourcing:
    """The library from PyPI, as its documentation uses it, on SQLite with the same pragmas."""

    def __init__(self, place: Path) -> None:
        self.application = Application(
            {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(place / "eventsourcing.db")}
        )
        self.payload = json.loads(encode(recorded(1)))

    def append(self, count: int) -> None:
        self.application.save(*[Image(payload=self.payload) for _ in range(count)])

    def replay(self) -> int:
        count = start = 0
        while found := self.application.recorder.select_notifications(start + 1, 1000):
            for notification in found:
                self.application.mapper.to_domain_event(notification)
            count, start = count + len(found), found[-1].id
        return count


def measured(action: Callable[[], object], events: int) -> tuple[float, float]:
    """(CPU, wall) microseconds per event."""
    cpu, wall = time.process_time(), time.perf_counter()
    action()
    return (time.process_time() - cpu) / events * 1e6, (time.perf_counter() - wall) / events * 1e6


def compared(rounds: int, contenders: dict[str, tuple[Callable[[], tuple[float, float]], str]]) -> Iterator[Figure]:
    """Everyone takes turns; ratios are to the first contender in the same round, and to the last."""
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for round_ in range(rounds):
        names = list(contenders)
        for name in names[round_ % len(names) :] + names[: round_ % len(names)]:
            results[name].append(contenders[name][0]())
    first, last = next(iter(results.values())), next(reversed(results.values()))
    for name, found in results.items():
        cpu = median(mine[0] / its[0] for mine, its in zip(found, first, strict=True))
        rate = median(its[1] / mine[1] for mine, its in zip(found, first, strict=True))
        other = median(mine[0] / its[0] for mine, its in zip(found, last, strict=True))
        alone = found is first
        yield Figure(
            name, median(one[0] for one in found), median(one[1] for one in found),
            None if alone else cpu, None if alone else rate, None if found is last else other, contenders[name][1],
        )  # fmt: skip


def appending(place: Path, rounds: int, size: int, per_round: int) -> Iterator[Figure]:
    """Appends of `size` events each."""
    place.mkdir()
    plain, other, bare = Plain(place), EventSourcing(place), Bare(place / "bare")
    ours, folded = Ledger.create(place / "ledger.db"), Ledger.create(place / "folded.db")
    store = Store.open(place / "projections.db")

    def plainly() -> tuple[float, float]:
        work = [[subject for subject, _ in marks(size)] for _ in range(per_round)]
        return measured(lambda: [plain.append(subjects) for subjects in work], per_round * size)

    def barely() -> tuple[float, float]:
        work = [marks(1)[0] for _ in range(per_round)]
        return measured(lambda: [bare.mark(*each) for each in work], per_round)

    def append(ledger: Ledger, work: list[list[tuple[str, CropRecorded]]], then: Callable[[], object]) -> None:
        for batch in work:
            ledger.append(Batch(tuple(draft(mark, subject) for subject, mark in batch)))
            then()

    def with_ledger() -> tuple[float, float]:
        work = [marks(size) for _ in range(per_round)]
        return measured(lambda: append(ours, work, int), per_round * size)

    def with_projections() -> tuple[float, float]:
        work = [marks(size) for _ in range(per_round)]
        return measured(lambda: append(folded, work, lambda: catch_up(folded, store)), per_round * size)

    def elsewhere() -> tuple[float, float]:
        return measured(lambda: [other.append(size) for _ in range(per_round)], per_round * size)

    what = "single append" if size == 1 else f"batches of {size}"
    wanted = (
        ("cpu <= 190 us (0.56 es), rate >= 0.8x", "")
        if size == 1
        else ("cpu <= 16 us (0.27 es)", "cpu <= 60 us (1.02 es)")
    )
    yield from compared(rounds, {
        f"{what}: plain apsw": (plainly, ""),
        **({f"{what}: its promises alone": (barely, "")} if size == 1 else {}),
        f"{what}: ledger": (with_ledger, wanted[0]),
        f"{what}: ledger and all projections": (with_projections, wanted[1]),
        f"{what}: eventsourcing": (elsewhere, ""),
    })  # fmt: skip
    for each in (plain.connection, bare.connection, ours, folded, store):
        each.close()
    other.application.close()


def replaying(place: Path, rounds: int, events: int) -> Iterator[Figure]:
    """Reading everything back, as objects."""
    place.mkdir()
    plain, other, ours = Bare(place / "bare"), EventSourcing(place), Ledger.create(place / "ledger.db")
    for _ in range(events // 1000):
        batch = marks(1000)
        plain.append([subject for subject, _ in batch])
        ours.append(Batch(tuple(draft(mark, subject) for subject, mark in batch)))
        other.append(1000)

    def replay() -> int:
        count = after = 0
        with without_collecting():  # as whoever folds a ledger reads it
            while found := ours.read(after, PAGE):
                count, after = count + len(found), found[-1].position
        return count

    assert replay() == plain.fetch() == plain.replay() == other.replay() == events
    yield from compared(rounds, {
        "replay: plain apsw rows": (lambda: measured(plain.fetch, events), ""),
        "replay: rows, and payloads as objects": (lambda: measured(plain.replay, events), ""),
        "replay: ledger, typed": (lambda: measured(replay, events), "cpu <= 2.5 us (400k/s, 0.22 es)"),
        "replay: eventsourcing": (lambda: measured(other.replay, events), ""),
    })  # fmt: skip
    plain.connection.close()
    ours.close()
    other.application.close()


def lives(count: int) -> Iterator[Draft]:
    """`count` events: images that are marked, started and executed."""
    size, pixels = Dimensions(3072, 3072), PixelBox(369, 246, 2519, 2242)
    made = 0
    for subject, mark in marks(count // 3 + 1):
        out, archive = mark.path.replace("faces", "__cropped"), f"/home/originals/{subject[-2:]}/{subject[6:]}"
        begun = CropStarted("7f2a", 1, mark.path, mark.sha256, 4182391, 1754240623123456789, size, pixels, out,
                            out + ".tmp", archive)  # fmt: skip
        done = CropExecuted("7f2a", 1, mark.path, mark.sha256, archive, out, "b" * 64, 2182391, pixels.dimensions,
                            elapsed_ms=112.6)  # fmt: skip
        for each in (mark, begun, done):
            if made < count:
                made += 1
                yield draft(each, subject)


def rebuilding(place: Path, events: int) -> Iterator[Figure]:
    """All projections of a ledger, folded from nothing."""
    place.mkdir()
    with Ledger.create(place / "ledger.db") as ledger:
        coming = lives(events)
        while batch := tuple(itertools.islice(coming, 1000)):
            ledger.append(Batch(batch))
        cpu, wall = measured(lambda: rebuild(ledger, place / "projections.db"), events)
        assert ledger.head().position == events
    wanted = "wall <= 20 s" if events == 1_000_000 else ""
    name = f"rebuild of all projections, {events:,} events: {wall * events / 1e6:.1f} s"
    yield Figure(name, cpu, wall, None, None, None, wanted)


def report(figures: list[Figure]) -> Iterator[str]:
    """The figures as a table for people."""
    yield f"{'':62}{'CPU us':>9}{'wall us':>9}{'CPU x':>8}{'rate x':>8}{'CPU es':>8}  wanted"
    for one in figures:
        ratios = "".join(
            f"{value:8.2f}" if value else f"{'':8}" for value in (one.ratio_cpu, one.ratio_rate, one.ratio_other)
        )
        yield f"{one.name:62}{one.cpu_us:9.2f}{one.wall_us:9.2f}{ratios}  {one.wanted}".rstrip()


def main() -> None:
    """Run everything and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, for CI: that it runs, not what it costs")
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument("--events", type=int, help="how many events the rebuild folds (1,000,000; quick: 3,000)")
    parser.add_argument("--place", type=Path, help="a directory on the disk that is to be measured")
    asked = parser.parse_args()
    assert len(encode(recorded(1))) == PAYLOAD_BYTES, len(encode(recorded(1)))
    rounds = 3 if asked.quick else 21
    events = asked.events or (3_000 if asked.quick else 1_000_000)
    with tempfile.TemporaryDirectory(prefix="cropledger-bench-", dir=asked.place) as directory:
        place = Path(directory)
        figures = [
            *appending(place / "single", rounds, 1, 10 if asked.quick else 100),
            *appending(place / "batch", rounds, BATCH, 3 if asked.quick else 20),
            *replaying(place / "replay", rounds, 1_000 if asked.quick else 20_000),
            *rebuilding(place / "rebuild", events),
        ]
    if asked.json:
        machine = {"cpus": os.cpu_count(), "sqlite": apsw.sqlite_lib_version(), "payload_bytes": PAYLOAD_BYTES}
        print(json.dumps({"machine": machine, "figures": [asdict(one) for one in figures]}, indent=1))
    else:
        print("\n".join(report(figures)))


if __name__ == "__main__":
    main()
