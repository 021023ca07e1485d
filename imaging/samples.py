"""Sample pictures for the demo: varied in format, mode, size and orientation, with companions and metadata.

They are new files in a sandbox, made so that a newcomer can see the whole journey without risking a photo. This is not
a second writer of crops: it takes no image in.
"""

import random
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen
from PIL import Image, ImageDraw, PngImagePlugin

_STAGES = ("stage1_generated", "stage2_upscaled", "stage3_enhanced")
_EXIF_ORIENTATION = 0x0112
_LARGEST_PX = 900


@frozen
class Sample:
    """One picture that was made."""

    path: Path
    companions: tuple[Path, ...]


def make_samples(directory: Path, count: int, seed: int = 20) -> Iterator[Sample]:
    """Make `count` pictures in `directory`, the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311  # pictures, not secrets
    directory.mkdir(parents=True, exist_ok=True)
    grain = Image.effect_noise((_LARGEST_PX, _LARGEST_PX), 24).convert("RGB")
    for number in range(count):
        picture = _scene(chance, grain, (chance.randrange(400, _LARGEST_PX), chance.randrange(400, _LARGEST_PX)))
        stem = f"20250803_{17 + number // 60:02d}{number % 60:02d}{chance.randrange(60):02d}_{chance.choice(_STAGES)}"
        path = _written(picture, directory / stem, number, chance)
        yield Sample(path, tuple(_companions(path, number)))


def _scene(chance: random.Random, grain: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A sky, a sun, hills and some grain: enough going on that a wrong crop is seen."""
    width, height = size
    sky, ground = (_colour(chance, 120, 255) for _ in range(2))
    picture = Image.composite(
        Image.new("RGB", size, sky), Image.new("RGB", size, ground), Image.linear_gradient("L").resize(size).rotate(180)
    )
    draw = ImageDraw.Draw(picture)
    radius = min(size) // chance.randrange(5, 9)
    x, y = chance.randrange(radius, width - radius), chance.randrange(radius, height // 2 + 1)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_colour(chance, 200, 256))
    for layer in range(3):
        draw.polygon(_hills(chance, width, height, layer), fill=_colour(chance, 40, 160))
    return Image.blend(picture, grain.crop((0, 0, width, height)), 0.06)


def _hills(chance: random.Random, width: int, height: int, layer: int) -> list[tuple[int, int]]:
    base = height // 2 + layer * height // 7
    tops = [(x, base + chance.randrange(-height // 10, height // 10)) for x in range(0, width + 80, 80)]
    return [(0, height), *tops, (width, height)]


def _colour(chance: random.Random, low: int, high: int) -> tuple[int, int, int]:
    return chance.randrange(low, high), chance.randrange(low, high), chance.randrange(low, high)


def _written(picture: Image.Image, stem: Path, number: int, chance: random.Random) -> Path:
    kind = number % 6
    if kind == 1:  # a phone's photo: turned in the metadata, not in the pixels
        exif = Image.Exif()
        exif[_EXIF_ORIENTATION] = chance.choice((3, 6, 8))
        path = stem.with_name(stem.name + ".jpg")
        picture.save(path, quality=90, exif=exif)
        return path
    if kind == 2:
        path = stem.with_name(stem.name + ".webp")
        picture.save(path, lossless=True, method=0)
        return path
    path = stem.with_name(stem.name + ".png")
    if kind == 3:
        picture = picture.convert("L")
    elif kind == 4:
        picture = picture.quantize(64, method=Image.Quantize.FASTOCTREE)
    elif kind == 5:
        picture = _with_alpha(picture)
    notes = PngImagePlugin.PngInfo()
    notes.add_text("parameters", f"a landscape with hills, seed {number}")
    picture.save(path, pnginfo=notes, compress_level=1)
    return path


def _with_alpha(picture: Image.Image) -> Image.Image:
    picture.putalpha(Image.radial_gradient("L").resize(picture.size).point(lambda value: 255 - value // 2))
    return picture


def _companions(path: Path, number: int) -> Iterator[Path]:
    if number % 2 == 0:
        caption = path.with_suffix(".caption")
        caption.write_text(f"a landscape with hills, number {number}\n", "utf-8")
        yield caption
    if number % 3 == 0:
        settings = path.with_suffix(".yaml")
        settings.write_text(f"seed: {number}\nsampler: hills\n", "utf-8")
        yield settings
