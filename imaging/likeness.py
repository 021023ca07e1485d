"""Is this the region, encoded once more by a lossy format?

It may differ from the source's pixels by what one more encoding costs, no more: brightness pixel by pixel, colour in
the mean of small squares (chroma is stored at half size), and in place: the region must fit better than the same
region moved by one pixel.
"""

import math

from attrs import frozen
from PIL import Image, ImageChops, ImageStat

_SQUARE = 8
_SMALLEST_TO_SHIFT = 64
_SHIFTS = ((-1, 0), (1, 0), (0, -1), (0, 1))
_SLACK, _SURE = 0.5, 0.9
"""Grey levels, and a share, by which chance may favour a moved region on a flat or a coarse picture."""


def unlike(region: Image.Image, pixels: Image.Image, noise: float) -> str | None:
    """Why these pixels are not the region encoded once more with this noise (`Header.noise`); None if they are."""
    limits = _limits(region.size, noise)
    one, other = _brightness(region), _brightness(pixels)
    off = _rms(one, other)
    if off > limits.brightness:
        return f"its brightness is off by {off:.1f} levels"
    stray = _stray(region, pixels)
    if stray > limits.colour:
        return f"a part of it is off by {stray} levels"
    return None if _is_in_place(one, other, off) else "it shows the region beside the one marked"


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


def _is_in_place(region: Image.Image, pixels: Image.Image, off: float) -> bool:
    width, height = region.size
    if min(width, height) < _SMALLEST_TO_SHIFT:
        return True
    inner = pixels.crop((1, 1, width - 1, height - 1))
    for across, down in _SHIFTS:
        moved = region.crop((1 + across, 1 + down, width - 1 + across, height - 1 + down))
        if _rms(moved, inner) + _SLACK < off * _SURE:
            return False
    return True
