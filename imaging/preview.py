"""A small JPEG of an image, as a person sees it: what pages show. A copy to look at; no file is written here."""

import io

from PIL import Image

from imaging.decode import FAULTS, picture, read_header
from imaging.formats.header import Header
from imaging.problems import Unusable

LARGEST_PX = 1600
"""The longer side of a preview."""

QUALITY = 85

_BEHIND = (128, 128, 128)
"""What shows through where an image is transparent."""

_LARGEST_PROFILE = 1 << 20
_TRANSPARENT = ("LA", "PA", "RGBA", "La", "RGBa")


def preview_of(raw: bytes, name: str, *, largest_px: int = LARGEST_PX) -> bytes:
    """The image in these bytes as JPEG: turned as its orientation says, no side longer than `largest_px`, its colours.

    Never larger than the image is. Raises `Unusable` for what cannot be decoded; `name` stands in the message.
    """
    header = read_header(io.BytesIO(raw), name)
    try:
        pixels = _coarse_jpeg(raw, largest_px) if header.format == "JPEG" else picture(raw, name)
        small = _smooth(pixels)
        small.thumbnail((largest_px, largest_px), Image.Resampling.LANCZOS, reducing_gap=2.0)
        return _encoded(_turned(_opaque(small), header.orientation), _profile(raw, header))
    except FAULTS as error:
        raise Unusable(f"{name} cannot be shown: {str(error) or type(error).__name__}.", reason="unreadable") from error


def _coarse_jpeg(raw: bytes, largest_px: int) -> Image.Image:
    """The pixels at an eighth, a quarter or half of the size, where that is enough: a tenth of the time."""
    with Image.open(io.BytesIO(raw), formats=["JPEG"]) as image:
        image.draft(None, (largest_px, largest_px))
        image.load()
        return image.copy()


def _smooth(pixels: Image.Image) -> Image.Image:
    """The same picture in a mode that scales smoothly, 8 bits each."""
    if pixels.mode.startswith("I"):  # 16 bits: `convert` would cut off all but the darkest
        return pixels.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if pixels.mode in _TRANSPARENT or "transparency" in pixels.info:
        return pixels.convert("RGBA")
    return pixels if pixels.mode in {"L", "RGB"} else pixels.convert("RGB")


def _opaque(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    behind = Image.new("RGB", picture.size, _BEHIND)
    behind.paste(picture, mask=picture.getchannel("A"))
    return behind


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""From the stored to the displayed frame, by EXIF orientation (CIPA DC-008, tag 274)."""


def _turned(picture: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def _profile(raw: bytes, header: Header) -> bytes | None:
    """The colour profile, where a JPEG of this kind can carry it."""
    with Image.open(io.BytesIO(raw), formats=[header.format]) as image:
        profile = image.info.get("icc_profile")
    return profile if isinstance(profile, bytes) and len(profile) <= _LARGEST_PROFILE else None


def _encoded(picture: Image.Image, profile: bytes | None) -> bytes:
    colours = {"RGB": b"RGB ", "L": b"GRAY"}[picture.mode]
    kept = {"icc_profile": profile} if profile and profile[16:20] == colours else {}
    picture.info.clear()  # a comment would be carried along
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, **kept)
    return out.getvalue()
