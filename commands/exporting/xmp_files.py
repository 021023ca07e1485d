"""XMP sidecars beside images, or in a directory of their own: written for the crops that are owed."""

from pathlib import Path

from attrs import frozen

from commands.exporting.whole_files import written_whole
from commands.exporting.xmp import Style, sidecar
from imaging.problems import Unusable
from imaging.read import glance
from imaging.zones import Zones
from ledger.errors import Invalid
from ledger.values import Box, Dimensions
from projections.queue import QueueLine, pending_lines
from projections.reader import Projections

_OURS = b'x:xmptk="Cropledger"'


@frozen
class Sidecars:
    """What was written, and what was not and why."""

    written: tuple[Path, ...] = ()
    left: tuple[str, ...] = ()


def write_sidecars(
    projections: Projections, style: Style, *, project: str | None, to: Path | None, zones: Zones
) -> Sidecars:
    """One for each crop that is owed: beside its image, or in `to`. A sidecar of another program is left alone."""
    written: list[Path] = []
    left: list[str] = []
    for line in pending_lines(projections):
        if project not in {None, line.project_id}:
            continue
        image = Path(line.dir) / line.filename
        place = (to or image.parent) / name_of(image, style)
        try:
            _write(place, line, image, style, zones)
            written.append(place)
        except (Unusable, Invalid) as why:
            left.append(f"{place}: {why.message}")
    return Sidecars(tuple(written), tuple(left))


def name_of(image: Path, style: Style) -> str:
    """`a.xmp` for Adobe's programs, `a.jpg.xmp` for darktable."""
    return f"{image.name}.xmp" if style == "darktable" else f"{image.stem}.xmp"


def _write(place: Path, line: QueueLine, image: Path, style: Style, zones: Zones) -> None:
    if place.parent == image.parent:
        zones.check(place)
    if place.exists() and _OURS not in place.read_bytes()[:4096]:
        raise Invalid("another program's sidecar is there, and stays as it is")
    turn = glance(image, "").orientation
    box = Box(line.x1, line.y1, line.x2, line.y2)
    with written_whole(place) as stream:
        stream.write(sidecar(box, Dimensions(line.width, line.height), turn, style).encode())
