"""JPEG: the source's tables, subsampling and segments; only the coefficients are computed anew."""

import io
import math
import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, cast

from PIL import Image, JpegImagePlugin

from imaging import ladder, vips
from imaging.formats import ifd, jpeg_turbo, pictures
from imaging.formats.ending import refuse_jpeg_without_end
from imaging.formats.header import Encoded, Header, Malformed, animated
from imaging.formats.jpeg_segments import Segment, refuse_too_many_scans, segments
from imaging.memory import give_back
from imaging.pixels import Pixels, Strips, channels
from ledger.values import PixelBox

NAME = "JPEG"
_DQT, _DRI, _COM, _APP0, _APP1, _APP2, _APP14, _APP15 = 0xDB, 0xDD, 0xFE, 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL_OR_PROGRESSIVE = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)
_SEQUENTIAL = (0xC0, 0xC1)
_PROGRESSIVE = (0xC2, 0xCA)
_EXIF = b"Exif\0\0"
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}


def header(stream: BinaryIO) -> Header:
    """Read the segments up to the first scan; raises `Malformed` or `Unusable`."""
    frame: Segment | None = None
    turn, noise = 1, 0.0
    for marker, body in segments(stream):
        if marker in _FRAMES:
            frame = marker, body
        elif marker == _DQT:
            noise = max(noise, *_noise(body))
        elif marker == _APP1 and body.startswith(_EXIF):
            turn = ifd.orientation(body[len(_EXIF) :])
        elif marker == _APP2 and body.startswith(b"MPF\0"):
            raise animated("a multi-picture JPEG (MPO, or a photo with a gain map or preview behind it)")
    if frame is None or len(frame[1]) < 6:
        raise Malformed("it has no frame")
    depth, height, width, components = struct.unpack(">BHHB", frame[1][:6])
    if components not in _MODES or not width or not height:
        raise Malformed(f"a frame of {width}x{height} with {components} components")
    if frame[0] in _PROGRESSIVE:
        refuse_too_many_scans(stream)
    refuse_jpeg_without_end(stream)
    return Header(
        NAME, _MODES[components], width, height, turn,
        lossless=False, noise=noise, grid=_grid(frame[1]), damage=_damage(frame[0], depth),
    )  # fmt: skip


def _grid(frame: bytes) -> tuple[int, int]:
    """The size of an MCU: eight times the largest sampling factors, or eight where there is but one component."""
    factors = frame[7::3]
    if len(factors) < 2:
        return 8, 8
    return 8 * max(factor >> 4 for factor in factors), 8 * max(factor & 15 for factor in factors)


def _noise(body: bytes) -> Iterator[float]:
    """For each quantisation table: rounding by a step q errs by q / sqrt(12), and the transform keeps squares."""
    place = 0
    while place < len(body):
        code = ">64H" if body[place] >> 4 else ">64B"
        steps = struct.unpack_from(code, body, place + 1)
        place += 1 + struct.calcsize(code)
        yield math.sqrt(sum(step * step for step in steps) / 64 / 12)


def _damage(marker: int, depth: int) -> str | None:
    if depth != 8:
        return f"a {depth}-bit JPEG: the encoder writes 8 bits"
    if marker not in _SEQUENTIAL_OR_PROGRESSIVE:
        return "a lossless or hierarchical JPEG: the encoder cannot write one"
    return None


def region(stream: BinaryIO, found: Header, box: PixelBox) -> Pixels:
    """The box, in the stored frame, of a source."""
    fast = ladder.fast()
    if fast and _is_for_vips(stream, found):
        try:
            return vips.region(fast, stream, found.mode, box)
        except vips.Unread:
            pass  # whether the file is to blame, Pillow says
    return pictures.region(pictures.whole(stream), NAME, box)


def picture(raw: bytes) -> Image.Image:
    """All of it, to look at."""
    return pictures.opened(raw, NAME)


def _is_for_vips(stream: BinaryIO, found: Header) -> bool:
    # Four inks and components that are red, green and blue have too many readings to leave them to two libraries.
    stream.seek(0)
    return found.mode == "L" or (found.mode == "RGB" and not any(m == _APP14 for m, _ in segments(stream)))


def read_back(stream: BinaryIO, found: Header) -> Strips:
    """The pixels of a crop: Pillow or libturbojpeg wrote it, each of which has an encoder and a decoder of its own."""
    fast, size = ladder.fast(), (found.width_px, found.height_px)
    if fast and _is_for_vips(stream, found):
        try:
            return vips.strips(fast, stream, found.mode, size)
        except vips.Unread:
            pass  # whether the file is to blame, another says
    if library := ladder.turbojpeg():
        return Strips.of(jpeg_turbo.decoded(library, pictures.whole(stream), found.mode, size))
    return Strips.of(pictures.region(pictures.whole(stream), NAME, PixelBox(0, 0, *size)))


