"""Sidecars for raw developers, out and in again, also by way of exiftool."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from tests.journeys.conftest import Cli


def photo(path: Path, orientation: int = 1) -> Path:
    tags = Image.Exif()
    tags[0x0112] = orientation
    Image.linear_gradient("L").resize((300, 200)).convert("RGB").save(path, exif=tags)
    return path


def marked(crop: Cli, image: Path) -> None:
    crop("record", image, "--box", "0.1,0.25,0.55,0.9", "--project", "p", "--group", "g")


def owed(crop: Cli) -> dict[str, dict[str, float]]:
    recorded = [entry for entry in crop.json("log") if entry["type"] == "crop.recorded"]
    return {Path(entry["data"]["path"]).name: entry["data"]["box"] for entry in recorded}


@pytest.mark.parametrize("style", ["adobe", "darktable"])
def test_a_crop_goes_out_and_comes_in_on_another_desk(crop: Cli, photos: Path, tmp_path: Path, style: str) -> None:
    for name, orientation in (("a.jpg", 1), ("b.jpg", 6)):
        marked(crop, photo(photos / name, orientation))
    assert "Wrote 2 sidecars beside the images." in crop("export", "xmp", "--style", style)
    names = {"adobe": ["a.xmp", "b.xmp"], "darktable": ["a.jpg.xmp", "b.jpg.xmp"]}[style]
    assert sorted(path.name for path in photos.glob("*.xmp")) == names
    before = owed(crop)
    other = Cli(tmp_path / "other home", crop.capture)
    other("init", "--root", tmp_path)
    for name in names:
        other("import", photos / name, "--project", "p")
    assert owed(other) == before


def test_another_program_s_sidecar_is_left_alone_and_ours_is_written_again(crop: Cli, photos: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        marked(crop, photo(photos / name))
    (photos / "a.xmp").write_text("<x:xmpmeta>somebody's work</x:xmpmeta>")
    crop("export", "xmp", exits=1)
    assert "another program's sidecar" in crop.err
    assert "somebody's work" in (photos / "a.xmp").read_text()
    before = (photos / "b.xmp").read_bytes()
    crop("export", "xmp", exits=1)
    assert (photos / "b.xmp").read_bytes() == before
    crop("export", "xmp", "--to", photos.parent / "sidecars")
    assert sorted(path.name for path in (photos.parent / "sidecars").iterdir()) == ["a.xmp", "b.xmp"]


def test_a_sidecar_without_an_image_or_with_two_is_set_aside(crop: Cli, photos: Path) -> None:
    marked(crop, photo(photos / "a.jpg"))
    crop("export", "xmp")
    photo(photos / "a.jpeg")
    crop("import", photos / "a.xmp", "--project", "p", exits=1)
    assert "Set aside: 1 image" in crop.out
    (photos / "lonely.xmp").write_bytes((photos / "a.xmp").read_bytes())
    crop("import", photos / "lonely.xmp", "--project", "p", exits=1)
    assert "Set aside: 1 image" in crop.out
    assert len(owed(crop)) == 1


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed (libimage-exiftool-perl)")
@pytest.mark.parametrize("style", ["adobe", "darktable"])
def test_exiftool_reads_what_is_written_and_what_it_writes_is_read(
    crop: Cli, photos: Path, tmp_path: Path, style: str
) -> None:
    marked(crop, photo(photos / "a.jpg", 8))
    crop("export", "xmp", "--style", style)
    [ours] = photos.glob("*.xmp")
    read = subprocess.run(
        ["exiftool", "-json", "-n", "-XMP-crs:all", "-XMP-tiff:all", ours], capture_output=True, check=True
    )
    [said] = json.loads(read.stdout)
    assert (said["HasCrop"], said["Orientation"], said["CropAngle"]) == (True, 8, 0)
    # Turned by a quarter to the left: what is left as displayed is the top as stored, and so on.
    edges = [said[f"Crop{edge}"] for edge in ("Left", "Top", "Right", "Bottom")]
    assert edges == pytest.approx([0.1, 0.1, 0.75, 0.55], abs=0.005)
    before, theirs = owed(crop), photos / "theirs.xmp"
    subprocess.run(["exiftool", "-q", "-XMP-dc:Title=by exiftool", "-o", theirs, ours], check=True)
    assert "by exiftool" in theirs.read_text()
    assert "<crs:CropLeft>" in theirs.read_text()
    theirs.replace(ours)
    other = Cli(tmp_path / "other home", crop.capture)
    other("init", "--root", tmp_path)
    other("import", ours, "--project", "p")
    assert owed(other) == before
