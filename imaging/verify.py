"""Is this file the crop of that source? Decoded afresh, compared pixel by pixel where the format is lossless.

For lossy formats the result may differ from the source's pixels by what one more encoding costs, no more: brightness
pixel by pixel, colour in the mean of small squares (chroma is stored at half size), and in place: the region must fit
better than the same region moved by one pixel.
"""

import hashlib
import math
from pathlib import Path

from attrs import frozen
from PIL import Image, ImageChops, ImageStat

from imaging.decode import FAULTS, decode, format_of
from imaging.formats.header import Header
from imaging.geometry import displayed, to_stored
from imaging.problems import Unusable
from imaging.read import read_whole
from ledger.events.crops import CropStarted
from ledger.values import Dimensions, PixelBox

_SQUARE = 8
_SMALLEST_TO_SHIFT = 64
_SHIFTS = ((-1, 0), (1, 0), (0, -1), (0, 1))
_SLACK, _SURE = 0.5, 0.9
"""Grey levels, and a share, by which chance may favour a moved region on a flat or a coarse picture."""


@frozen
class Source:
    """A decoded source: what crops are cut from and compared with."""

    raw: bytes
    name: str
    header: Header
    pixels: Image.Image

    @property
    def dimensions(self) -> Dimensions:
        """Size as displayed."""
        return displayed(Dimensions(self.header.width_px, self.header.height_px), self.header.orientation)

    def region(self, box: PixelBox) -> Image.Image:
        """What a box in the displayed frame cuts out, as stored."""
        stored = to_stored(box, self.dimensions, self.header.orientation)
        return self.pixels.crop((stored.left, stored.top, stored.right, stored.bottom))


@frozen
class Written:
    """The temporary file as verified: what will stand under the output's name."""

    sha256: str
    """sha256 of the file."""
    size_bytes: int
    """Length of the file."""
    pixels_sha256: str | None
    """sha256 of its decoded pixels; None where the source's bytes were kept whole."""
    warnings: tuple[str, ...] = ()
    """What the writer adds to the warnings of the start."""
    elapsed_ms: float = 0.0
    """Wall time of reading, encoding, writing and verifying, in milliseconds."""


def load(raw: bytes, name: str) -> Source:
    """Decode a whole file; raises `Unusable`."""
    return Source(raw, name, *decode(raw, name))


def is_whole(plan: CropStarted) -> bool:
    """Whether the box is the whole image, so that its bytes are kept as they are."""
    return plan.pixel_box == PixelBox(0, 0, plan.dimensions.width_px, plan.dimensions.height_px)


def verified(plan: CropStarted, source: Source | None, place: Path, expected: str | None = None) -> Written:
    """What stands at `place`, read back from the disk; raises `Unusable` (`verification`) if it is not the crop.

    `source` is None for a crop of the whole image: then the bytes themselves must be the source's. `expected` is the
    sha256 of what was written, where that is still known.
    """
    crop, _ = read_whole(place)
    sha256 = hashlib.sha256(crop).hexdigest()
    wanted = plan.sha256 if source is None else expected
    if wanted is not None and sha256 != wanted:
        raise _wrong(str(place), "it does not hold the bytes that were written")
    pixels = None if source is None else check(source, plan.pixel_box, crop, str(place))
    return Written(sha256, len(crop), pixels)


def check(source: Source, box: PixelBox, crop: bytes, name: str) -> str:
    """sha256 of the crop's pixels; raises `Unusable` (`verification`) if it is not the source's region."""
    try:
        header, pixels = decode(crop, name)
    except Unusable as refusal:
        raise _wrong(name, f"it does not read back ({refusal.message})") from refusal
    region = source.region(box)
    _same_kind(source.header, header, name)
    if pixels.size != region.size:
        raise _wrong(name, f"it is {pixels.size}, not {region.size}")
    _same_metadata(source, crop, region.size, name)
    one, other = _comparable(region), _comparable(pixels)
    if one.mode != other.mode:
        raise _wrong(name, f"its mode is {pixels.mode}, not {region.mode}")
    if source.header.lossless:
        _identical(one, other, name)
    else:
        _near(one, other, source.header.noise, name)
    return pixels_sha256(other)


def pixels_sha256(pixels: Image.Image) -> str:
    """A hash of mode, size and samples (of a palette picture: its indices), whatever file holds them."""
    digest = hashlib.sha256(f"{pixels.mode} {pixels.width}x{pixels.height}\n".encode())
    digest.update(pixels.tobytes())
    return digest.hexdigest()