def encode(stream: BinaryIO, found: Header, cut: Pixels) -> Encoded:
    """The pixels with the source's tables, subsampling and segments."""
    raw = pictures.whole(stream)
    kept = metadata(stream, cut.width_px, cut.height_px)
    options, warnings = _options(raw)
    warnings += _trailing(stream, raw)
    del raw  # before the largest thing in memory: the picture as Pillow holds it
    out = io.BytesIO()
    cut.picture().save(out, NAME, **options)
    return Encoded(_spliced(kept, out.getvalue(), found.mode), warnings)


def cut_whole_blocks(stream: BinaryIO, found: Header, box: PixelBox) -> Encoded:
    """The box, whose left and top lie on the grid of the stored frame, with its coefficients and segments untouched."""
    give_back()
    raw = _to_be_changed(stream)
    warnings = _trailing(stream, raw)
    shortened = _end_below(box, raw, stream, found)
    picture = jpeg_turbo.cut(raw, box, progressive=_is_progressive(stream), shortened=shortened)
    size = box.dimensions
    return Encoded(_spliced(metadata(stream, size.width_px, size.height_px), picture, found.mode), warnings)


def _to_be_changed(stream: BinaryIO) -> bytearray:
    raw = bytearray(stream.seek(0, os.SEEK_END))
    stream.seek(0)
    cast("io.BufferedReader", stream).readinto(raw)  # the file is never in memory twice
    return raw


def _is_progressive(stream: BinaryIO) -> bool:
    stream.seek(0)
    return any(marker in _PROGRESSIVE for marker, _ in segments(stream))


def _end_below(box: PixelBox, raw: bytearray, stream: BinaryIO, found: Header) -> bool:
    """Let the frame in `raw` end with the last blocks of the box; False where it must stay as it is.

    A decoder holds the coefficients of all that the frame claims, twice the bytes of its pixels. Where everything is in
    one scan without a break it reads that from the top, and what is below can be left out.
    """
    place, scan, broken = 0, b"", False
    stream.seek(0)
    for marker, scan in segments(stream):  # the last one: the scan
        if marker in _SEQUENTIAL:
            place = stream.tell() - len(scan) + 1
        broken = broken or marker == _DRI
    height = -(-box.bottom // found.grid[1]) * found.grid[1]
    if not place or broken or scan[0] != channels(found.mode) or height >= found.height_px:
        return False
    struct.pack_into(">H", raw, place, height)
    return True


def _options(raw: bytes) -> tuple[dict[str, object], tuple[str, ...]]:
    with Image.open(io.BytesIO(raw), formats=[NAME]) as image:
        assert isinstance(image, JpegImagePlugin.JpegImageFile)  # noqa: S101  # the only class for this format
        sampling = JpegImagePlugin.get_sampling(image)
        unusual = len(image.layer) == 3 and sampling == -1
        ids = tuple(layer[0] for layer in image.layer)
        options: dict[str, object] = {
            "qtables": _tables([image.quantization[layer[3]] for layer in image.layer]),
            # What the encoder has no name for keeps all its colour rather than losing some.
            "subsampling": 0 if unusual else sampling,
            "progressive": bool(image.info.get("progressive")),
            "keep_rgb": image.info.get("adobe_transform") == 0 or ids == (0x52, 0x47, 0x42),
        }
    return options, ("subsampling_changed",) if unusual else ()


def _tables(by_component: list[list[int]]) -> list[list[int]]:
    """The encoder gives table n to component n, and the last one to those that remain."""
    if len(by_component) != 3:
        return by_component[:1]
    return by_component[:2] if by_component[1] == by_component[2] else by_component


def _spliced(kept: list[Segment], encoded: bytes, mode: str) -> Iterator[bytes]:
    """The encoder's picture with the source's application and comment segments in front of it."""
    stream = io.BytesIO(encoded)
    picture = [segment for segment in segments(stream) if not _is_carried(segment[0], mode)]
    yield b"\xff\xd8"
    yield from (_segment(marker, body) for marker, body in (*kept, *picture))
    yield encoded[stream.tell() :]


def metadata(stream: BinaryIO, width_px: int, height_px: int) -> list[Segment]:
    """The application and comment segments as they must read in a crop of this size; equal for source and crop."""
    stream.seek(0)
    mode = header(stream).mode
    stream.seek(0)
    kept = []
    for marker, body in segments(stream):
        if not _is_carried(marker, mode):
            continue
        if marker == _APP1 and body.startswith(_EXIF):
            body = _EXIF + ifd.resized(body[len(_EXIF) :], width_px, height_px)  # noqa: PLW2901  # the same segment
        kept.append((marker, body))
    return kept


def _is_carried(marker: int, mode: str) -> bool:
    if marker == _APP14:
        # Adobe's segment says how four inks are coded; the encoder decides that, so its own has to stand.
        return mode != "CMYK"
    return _APP0 <= marker <= _APP15 or marker == _COM


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def _trailing(stream: BinaryIO, raw: bytes | bytearray) -> tuple[str, ...]:
    # Phones append films and thumbnails behind the picture. They stay with the original in the archive.
    stream.seek(0)
    for _ in segments(stream):
        pass  # leaves the stream at the pixels, in which no byte pair can be mistaken for the end
    end = raw.find(b"\xff\xd9", stream.tell())
    return ("trailing_dropped",) if raw[end + 2 :].strip(b"\0\n\r") else ()
