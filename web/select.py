"""The choosing page: it shows the groups of a directory and records which image of each is kept."""

from collections.abc import Mapping

from attrs import evolve
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.choosing.choosing import Chooser, Wish
from commands.choosing.selecting import FoundGroup, found_groups, rules_of
from commands.desk import Desk
from commands.groups import GROUPS
from commands.handle import replay
from commands.recording.recording import Asked
from ledger.errors import Conflict, Invalid, NotFound
from ledger.events.groups import GroupImage, ImageChosen
from ledger.values import Dimensions, PixelBox
from web.groups import Teller, id_of, proposed
from web.marks import Asking, Edges, Sides, operator_of, require_id
from web.offered import Directory
from web.opening import Bench, opened, workbench
from web.pages import as_json, body
from web.workbench import Shown, Workbench, seat

AT_ONCE = 24
"""Groups that are told whole in one answer."""


class Decide(Asking, kw_only=True):
    """What was decided about one group."""

    id: str
    group: str
    kind: str
    """choose, reject or reopen."""
    image: str | None = None
    how: str | None = None
    box: Edges | None = None
    size: Sides | None = None

    def __post_init__(self) -> None:
        """Raise `Invalid` for ids that could not have been made by the page."""
        require_id(self.page)
        require_id(self.id)


def _setup(desk: Desk) -> Mapping[str, object]:
    return {"keys": desk.settings.choosing_keys}


BENCH = Bench(
    "select.html", "Choose",
    "Images of one subject in rising stages are a group, of which one is kept. No file moves before you say so:"
    " crop stage-rejected moves what is not kept.",
    lambda _bench, _desk, _directory: "", _setup,
)  # fmt: skip


async def select(request: Request) -> Response:
    """The page."""
    return await opened(request, BENCH)


async def groups(request: Request) -> Response:
    """Every group of a directory by id and status; or some of them, `?of=ID,ID`, whole and as they stand."""
    bench, asked = workbench(request), request.query_params

    def found(desk: Desk) -> list[dict[str, object]]:
        directory = bench.offered.directory(desk, asked.get("directory", ""))
        if "of" not in asked:
            return [{"id": id_, "status": each.status} for id_, each in _found(bench, desk, directory).items()]
        teller = Teller(desk, bench.offered, directory)
        wanted = [_group(bench, desk, directory, id_) for id_ in asked["of"].split(",")[:AT_ONCE]]
        return [teller.told(*_standing(bench, desk, directory, group)) for group in wanted]

    return as_json({"groups": await bench.office.read(found)})


async def decide(request: Request) -> Response:
    """Record a decision about a group; the answer says that it is in the ledger, and how the group stands."""
    bench, sent = workbench(request), await body(request, Decide)

    def decided(desk: Desk) -> dict[str, object]:
        directory = bench.offered.directory(desk, sent.directory)
        group = _group(bench, desk, directory, sent.group)
        asked = Asked(operator_of(sent, bench.office.place.actor), sent.id, desk.now)
        if all(entry.correlation != sent.id for entry in desk.ledger.history(group.subject)):
            seat(bench, desk, directory, asked)
            _decide(desk, group, sent, asked)
        desk.refresh()
        return Teller(desk, bench.offered, directory).told(*_standing(bench, desk, directory, group))

    return as_json(await bench.office.act(decided))


def _decide(desk: Desk, group: FoundGroup, sent: Decide, asked: Asked) -> None:
    chooser = Chooser(desk.ledger, desk.zones)
    if sent.kind == "choose":
        image = next((each for each in group.images if id_of(each.subject) == sent.image), None)
        if image is None:
            raise NotFound("There is no such image in this group.", mend="Reload the page.")
        chooser.choose(group, image.name, _wish(desk, group, image, sent), asked)
    elif sent.kind == "reject":
        chooser.reject(group, asked)
    elif sent.kind == "reopen":
        chooser.reopen(group, asked)
    else:
        raise Invalid(f"A group is decided by choose, reject or reopen, not {sent.kind!r}.")


def _wish(desk: Desk, group: FoundGroup, image: GroupImage, sent: Decide) -> Wish:
    suggestion = proposed(desk.projections, group, image)
    if sent.how == "suggested":
        if suggestion is None:
            raise Conflict(f"Nothing is suggested for {image.name} any more.", mend="Reload the page.")
        return Wish("suggested", suggestion.box, suggestion)
    if sent.box is None or sent.size is None:
        return Wish(sent.how or "", None, suggestion)
    edges, size = sent.box, Dimensions(sent.size.width, sent.size.height)
    box = PixelBox(edges.left, edges.top, edges.right, edges.bottom).normalise(size)
    return Wish(sent.how or "", box, suggestion)


# -- the groups there are -------------------------------------------------------------------------------------------


def _found(bench: Workbench, desk: Desk, directory: Directory) -> dict[str, FoundGroup]:
    """The groups as they are now, by id; looked for again only when something was recorded."""
    position, shown = desk.ledger.head().position, bench.groups.get(directory.id)
    if shown is None or shown.position != position:
        project = bench.offered.project(desk, directory)
        known = found_groups(desk.projections, directory.path, project, rules_of(desk.settings))
        shown = bench.groups[directory.id] = Shown(position, {id_of(group.subject): group for group in known})
    return shown.groups


def _group(bench: Workbench, desk: Desk, directory: Directory, id_: str) -> FoundGroup:
    shown = bench.groups.get(directory.id)
    group = shown.groups.get(id_) if shown else None
    group = group or _found(bench, desk, directory).get(id_)
    if group is None:
        raise NotFound("There is no such group here.", mend="Its files may have moved; reload the page.")
    return group


def _standing(bench: Workbench, desk: Desk, directory: Directory, group: FoundGroup) -> tuple[FoundGroup, int]:
    """The group as it stands now, and its version; with the images it was decided with, where it is decided."""
    state, version = replay(GROUPS, desk.ledger.history(group.subject))
    how = state.standing.how if isinstance(state.standing, ImageChosen) else None
    images = group.images if state.status == "open" else state.images
    now = evolve(group, images=images, status=state.status, chosen=state.chosen, how=how)
    bench.groups[directory.id].groups[id_of(group.subject)] = now
    return now, version


ROUTES = (
    Route("/select", select),
    Route("/select/groups", groups),
    Route("/select/decide", decide, methods=["POST"]),
)
