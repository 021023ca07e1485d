"""XMP sidecars of raw developers: the crop of the image beside them, which then waits to be executed here."""

from collections.abc import Iterator
from pathlib import Path

from commands.exporting.xmp import NoCrop, read
from commands.importing.facts import Reading, Told, project_of
from commands.importing.layouts import Row
from commands.importing.quarantine import SetAside
from commands.importing.reading import Record
from commands.recording.marks import Mark
from imaging.problems import Unusable
from imaging.read import glance
from ledger.errors import Invalid

LAYOUT = "xmp_sidecar"
_BEGINNINGS = (b"<?xpacket", b"<x:xmpmeta", b"<?xml", b"\xef\xbb\xbf<")


def is_sidecar(path: Path, beginning: bytes) -> bool:
    """Whether a file is one: by its name and by how it begins."""
    return path.suffix.lower() == ".xmp" and beginning.lstrip().startswith(_BEGINNINGS)


def rows(path: Path, raw: bytes, told: Told) -> Iterator[Row]:
    """Its one record."""
    record = Record(1, raw, b"", len(raw))
    try:
        yield Row(record, LAYOUT, _reading(path, raw, told))
    except SetAside as why:
        yield Row(record, LAYOUT, why)


def _reading(path: Path, raw: bytes, told: Told) -> Reading:
    try:
        sighted = read(raw)
        image = glance(_image(path), "")
        box = sighted.box(image.dimensions, image.orientation)
    except SetAside:
        raise
    except NoCrop as why:
        raise SetAside("box", str(why)) from why
    except Unusable as why:
        raise SetAside("image", why.message) from why
    except Invalid as why:
        raise SetAside("fields", why.message) from why
    mark = Mark(project_of(None, told), str(image.path), box, image.dimensions)
    return Reading(boxes=1, owed=(mark,), source=LAYOUT)


def _image(sidecar: Path) -> Path:
    """`a.jpg` beside `a.jpg.xmp`, or the only image called `a` beside `a.xmp`; raises `SetAside`."""
    if sidecar.with_suffix("").is_file():
        return sidecar.with_suffix("")
    found = [path for path in sorted(sidecar.parent.glob("*")) if path.stem == sidecar.stem and _is_image(path)]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise SetAside("image", f"one image belongs to a sidecar, and beside it there are: {names}")
    return found[0]


def _is_image(path: Path) -> bool:
    try:
        glance(path, "")
    except (Unusable, Invalid):
        return False
    return True
