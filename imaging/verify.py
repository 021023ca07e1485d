"""Is this file the crop of that source? It is read back from the disk, by other code than wrote it where there is some.

Compared pixel by pixel by `imaging.sameness` where the format is lossless, by `imaging.likeness` where it is not.
"""

from pathlib import Path
from typing import BinaryIO, Protocol

from attrs import frozen

from imaging.decode import FAULTS, format_at, read_back, read_header, region
from imaging.formats.header import Header
from imaging.geometry import displayed, to_stored
from imaging.likeness import Likeness
from imaging.pixels import Pixels, Strips
from imaging.problems import Unusable
from imaging.read import digest, digest_and_checksum, open_plain
from imaging.sameness import Sameness
from ledger.events.crops import CropStarted
from ledger.values import Dimensions, PixelBox

_DROPS_IDLE_ALPHA = frozenset(("WEBP", "AVIF"))
_OTHER_BYTES = "it does not hold the bytes that were written"


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
    source: Source, plan: CropStarted, place: Path, *, cut: Pixels | None = None, checksum: int | None = None
) -> Written:
    """What stands at `place`, read back from the disk; raises `Unusable` (`verification`) if it is not the crop.

    `cut` is the source's region and `checksum` the CRC-32 of what was written, where they are still at hand.
    """
    with open_plain(place) as (stream, state):
        sha256 = _intact(stream, place, checksum)
        cut = cut or source.region(plan.pixel_box)
        pixels = check(source, cut, stream, str(place), whole_blocks=plan.whole_blocks)
    return Written(sha256, state.st_size, pixels)


def verified_whole(plan: CropStarted, place: Path) -> Written:
    """The same for a crop of the whole image: its bytes must be the source's."""
    with open_plain(place) as (stream, state):
        if (sha256 := digest(stream)) != plan.sha256:
            raise _wrong(str(place), _OTHER_BYTES)
    return Written(sha256, state.st_size, None)


def _intact(stream: BinaryIO, place: Path, expected: int | None) -> str:
    """sha256 of the file."""
    if expected is None:
        return digest(stream)
    sha256, found = digest_and_checksum(stream)
    if found != expected:
        raise _wrong(str(place), _OTHER_BYTES)
    return sha256


def check(source: Source, cut: Pixels, crop: BinaryIO, name: str, *, whole_blocks: bool = False) -> str:
    """sha256 of the crop's pixels; raises `Unusable` (`verification`) if they are not those cut from the source.

    `whole_blocks` says that a lossy crop was cut without decoding it: then its pixels are the source's as well.
    """
    try:
        header = read_header(crop, name)
        _same_kind(source.header, header, name)
        if (header.width_px, header.height_px) != cut.size:
            raise _wrong(name, f"it is {header.width_px}x{header.height_px}, not {cut.width_px}x{cut.height_px}")
        # Before its pixels: a decoder that is under way may hold the file's place.
        _same_metadata(source, crop, cut.size, name)
        one, other = _comparable(cut, read_back(crop, header, name), source.header)
        return _compared(one, other, _judge(one, source.header, whole_blocks=whole_blocks), name)
    except Unusable as refusal:
        if refusal.reason == "verification":
            raise
        raise _wrong(name, f"it does not read back ({refusal.message})") from refusal


def _comparable(cut: Pixels, found: Strips, source: Header) -> tuple[Pixels, Strips]:
    """WebP and AVIF drop an alpha without effect. (Palettes are compared with the metadata.)"""
    if source.format in _DROPS_IDLE_ALPHA and cut.mode == "RGBA":
        return _without_idle_alpha(cut), Strips.of(_without_idle_alpha(found.whole()))
    return cut, found


def _without_idle_alpha(pixels: Pixels) -> Pixels:
    if pixels.mode == "RGBA":
        picture = pixels.picture()
        if picture.getchannel("A").getextrema() == (255, 255):
            return Pixels.of(picture.convert("RGB"))
    return pixels


def _compared(cut: Pixels, found: Strips, judge: "Judge", name: str) -> str:
    """sha256 of the pixels found, each strip of which the judge has seen."""
    if (cut.mode, cut.size) != (found.mode, found.size):
        raise _wrong(name, f"it is {found.mode} of {found.size}, not {cut.mode} of {cut.size}")
    digest = found.digest()
    for strip in found.each:
        judge.see(strip)
        digest.update(strip.samples)
    if (why := judge.unlike()) is not None:
        raise _wrong(name, why)
    return digest.hexdigest()


class Judge(Protocol):
    """What finds out whether a crop is the region."""

    def see(self, strip: Pixels) -> None:
        """The next rows of the crop."""

    def unlike(self) -> str | None:
        """Once all is seen: why it is not the region; None if it is."""


def _judge(cut: Pixels, source: Header, *, whole_blocks: bool) -> Judge:
    if source.lossless:
        return Sameness(cut)
    # At the edges colour stored at a part of the size is spread over neighbours that a crop lacks.
    across, down = ((block // 8 - 1) * 2 for block in source.grid)
    if whole_blocks and cut.width_px > 2 * across and cut.height_px > 2 * down:
        return Sameness(cut, (across, down))
    return Likeness(cut, source.noise, source.alpha_noise)


def _same_kind(source: Header, crop: Header, name: str) -> None:
    # An opaque region of such a picture with alpha has none: the channel is stored only where it is used.
    had, has = source.mode, crop.mode
    if source.format in _DROPS_IDLE_ALPHA:
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


def _wrong(name: str, why: str) -> Unusable:
    return Unusable(f"the crop {name} is wrong: {why}. It was thrown away; nothing has moved.", reason="verification")
