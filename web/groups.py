"""How groups are told to the choosing page: their images, what is suggested for each, and the box on the one kept."""

from pathlib import Path

from attrs import define

from commands.choosing.selecting import FoundGroup
from commands.desk import Desk
from commands.recording.suggesting import suggested_for
from ledger.events.groups import GroupImage
from ledger.values import Suggestion
from projections.groups import kept_image
from projections.reader import Projections
from projections.upcoming import found_image
from web.offered import Directory, Offered, Picture


def id_of(subject: str) -> str:
    """The part of a subject that pages call it by."""
    return subject.partition("/")[2]


def proposed(projections: Projections, group: FoundGroup, image: GroupImage) -> Suggestion | None:
    """The crop that a model had suggested for an image."""
    return suggested_for(Path(group.path_of(image)), group.project, projections).suggestion


@define
class Teller:
    """Tells groups of one directory."""

    desk: Desk
    offered: Offered
    directory: Directory

    def told(self, group: FoundGroup, version: int) -> dict[str, object]:
        """One group with its images, as it stands by this version of its history."""
        return {
            "id": id_of(group.subject), "version": version, "name": group.id, "status": group.status,
            "chosen": group.chosen, "how": group.how, "box": self._box(group),
            "images": [self._image(group, each) for each in group.images],
        }  # fmt: skip

    def _box(self, group: FoundGroup) -> list[float] | None:
        kept = kept_image(self.desk.projections, group.subject) if group.chosen else None
        edges = [kept.x1, kept.y1, kept.x2, kept.y2] if kept else []
        return [edge for edge in edges if edge is not None] or None

    def _image(self, group: FoundGroup, image: GroupImage) -> dict[str, object]:
        found = found_image(self.desk.projections, self.directory.path, image.name)
        size = image.dimensions
        told: dict[str, object] = {
            "id": id_of(image.subject), "name": image.name, "stage": image.stage, "preview": None, "suggestion": None,
            "width": size.width_px if size else None, "height": size.height_px if size else None,
        }  # fmt: skip
        if found is None or size is None:
            return told
        path = group.path_of(image)
        self.offered.seen(Picture(id_of(image.subject), group.project, path, size, found.sha256))
        suggestion = proposed(self.desk.projections, group, image)
        box = suggestion.box if suggestion else None
        return told | {
            "preview": f"/preview/{self.directory.id}/{id_of(image.subject)}?v={found.sha256[:16]}",
            "suggestion": [box.x1, box.y1, box.x2, box.y2] if box else None,
        }
