"""A rectangle of samples, between the decoder that read it and the encoder that writes it."""

import hashlib
from collections.abc import Iterator
from typing import Self

from attrs import frozen
from PIL import Image

_CHANNELS = {"1": 1, "L": 1, "P": 1, "I": 1, "F": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}
_BITS = {"1": 1, "I": 32, "F": 32}
_BLOCK = 1 << 20


@frozen(eq=False)
class Pixels:
    """Rows of samples from top to bottom, without anything between them.

    16-bit samples begin with the high byte in a PNG's pixels, and with the low one in pictures of Pillow's.
    """

    mode: str
    """As in `Header.mode`: `RGB`, `P;4`, `I;16`, `RGBA;16`."""
    width_px: int
    height_px: int
    samples: bytes | memoryview
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

    def picture(self) -> Image.Image:
        """As Pillow holds it, for the modes it has."""
        picture = Image.frombytes(self.mode, self.size, bytes(self.samples))
        if self.palette is not None:
            picture.putpalette(self.palette)
        return picture

    def same_samples(self, other: "Pixels", inside: tuple[int, int] = (0, 0)) -> bool:
        """Whether both have the same bytes, but for so many columns and rows at each edge; nothing is held twice."""
        if len(self.samples) != len(other.samples):
            return False
        mine, its = memoryview(self.samples), memoryview(other.samples)
        # A bytearray compares with any buffer as fast as memory goes; two views compare item by item.
        return all(bytearray(mine[begin:end]) == its[begin:end] for begin, end in self._spans(*inside))

    def _spans(self, across: int, down: int) -> Iterator[tuple[int, int]]:
        if (across, down) == (0, 0):
            yield from ((begin, begin + _BLOCK) for begin in range(0, len(self.samples), _BLOCK))
            return
        margin = stride(self.mode, across)
        for row in range(down, self.height_px - down):
            yield row * self.stride + margin, (row + 1) * self.stride - margin

    def sha256(self) -> str:
        """A hash of mode, size and samples (of a palette picture: its indices), whatever file holds them."""
        digest = hashlib.sha256(f"{self.mode} {self.width_px}x{self.height_px}\n".encode())
        digest.update(self.samples)
        return digest.hexdigest()


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
