"""Which image a person means by a path, and which project."""

from pathlib import Path

import msgspec

from imaging.zones import canonical
from ledger.errors import NotFound, Refused
from ledger.values import image_subject
from projections.progress import KnownImage, known
from projections.progress import image as image_known
from projections.reader import Projections
from projections.upcoming import projects_in


def subject_of(place: Path, project: str | None, projections: Projections) -> str:
    """The subject of an image the ledger knows; `place` may also be the subject itself, as `crop log` prints it.

    Raises `NotFound` for an image nothing is recorded about, `Refused` where several projects have it.
    """
    if str(place).startswith("image/") and not place.exists():
        return str(place)
    path = canonical(place)
    found = images_at(path, projections, project) or images_at(place, projections, project)
    if not found:
        raise NotFound(f"Nothing is recorded about {path}" + (f" in project {project}." if project else "."))
    if len(found) > 1:
        projects = ", ".join(sorted(each.project for each in found))
        raise Refused(f"{path} is in several projects ({projects}).", mend="Say which: --project P")
    return found[0].subject


def only_project(projections: Projections, directory: str) -> str | None:
    """The project at work in a directory; None where there is none yet, `Refused` where there are several."""
    found = projects_in(projections, directory)
    if len(found) > 1:
        raise Refused(f"Several projects are at work in {directory}: {', '.join(found)}.", mend="Say: --project P")
    return found[0] if found else None


def subject_for(
    path: Path, project: str, projections: Projections, sha256: str | None = None, *, decided: bool = False
) -> str:
    """The subject of an image that may be new: the one it has in this project, else the one it gets.

    `sha256` is what its file holds. Where the image that had the name was executed, skipped or kept, and this is
    neither it nor its crop, it is another image; so it is where the one that had the name was moved away. `decided`
    leaves out what is known from evidence alone: an import must come to the same, whichever file came first.
    """
    at = [each for each in images_at(path, projections, project) if not decided or each.status != "imported"]
    if at and _is(at[0], sha256):
        return at[0].subject
    number, subject = 1, image_subject(project, path)
    while image_known(projections, subject):
        number += 1
        subject = image_subject(project, f"{path}\0{number}")
    return subject


def _is(image: KnownImage, sha256: str | None) -> bool:
    terminal = image.status in {"executed", "skipped", "kept"}
    return not terminal or None in {sha256, image.sha256} or sha256 in {image.sha256, image.output_sha256}


def images_at(path: Path, projections: Projections, project: str | None = None) -> list[KnownImage]:
    """The images known at a path, one per project; imported ones are known by the path their source wrote.

    Where a new picture took the name of one that was decided, the latest is meant.
    """
    directory = "" if str(path.parent) == "." else str(path.parent)
    latest: dict[str, KnownImage] = {}
    for each in known(projections, directory, filename=path.name, project=project):
        latest.setdefault(each.project, each)
    return list(latest.values())


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
