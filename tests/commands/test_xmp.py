"""Crops in XMP: written here and read here, in both frames and both styles; what is hostile or odd is told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.exporting.xmp import STYLES, NoCrop, read, sidecar
from ledger.errors import Invalid
from ledger.values import Dimensions, PixelBox

SHOWN = Dimensions(600, 400)
DRAWN = PixelBox(60, 100, 330, 390)


@st.composite
def drawings(draw):
    width, height = draw(st.integers(1, 9000)), draw(st.integers(1, 9000))
    left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    right, bottom = draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height))
    return Dimensions(width, height), PixelBox(left, top, right, bottom)


@given(drawings(), st.integers(1, 8), st.sampled_from(STYLES))
def test_every_box_comes_back_to_the_pixel(drawing, orientation, style):
    shown, drawn = drawing
    found = read(sidecar(drawn.normalise(shown), shown, orientation, style).encode())
    assert found.box(shown, orientation).denormalise(shown) == drawn


def test_adobe_s_numbers_are_those_of_the_image_as_stored():
    text = sidecar(DRAWN.normalise(SHOWN), SHOWN, 6, "adobe")
    # Shown is turned by a quarter to the right: what was drawn from 60 to 330 across lies from 270 to 540 up.
    for said in ('CropLeft="0.25"', 'CropRight="0.975"', 'CropTop="0.45"', 'CropBottom="0.9"', 'Orientation="6"'):
        assert said in text


ELEMENTS = """<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
<rdf:Description rdf:about='' xmlns:crs='http://ns.adobe.com/camera-raw-settings/1.0/'>
<crs:CropLeft>0.1</crs:CropLeft><crs:CropTop>0.25</crs:CropTop><crs:CropRight>0.55</crs:CropRight>
<crs:CropBottom>0.975</crs:CropBottom><crs:HasCrop>True</crs:HasCrop>{more}</rdf:Description></rdf:RDF></x:xmpmeta>"""


def without_adobe():
    """darktable's history alone."""
    return sidecar(DRAWN.normalise(SHOWN), SHOWN, 6, "darktable").replace("True", "False")


def test_the_other_way_of_writing_xmp_is_read_too():
    found = read(ELEMENTS.format(more="").encode())
    assert found.orientation is None
    assert found.box(SHOWN, 1).denormalise(SHOWN) == DRAWN


def test_what_the_sidecar_says_of_the_orientation_goes_before_the_image_s():
    found = read(sidecar(DRAWN.normalise(SHOWN), SHOWN, 6, "adobe").encode())
    assert found.box(SHOWN, 1).denormalise(SHOWN) == DRAWN


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (ELEMENTS.format(more="<crs:CropAngle>1.5</crs:CropAngle>"), "angle"),
        (ELEMENTS.format(more="").replace("True", "False"), "holds no crop"),
        (ELEMENTS.format(more="").replace("0.55", "much"), "no number"),
        (without_adobe().replace('params="', 'params="gz'), "form"),
        (without_adobe().replace('enabled="1"', 'enabled="0"'), "no crop"),
    ],
)  # fmt: skip
def test_what_no_box_can_say_is_told(text, why):
    with pytest.raises(NoCrop, match=why):
        read(text.encode())


def test_darktable_s_history_alone_is_enough():
    found = read(without_adobe().encode())
    assert not found.stored
    assert found.box(SHOWN, 6).denormalise(SHOWN) == DRAWN


@pytest.mark.parametrize(
    "text",
    [
        b"", b"no xml", b"<x/", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"<x>" + bytes(5_000_000) + b"</x>",
        ELEMENTS.format(more="").replace("0.55", "nan").encode(),
        ELEMENTS.format(more="").replace("0.55", "1e9").encode(),
    ],
)  # fmt: skip
def test_what_is_no_sidecar_or_no_box_is_invalid(text):
    with pytest.raises(Invalid):
        read(text).box(SHOWN, 1)
