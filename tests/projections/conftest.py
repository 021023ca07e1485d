"""Stories: a ledger written as a few lines of text, one event each, one minute apart.

ann records a/1.png 0.1,0.1,0.9,0.9            [suggested BOX] [group G] [project P] [size WxH] [warning W]
ann withdraws a/1.png
r1 starts a/1.png                              (r1, r2 ... are runs)
r1 executes a/1.png                            [companions N] [whole]
r1 fails a/1.png missing                       [finally] [after SECONDS]
r1 releases a/1.png                            (given back before it was begun)
r1 rejects a/1.png missing                     (a failure without a start)
ann retries | undoes | skips | keeps | restores a/1.png
ann moves a/1.png b/2.png                      (what is decided about it goes with it)
log imports a/1.png                            [box BOX] [size WxH]
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger.entry import Batch, Draft, Head
from ledger.events.crops import (
    CropExecuted,
    CropFailed,
    CropRecorded,
    CropReleased,
    CropRetried,
    CropStarted,
    CropUndone,
    CropWithdrawn,
    MovedFile,
)
from ledger.events.event import Event
from ledger.events.history import HistoryImported
from ledger.events.images import ImageKept, ImageRelocated, ImageRestored, ImageSkipped
from ledger.log import Ledger
from ledger.values import Box, Dimensions, Instant, PixelBox, Suggestion, image_subject, instant
from projections.catch_up import catch_up
from projections.reader import Projections
from projections.store import Store

MORNING = datetime(2025, 10, 27, 9, 0, tzinfo=UTC)


class Stage:
    """A ledger, its projections, and a clock that moves one minute per event."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.now = MORNING
        self.ledger = Ledger.create(home / "ledger.db", clock=lambda: self.now)
        self.path = home / "projections.db"
        self.attempts: dict[str, int] = {}

    def tell(self, story: str) -> None:
        for line in filter(None, map(str.strip, story.splitlines())):
            self.append(*self._read(line.split()))

    def append(self, subject: str, event: Event, actor: str, correlation: str = "story") -> None:
        self.now += timedelta(minutes=1)
        draft = Draft(subject, event, actor, instant(self.now), correlation)
        self.ledger.append(Batch.of(draft))

    def catch_up(self) -> Head:
        with Store.open(self.path) as store:
            return catch_up(self.ledger, store)

    def projections(self) -> Projections:
        self.catch_up()
        return Projections.open(self.path)

    def at(self, minute: int) -> Instant:
        """The instant of the nth event."""
        return instant(MORNING + timedelta(minutes=minute))

    @staticmethod
    def subject(name: str, project: str = "P") -> str:
        return image_subject(project, f"/photos/{name}")

    def _read(self, words: list[str]) -> tuple[str, Event, str]:
        who, verb, name, *rest = words
        told = _told(rest)
        project = str(told.get("project", "P"))
        subject, path = self.subject(name, project), f"/photos/{name}"
        kind = {"log": "import:log"}.get(who, f"runner:{who}" if who[0] == "r" and who[1:].isdigit() else "")
        actor = kind or (who if ":" in who else f"operator:{who}")
        return subject, self._event(verb, subject, path, who, project, rest, told), actor

    def _event(  # noqa: C901  # one arm per verb
        self, verb: str, subject: str, path: str, who: str, project: str, rest: list[str], told: dict[str, object]
    ) -> Event:
        size, sha = told.get("size", Dimensions(800, 600)), hashlib.sha256(path.encode()).hexdigest()
        assert isinstance(size, Dimensions)
        output, attempt = f"/out{path}", self.attempts.get(subject, 0)
        companions = tuple(
            MovedFile(f"{path}.{n}.txt", f"{output}.{n}.txt", sha, n)
            for n in range(int(str(told.get("companions", 0))))
        )
        match verb:
            case "records":
                self.attempts[subject] = 0
                return CropRecorded(
                    project, path, Box.parse(rest[0]), size, sha, 1000,
                    str(told["group"]) if "group" in told else None,
                    Suggestion(told["suggested"], 0.5, "m1") if "suggested" in told else None,  # type: ignore[arg-type]
                    warnings=tuple(str(told["warning"]).split(",")) if "warning" in told else (),
                )  # fmt: skip
            case "starts":
                self.attempts[subject] = attempt + 1
                return CropStarted(
                    who, attempt + 1, path, sha, 1000, 1, size, PixelBox(0, 0, 10, 10), output, f"{output}.tmp",
                    f"/originals/{sha}",
                    warnings=tuple(str(told["warning"]).split(",")) if "warning" in told else (),
                )  # fmt: skip
            case "executes":
                return CropExecuted(
                    who, attempt, path, sha, f"/originals/{sha}", output, sha[::-1], 500, Dimensions(10, 10),
                    None if "whole" in told else sha, companions, 12.5,
                )  # fmt: skip
            case "fails" | "rejects":
                after = float(str(told["after"])) if "after" in told else None
                number = attempt if verb == "fails" else 0
                return CropFailed(who, number, rest[0], f"{path}: {rest[0]}", "finally" in told, after)
            case "releases":
                self.attempts[subject] = attempt - 1
                return CropReleased(who, attempt, "stopped")
            case "undoes":
                self.attempts[subject] = 0
                return CropUndone(path, sha, output, companions)
            case "retries":
                self.attempts[subject] = 0
                return CropRetried()
            case "withdraws":
                return CropWithdrawn()
            case "skips":
                return ImageSkipped(project, path, "blurred")
            case "keeps":
                return ImageKept(project, path, "fine", sha256=sha)
            case "moves":
                return self._moved(subject, path, f"/photos/{rest[0]}")
            case "restores":
                return ImageRestored()
            case "imports":
                box = told.get("box")
                assert box is None or isinstance(box, Box)
                return HistoryImported(project, path, "crop_log_v1", "2025", box, size if "size" in told else None)
        raise ValueError(verb)

    def _moved(self, subject: str, source: str, path: str) -> ImageRelocated:
        types = {type(entry.event) for entry in self.ledger.history(subject)}
        decided = bool(types & {CropRecorded, ImageSkipped, ImageKept})
        return ImageRelocated(source, path, decided, CropRecorded in types, HistoryImported in types)


def _told(words: list[str]) -> dict[str, object]:
    """`group g size 8x6 finally` as a mapping; a word that is no name stands for itself."""
    told: dict[str, object] = {}
    pairs = iter(words)
    for word in pairs:
        if word in {"group", "project", "warning", "companions", "after"}:
            told[word] = next(pairs)
        elif word == "size":
            width, height = next(pairs).split("x")
            told[word] = Dimensions(int(width), int(height))
        elif word in {"box", "suggested"}:
            told[word] = Box.parse(next(pairs))
        else:
            told[word] = True
    return told


@pytest.fixture
def new_stage() -> type[Stage]:
    """For tests that need many stages."""
    return Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.ledger.close()
