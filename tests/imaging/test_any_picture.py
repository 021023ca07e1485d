"""Any small picture, with anything said about it, cropped anywhere: accepted."""

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from imaging import ladder
from imaging.verify import check
from ledger.values import PixelBox
from tests.imaging.crops import encode, source


def said(data, kind):
    """Some of what a format can say about its picture."""
    turn = Image.Exif()
    turn[0x0112] = data.draw(st.integers(1, 8))
    turn[0x010E] = data.draw(st.sampled_from(["", "a cat"]))
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", "a cat, Steps: 20")
    known = {
        "exif": (("PNG", "JPEG", "WEBP", "TIFF"), turn),
        "icc_profile": (("PNG", "JPEG", "WEBP", "TIFF"), bytes(3) + b"\x80" + bytes(124)),
        "xmp": (("JPEG", "WEBP"), xmp),
        "tiffinfo": (("TIFF",), {0x2BC: xmp, 0x10F: "a maker"}),
        "pnginfo": (("PNG",), text),
        "dpi": (("PNG", "JPEG", "TIFF", "BMP"), (300, 300)),
        "comment": (("JPEG",), b"a comment"),
    }
    chosen = data.draw(st.sets(st.sampled_from(sorted(known))))
    return {name: known[name][1] for name in sorted(chosen) if kind in known[name][0]}


@pytest.mark.parametrize("is_fast", [True, False])
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_box_of_any_small_picture_is_encoded_and_accepted(is_fast, data):
    kind, modes = data.draw(
        st.sampled_from(
            [
                ("PNG", ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
                ("TIFF", ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16")),
                ("WEBP", ("RGB", "RGBA")),
                ("JPEG", ("L", "RGB", "CMYK")),
                ("BMP", ("1", "L", "P", "RGB")),
            ]
        )
    )
    mode = data.draw(st.sampled_from(modes))
    width, height = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    noise = random.Random(data.draw(st.integers(0, 99))).randbytes(width * height * 3)  # noqa: S311
    picture = Image.frombytes("RGB", (width, height), noise).convert("I" if mode == "I;16" else mode).convert(mode)
    options = said(data, kind) | ({"lossless": data.draw(st.booleans())} if kind == "WEBP" else {})
    allowed, ladder.FAST_ALLOWED = ladder.FAST_ALLOWED, is_fast
    try:
        origin = source(kind, picture, **options)
        shown = origin.dimensions
        left, top = data.draw(st.integers(0, shown.width_px - 1)), data.draw(st.integers(0, shown.height_px - 1))
        right = data.draw(st.integers(left + 1, shown.width_px))
        bottom = data.draw(st.integers(top + 1, shown.height_px))
        cut = origin.region(PixelBox(left, top, right, bottom))
        check(origin, cut, io.BytesIO(encode(origin, cut)), "crop")
    finally:
        ladder.FAST_ALLOWED = allowed
