"""AVIF: what is lossless stays so, by libvips; a lossy one can only be encoded again, by Pillow, which is said.

Lossless means colours kept as they are (no matrix) at full range, none stored at a part of the size: what encoders
write when nothing is to be lost (ISO/IEC 23091-2, matrix 0). AVIF is turned by its own properties, not by EXIF. Only
the coded picture is made anew; profile, EXIF, XMP and the like are carried over into the new container.
"""

import io
from typing import BinaryIO

from attrs import evolve
from PIL import AvifImagePlugin, Image, features

from imaging import ladder
from imaging.formats import ifd, pictures
from imaging.formats.header import Encoded, Header, Malformed, animated
from imaging.formats.isobmff import Container, Item, Reference, box, parse
from imaging.formats.isobmff_build import built
from imaging.pixels import Pixels, Strips, channels
from imaging.problems import Unusable
from ledger.values import PixelBox

NAME = "AVIF"
MEND = "pip install 'cropledger[fast]'"
_NOISE = 8.0
_QUALITY = 92
_CARRIED = frozenset((b"irot", b"imir", b"pasp", b"clli", b"mdcv", b"cclv", b"amve"))
_TRANSFORMS = frozenset((b"irot", b"imir"))
_CODED = frozenset((b"av1C", b"ispe", b"pixi", b"auxC", b"colr"))
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
_ORIENTATIONS = {
    (0, None): 1, (0, 0): 4, (0, 1): 2, (1, None): 8, (1, 0): 5, (1, 1): 7, (2, None): 3, (2, 0): 2, (2, 1): 4,
    (3, None): 6, (3, 0): 7, (3, 1): 5,
}  # fmt: skip
"""By quarter turns to the left, and the axis by which it is mirrored then, if so."""

AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # threads are ours


def header(stream: BinaryIO) -> Header:
    """Read the boxes; raises `Malformed` or `Unusable`."""
    container = parse(stream.read())
    if b"moov" in container.names:
        raise animated("an animated AVIF")
    main = container.items[container.primary]
    if main.kind != b"av01":
        raise Unusable(f"its main image is of kind {_shown(main.kind)}, not one coded picture", reason="unsupported")
    size, coded = main.property(b"ispe"), main.property(b"av1C")
    if size is None or len(size) < 12 or coded is None or len(coded) < 4:
        raise Malformed("it states no size or no coding")
    mode = ("L" if _is_grey(coded) else "RGB") + ("A" if _alpha(container) is not None else "")
    lossless = _is_lossless(main, coded)
    noise = 0.0 if lossless else _NOISE
    return Header(
        NAME, mode, int.from_bytes(size[4:8], "big"), int.from_bytes(size[8:12], "big"), _orientation(main),
        lossless=lossless, noise=noise, alpha_noise=noise, damage=_damage(container, main, coded, mode),
    )  # fmt: skip


def _shown(kind: bytes) -> str:
    return kind.decode("ascii", "replace").strip()


def _is_grey(coded: bytes) -> bool:
    return bool(coded[2] & 16)


def _is_lossless(main: Item, coded: bytes) -> bool:
    matrix = next((body for body in _colours(main) if body[:4] == b"nclx"), b"")
    return len(matrix) >= 11 and matrix[8:10] == b"\0\0" and bool(matrix[10] & 128) and not coded[2] & (16 | 8 | 4)


def _colours(main: Item) -> list[bytes]:
    return [whole[8:] for whole, _ in main.properties if whole[4:8] == b"colr"]


def _orientation(main: Item) -> int:
    turn, mirror = main.property(b"irot"), main.property(b"imir")
    return _ORIENTATIONS[turn[0] & 3 if turn else 0, mirror[0] & 1 if mirror else None]


def _alpha(container: Container) -> int | None:
    """The item that holds the alpha of the main image."""
    for reference in container.references:
        if reference.kind == b"auxl" and container.primary in reference.targets:
            kind = container.items[reference.origin].property(b"auxC") if reference.origin in container.items else None
            if kind is not None and kind[4:].rstrip(b"\0") in _ALPHA:
                return reference.origin
    return None


def _damage(container: Container, main: Item, coded: bytes, mode: str) -> str | None:
    if not features.check("avif"):
        return "an AVIF, which Pillow reads from version 11.3 on"
    if coded[2] & 64:
        return f"an AVIF of {12 if coded[2] & 32 else 10} bits: the decoder would keep 8"
    if mode == "LA":
        return "an AVIF of grey with alpha: the decoder would make colours of it"
    known = _CODED | _CARRIED
    if unknown := {whole[4:8] for whole, _ in main.properties} - known:
        return f"an AVIF with {', '.join(sorted(map(_shown, unknown)))}: a crop could not keep it"
    if any(reference.kind == b"prem" for reference in container.references):
        return "an AVIF with premultiplied alpha: the decoder would divide and round it"
    images = {number for number, item in container.items.items() if item.kind not in (b"Exif", b"mime")}
    if images - {container.primary, _alpha(container)} - _thumbnails(container):
        return "an AVIF with further images (a depth or gain map, or a sequence of them): a crop would lose them"
    return None


