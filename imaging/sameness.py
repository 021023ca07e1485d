"""Are these the region's pixels, every sample of them?"""

from attrs import define

from imaging.pixels import Pixels


@define
class Sameness:
    """What was seen of a crop so far, beside the region that it should hold."""

    region: Pixels
    margin: tuple[int, int] = (0, 0)
    """Columns and rows at each edge that may differ."""
    _top: int = 0
    _is_same: bool = True

    def see(self, strip: Pixels) -> None:
        """The next rows of the crop."""
        across, down = self.margin
        first = max(self._top, down)
        count = min(self._top + strip.height_px, self.region.height_px - down) - first
        if count > 0 and self._is_same:
            seen = strip.rows(first - self._top, count)
            self._is_same = self.region.rows(first, count).same_samples(seen, across)
        self._top += strip.height_px

    def unlike(self) -> str | None:
        """Once all is seen: why it is not the region; None if it is."""
        return None if self._is_same else "its pixels are not those of the source"
