"""Is this file the crop of that source? It is read back from the disk, by other code than wrote it where there is some.

Compared pixel by pixel where the format is lossless, by `imaging.likeness` where it is not.
"""

from pathlib import Path
from typing import BinaryIO

from attrs import frozen

from imaging.decode import FAULTS, format_at, read_back, read_header, region
from imaging.formats.header import Header
from imaging.geometry import displayed, to_stored
from imaging.likeness import unlike
from imaging.pixels import Pixels
from imaging.problems import Unusable
from imaging.read import digest, open_plain
from ledger.events.crops import CropStarted
from ledger.values import Dimensions, PixelBox


@frozen
class Source:
    """What crops are cut from and compared with."""

    stream: BinaryIO
    """The open file, from which only the box is decoded."""
    name: str
    header: Header

    @property
    def dimensions(self) -> Dimensions:
        """Size as displayed."""
        return displayed(Dimensions(self.header.width_px, self.header.height_px), self.header.orientation)

    def region(self, box: PixelBox) -> Pixels:
        """What a box in the displayed frame cuts out, as stored; raises `Unusable`."""
        return region(self.stream, self.header, self.stored(box), self.name)

    def stored(self, box: PixelBox) -> PixelBox:
        """A box in the displayed frame as it lies in the stored one."""
        return to_stored(box, self.dimensions, self.header.orientation)


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


def source_of(stream: BinaryIO, name: str) -> Source:
    """An open file as a source; raises `Unusable`."""
    return Source(stream, name, read_header(stream, name))


def is_whole(plan: CropStarted) -> bool:
    """Whether the box is the whole image, so that its bytes are kept as they are."""
    return plan.pixel_box == PixelBox(0, 0, plan.dimensions.width_px, plan.dimensions.height_px)


def verified(
    source: Source, plan: CropStarted, place: Path, *, cut: Pixels | None = None, expected: str | None = None
) -> Written:
    """What stands at `place`, read back from the disk; raises `Unusable` (`verification`) if it is not the crop.

    `cut` is the source's region and `expected` the sha256 of what was written, where they are still at hand.
    """
    with open_plain(place) as (stream, state):
        sha256 = _intact(stream, place, expected)
        cut = cut or source.region(plan.pixel_box)
        pixels = check(source, cut, stream, str(place), whole_blocks=plan.whole_blocks)
    return Written(sha256, state.st_size, pixels)


def verified_whole(plan: CropStarted, place: Path) -> Written:
    """The same for a crop of the whole image: its bytes must be the source's."""
    with open_plain(place) as (stream, state):
        return Written(_intact(stream, place, plan.sha256), state.st_size, None)


def _intact(stream: BinaryIO, place: Path, expected: str | None) -> str:
    sha256 = digest(stream)
    if expected is not None and sha256 != expected:
        raise _wrong(str(place), "it does not hold the bytes that were written")
    return sha256


def check(source: Source, cut: Pixels, crop: BinaryIO, name: str, *, whole_blocks: bool = False) -> str:
    """sha256 of the crop's pixels; raises `Unusable` (`verification`) if they are not those cut from the source.

    `whole_blocks` says that a lossy crop was cut without decoding it: then its pixels are the source's as well.
    """
    try:
        header = read_header(crop, name)
        _same_kind(source.header, header, name)
        pixels = read_back(crop, header, name)
    except Unusable as refusal:
        if refusal.reason == "verification":
            raise
        raise _wrong(name, f"it does not read back ({refusal.message})") from refusal
    if pixels.size != cut.size:
        raise _wrong(name, f"it is {pixels.size}, not {cut.size}")
    _same_metadata(source, crop, cut.size, name)
    one, other = _comparable(cut, source.header), _comparable(pixels, source.header)
    if one.mode != other.mode:
        raise _wrong(name, f"its mode is {pixels.mode}, not {cut.mode}")
    if source.header.lossless:
        _identical(one, other, name)
    elif not (whole_blocks and _same_inside(one, other, source.header.grid, name)):
        _near(one, other, source.header.noise, name)
    return other.sha256()


def _comparable(pixels: Pixels, source: Header) -> Pixels:
    """WebP drops an alpha without effect. (Palettes are compared with the metadata.)"""
    if source.format == "WEBP" and pixels.mode == "RGBA":
        picture = pixels.picture()
        if picture.getchannel("A").getextrema() == (255, 255):
            return Pixels.of(picture.convert("RGB"))
    return pixels


def _same_kind(source: Header, crop: Header, name: str) -> None:
    # An opaque region of a WebP with alpha has none: the format stores the channel only where it is used.
    had, has = source.mode, crop.mode
    if source.format == "WEBP":
        had, has = had.removesuffix("A"), has.removesuffix("A")
    if (source.format, had, source.orientation, source.lossless) != (crop.format, has, crop.orientation, crop.lossless):
        wanted = f"{source.format} {source.mode} with orientation {source.orientation}"
        raise _wrong(name, f"it is {crop.format} {crop.mode} with orientation {crop.orientation}, not {wanted}")


def _same_metadata(source: Source, crop: BinaryIO, size: tuple[int, int], name: str) -> None:
    module = format_at(crop, name)
    try:
        kept = module.metadata(crop, *size) == module.metadata(source.stream, *size)
    except FAULTS as error:
        raise _wrong(name, f"its metadata does not read back ({error})") from error
    if not kept:
        raise _wrong(name, "its metadata is not the source's")


def _identical(cut: Pixels, pixels: Pixels, name: str) -> None:
    if not cut.same_samples(pixels):
        raise _wrong(name, "its pixels are not those of the source")


def _same_inside(cut: Pixels, pixels: Pixels, grid: tuple[int, int], name: str) -> bool:
    """Whether there is an inside, which must be the same; at the edges colour stored at a part of the size is spread
    over neighbours that a crop lacks.
    """
    across, down = ((block // 8 - 1) * 2 for block in grid)
    width, height = cut.size
    if width <= 2 * across or height <= 2 * down:
        return False
    if not cut.same_samples(pixels, inside=(across, down)):
        raise _wrong(name, "its pixels are not those of the source")
    return True


def _near(cut: Pixels, pixels: Pixels, noise: float, name: str) -> None:
    one, other = cut.picture(), pixels.picture()
    if "A" in one.getbands():
        if one.getchannel("A").tobytes() != other.getchannel("A").tobytes():
            raise _wrong(name, "its transparency is not that of the source")
        one, other = one.convert("RGB"), other.convert("RGB")
    if (why := unlike(one, other, noise)) is not None:
        raise _wrong(name, why)


def _wrong(name: str, why: str) -> Unusable:
    return Unusable(f"the crop {name} is wrong: {why}. It was thrown away; nothing has moved.", reason="verification")
