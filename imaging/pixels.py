"""A rectangle of samples, between the decoder that read it and the encoder that writes it."""

import hashlib
from collections.abc import Iterator
from typing import Self

from attrs import frozen
from PIL import Image

_CHANNELS = {"1": 1, "L": 1, "P": 1, "I": 1, "F": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}
_BITS = {"1": 1, "I": 32, "F": 32}
_BLOCK = 1 << 18


@frozen(eq=False)
class Pixels:
    """Rows of samples from top to bottom, without anything between them.

    16-bit samples begin with the high byte in a PNG's pixels, and with the low one in pictures of Pillow's.
    """

    mode: str
    """As in `Header.mode`: `RGB`, `P;4`, `I;16`, `RGBA;16`."""
    width_px: int
    height_px: int
    samples: bytes | bytearray | memoryview
    """Each row begins on a byte."""
    palette: bytes | None = None
    """Red, green and blue of each index, for formats in which it belongs to the picture."""

    @classmethod
    def of(cls, picture: Image.Image) -> Self:
        """Of a picture as Pillow holds it."""
        palette = bytes(picture.getpalette() or ()) if picture.mode == "P" else None
        return cls(picture.mode, *picture.size, picture.tobytes(), palette)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width_px, self.height_px

    @property
    def stride(self) -> int:
        """Bytes in a row."""
        return stride(self.mode, self.width_px)

    def rows(self, top: int, count: int) -> "Pixels":
        """So many rows from one on, without holding them twice."""
        view = memoryview(self.samples)[top * self.stride : (top + count) * self.stride]
        return Pixels(self.mode, self.width_px, count, view, self.palette)

    def picture(self) -> Image.Image:
        """As Pillow holds it, for the modes it has."""
        picture = Image.frombytes(self.mode, self.size, self.samples)
        if self.palette is not None:
            picture.putpalette(self.palette)
        return picture

    def same_samples(self, other: "Pixels", margin: int = 0) -> bool:
        """Whether both have the same bytes, but for so many columns at the left and right; nothing is held twice."""
        if len(self.samples) != len(other.samples):
            return False
        mine, its = memoryview(self.samples), memoryview(other.samples)
        # A bytearray compares with any buffer as fast as memory goes; two views compare item by item.
        return all(bytearray(mine[begin:end]) == its[begin:end] for begin, end in self._spans(margin))

    def _spans(self, margin: int) -> Iterator[tuple[int, int]]:
        if not margin:
            yield from ((begin, begin + _BLOCK) for begin in range(0, len(self.samples), _BLOCK))
            return
        edge = stride(self.mode, margin)
        for begin in range(0, len(self.samples), self.stride):
            yield begin + edge, begin + self.stride - edge


@frozen(eq=False)
class Strips:
    """A picture as it is read: rows from top to bottom, some at a time, so that never all of them are held."""

    mode: str
    width_px: int
    height_px: int
    each: Iterator[Pixels]
    """As wide as the whole; together as high."""

    @classmethod
    def of(cls, whole: Pixels) -> Self:
        """Of what can only be read at once."""
        return cls(whole.mode, *whole.size, iter((whole,)))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width_px, self.height_px

    def whole(self) -> Pixels:
        """All of it at once."""
        return Pixels(self.mode, *self.size, b"".join(strip.samples for strip in self.each))

    def digest(self) -> "hashlib._Hash":
        """A hash that has seen mode and size; with all samples (of a palette: all indices) it is that of the pixels."""
        return hashlib.sha256(f"{self.mode} {self.width_px}x{self.height_px}\n".encode())


def channels(mode: str) -> int:
    """How many samples make a pixel."""
    name = mode.partition(";")[0]
    return _CHANNELS[name]


def bits(mode: str) -> int:
    """How many bits make a sample."""
    name, _, depth = mode.partition(";")
    return int(depth) if depth.isdigit() else _BITS.get(name, 8)


def stride(mode: str, width_px: int) -> int:
    """Bytes in a row of this width."""
    return (width_px * channels(mode) * bits(mode) + 7) // 8
