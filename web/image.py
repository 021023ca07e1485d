"""`/image/ID`: an image's whole story, with the original and the result side by side and the box drawn."""

from pathlib import Path

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.crops import IMAGES
from commands.desk import Desk
from commands.handle import replay
from commands.image import Image
from ledger.entry import Entry
from ledger.errors import NotFound
from ledger.values import Dimensions
from web.history import Line, line
from web.pages import office, page
from web.workbench import Workbench

FOR_EVER = "private, max-age=31536000, immutable"
"""The address names the content, so a browser need not ask again."""


@frozen
class Picture:
    """One of an image's pictures: the file that was marked, or the crop."""

    path: Path
    sha256: str
    dimensions: Dimensions


@frozen
class Drawn:
    """The box in pixels of the picture as displayed."""

    left: int
    top: int
    width: int
    height: int


@frozen
class Story:
    """What the page shows."""

    subject: str
    position: int
    name: str
    status: str
    project: str | None
    original: Picture | None
    result: Picture | None
    box: Drawn | None
    lines: list[Line]


def original(image: Image) -> Picture | None:
    """The picture that was marked: in the archive once it is cropped, else where it was marked."""
    crop, done = image.crop, image.executed
    if crop is None:
        return None
    if done is not None and image.started is not None:
        return Picture(Path(done.archive), done.source_sha256, image.started.dimensions)
    return Picture(Path(crop.path), crop.sha256, crop.dimensions)


def result(image: Image) -> Picture | None:
    """The crop, if there is one."""
    done = image.executed
    return Picture(Path(done.output), done.output_sha256, done.output_dimensions) if done else None


def drawn(image: Image) -> Drawn | None:
    """The box: the pixels that were cut out, else those that would be."""
    if image.crop is None:
        return None
    if image.executed is not None and image.started is not None:
        pixels = image.started.pixel_box
    else:
        pixels = image.crop.box.denormalise(image.crop.dimensions)
    return Drawn(pixels.left, pixels.top, pixels.right - pixels.left, pixels.bottom - pixels.top)


def _history(desk: Desk, request: Request) -> tuple[str, list[Entry], Image]:
    subject = f"image/{request.path_params['id']}"
    history = desk.ledger.history(subject)
    if not history:
        raise NotFound(f"Nothing is recorded about {subject}.")
    return subject, history, replay(IMAGES, history)[0]


async def story(request: Request) -> Response:
    """The page."""

    def look(desk: Desk) -> Story:
        position = desk.ledger.head().position
        subject, history, image = _history(desk, request)
        lines = [line(entry, desk.settings.zone) for entry in reversed(history)]
        project = image.crop.project if image.crop else None
        return Story(
            subject, position, image.name, image.status, project, original(image), result(image), drawn(image), lines
        )

    found = await office(request).read(look)
    return page(request, "image.html", title=Path(found.name).name, position=found.position, story=found)


async def picture(request: Request) -> Response:
    """A small copy of the original or the result, decoded in a process of its own."""
    which = {"original": original, "result": result}.get(request.path_params["which"])
    if which is None:
        raise NotFound("An image has an original and a result, and no other picture.")

    def look(desk: Desk) -> Picture:
        _, _, image = _history(desk, request)
        found = which(image)
        if found is None:
            raise NotFound("There is no such picture yet.")
        _check(desk, found.path)
        return found

    found = await office(request).read(look)
    bench: Workbench = request.app.state.workbench
    jpeg = await bench.previews.of(found.path, found.sha256)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": FOR_EVER})


def _check(desk: Desk, path: Path) -> None:
    """Raise `Unsafe` for a file outside the roots and the archive, whatever stands in the ledger."""
    if not path.resolve().is_relative_to(desk.home.originals.resolve()):
        desk.zones.check(path)


ROUTES = (Route("/image/{id}", story), Route("/image/{id}/{which}", picture))
