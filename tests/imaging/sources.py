"""A small source for every path through the engine: by format, mode, depth and what is lost."""

import io
import struct

import pytest
from PIL import Image, features

from tests.imaging.pngs import png_of

SMALL, LARGE = (61, 43), (161, 143)
"""What is lossless is told apart by a single pixel; what is lossy needs room for that."""


def _by_pillow(kind, mode, size=SMALL, **options):
    def make(textured):
        out = io.BytesIO()
        textured(size, mode).save(out, kind, **options)
        return out.getvalue()

    return make


def _deep_png(colour, channels):
    def pixel(x, y):
        return b"".join(struct.pack(">H", (x * 263 + y * 1031 + n * 9973) & 0xFFFF) for n in range(channels))

    return lambda _: png_of(*SMALL, 16, colour, pixel)


def _deep_tiff(mode, bands, **options):
    def make(_):
        import pyvips

        samples = b"".join(struct.pack("<H", n * 40503 & 0xFFFF) for n in range(SMALL[0] * SMALL[1] * bands))
        image = pyvips.Image.new_from_memory(samples, *SMALL, bands, "ushort")
        return image.copy(interpretation=mode).tiffsave_buffer(**options)

    return make


def _lossless_avif(mode):
    def make(textured):
        import pyvips

        picture = textured(SMALL, mode)
        image = pyvips.Image.new_from_memory(picture.tobytes(), *SMALL, len(mode), "uchar")
        return image.copy(interpretation="srgb").heifsave_buffer(compression="av1", lossless=True, effort=0)

    return make


LOSSLESS = {
    **{f"PNG {mode}": _by_pillow("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")},
    "PNG RGB with a transparent colour": _by_pillow("PNG", "RGB", transparency=(1, 2, 3)),
    "PNG LA;16": _deep_png(4, 2),
    "PNG RGB;16": _deep_png(2, 3),
    "PNG RGBA;16": _deep_png(6, 4),
    **{
        f"TIFF {mode}": _by_pillow("TIFF", mode)
        for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F")
    },
    "TIFF I;16, high byte first": _by_pillow("TIFF", "I;16B"),
    "TIFF 1, as a fax": _by_pillow("TIFF", "1", compression="group4"),
    "TIFF RGB, LZW": _by_pillow("TIFF", "RGB", compression="tiff_lzw"),
    "TIFF RGB;16": _deep_tiff("rgb16", 3),
    "TIFF CMYK;16, deflated": _deep_tiff("cmyk", 4, compression="deflate", predictor="horizontal"),
    **{f"WEBP {mode}, lossless": _by_pillow("WEBP", mode, lossless=True, method=0) for mode in ("RGB", "RGBA")},
    **{f"BMP {mode}": _by_pillow("BMP", mode) for mode in ("1", "L", "P", "RGB")},
    **{f"AVIF {mode}, lossless": _lossless_avif(mode) for mode in ("RGB", "RGBA")},
}

LOSSY = {
    **{f"JPEG {mode}": _by_pillow("JPEG", mode, LARGE, quality=90) for mode in ("L", "RGB", "CMYK")},
    "JPEG RGB, progressive": _by_pillow("JPEG", "RGB", LARGE, quality=80, progressive=True),
    **{f"WEBP {mode}": _by_pillow("WEBP", mode, LARGE, quality=90, method=0) for mode in ("RGB", "RGBA")},
    **{f"AVIF {mode}": _by_pillow("AVIF", mode, LARGE, quality=90, speed=10) for mode in ("RGB", "RGBA")},
}


def made(name, textured, rung):
    """The file; skips what this machine or this rung does not have."""
    if name.startswith("AVIF") and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    if name in LOSSLESS and (name.startswith("AVIF") or name in ("TIFF RGB;16", "TIFF CMYK;16, deflated")):
        pytest.importorskip("pyvips")
        if name.startswith("AVIF") and rung == "Pillow":
            pytest.skip("without libvips it is refused")
    return (LOSSLESS | LOSSY)[name](textured)


def suffix_of(name):
    """What such a file is called."""
    return "." + name.partition(" ")[0].lower()


def looked_at(raw):
    """All of it as Pillow sees it."""
    with Image.open(io.BytesIO(raw)) as image:
        image.load()
        return image
