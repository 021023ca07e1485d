"""The choosing page: it shows the groups of a directory and records which image of each is kept."""

from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.choosing.choosing import Chooser, Wish
from commands.choosing.selecting import FoundGroup, found_groups, rules_of
from commands.desk import Desk, correlation
from commands.groups import GROUPS, Group
from commands.handle import replay
from commands.recording.recording import Asked
from commands.recording.suggesting import suggested_for
from ledger.errors import Conflict, Invalid, NotFound
from ledger.events.groups import GroupImage, ImageChosen
from ledger.values import Box, Dimensions, PixelBox, Suggestion
from projections.directories import images_in
from projections.groups import kept_images
from projections.reader import Projections
from web.crop import workbench
from web.marks import Asking, Edges, Sides, operator_of, require_id
from web.offered import Directory
from web.pages import as_json, body, office, page
from web.workbench import Workbench


class Decide(Asking, kw_only=True):
    """What was decided about one group."""

    id: str
    group: str
    what: str
    """choose, reject or reopen."""
    image: str | None = None
    how: str | None = None
    box: Edges | None = None
    size: Sides | None = None

    def __post_init__(self) -> None:
        """Raise `Invalid` for ids that could not have been made by the page."""
        require_id(self.page)
        require_id(self.id)


async def select(request: Request) -> Response:
    """The page for one directory, `?directory=ID`; else a choice of them, unless there is only one."""
    bench = workbench(request)
    asked = request.query_params.get("directory")

    def found(desk: Desk) -> tuple[list[Directory], Directory | None, int]:
        known = bench.offered.directories(desk)
        chosen = bench.offered.directory(desk, asked) if asked else known[0] if len(known) == 1 else None
        return ([] if chosen else known), chosen, desk.ledger.head().position

    choices, chosen, position = await office(request).read(found)
    if chosen is None:
        return page(request, "selecting.html", title="Choose", choices=choices, position=position)
    setup = {"directory": chosen.id, "operator": request.query_params.get("operator")}
    return page(
        request, "select.html", title=chosen.name, directory=chosen, position=position,
        setup=msgspec.json.encode(setup).decode(),
    )  # fmt: skip


async def groups(request: Request) -> Response:
    """Every group of a directory as it stands, or one of them, `?group=ID`."""
    bench, asked = workbench(request), request.query_params

    def found(desk: Desk) -> list[dict[str, object]]:
        directory = bench.offered.directory(desk, asked.get("directory", ""))
        only = asked.get("group")
        known = _found(bench, desk, directory)
        told = _Told.of(desk, directory)
        return [told.group(group) for group in known if only in {None, _id(group.subject)}]

    return as_json({"groups": await bench.office.read(found)})


async def decide(request: Request) -> Response:
    """Record a decision about a group; the answer says that it is in the ledger, and how the group stands."""
    bench, sent = workbench(request), await body(request, Decide)

    def decided(desk: Desk) -> dict[str, object]:
        directory = bench.offered.directory(desk, sent.directory)
        group = _group(bench, desk, directory, sent.group)
        asked = Asked(operator_of(sent, bench.office.place.actor), correlation(), desk.now)
        _decide(desk, group, sent, asked)
        state, _ = replay(GROUPS, desk.ledger.history(group.subject))
        return _standing(group, state)

    return as_json(await bench.office.act(decided))


def _decide(desk: Desk, group: FoundGroup, sent: Decide, asked: Asked) -> None:
    chooser = Chooser(desk.ledger, desk.zones)
    if sent.what == "choose":
        image = next((each for each in group.images if _id(each.subject) == sent.image), None)
        if image is None:
            raise NotFound("There is no such image in this group.", mend="Reload the page.")
        chooser.choose(group, image.name, _wish(desk, group, image, sent), asked)
    elif sent.what == "reject":
        chooser.reject(group, asked)
    elif sent.what == "reopen":
        chooser.reopen(group, asked)
    else:
        raise Invalid(f"A group is decided by choose, reject or reopen, not {sent.what!r}.")