def _comparable(pixels: Image.Image) -> Image.Image:
    """Palette pictures as indices: the palette is compared with the metadata. WebP drops an alpha without effect."""
    if pixels.mode == "P":
        return Image.frombytes("L", pixels.size, pixels.tobytes())
    if pixels.mode == "RGBA" and pixels.getchannel("A").getextrema() == (255, 255):
        return pixels.convert("RGB")
    return pixels


def _same_kind(source: Header, crop: Header, name: str) -> None:
    # An opaque region of a WebP with alpha has none: the format stores the channel only where it is used.
    had, has = source.mode, crop.mode
    if source.format == "WEBP":
        had, has = had.removesuffix("A"), has.removesuffix("A")
    if (source.format, had, source.orientation, source.lossless) != (crop.format, has, crop.orientation, crop.lossless):
        wanted = f"{source.format} {source.mode} with orientation {source.orientation}"
        raise _wrong(name, f"it is {crop.format} {crop.mode} with orientation {crop.orientation}, not {wanted}")


def _same_metadata(source: Source, crop: bytes, size: tuple[int, int], name: str) -> None:
    module = format_of(crop[:16], name)
    try:
        kept = module.metadata(crop, *size) == module.metadata(source.raw, *size)
    except FAULTS as error:
        raise _wrong(name, f"its metadata does not read back ({error})") from error
    if not kept:
        raise _wrong(name, "its metadata is not the source's")


def _identical(region: Image.Image, pixels: Image.Image, name: str) -> None:
    if region.tobytes() != pixels.tobytes():
        raise _wrong(name, "its pixels are not those of the source")


def _near(region: Image.Image, pixels: Image.Image, noise: float, name: str) -> None:
    if "A" in region.getbands():
        _identical(region.getchannel("A"), pixels.getchannel("A"), name)
        region, pixels = region.convert("RGB"), pixels.convert("RGB")
    limits = _limits(region.size, noise)
    one, other = _brightness(region), _brightness(pixels)
    off = _rms(one, other)
    if off > limits.brightness:
        raise _wrong(name, f"its brightness is off by {off:.1f} levels")
    stray = _stray(region, pixels)
    if stray > limits.colour:
        raise _wrong(name, f"a part of it is off by {stray} levels")
    _in_place(one, other, off, name)


@frozen
class _Limits:
    """How many levels one more encoding may add: to the brightness of pixels, to the mean colour of a square."""

    brightness: float
    colour: float


def _limits(size: tuple[int, int], noise: float) -> _Limits:
    """Measured on noise, stripes and photographs at all qualities; the slack is what stored-at-half chroma adds."""
    width, height = size
    whole = _ceiling(width) * _ceiling(height)
    # The encoder fills blocks up and spreads its error over all of them; the few pixels of a sliver may get most of it.
    share = math.sqrt(whole / (width * height))
    if min(size) >= _SQUARE:
        return _Limits(5 + 1.25 * noise * share, 12 + noise)
    return _Limits(12 + 2 * noise * share, 48 + 2 * noise * share)


def _ceiling(side: int) -> int:
    return -(-side // _SQUARE) * _SQUARE


def _brightness(pixels: Image.Image) -> Image.Image:
    return pixels.convert("L")


def _rms(one: Image.Image, other: Image.Image) -> float:
    return ImageStat.Stat(ImageChops.difference(one, other)).rms[0]


def _stray(one: Image.Image, other: Image.Image) -> int:
    """The largest difference between the means of small squares, over all channels."""
    width, height = (side // _SQUARE * _SQUARE or side for side in one.size)  # whole squares, where there are any
    reduced = (picture.crop((0, 0, width, height)).reduce(_SQUARE) for picture in (one, other))
    small = ImageChops.difference(*reduced)
    return max(high for _, high in ImageStat.Stat(small).extrema)


def _in_place(region: Image.Image, pixels: Image.Image, off: float, name: str) -> None:
    width, height = region.size
    if min(width, height) < _SMALLEST_TO_SHIFT:
        return
    inner = pixels.crop((1, 1, width - 1, height - 1))
    for across, down in _SHIFTS:
        moved = region.crop((1 + across, 1 + down, width - 1 + across, height - 1 + down))
        if _rms(moved, inner) + _SLACK < off * _SURE:
            raise _wrong(name, "it shows the region beside the one marked")


def _wrong(name: str, why: str) -> Unusable:
    return Unusable(f"the crop {name} is wrong: {why}. It was thrown away; nothing has moved.", reason="verification")
