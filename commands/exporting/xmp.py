"""Crops in XMP sidecars, as raw developers write and read them. Pure: text in, text out.

- Adobe's (`crs:HasCrop`, `crs:CropTop` ..., XMP specification part 2, Camera Raw): fractions of the image as stored, to
  be turned by `tiff:Orientation` afterwards.
- darktable's: a step of `darktable:history` named `crop`, whose parameters begin with left, top, right and bottom as
  little-endian floats: fractions of the image as displayed.
"""

import struct
import xml.etree.ElementTree as ET
from typing import Literal
from xml.sax.saxutils import quoteattr

from attrs import frozen

from imaging.geometry import displayed, to_displayed, to_stored
from ledger.errors import Invalid
from ledger.values import Box, Dimensions

Style = Literal["adobe", "darktable"]
STYLES: tuple[Style, ...] = ("adobe", "darktable")

_CRS, _TIFF = "http://ns.adobe.com/camera-raw-settings/1.0/", "http://ns.adobe.com/tiff/1.0/"
_RDF, _DT = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://darktable.sf.net/"
_MOST_BYTES = 4 << 20
_NO_ASPECT = -1
_PARAMETERS = "<ffffii"

_PACKET = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Cropledger">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
{spaces}
{values}>{history}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""
_HISTORY = """
   <darktable:history>
    <rdf:Seq>
     <rdf:li darktable:num="0" darktable:operation="crop" darktable:enabled="1" darktable:modversion="1"
      darktable:params="{params}" darktable:multi_name="" darktable:multi_priority="0"/>
    </rdf:Seq>
   </darktable:history>"""


class NoCrop(Exception):
    """A sidecar that holds no crop, or none that a box can say; the message is for a person."""


@frozen
class Sighted:
    """A crop found in a sidecar: fractions, of the image as stored or as displayed."""

    edges: tuple[float, float, float, float]
    """Left, top, right, bottom."""
    stored: bool
    orientation: int | None
    """What the sidecar says of it; None where it says nothing."""

    def box(self, shown: Dimensions, orientation: int) -> Box:
        """The box on the image as displayed; `orientation` is the image's own. Raises `Invalid`."""
        if not self.stored:
            return Box(*self.edges).denormalise(shown).normalise(shown)
        turn = self.orientation or orientation
        frame = displayed(shown, turn)
        return to_displayed(Box(*self.edges).denormalise(frame), frame, turn).normalise(shown)


def sidecar(box: Box, shown: Dimensions, orientation: int, style: Style) -> str:
    """The document that says this crop of an image with this size as displayed."""
    frame = displayed(shown, orientation)
    stored = to_stored(box.denormalise(shown), shown, orientation).normalise(frame)
    values = {
        "tiff:Orientation": orientation, "tiff:ImageWidth": frame.width_px, "tiff:ImageLength": frame.height_px,
        "crs:Version": "15.0", "crs:HasSettings": "True", "crs:HasCrop": "True", "crs:CropTop": repr(stored.y1),
        "crs:CropLeft": repr(stored.x1), "crs:CropBottom": repr(stored.y2), "crs:CropRight": repr(stored.x2),
        "crs:CropAngle": 0, "crs:CropConstrainToWarp": 0,
    }  # fmt: skip
    spaces, history = {"tiff": _TIFF, "crs": _CRS}, ""
    if style == "darktable":
        spaces["darktable"] = _DT
        values |= {"darktable:xmp_version": 5, "darktable:history_end": 1}
        packed = struct.pack(_PARAMETERS, box.x1, box.y1, box.x2, box.y2, _NO_ASPECT, _NO_ASPECT)
        history = _HISTORY.format(params=packed.hex())
    return _PACKET.format(
        spaces="\n".join(f"    xmlns:{name}={quoteattr(uri)}" for name, uri in spaces.items()),
        values="\n".join(f"   {name}={quoteattr(str(value))}" for name, value in values.items()),
        history=history,
    )


def read(text: bytes) -> Sighted:
    """The crop that a sidecar of either kind holds; raises `NoCrop`, or `Invalid` for what is no sidecar."""
    root = _parsed(text)
    found = _properties(root)
    if found.get(_CRS + "HasCrop", "").lower() == "true":
        return _adobe(found)
    return _darktable(root)


def _parsed(text: bytes) -> ET.Element:
    # A sidecar needs no document type; one that has it may want to be unfolded into gigabytes.
    if len(text) > _MOST_BYTES or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise Invalid("it is no sidecar: too long, or with a document type")
    try:
        return ET.fromstring(text)  # noqa: S314  # see above
    except ET.ParseError as error:
        raise Invalid(f"it is no XML: {error}") from error


def _properties(root: ET.Element) -> dict[str, str]:
    """Namespace and name -> value, whichever of XMP's two ways they are written in."""
    found: dict[str, str] = {}
    for description in root.iter(f"{{{_RDF}}}Description"):
        found |= {name[1:].replace("}", "", 1): value for name, value in description.attrib.items()}
        found |= {each.tag[1:].replace("}", "", 1): each.text.strip() for each in description if each.text}
    return found


def _adobe(found: dict[str, str]) -> Sighted:
    edges = [_number(found, f"Crop{name}") for name in ("Left", "Top", "Right", "Bottom")]
    if _number(found, "CropAngle", 0.0) != 0.0:
        raise NoCrop("the crop is turned by an angle, which a box cannot say")
    turn = found.get(_TIFF + "Orientation", "")
    stated = int(turn) if turn in {*"12345678"} else None
    return Sighted((edges[0], edges[1], edges[2], edges[3]), stored=True, orientation=stated)


def _number(found: dict[str, str], name: str, absent: float | None = None) -> float:
    text = found.get(_CRS + name)
    if text is None and absent is not None:
        return absent
    try:
        return float(text or "")
    except ValueError as error:
        raise NoCrop(f"crs:{name} is no number: {text!r}") from error


def _darktable(root: ET.Element) -> Sighted:
    """The last step of the history that crops, as far as it is switched on."""
    steps = [step.attrib for step in root.iter(f"{{{_RDF}}}li") if step.get(f"{{{_DT}}}operation") == "crop"]
    if not steps or steps[-1].get(f"{{{_DT}}}enabled") != "1":
        raise NoCrop("it holds no crop")
    try:
        left, top, right, bottom = struct.unpack_from("<ffff", bytes.fromhex(steps[-1].get(f"{{{_DT}}}params", "")))
    except (ValueError, struct.error) as error:
        raise NoCrop("the parameters of its crop are in a form that is not known here") from error
    return Sighted((left, top, right, bottom), stored=False, orientation=None)