def _thumbnails(container: Container) -> set[int]:
    return {reference.origin for reference in container.references if reference.kind == b"thmb"}


def region(stream: BinaryIO, found: Header, box: PixelBox) -> Pixels:  # noqa: ARG001  # the signature of every format
    """The box, in the stored frame, of a source."""
    return pictures.region(pictures.whole(stream), NAME, box)


def picture(raw: bytes) -> Image.Image:
    """All of it, to look at."""
    return pictures.opened(raw, NAME)


def read_back(stream: BinaryIO, found: Header) -> Strips:
    """The pixels of a crop: by dav1d, in Pillow, while aom encoded it, in libvips or in Pillow."""
    return Strips.of(region(stream, found, PixelBox(0, 0, found.width_px, found.height_px)))


def encode(stream: BinaryIO, found: Header, cut: Pixels) -> Encoded:
    """An AVIF of the same kind of these pixels, with everything that is said about the source."""
    source = parse(pictures.whole(stream))
    coded = parse(_lossless(cut) if found.lossless else _lossy(source, cut))
    warnings: tuple[str, ...] = () if found.lossless else ("generation_loss",)
    if _thumbnails(source):
        warnings += ("chunk_dropped",)
    return Encoded((built(_joined(source, coded, cut.width_px, cut.height_px)),), warnings)


def _lossless(cut: Pixels) -> bytes:
    fast = ladder.fast()
    if fast is None:
        raise Unusable("a lossless AVIF is not written without libvips", reason="unsupported", mend=MEND)
    try:
        image = fast.vips.Image.new_from_memory(cut.samples, cut.width_px, cut.height_px, channels(cut.mode), "uchar")
        image = image.copy(interpretation="srgb")
        return bytes(image.heifsave_buffer(compression="av1", lossless=True, effort=4))
    except fast.vips.Error as error:
        raise Malformed(" ".join(str(error).split())) from error


def _lossy(source: Container, cut: Pixels) -> bytes:
    coded = source.items[source.primary].property(b"av1C") or b"\0\0\0\0"
    sampling = {0: "4:4:4", 8: "4:2:2", 12: "4:2:0"}.get(coded[2] & 12, "4:2:0")
    out = io.BytesIO()
    cut.picture().save(out, NAME, quality=_QUALITY, subsampling="4:0:0" if _is_grey(coded) else sampling, speed=6)
    return out.getvalue()


def _joined(source: Container, coded: Container, width_px: int, height_px: int) -> Container:
    """The coded picture with what is said about the source's."""
    main, alpha = coded.items[coded.primary], _alpha(coded)
    had = source.items[source.primary]
    turns = tuple(each for each in had.properties if each[0][4:8] in _TRANSFORMS)
    said = tuple(each for each in had.properties if each[0][4:8] in _CARRIED - _TRANSFORMS)
    items = {1: evolve(main, properties=(*_own(main), *_colour(had, main), *said, *turns))}
    references = []
    if alpha is not None:
        items[2] = evolve(coded.items[alpha], properties=(*_own(coded.items[alpha]), *turns))
        references.append(Reference(b"auxl", 2, (1,)))
    for item in _described(source, width_px, height_px):
        items[len(items) + 1] = item
        references.append(Reference(b"cdsc", len(items), (1,)))
    return Container(coded.brand, 1, items, tuple(references))


def _own(item: Item) -> tuple[tuple[bytes, bool], ...]:
    return tuple(each for each in item.properties if each[0][4:8] in _CODED - {b"colr"})


def _colour(had: Item, has: Item) -> list[tuple[bytes, bool]]:
    """The source's profile and meaning of colours, with the matrix in which the crop is coded."""
    new = next((body for body in _colours(has) if body[:4] == b"nclx"), None)
    old = next((body for body in _colours(had) if body[:4] == b"nclx"), None)
    found = [body for body in _colours(had) if body[:4] != b"nclx"]
    if new is not None:
        found.append(b"nclx" + (old or new)[4:8] + new[8:])
    return [(box(b"colr", body), False) for body in found]


def _described(container: Container, width_px: int, height_px: int) -> list[Item]:
    """EXIF and XMP as they must read in a crop of this size."""
    about = {each.origin for each in container.references if each.kind == b"cdsc" and container.primary in each.targets}
    found = []
    for number in sorted(about & set(container.items)):
        item = container.items[number]
        if item.kind == b"Exif":
            start = 4 + int.from_bytes(item.content[:4], "big")
            resized = ifd.resized(item.content[start:], width_px, height_px)
            item = evolve(item, content=item.content[:start] + resized)
        found.append(evolve(item, properties=()))
    return found


def metadata(stream: BinaryIO, width_px: int, height_px: int) -> object:
    """Profile, turns, EXIF and XMP as they must read in a crop of this size; equal for a source and its crop."""
    container = parse(pictures.whole(stream))
    main = container.items[container.primary]
    colours = [body for body in _colours(main) if body[:4] != b"nclx"]
    said = sorted(whole for whole, _ in main.properties if whole[4:8] in _CARRIED)
    return colours, said, _described(container, width_px, height_px)
