"""The demo, with made pictures and with copies of one's own."""

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from commands.cli.app import run


def hashes(directory: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()}


def test_the_demo_shows_the_whole_journey(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", str(tmp_path / "sandbox"), "--count", "8"]) == 0
    out = capsys.readouterr().out
    for said in ("Recorded 8 crops", "Executed 6, failed 0", "byte for byte", "chain ok", "What to type next"):
        assert said in out


def test_the_demo_plays_with_copies_and_goes_on_where_one_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for name in ("b.png", "c.jpg", "d.png", "e.png"):
        Image.linear_gradient("L").resize((80, 60)).convert("RGB").save(own / name)
    # It can be recorded, and is refused when it is to be cropped.
    Image.linear_gradient("L").resize((80, 60)).convert("RGB").save(own / "a.tif", compression="jpeg")
    before = hashes(own)
    assert run(["demo", str(tmp_path / "sandbox"), "--images", str(own)]) == 0
    out, err = capsys.readouterr()
    assert "Executed 2, failed 1" in out
    assert "compression 7" in err
    assert "Restored photos/set_a/b.png" in out
    assert hashes(own) == before


@pytest.mark.parametrize("count", [0, 2])
def test_the_demo_needs_three_images(tmp_path: Path, count: int) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for number in range(count):
        Image.new("RGB", (20, 20)).save(own / f"{number}.png")
    assert run(["demo", str(tmp_path / "sandbox"), "--images", str(own)]) == 4
    assert run(["demo", str(own / "nowhere" / "x"), "--images", str(tmp_path / "gone")]) == 4


def test_the_demo_does_not_play_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    assert run(["demo", str(tmp_path)]) == 2
