"""Which image a person means by a path, and which project."""

from pathlib import Path

import msgspec

from imaging.zones import canonical
from ledger.errors import NotFound, Refused
from ledger.values import image_subject
from projections.progress import SeenImage, images
from projections.reader import Projections


def subject_of(image: Path, project: str | None, projections: Projections) -> str:
    """The subject of an image the ledger knows; `image` may also be the subject itself, as `crop log` prints it.

    Raises `NotFound` for an image nothing is recorded about, `Refused` where several projects have it.
    """
    if str(image).startswith("image/") and not image.exists():
        return str(image)
    path = canonical(image)
    found = images_at(path, projections, project) or images_at(image, projections, project)
    if not found:
        raise NotFound(f"Nothing is recorded about {path}" + (f" in project {project}." if project else "."))
    if len(found) > 1:
        projects = ", ".join(sorted(known.project for known in found))
        raise Refused(f"{path} is in several projects ({projects}).", mend="Say which: --project P")
    return found[0].subject


def subject_for(path: Path, project: str, projections: Projections) -> str:
    """The subject of an image that may be new: the one it has in this project, else the one it gets."""
    known = images_at(path, projections, project)
    return known[0].subject if known else image_subject(project, path)


def images_at(path: Path, projections: Projections, project: str | None = None) -> list[SeenImage]:
    """The images known at a path, one per project; imported ones are known by the path their source wrote."""
    directory = "" if str(path.parent) == "." else str(path.parent)
    return images(projections, directory, filename=path.name, project=project)


def project_for(image: Path, named: str | None) -> str:
    """The project that was named, else that of the one open manifest above the image.

    A manifest is `<id>.project.json`; it is open while its `finishedAt` is null, whatever its status says. Raises
    `Refused` where none is open, or several: a project is never guessed from a directory's name.
    """
    if named:
        return named
    for directory in image.parents:
        is_open = sorted(filter(None, map(_open_project, sorted(directory.glob("*.project.json")))))
        if len(is_open) == 1:
            return is_open[0]
        if is_open:
            raise Refused(f"Several projects are open in {directory}: {', '.join(is_open)}.", mend="Say: --project P")
    raise Refused(f"Which project does {image.name} belong to?", mend="Say: --project P (or set CROP_PROJECT).")


def _open_project(manifest: Path) -> str | None:
    try:
        content = msgspec.json.decode(manifest.read_bytes(), type=dict[str, object])
    except (OSError, msgspec.MsgspecError) as error:
        raise Refused(f"{manifest} cannot be read: {error}.", mend="Mend it, or say: --project P") from error
    project = content.get("projectId")
    return project if isinstance(project, str) and project and content.get("finishedAt") is None else None
