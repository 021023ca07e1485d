"""Observe an image: its header and its sha256, without decoding it. What recording 10,000 images costs is here."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from attrs import frozen

from imaging import ladder
from imaging.decode import decode, read_header
from imaging.formats.header import Header
from imaging.geometry import displayed
from imaging.problems import Unusable, naming
from imaging.zones import canonical
from ledger.values import Dimensions

_BLOCK = 1 << 18


@frozen
class ImageFile:
    """An image file as found on disk at one moment."""

    path: Path
    """Canonical absolute path."""
    format: str
    """PNG, JPEG, WEBP, AVIF, TIFF or BMP, by its content."""
    mode: str
    """Colour and depth, such as `RGB`, `P;4`, `I;16`."""
    orientation: int
    """EXIF orientation, 1 to 8."""
    dimensions: Dimensions
    """Size as displayed."""
    size_bytes: int
    """Length of the file."""
    modified_ns: int
    """Modification time, nanoseconds since the epoch."""
    sha256: str
    """sha256 of the file."""
    lossless: bool = True
    """Whether a pixel decodes to what was encoded."""
    grid: tuple[int, int] = (1, 1)
    """Width and height of the blocks, in the stored frame, at whose edges it can be cut without decoding it."""


@contextmanager
def open_plain(path: Path) -> Iterator[tuple[BinaryIO, os.stat_result]]:
    """Open a regular file and nothing else: a FIFO would hang, a device may never end. Raises `Unusable`."""
    with naming(path):
        _plain(path, path.lstat())
        # Without blocking and links: the file may have been swapped since we looked.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        state = os.fstat(stream.fileno())
        _plain(path, state)
        with naming(path):
            yield stream, state


def _plain(path: Path, state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        kind = "a directory" if stat.S_ISDIR(state.st_mode) else "not a regular file"
        raise Unusable(f"{path} is {kind}.", reason="unsupported")


def observe(path: str | os.PathLike[str], *, decode_check: bool = False) -> ImageFile:
    """What the file is and holds now; raises `Unusable`, or `Invalid` for a path that cannot be one.

    Reads the header and hashes the bytes; with `decode_check` also decodes every pixel.
    """
    place = canonical(path)
    with open_plain(place) as (stream, before):
        header = read_header(stream, str(place))
        sha256 = digest(stream)
        if decode_check:
            decode(stream, str(place))
        unchanged(place, before, os.fstat(stream.fileno()))
    return _image_file(place, header, before, sha256)


def glance(path: str | os.PathLike[str], sha256: str) -> ImageFile:
    """What `observe` says, from the header alone: the content is believed to be that with this sha256.

    For looking at thousands of files whose sizes and times say that nobody changed them. Raises what `observe` does.
    """
    place = canonical(path)
    with open_plain(place) as (stream, state):
        header = read_header(stream, str(place))
    return _image_file(place, header, state, sha256)


def _image_file(place: Path, header: Header, state: os.stat_result, sha256: str) -> ImageFile:
    stored = Dimensions(header.width_px, header.height_px)
    return ImageFile(
        place, header.format, header.mode, header.orientation, displayed(stored, header.orientation),
        state.st_size, state.st_mtime_ns, sha256,
        header.lossless, header.grid,
    )  # fmt: skip


def read_whole(path: Path) -> tuple[bytes, os.stat_result]:
    """All bytes of a regular file and its state; raises `Unusable` if it changes meanwhile."""
    with open_plain(path) as (stream, before):
        raw = stream.read()
        unchanged(path, before, os.fstat(stream.fileno()))
    return raw, before


def sha256_of(path: Path) -> str:
    """sha256 of a regular file."""
    with open_plain(path) as (stream, _):
        return digest(stream)


def digest(stream: BinaryIO) -> str:
    """sha256 of an open file, from its beginning."""
    stream.seek(0)
    found = hashlib.sha256()
    while block := stream.read(_BLOCK):
        found.update(block)
    return found.hexdigest()


def digest_and_checksum(stream: BinaryIO) -> tuple[str, int]:
    """sha256 and CRC-32 of an open file, from its beginning."""
    stream.seek(0)
    found, crc32, checksum = hashlib.sha256(), ladder.crc32(), 0
    while block := stream.read(_BLOCK):
        found.update(block)
        checksum = crc32(block, checksum)
    return found.hexdigest(), checksum


def unchanged(path: Path, before: os.stat_result, after: os.stat_result) -> None:
    """Raise `Unusable` if a file was written to between these two looks at it."""
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise Unusable(f"{path} changed while it was read.", reason="changed", transient=True)
