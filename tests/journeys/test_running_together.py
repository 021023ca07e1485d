"""Crops of a run are put in their places, and recorded, several at a time."""

from pathlib import Path

import pytest

from tests.journeys.conftest import Cli
from tests.journeys.test_running import picture, recorded


def executed(crop: Cli) -> list[tuple[str, str]]:
    """Name of the image, and when it was recorded as executed."""
    return [(Path(e["data"]["source"]).name, e["recorded_at"]) for e in crop.json("log", "--type", "crop.executed")]  # type: ignore[index,call-overload]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_batch_is_recorded_at_once(crop: Cli, photos: Path, workers: str) -> None:
    recorded(crop, *(picture(photos / f"{number}.png", (60 + number, 40)) for number in range(6)))
    assert "Executed 6, failed 0" in crop("run", "--now", "--workers", workers)
    at = [when for _, when in executed(crop)]
    assert len(at) == 6
    assert len(set(at)) == 6 // (3 * int(workers))
    crop("audit")


def test_nothing_is_recorded_as_executed_before_it_is_on_the_disk(
    crop: Cli, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(crop, *(picture(photos / f"{number}.png") for number in range(3)))

    def dies(_crops: object) -> None:
        raise SystemError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("commands.running.runner.commit.commit_all", dies)
        crop("run", "--now", exits=70)
    assert executed(crop) == []
    assert "Executed 3, failed 0" in crop("run", "--now")
    crop("audit")


def test_one_of_a_batch_that_fails_takes_nobody_with_it(crop: Cli, photos: Path) -> None:
    recorded(crop, *(picture(photos / f"{number}.png") for number in range(3)))
    taken = photos.parent / "__cropped" / photos.name / "1.png"
    taken.parent.mkdir(parents=True)
    taken.write_bytes(b"somebody's")
    assert "Executed 2, failed 1" in crop("run", "--now", exits=1)
    assert sorted(name for name, _ in executed(crop)) == ["0.png", "2.png"]
    assert taken.read_bytes() == b"somebody's"
    assert (photos / "1.png").exists()


def test_who_fails_to_be_cut_is_told_at_once_and_the_others_are_in_their_places(
    crop: Cli, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [picture(photos / f"{number}.png") for number in range(3)]
    recorded(crop, *images)
    images[1].write_bytes(b"no image any more")
    assert "Executed 2, failed 1" in crop("run", "--now", exits=1)
    assert not images[0].exists()
    assert not images[2].exists()
    assert len(list((photos.parent / "__cropped").rglob("*.png"))) == 2
