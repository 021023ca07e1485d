"""Facts for the rules: looks as they come from the disk, without a disk."""

import hashlib
from collections.abc import Callable

import attrs
import pytest

from commands.inspection.facts import Look, Refusal
from ledger.events.crops import CropStarted, FileMove
from ledger.values import Dimensions, PixelBox
from projections.queue import OwedCrop


def owed_crop(path: str, **more: object) -> OwedCrop:
    directory, _, filename = path.rpartition("/")
    values: dict[str, object] = {
        field.name: None for field in attrs.fields(OwedCrop) if field.type == "str | None" or "None" in str(field.type)
    }
    values |= {
        "subject": "image/" + hashlib.sha256((path + str(more.get("project", "p"))).encode()).hexdigest()[:24],
        "project": "p", "path": path, "directory": directory, "filename": filename, "group_id": "g",
        "x1": 0.0, "y1": 0.0, "x2": 0.5, "y2": 0.5, "width_px": 100, "height_px": 80, "sha256": "a" * 64,
        "size_bytes": 1000, "warnings": "[]", "marked_at": "2025-10-27T16:00:00.000000Z", "marked_by": "operator:ann",
        "position": 1, "version": 1, "status": "pending", "attempt": 0,
    }  # fmt: skip
    return OwedCrop(**(values | more))  # type: ignore[arg-type]


def planned(path: str, *, sha256: str | None = None, companions: tuple[str, ...] = (), **more: object) -> CropStarted:
    directory = path.rpartition("/")[0]
    output = str(more.pop("output", f"/out{path}"))
    moves = tuple(FileMove(f"{directory}/{name}", f"{output.rpartition('/')[0]}/{name}") for name in companions)
    plan = CropStarted(
        "r", 1, path, sha256 or hashlib.sha256(path.encode()).hexdigest(), 1000, 1, Dimensions(100, 80),
        PixelBox(0, 0, 50, 40), output, output + ".tmp", "/originals/aa/aa.png", moves,
    )  # fmt: skip
    return attrs.evolve(plan, **more)  # type: ignore[arg-type]


LookMaker = Callable[..., Look]


@pytest.fixture
def look() -> LookMaker:
    """A look at one image: `look("/p/a.png", refused="missing")`, `look("/p/a.png", crop={"status": "started"})`."""

    def make(
        path: str,
        *,
        refused: str | None = None,
        message: str = "",
        crop: dict[str, object] | None = None,
        place: str | None = None,
        taken: tuple[str, ...] = (),
        run_lives: bool = False,
        **plan: object,
    ) -> Look:
        owed = owed_crop(path, **(crop or {}))
        if owed.status == "started":
            return Look(owed, place=place or path, run_lives=run_lives)
        if refused is not None:
            return Look(owed, "nothing", place or path, refusal=Refusal(refused, message or f"{path}: {refused}."))
        return Look(owed, "header", place or path, planned(place or path, **plan), taken=taken)  # type: ignore[arg-type]

    return make
