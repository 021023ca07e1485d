"""PNG: every chunk but the pixels is carried over byte for byte, Pillow encodes nothing but the pixels.

Pillow reads 16-bit colour as 8-bit and rewrites text, profiles and palettes in its own way. So the chunks are read
here (they are few lines), Pillow sees a file that holds only size, palette and pixels, and the crop is put together
from the encoder's IDAT and the source's other chunks.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from attrs import frozen
from PIL import Image

from imaging.formats import ifd
from imaging.formats.header import Header, Malformed, animated, exactly
from imaging.problems import Unusable

NAME = "PNG"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MODES = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")
# Chunks that depend on the pixels by the letter of the specification, and whose meaning survives a crop.
_UNDERSTOOD = frozenset(
    (b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"bKGD", b"hIST", b"tRNS", b"cICP", b"mDCV", b"cLLI", b"mDCv",
     b"cLLi", b"tIME",
        b"pCAL", b"sCAL")
)  # fmt: skip
_FOR_THE_DECODER = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")


@frozen
class Chunk:
    """A piece of a PNG file: a four-letter name and its bytes."""

    name: bytes
    body: bytes

    def __bytes__(self) -> bytes:
        checksum = zlib.crc32(self.body, zlib.crc32(self.name))
        return struct.pack(">I", len(self.body)) + self.name + self.body + struct.pack(">I", checksum)


def header(stream: BinaryIO) -> Header:
    """Read IHDR and walk over the chunks without reading pixels; raises `Malformed` or `Unusable`."""
    exactly(stream, len(SIGNATURE))
    found: Header | None = None
    pixels, turn = False, 1
    for name, length in _walk(stream):
        if name == b"IHDR":
            found = _from_ihdr(exactly(stream, length))
        elif name == b"eXIf":
            turn = ifd.orientation(exactly(stream, length))
        elif name in _ANIMATION:
            raise animated("an animated PNG (APNG)")
        pixels = pixels or name == b"IDAT"
    if found is None or not pixels:
        raise Malformed("it has no IHDR or no pixels")
    return Header(NAME, found.mode, found.width_px, found.height_px, turn, damage=found.damage)


def _walk(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Each chunk's name and length, with the stream at its body; ends after IEND."""
    name = b""
    while name != b"IEND":
        length, name = struct.unpack(">I4s", exactly(stream, 8))
        _refuse_unknown(name)
        body = stream.tell()
        if not name.isalpha() or (body == len(SIGNATURE) + 8) != (name == b"IHDR"):
            raise Malformed(f"chunk {name!r} cannot stand at byte {body - 8}")
        yield name, length
        stream.seek(body + length)
        exactly(stream, 4)


def _from_ihdr(body: bytes) -> Header:
    if len(body) != 13:
        raise Malformed("IHDR has a wrong length")
    width, height, depth, colour, *_ = struct.unpack(">IIBBBBB", body)
    if depth not in _DEPTHS.get(colour, ()):
        raise Malformed(f"colour type {colour} with {depth} bits does not exist")
    mode = _MODES[colour]
    if depth == 16 and mode == "L":
        return Header(NAME, "I;16", width, height)
    if depth == 16:
        why = f"a 16-bit {mode} PNG: the decoder would silently keep 8 of the 16 bits"
        return Header(NAME, f"{mode};16", width, height, damage=why)
    return Header(NAME, mode if depth == 8 else f"{mode};{depth}", width, height)


def _refuse_unknown(name: bytes) -> None:
    if name == b"CgBI":
        raise Unusable("this is an Apple CgBI file, whose colours are stored in another way", reason="unsupported")
    if name[:1].isupper() and name not in _CRITICAL:
        raise Malformed(f"unknown critical chunk {name!r}")


def chunks(raw: bytes) -> list[Chunk]:
    """All chunks of a file, checksums verified; raises `Malformed`."""
    stream = io.BytesIO(raw)
    exactly(stream, len(SIGNATURE))
    found = []
    for name, length in _walk(stream):
        start = stream.tell()
        body = raw[start : start + length]
        if raw[start + length : start + length + 4] != struct.pack(">I", zlib.crc32(body, zlib.crc32(name))):
            raise Malformed(f"the checksum of chunk {name.decode('ascii')} is wrong")
        found.append(Chunk(name, body))
    return found


def decode(raw: bytes) -> Image.Image:
    """The pixels. The decoder sees nothing but size, palette and pixels, so no other chunk can trouble it."""
    bare = b"".join(bytes(chunk) for chunk in chunks(raw) if chunk.name in _FOR_THE_DECODER)
    with Image.open(io.BytesIO(SIGNATURE + bare), formats=[NAME]) as image:
        image.load()
        return image.copy()


def encode(raw: bytes, region: Image.Image) -> tuple[bytes, tuple[str, ...]]:
    """The region as a PNG with everything else taken from the source; also the codes of what had to be left."""
    source = chunks(raw)
    depth = source[0].body[8]
    kept, dropped = _carried(source, region.width, region.height)
    ihdr, idat = _encode_pixels(region, depth)
    before = [chunk for after, chunk in kept if not after]
    behind = [chunk for after, chunk in kept if after]
    parts = [ihdr, *before, *idat, *behind, Chunk(b"IEND", b"")]
    return SIGNATURE + b"".join(map(bytes, parts)), ("chunk_dropped",) if dropped else ()


def metadata(raw: bytes, width_px: int, height_px: int) -> object:
    """Everything but the pixels, as it must read in a crop of this size; equal for a source and its crop."""
    source = chunks(raw)
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


def _encode_pixels(region: Image.Image, depth: int) -> tuple[Chunk, list[Chunk]]:
    options: dict[str, int] = {}
    if region.mode == "P":
        # The encoder derives the depth from the palette's length: a palette of full length keeps the source's depth.
        region.putpalette(bytes(3 * (1 << depth)))
    if region.mode in ("P", "L"):
        options["bits"] = depth
    region.info.clear()
    out = io.BytesIO()
    # Level 1 is twice as fast as the default and smaller on photographs.
    region.save(out, NAME, compress_level=1, **options)
    written = chunks(out.getvalue())
    return written[0], [chunk for chunk in written if chunk.name == b"IDAT"]