def _wish(desk: Desk, group: FoundGroup, image: GroupImage, sent: Decide) -> Wish:
    proposed = _suggested(desk.projections, group, image)
    if sent.how == "suggested":
        if proposed is None:
            raise Conflict(f"Nothing is suggested for {image.name} any more.", mend="Reload the page.")
        return Wish("suggested", proposed.box, proposed)
    if sent.box is None or sent.size is None:
        return Wish(sent.how or "", None, proposed)
    edges, size = sent.box, Dimensions(sent.size.width, sent.size.height)
    box = PixelBox(edges.left, edges.top, edges.right, edges.bottom).normalise(size)
    return Wish(sent.how or "", box, proposed)


def _suggested(projections: Projections, group: FoundGroup, image: GroupImage) -> Suggestion | None:
    return suggested_for(Path(group.path_of(image)), group.project, projections).suggestion


# -- groups, told ---------------------------------------------------------------------------------------------------


def _found(bench: Workbench, desk: Desk, directory: Directory) -> list[FoundGroup]:
    """The groups as they are now; kept in mind, because a decision is about the group that was shown."""
    project = bench.offered.project(desk, directory)
    known = found_groups(desk.projections, directory.path, project, rules_of(desk.settings))
    bench.groups[directory.id] = {_id(group.subject): group for group in known}
    return known


def _group(bench: Workbench, desk: Desk, directory: Directory, id_: str) -> FoundGroup:
    shown = bench.groups.get(directory.id, {}).get(id_)
    if shown is None:
        _found(bench, desk, directory)
        shown = bench.groups[directory.id].get(id_)
    if shown is None:
        raise NotFound("There is no such group here.", mend="Its files may have moved; reload the page.")
    return shown


class _Told:
    """How groups are told to the page."""

    def __init__(
        self, projections: Projections, directory: Directory, contents: dict[str, str | None], boxes: dict[str, Box]
    ) -> None:
        self._projections, self._directory, self._contents, self._boxes = projections, directory, contents, boxes

    @classmethod
    def of(cls, desk: Desk, directory: Directory) -> "_Told":
        """What is to be known of a directory: what its images hold, and the boxes on those that are kept."""
        contents = {image.filename: image.sha256 for image in images_in(desk.projections, directory.path)}
        boxes = {
            each.image: Box(each.x1, each.y1, each.x2, each.y2)
            for each in kept_images(desk.projections)
            if each.x1 is not None and each.y1 is not None and each.x2 is not None and each.y2 is not None
        }
        return cls(desk.projections, directory, contents, boxes)

    def group(self, group: FoundGroup) -> dict[str, object]:
        """One group with its images."""
        kept = next((image for image in group.images if image.name == group.chosen), None)
        box = self._boxes.get(kept.subject) if kept else None
        return {
            "id": _id(group.subject), "name": group.id, "status": group.status, "chosen": group.chosen,
            "how": group.how, "box": _fractions(box) if box else None,
            "images": [self._image(group, image) for image in group.images],
        }  # fmt: skip

    def _image(self, group: FoundGroup, image: GroupImage) -> dict[str, object]:
        sha256 = self._contents.get(image.name)
        there = sha256 is not None and image.dimensions is not None
        suggestion = _suggested(self._projections, group, image) if there else None
        size = image.dimensions
        return {
            "id": _id(image.subject), "name": image.name, "stage": image.stage,
            "width": size.width_px if size else None, "height": size.height_px if size else None,
            "preview": f"/preview/{self._directory.id}/{_id(image.subject)}?v={(sha256 or '')[:16]}" if there else None,
            "suggestion": _fractions(suggestion.box) if suggestion else None,
        }  # fmt: skip


def _standing(group: FoundGroup, state: Group) -> dict[str, object]:
    how = state.standing.how if isinstance(state.standing, ImageChosen) else None
    return {"id": _id(group.subject), "status": state.status, "chosen": state.chosen, "how": how}


def _fractions(box: Box) -> list[float]:
    return [box.x1, box.y1, box.x2, box.y2]


def _id(subject: str) -> str:
    return subject.partition("/")[2]


ROUTES = (
    Route("/select", select),
    Route("/select/groups", groups),
    Route("/select/decide", decide, methods=["POST"]),
)
