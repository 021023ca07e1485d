"""The whole journey on real photographs: record, execute, compare pixel by pixel, undo, compare byte by byte."""

from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

from tests.journeys.conftest import Cli, sha256
from tests.journeys.photographs import Photograph, write_photographs

BOXES = ("0.12,0.08,0.82,0.73", "0,0,0.5,0.5", "0.25,0.4,1,1", "0.501,0.333,0.777,0.999", "0,0,1,1")
JPEG_MEAN_DIFFERENCE = 3.0


@pytest.fixture
def photographs(tmp_path: Path) -> list[Photograph]:
    return write_photographs(tmp_path / "photos" / "set a")


def displayed(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return ImageOps.exif_transpose(image)


def region(picture: Image.Image, box: str) -> Image.Image:
    x1, y1, x2, y2 = (float(edge) for edge in box.split(","))
    width, height = picture.size
    return picture.crop((round(x1 * width), round(y1 * height), round(x2 * width), round(y2 * height)))


def output_of(photograph: Photograph) -> Path:
    directory = photograph.path.parent
    return directory.parent / "__cropped" / directory.name / photograph.path.name


def snapshot(directory: Path) -> dict[str, tuple[str, int, int]]:
    return {
        path.name: (sha256(path), path.stat().st_mtime_ns, path.stat().st_mode) for path in sorted(directory.iterdir())
    }


def test_crops_of_real_photographs_are_the_source_regions_and_undo_is_byte_for_byte(
    crop: Cli, photographs: list[Photograph]
) -> None:
    assert len(photographs) >= 20
    directory = photographs[0].path.parent
    before = snapshot(directory)
    wanted = {}
    for number, photograph in enumerate(photographs):
        box = BOXES[number % len(BOXES)]
        wanted[photograph.path] = region(displayed(photograph.path), box)
        crop("record", photograph.path, "--box", box, "--project", "p", "--group", f"g{number}")
    assert snapshot(directory) == before, "recording touched a file"

    assert f"Executed {len(photographs)}, failed 0" in crop("run", "--now")
    assert list(directory.iterdir()) == []
    for photograph in photographs:
        output = output_of(photograph)
        compare(displayed(output), wanted[photograph.path], lossless=photograph.lossless, name=output.name)
        for companion in photograph.companions:
            assert sha256(output.parent / companion.name) == before[companion.name][0]
    crop("audit")

    crop("undo", *(photograph.path for photograph in photographs))
    assert snapshot(directory) == before
    assert list(output_of(photographs[0]).parent.iterdir()) == []
    assert f"{len(photographs)} crops owed" in crop("queue")
    crop("audit")


def compare(found: Image.Image, wanted: Image.Image, *, lossless: bool, name: str) -> None:
    assert (found.mode, found.size) == (wanted.mode, wanted.size), name
    if lossless:
        assert found.tobytes() == wanted.tobytes(), f"{name}: pixels differ"
        assert found.getpalette() == wanted.getpalette()
    else:
        mean = max(ImageStat.Stat(ImageChops.difference(found, wanted)).mean)
        assert mean <= JPEG_MEAN_DIFFERENCE, f"{name}: pixels differ by {mean} on average"


def test_metadata_goes_with_the_crop(crop: Cli, photographs: list[Photograph]) -> None:
    png, jpeg = photographs[0], photographs[4]
    for photograph in (png, jpeg):
        crop("record", photograph.path, "--box", "0.1,0.1,0.6,0.6", "--project", "p", "--group", "g")
    with Image.open(png.path) as image:
        before = dict(image.info)
    with Image.open(jpeg.path) as image:
        exif, tables = image.getexif().get_ifd(0x8769), image.quantization
        orientation, comment = image.getexif()[0x0112], image.info["comment"]
    crop("run", "--now")
    with Image.open(output_of(png)) as image:
        assert dict(image.info) == before
    with Image.open(output_of(jpeg)) as image:
        assert image.getexif()[0x0112] == orientation
        assert image.getexif().get_ifd(0x8769) == exif
        assert image.getexif()[0x010F] == "A camera"
        assert image.info["comment"] == comment
        assert image.quantization == tables
