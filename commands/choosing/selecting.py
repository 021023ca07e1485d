"""The groups of a directory: those that were decided, as they were decided, and those among its other images."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Literal

from attrs import frozen

from commands.choosing.grouping import Rules, groups_of
from commands.finding import subject_for
from configs.settings import Settings
from ledger.errors import NotFound
from ledger.events.groups import GroupImage
from ledger.names import in_order, parse_name
from ledger.values import Dimensions, group_subject
from projections.directories import DirectoryImage, images_in
from projections.groups import SelectedImage, selections
from projections.reader import Projections


def rules_of(settings: Settings) -> Rules:
    """How groups are told, as it is set."""
    return Rules(settings.group_look_ahead, settings.group_images_min, settings.group_gap_max_s or None)


Status = Literal["open", "chosen", "rejected"]


@frozen
class FoundGroup:
    """A group as it stands now."""

    subject: str
    id: str
    """Its name, which crops of its images carry."""
    project: str
    directory: str
    images: tuple[GroupImage, ...]
    status: Status = "open"
    chosen: str | None = None
    """The name of the image that is kept."""
    how: str | None = None

    def image(self, name: str) -> GroupImage:
        """The image of this name; raises `NotFound`."""
        for image in self.images:
            if image.name == name:
                return image
        raise NotFound(f"{name} is not an image of the group {self.id}.")

    def path_of(self, image: GroupImage) -> str:
        """Where the image was when the group was found."""
        return str(PurePosixPath(self.directory, image.name))


def found_groups(
    projections: Projections,
    directory: str,
    project: str,
    rules: Rules = Rules(),  # noqa: B008  # frozen
) -> list[FoundGroup]:
    """The groups of a directory that was scanned, in the order of their first images.

    A group that was decided stays as it was decided, whatever comes and goes; its images belong to no other.
    """
    decided = list(_decided(selections(projections, directory=directory, project=project)))
    taken = {image.name for group in decided for image in group.images}
    there = {image.filename: image for image in images_in(projections, directory) if image.filename not in taken}
    open_ = (
        _open(directory, project, [_as_shown(projections, directory, project, there[name]) for name in names])
        for names in groups_of(there, rules)
    )
    return sorted([*decided, *open_], key=lambda group: in_order(group.images[0].name))


def group_with(groups: Iterable[FoundGroup], name: str) -> FoundGroup:
    """The group that an image belongs to; raises `NotFound`."""
    for group in groups:
        if any(image.name == name for image in group.images):
            return group
    raise NotFound(
        f"{name} belongs to no group.", mend="A group is a run of rising stages; to see them: crop groups DIR"
    )


def _decided(rows: Iterable[SelectedImage]) -> Iterator[FoundGroup]:
    for _, found in groupby(rows, key=lambda row: row.position):
        rows_ = list(found)
        first = rows_[0]
        kept = next((row for row in rows_ if row.kept), None)
        yield FoundGroup(
            first.subject, first.group_id, first.project, first.directory, tuple(map(_image_of, rows_)),
            "rejected" if first.status == "rejected" else "chosen", kept.filename if kept else None,
            kept.how if kept else None,
        )  # fmt: skip


def _image_of(row: SelectedImage) -> GroupImage:
    return GroupImage(row.image, row.filename, row.stage, _dimensions(row.width_px, row.height_px))


def _as_shown(projections: Projections, directory: str, project: str, found: DirectoryImage) -> GroupImage:
    subject = subject_for(Path(directory, found.filename), project, projections, found.sha256)
    size = _dimensions(found.width_px, found.height_px)
    return GroupImage(subject, found.filename, parse_name(found.filename).stage, size)


def _open(directory: str, project: str, images: list[GroupImage]) -> FoundGroup:
    first = PurePosixPath(directory, images[0].name)
    return FoundGroup(group_subject(project, first), group_id(project, first), project, directory, tuple(images))


def _dimensions(width_px: int | None, height_px: int | None) -> Dimensions | None:
    return Dimensions(width_px, height_px) if width_px and height_px else None


def group_id(project: str, first: PurePosixPath) -> str:
    """A group's name: the project, when its first image was made, and six digits that tell directories apart."""
    stamp = (parse_name(first.name).stamp or "").replace("_", "T")
    return f"{project}_group_{stamp}_{hashlib.sha256(str(first).encode()).hexdigest()[:6]}"
