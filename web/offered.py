"""The directories and images that the marking page may speak of, by id: no path comes from a request."""

from collections import OrderedDict
from collections.abc import Collection
from itertools import islice
from pathlib import Path

from attrs import Factory, define, evolve, frozen

from commands.crops import IMAGES
from commands.desk import Desk
from commands.finding import only_project, project_for, subject_for
from commands.handle import replay
from imaging.archive import archive_path
from ledger.errors import NotFound
from ledger.values import Box, Dimensions, directory_subject
from projections.directories import place, places
from projections.progress import image as image_seen
from projections.upcoming import UpcomingImage, found_image, next_images
from web.office import Place

KNOWN = 20_000
"""Images kept in mind; the others are looked up again."""


@frozen
class Directory:
    """A directory that can be opened on the page."""

    id: str
    path: str

    @property
    def name(self) -> str:
        """Its last part."""
        return Path(self.path).name


@frozen
class Picture:
    """An image that was, or is to be, shown."""

    id: str
    project: str
    path: str
    dimensions: Dimensions
    sha256: str
    version: int = 0
    """The version of its history."""

    @property
    def subject(self) -> str:
        """It in the ledger."""
        return f"image/{self.id}"


@frozen
class Stands:
    """What is decided about an image."""

    skipped: bool
    box: Box | None


@define
class Offered:
    """What one server offers for marking."""

    where: Place
    _known: OrderedDict[str, Picture] = Factory(OrderedDict)

    def directories(self, desk: Desk) -> list[Directory]:
        """Those the server was started with, else all that were ever scanned."""
        paths = [str(path) for path in self.where.directories] or [each.directory for each in places(desk.projections)]
        return [_directory(desk, path) for path in paths]

    def directory(self, desk: Desk, id_: str) -> Directory:
        """One of them; raises `NotFound`."""
        for directory in self.directories(desk):
            if directory.id == id_:
                return directory
        raise NotFound("There is no such directory here.", mend="The page /crop lists those there are.")

    def project(self, desk: Desk, directory: Directory) -> str:
        """The project in which it is marked; raises `Refused` where nobody said."""
        at_work = self.where.project or only_project(desk.projections, directory.path)
        return at_work or project_for(Path(directory.path) / directory.name, None)

    def waiting(
        self, desk: Desk, directory: Directory, project: str, count: int, without: Collection[str]
    ) -> list[Picture]:
        """The next images that wait for a decision, but for some."""
        found = next_images(desk.projections, directory.path, project=project, limit=count + len(without))
        pictures = (self._keep(_waiting(desk, each, project)) for each in found)
        return list(islice((picture for picture in pictures if picture.id not in without), count))

    def picture(self, desk: Desk, directory: Directory, id_: str) -> Picture:
        """An image of a directory by its id, also after a restart; raises `NotFound`."""
        known = self._known.get(id_) or self._decided(desk, id_) or self._among_waiting(desk, directory, id_)
        if known is None:
            raise NotFound("There is no such image here.", mend="It may have been moved; reload the page.")
        return self._keep(known)

    def seen(self, picture: Picture) -> None:
        """Keep an image in mind that another page has found."""
        if picture.id not in self._known:
            self._keep(picture)

    def anew(self, desk: Desk, directory: Directory, id_: str) -> Picture:
        """The same, with its history as it is now."""
        return self._keep(evolve(self.picture(desk, directory, id_), version=_version(desk, f"image/{id_}")))

    def stands(self, desk: Desk, id_: str) -> Stands | None:
        """What is decided about an image now; None where nothing is."""
        image, _ = replay(IMAGES, desk.ledger.history(f"image/{id_}"))
        if image.status in {"skipped", "kept"}:
            return Stands(skipped=True, box=None)
        return Stands(skipped=False, box=image.crop.box) if image.crop else None

    def file_of(self, picture: Picture) -> Path:
        """Where its pixels are to be had: at its path, or in the archive once it is cropped."""
        path = Path(picture.path)
        archived = archive_path(self.where.home.originals, picture.sha256, path.suffix)
        return archived if archived.exists() and not path.exists() else path

    def _keep(self, picture: Picture) -> Picture:
        self._known[picture.id] = picture
        self._known.move_to_end(picture.id)
        while len(self._known) > KNOWN:
            self._known.popitem(last=False)
        return picture

    def _decided(self, desk: Desk, id_: str) -> Picture | None:
        """The image as its history tells of it."""
        subject = f"image/{id_}"
        seen = image_seen(desk.projections, subject)
        if seen is None:
            return None
        history = desk.ledger.history(subject)
        image, version = replay(IMAGES, history)
        if image.crop is not None:
            crop = image.crop
            return Picture(id_, crop.project, crop.path, crop.dimensions, crop.sha256, version)
        found = found_image(desk.projections, seen.directory, seen.filename)
        if found is None:
            return None
        size = Dimensions(found.width_px, found.height_px)
        return Picture(id_, seen.project, f"{seen.directory}/{seen.filename}", size, found.sha256, version)

    def _among_waiting(self, desk: Desk, directory: Directory, id_: str) -> Picture | None:
        project = self.project(desk, directory)
        for each in next_images(desk.projections, directory.path, project=project, limit=None):
            if self._keep(_waiting(desk, each, project)).id == id_:
                return self._known[id_]
        return None


def _waiting(desk: Desk, image: UpcomingImage, project: str) -> Picture:
    subject = image.subject or subject_for(Path(image.path), project, desk.projections, image.sha256)
    size = Dimensions(image.width_px, image.height_px)
    version = _version(desk, subject) if image.subject else 0
    return Picture(subject.partition("/")[2], project, image.path, size, image.sha256, version)


def _directory(desk: Desk, path: str) -> Directory:
    known = place(desk.projections, path)
    subject = known.subject if known else directory_subject(path)
    return Directory(subject.partition("/")[2], path)


def _version(desk: Desk, subject: str) -> int:
    history = desk.ledger.history(subject)
    return history[-1].version if history else 0
