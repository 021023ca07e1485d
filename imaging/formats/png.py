"""PNG: only the pixels are encoded; every other chunk is carried over byte for byte, in its place.

Which library decodes and encodes them is said in `imaging.ladder`.
"""

import io
import struct
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from PIL import Image

from imaging import ladder, vips
from imaging.formats import ifd, pictures, png_pillow, png_rows
from imaging.formats.header import Encoded, Header, Malformed, animated, exactly
from imaging.formats.png_chunks import SIGNATURE, Chunk, pixels, walk, without_pixels
from imaging.pixels import Pixels, Strips, bits
from ledger.values import PixelBox

NAME = "PNG"
_MODES = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_COLOURS = {name: colour for colour, name in _MODES.items()} | {"I": 0}
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")
# Chunks that depend on the pixels by the letter of the specification, and whose meaning survives a crop.
_UNDERSTOOD = frozenset(
    (b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"bKGD", b"hIST", b"tRNS", b"cICP", b"mDCV", b"cLLI", b"mDCv",
     b"cLLi", b"tIME", b"pCAL", b"sCAL")
)  # fmt: skip
_FOR_THE_DECODER = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")


def header(stream: BinaryIO) -> Header:
    """Read IHDR and walk over the chunks without reading pixels; raises `Malformed` or `Unusable`."""
    found: Header | None = None
    has_pixels, keyed, turn = False, False, 1
    for name, length in walk(stream):
        if name == b"IHDR":
            found = _from_ihdr(exactly(stream, length))
        elif name == b"eXIf":
            turn = ifd.orientation(exactly(stream, length))
        elif name == b"tRNS":
            keyed = True
        elif name in _ANIMATION:
            raise animated("an animated PNG (APNG)")
        has_pixels = has_pixels or name == b"IDAT"
    if found is None or not has_pixels:
        raise Malformed("it has no IHDR or no pixels")
    return Header(NAME, found.mode, found.width_px, found.height_px, turn, keyed=keyed)


def _from_ihdr(body: bytes) -> Header:
    if len(body) != 13:
        raise Malformed("IHDR has a wrong length")
    width, height, depth, colour, *_ = struct.unpack(">IIBBBBB", body)
    if depth not in _DEPTHS.get(colour, ()):
        raise Malformed(f"colour type {colour} with {depth} bits does not exist")
    mode = _MODES[colour]
    if depth == 16 and mode == "L":
        return Header(NAME, "I;16", width, height)
    return Header(NAME, mode if depth == 8 else f"{mode};{depth}", width, height)


def region(stream: BinaryIO, found: Header, box: PixelBox) -> Pixels:
    """The box, in the stored frame, of a source."""
    fast = ladder.fast()
    # libvips unfolds palettes and small samples, and makes a channel of a transparent colour.
    if fast and bits(found.mode) >= 8 and found.mode != "P" and not found.keyed:
        for _ in pixels(stream):
            pass  # checks every checksum, also of what lies below the box
        try:
            return vips.region(fast, stream, found.mode, box)
        except vips.Unread:
            pass  # whether the file is to blame, Pillow says
    return _by_pillow(stream, found.mode, box)


def _by_pillow(stream: BinaryIO, mode: str, box: PixelBox) -> Pixels:
    """The decoder sees nothing but size, palette and pixels, so no other chunk can trouble it."""
    return png_pillow.region(SIGNATURE + b"".join(map(bytes, _bare(stream))), mode, box)


def _bare(stream: BinaryIO) -> Iterator[Chunk]:
    for chunk in without_pixels(stream):
        if chunk.name == b"IDAT":
            yield from (Chunk(b"IDAT", body) for body in pixels(stream))
        elif chunk.name in _FOR_THE_DECODER:
            yield chunk


def picture(raw: bytes) -> Image.Image:
    """All of it, to look at: 16 bits as 8."""
    return pictures.opened(SIGNATURE + b"".join(map(bytes, _bare(io.BytesIO(raw)))), NAME)


def read_back(stream: BinaryIO, found: Header) -> Strips:
    """The pixels of a crop, by another decoder than the source's."""
    size, fast = (found.width_px, found.height_px), ladder.fast()
    if fast:
        strips = png_rows.uncompressed(pixels(stream), found.mode, size, fast)
        try:
            return Strips(found.mode, *size, chain((next(strips),), strips))
        except png_rows.Unfamiliar:
            pass  # not of this engine's writing: an interrupted crop of an older one
    return Strips.of(_by_pillow(stream, found.mode, PixelBox(0, 0, *size)))


def encode(stream: BinaryIO, found: Header, cut: Pixels) -> Encoded:
    """A PNG of these pixels with everything else taken from the source."""
    kept, dropped = _carried(without_pixels(stream), cut.width_px, cut.height_px)
    return Encoded(_pieces(kept, cut, found), ("chunk_dropped",) if dropped else ())


def _pieces(kept: list[tuple[bool, Chunk]], cut: Pixels, found: Header) -> Iterator[bytes]:
    colour = _COLOURS[found.mode.partition(";")[0]]
    ihdr = struct.pack(">IIBBBBB", cut.width_px, cut.height_px, bits(found.mode), colour, 0, 0, 0)
    yield SIGNATURE + bytes(Chunk(b"IHDR", ihdr))
    yield from (bytes(chunk) for after, chunk in kept if not after)
    for body in png_rows.compressed(cut, ladder.fast()):
        yield bytes(Chunk(b"IDAT", body))
    yield from (bytes(chunk) for after, chunk in kept if after)
    yield bytes(Chunk(b"IEND", b""))


def metadata(stream: BinaryIO, width_px: int, height_px: int) -> object:
    """Everything but the pixels, as it must read in a crop of this size; equal for a source and its crop."""
    source = without_pixels(stream)
    return source[0].body[8:10], _carried(source, width_px, height_px)[0]


def _carried(source: list[Chunk], width_px: int, height_px: int) -> tuple[list[tuple[bool, Chunk]], bool]:
    """The chunks a crop keeps, each with whether it stands behind the pixels, and whether any had to be left."""
    kept, after, dropped = [], False, False
    for chunk in source:
        after = after or chunk.name == b"IDAT"
        if chunk.name in (b"IHDR", b"IDAT", b"IEND"):
            continue
        if not _survives(chunk.name):
            dropped = True
            continue
        body = ifd.resized(chunk.body, width_px, height_px) if chunk.name == b"eXIf" else chunk.body
        kept.append((after, Chunk(chunk.name, body)))
    return kept, dropped


def _survives(name: bytes) -> bool:
    # The case of the fourth letter says whether an unknown chunk stays true when the pixels change (iDOT does not:
    # it points into the old IDAT and Apple's decoders follow it).
    return name == b"PLTE" or name in _UNDERSTOOD or name[3:4].islower()
