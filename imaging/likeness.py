"""Is this the region, encoded once more by a lossy format?

It may differ from the source's pixels by what one more encoding costs, no more: brightness pixel by pixel, colour in
the mean of small squares (chroma is stored at half size), and in place: the region must fit better than the same
region moved by one pixel. Strip by strip: two whole pictures as Pillow holds them would be the largest thing in memory.
"""

import math

from attrs import Factory, define, frozen
from PIL import Image, ImageChops, ImageStat

from imaging.pixels import Pixels

_SQUARE = 8
_SMALLEST_TO_SHIFT = 64
_SHIFTS = ((-1, 0), (1, 0), (0, -1), (0, 1))
_SLACK, _SURE = 0.5, 0.9
"""Grey levels, and a share, by which chance may favour a moved region on a flat or a coarse picture."""


@define
class Likeness:
    """What was seen of a crop so far, beside the region that it should show."""

    region: Pixels
    noise: float
    """`Header.noise`"""
    alpha_noise: float = 0.0
    """`Header.alpha_noise`; without any, transparency must be the same."""
    _seen_px: int = 0
    _top: int = 0
    _same_alpha: bool = True
    _off: float = 0.0
    """Sum of squares, over all pixels."""
    _stray: int = 0
    _moved: list[list[float]] = Factory(lambda: [[0.0, 0.0] for _ in _SHIFTS])
    """For each shift the sum of squares and the number of pixels."""

    def see(self, strip: Pixels) -> None:
        """The next rows of the crop; a number that eight divides, but for the last ones."""
        one, other = self.region.rows(self._top, strip.height_px).picture(), strip.picture()
        if "A" in one.getbands():
            self._same_alpha &= self._alike(one.getchannel("A"), other.getchannel("A"))
            one, other = one.convert("RGB"), other.convert("RGB")
        grey = other.convert("L")
        self._off += _squares(one.convert("L"), grey)
        self._stray = max(self._stray, _stray(one, other, is_all=strip.height_px == self.region.height_px))
        if min(self.region.size) >= _SMALLEST_TO_SHIFT:
            self._compare_with_neighbours(grey)
        self._seen_px += strip.width_px * strip.height_px
        self._top += strip.height_px

    def _alike(self, one: Image.Image, other: Image.Image) -> bool:
        """Whether these are the same transparencies, strip by strip."""
        if not self.alpha_noise:
            return one.tobytes() == other.tobytes()
        limits = _limits(one.size, self.alpha_noise)
        off = math.sqrt(_squares(one, other) / (one.width * one.height))
        return off <= limits.brightness and _stray(one, other, is_all=True) <= limits.colour

    def _compare_with_neighbours(self, grey: Image.Image) -> None:
        width, height = self.region.size
        first, behind = max(self._top, 1), min(self._top + grey.height, height - 1)
        if first >= behind:
            return
        around = self.region.rows(first - 1, behind - first + 2).picture().convert("L")
        inner = grey.crop((1, first - self._top, width - 1, behind - self._top))
        for (across, down), found in zip(_SHIFTS, self._moved, strict=True):
            place = (1 + across, 1 + down, width - 1 + across, 1 + down + inner.height)
            found[0] += _squares(around.crop(place), inner)
            found[1] += inner.width * inner.height

    def unlike(self) -> str | None:
        """Once all is seen: why it is not the region encoded once more with this noise; None if it is."""
        if not self._same_alpha:
            return "its transparency is not that of the source"
        limits, off = _limits(self.region.size, self.noise), math.sqrt(self._off / self._seen_px)
        if off > limits.brightness:
            return f"its brightness is off by {off:.1f} levels"
        if self._stray > limits.colour:
            return f"a part of it is off by {self._stray} levels"
        moved = (math.sqrt(squares / count) for squares, count in self._moved if count)
        return "it shows the region beside the one marked" if any(m + _SLACK < off * _SURE for m in moved) else None


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


def _squares(one: Image.Image, other: Image.Image) -> float:
    return ImageStat.Stat(ImageChops.difference(one, other)).sum2[0]


def _stray(one: Image.Image, other: Image.Image, *, is_all: bool) -> int:
    """The largest difference between the means of small squares, over all channels."""
    width, height = (side // _SQUARE * _SQUARE for side in one.size)  # whole squares, where there are any
    if not height and not is_all:
        return 0
    whole = (0, 0, width or one.width, height or one.height)
    small = ImageChops.difference(*(picture.crop(whole).reduce(_SQUARE) for picture in (one, other)))
    return max(high for _, high in ImageStat.Stat(small).extrema)
