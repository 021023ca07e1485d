"""Real photographs in many forms, from those that scikit-image carries in its wheel."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from attrs import frozen
from PIL import Image, ImageCms, PngImagePlugin

NAMES = (
    "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png",
    "coins.png", "color.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png",
    "motorcycle_left.png", "motorcycle_right.png", "page.png", "retina.jpg", "rocket.jpg", "text.png",
    "astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg",
)  # fmt: skip
ORIENTATION = 0x0112


@frozen
class Photograph:
    """One image on disk, with its companions, and whether its format keeps pixels exactly."""

    path: Path
    companions: tuple[Path, ...]
    lossless: bool


def write_photographs(directory: Path) -> list[Photograph]:
    """Two dozen photographs: PNG with text chunks and ICC, all eight JPEG orientations, WebP, TIFF, BMP, 16-bit ..."""
    directory.mkdir(parents=True)
    return [_write(directory, number, name) for number, name in enumerate(NAMES)]


def _write(directory: Path, number: int, name: str) -> Photograph:
    picture = Image.open(str(files("skimage.data").joinpath(name)))
    picture.load()
    stem = directory / f"20250803_{172300 + number}_stage2_upscaled {Path(name).stem}"
    path = _in_form(number, picture, stem)
    return Photograph(path, tuple(_companions(path, number)), lossless=path.suffix != ".jpg")


def _in_form(number: int, picture: Image.Image, stem: Path) -> Path:
    if number % 3 == 1:
        return _jpeg(picture.convert("RGB"), stem, orientation=1 + number // 3 % 8)
    form = number // 3 % 4 if number % 3 == 0 else 4 + number // 3 % 3
    if form == 0:
        return _png(picture, stem)
    if form == 1:
        return _saved(picture.convert("RGB"), stem, ".webp", lossless=True, method=0)
    if form == 2:
        return _saved(picture.convert("RGB"), stem, ".tif", compression="tiff_lzw", dpi=(300, 300))
    if form == 3:
        return _saved(picture.convert("RGB"), stem, ".bmp")
    if form == 4:
        deep = picture.convert("I").point(lambda value: value * 257).convert("I;16")
        return _saved(deep, stem, ".png")
    if form == 5:
        return _saved(picture.convert("RGB").quantize(200), stem, ".png")
    clear = picture.convert("RGB").convert("RGBA")
    clear.putalpha(picture.convert("L"))
    return _saved(clear, stem, ".png")


def _png(picture: Image.Image, stem: Path) -> Path:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("parameters", "a photograph, steps: 20, seed: 1")
    notes.add_itxt("workflow", '{"nodes": ["é"]}', lang="en", zip=True)
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return _saved(picture.convert("RGB"), stem, ".png", pnginfo=notes, icc_profile=icc, dpi=(72, 72))


def _jpeg(picture: Image.Image, stem: Path, orientation: int) -> Path:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[0x010F] = "A camera"
    return _saved(picture, stem, ".jpg", quality=88, subsampling=orientation % 3, exif=exif, comment=b"by hand")


def _saved(picture: Image.Image, stem: Path, suffix: str, **options: object) -> Path:
    path = stem.with_name(stem.name + suffix)
    picture.save(path, **options)
    return path


def _companions(path: Path, number: int) -> Iterator[Path]:
    for every, suffix in ((2, ".yaml"), (3, ".caption"), (4, ".decision"), (5, ".cropped")):
        if number % every == 0:
            companion = path.with_suffix(suffix)
            companion.write_bytes(b"" if suffix == ".cropped" else f"{suffix} of {path.stem}\r\n".encode())
            yield companion
