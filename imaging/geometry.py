"""Boxes between the frame a person saw and the frame the file stores; pure arithmetic.

A file stores its pixels in one frame; the EXIF orientation says how a viewer turns them. Boxes are drawn on the turned
image, pixels are cut from the stored one.
"""

from typing import Literal

from attrs import frozen

from imaging.problems import Unusable
from ledger.errors import Invalid
from ledger.values import Box, Dimensions, PixelBox

Orientation = Literal[1, 2, 3, 4, 5, 6, 7, 8]

_TURNED_ON_THE_SIDE = (5, 6, 7, 8)


def swaps_sides(orientation: int) -> bool:
    """Whether this orientation shows the stored width as the height."""
    return orientation in _TURNED_ON_THE_SIDE


def displayed(stored: Dimensions, orientation: int) -> Dimensions:
    """The size a viewer shows for an image stored with this size; the same function leads back."""
    return Dimensions(stored.height_px, stored.width_px) if swaps_sides(orientation) else stored


def to_stored(box: PixelBox, shown: Dimensions, orientation: int) -> PixelBox:
    """The box in the stored frame for a box in the displayed frame, whose size is `shown`."""
    _inside(box, shown)
    across, down = shown.width_px, shown.height_px
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    mirrored_x, mirrored_y = (across - right, across - left), (down - bottom, down - top)
    x, y = {
        1: ((left, right), (top, bottom)),
        2: (mirrored_x, (top, bottom)),
        3: (mirrored_x, mirrored_y),
        4: ((left, right), mirrored_y),
        5: ((top, bottom), (left, right)),
        6: ((top, bottom), mirrored_x),
        7: (mirrored_y, mirrored_x),
        8: (mirrored_y, (left, right)),
    }[orientation]
    return PixelBox(x[0], y[0], x[1], y[1])


_INVERSE = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}


def to_displayed(box: PixelBox, stored: Dimensions, orientation: int) -> PixelBox:
    """The box in the displayed frame for a box in the stored frame, whose size is `stored`."""
    # Going back is going forth with the inverse turn: only the quarter turns 6 and 8 differ from their inverse.
    return to_stored(box, stored, _INVERSE[orientation])


def on_grid(box: PixelBox, shown: Dimensions, orientation: int, grid: tuple[int, int]) -> PixelBox:
    """The box in the displayed frame, widened until its left and top in the stored frame lie on the grid."""
    stored = to_stored(box, shown, orientation)
    across, down = grid
    wider = PixelBox(stored.left - stored.left % across, stored.top - stored.top % down, stored.right, stored.bottom)
    return to_displayed(wider, displayed(shown, orientation), orientation)


def _inside(box: PixelBox, frame: Dimensions) -> None:
    if not box.inside(frame):
        raise Invalid(f"the box {box} leaves the image, which is {frame} pixels")


@frozen
class Placed:
    """A recorded box in pixels of the image as it is now, with the codes of what is odd about that."""

    pixel_box: PixelBox
    warnings: tuple[str, ...] = ()


def place(box: Box, *, recorded: Dimensions, actual: Dimensions) -> Placed:
    """The box in pixels of the actual image; raises `Unusable` (`aspect_changed`) if it lost its meaning."""
    if recorded == actual:
        return Placed(box.denormalise(actual))
    if not same_aspect(recorded, actual):
        raise Unusable(
            f"the box was drawn on {recorded} pixels, the image is now {actual}: another shape, so the box "
            "no longer means what was drawn.",
            reason="aspect_changed",
            mend="Record the crop again.",
        )
    return Placed(box.denormalise(actual), ("dimension_drift",))


def same_aspect(one: Dimensions, other: Dimensions) -> bool:
    """Whether one size is the other scaled and rounded: some factor gives both sides to within one pixel."""
    return _scales_to(one, other) or _scales_to(other, one)


def _scales_to(one: Dimensions, other: Dimensions) -> bool:
    # |w2/w1 - h2/h1| <= 1/w1 or 1/h1, in whole numbers: scaling by either side's factor misses by at most a pixel.
    difference = abs(other.width_px * one.height_px - other.height_px * one.width_px)
    return difference <= max(one.width_px, one.height_px)
