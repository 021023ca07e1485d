"""The marking page: it hands out images, takes decisions, and records them by the commands' rules."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commands.desk import Desk, correlation
from commands.progress.scanning import Scanner
from commands.recording.marking import Answer, Marking
from commands.recording.recording import Asked
from ledger.errors import NotFound
from projections import batches
from projections.reader import Projections
from web import opening
from web.marks import MOST, Asking, Leaving, Marks, Next, Step, decision_of, operator_of
from web.offered import Directory, Picture
from web.opening import Bench, workbench
from web.pages import as_json, body
from web.workbench import Reading, Standing, Workbench, answered, batch_told, seat, standing, told, whereabouts

Which = Callable[[Projections, str, str], list[batches.MarkedImage]]
StepOver = Callable[[Marking, str, str, Iterable[str], Asked], list[Answer]]

_FOR_EVER = "private, max-age=31536000, immutable"  # the address names the content


# -- the page -----------------------------------------------------------------------------------------------------


def _far(_bench: Workbench, desk: Desk, directory: Directory) -> str:
    now = standing(desk, directory, None)
    return f"{now.open:,} to decide, {now.decided:,} decided" if now.open or now.decided else "not looked at yet"


def _setup(desk: Desk) -> Mapping[str, object]:
    settings = desk.settings
    return {"size": settings.images_side_by_side, "keys": settings.keys, "shapes": settings.shapes}


BENCH = Bench(
    "crop.html", "Mark",
    "Choose a directory. What you mark is recorded in the ledger at once; no pixel changes before a run.",
    _far, _setup,
)  # fmt: skip


async def crop(request: Request) -> Response:
    """The page."""
    return await opening.opened(request, BENCH)


# -- what the page asks for ---------------------------------------------------------------------------------------


async def opened(request: Request) -> Response:
    """Look what is in the directory; answers when that is known. Pages that ask meanwhile wait for the same look."""
    bench, asking = workbench(request), await body(request, Asking)
    actor = operator_of(asking, bench.office.place.actor)
    directory = await bench.office.read(lambda desk: bench.offered.directory(desk, asking.directory))
    reading = bench.readings.get(directory.id)
    if reading is None:
        reading = bench.readings[directory.id] = _begun(bench, directory, actor)
    await asyncio.shield(reading.task)

    def seated(desk: Desk) -> dict[str, object]:
        said = bench.seats.look(desk, directory, bench.offered.project(desk, directory), actor)
        return whereabouts(bench, desk, directory) | {"greeting": said}

    return as_json(await bench.office.act(seated))


def _begun(bench: Workbench, directory: Directory, actor: str) -> Reading:
    def look(desk: Desk) -> None:
        def watch(done: int, of: int) -> None:
            reading.done, reading.of = done, of

        scanner = Scanner(desk.ledger, desk.projections, desk.zones, watch)
        scanner.scan(Path(directory.path), Asked(actor, correlation(), desk.now))

    reading = Reading(asyncio.create_task(bench.office.aside(look)))
    reading.task.add_done_callback(lambda _: bench.readings.pop(directory.id, None))
    return reading


async def how_far(request: Request) -> Response:
    """How far the look into a directory is: images read, of how many that are new."""
    found = workbench(request).readings.get(request.query_params.get("directory", ""))
    return as_json({"done": found.done, "of": found.of} if found else {"done": 0, "of": 0})


async def onward(request: Request) -> Response:
    """The next images that wait for a decision and that nobody else looks at; this page holds them from now on."""
    bench, asking = workbench(request), await body(request, Next)

    def found(desk: Desk) -> tuple[list[Picture], dict[str, object]]:
        directory = bench.offered.directory(desk, asking.directory)
        project = bench.offered.project(desk, directory)
        bench.claims.hold(asking.page, asking.held)
        without = bench.claims.held_by_others(asking.page) | set(asking.held)
        pictures = bench.offered.waiting(desk, directory, project, max(0, min(asking.count, MOST)), without)
        bench.claims.add(asking.page, [picture.id for picture in pictures])
        answer = {
            "images": [told(desk, picture, directory) for picture in pictures],
            "standing": standing(desk, directory, project),
            "elsewhere": len(without - set(asking.held)),
        }
        return pictures, answer

    # In the one thread that writes: two pages that ask at once are answered one after the other.
    pictures, answer = await bench.office.act(found)
    for picture in pictures:
        bench.previews.ahead(bench.offered.file_of(picture), picture.sha256)
    return as_json(answer)


async def marks(request: Request) -> Response:
    """Record a batch; the answer says that it is in the ledger. The same batch again is the same answer."""
    bench, sent = workbench(request), await body(request, Marks)

    def recorded(desk: Desk) -> object:
        directory = bench.offered.directory(desk, sent.directory)
        decisions = [
            decision_of(each, bench.offered.picture(desk, directory, each.image), sent, desk.now)
            for each in sent.decisions
        ]
        asked = _asked(bench, desk, sent)
        seat(bench, desk, directory, asked, *(each.at for each in decisions if each.at))
        answers = Marking(desk.recorder()).mark(sent.id, decisions, asked)
        return answered(bench, desk, directory, answers)

    return as_json(await bench.office.act(recorded))


async def undo(request: Request) -> Response:
    """Take back the last batch of this operator in this directory that stands."""
    return await _stepped(request, batches.last_done, Marking.undo, "There is nothing to take back here.")


async def redo(request: Request) -> Response:
    """Bring back the batch that was taken back last."""
    return await _stepped(request, batches.last_undone, Marking.redo, "There is nothing to bring back here.")


async def _stepped(request: Request, which: Which, step: StepOver, nothing: str) -> Response:
    bench, sent = workbench(request), await body(request, Step)

    def stepped(desk: Desk) -> object:
        directory = bench.offered.directory(desk, sent.directory)
        asked = _asked(bench, desk, sent)
        of = desk.projections, directory.path, asked.actor
        images = batches.answered(*of, sent.id) or which(*of)
        if not images:
            raise NotFound(nothing)
        seat(bench, desk, directory, asked)
        answers = step(Marking(desk.recorder()), images[0].batch, sent.id, [each.subject for each in images], asked)
        bench.claims.add(sent.page, [each.subject.partition("/")[2] for each in images])
        desk.refresh()
        done = [answer for answer in answers if answer.refused is None]
        now = batch_told(bench, desk, directory, images[0].batch, [answer.subject for answer in done])
        return answered(bench, desk, directory, answers) | {"batch": now if done else None}

    return as_json(await bench.office.act(stepped))


async def before(request: Request) -> Response:
    """The batch that was marked before `?batch=ID`, or the last one, as it stands now; null where there is none."""
    bench, asked = workbench(request), request.query_params
    operator = asked.get("operator")

    def found(desk: Desk) -> object:
        directory = bench.offered.directory(desk, asked.get("directory", ""))
        actor = f"operator:{operator}" if operator else bench.office.place.actor
        images = batches.before(desk.projections, directory.path, actor, asked.get("batch"))
        if not images:
            return None
        return batch_told(bench, desk, directory, images[0].batch, [each.subject for each in images])

    return as_json({"batch": await bench.office.read(found)})


async def leave(request: Request) -> Response:
    """What the page held goes to others at once; the sitting ends, if the operator ended it."""
    bench, asking = workbench(request), await body(request, Leaving)
    bench.claims.release(asking.page)
    if not asking.ends:
        return as_json({})

    def got_up(desk: Desk) -> None:
        directory = bench.offered.directory(desk, asking.directory)
        bench.seats.leave(desk, directory, _asked(bench, desk, asking))

    await bench.office.act(got_up)
    return as_json({})


async def stand(request: Request) -> Response:
    """How far the directory is."""
    bench, id_ = workbench(request), request.query_params.get("directory", "")

    def found(desk: Desk) -> Standing:
        directory = bench.offered.directory(desk, id_)
        return standing(desk, directory, bench.offered.project(desk, directory))

    return as_json(await bench.office.read(found))


async def preview(request: Request) -> Response:
    """A small copy of an image, by its id."""
    bench, given = workbench(request), request.path_params

    def found(desk: Desk) -> tuple[Path, str]:
        picture = bench.offered.picture(desk, bench.offered.directory(desk, given["directory"]), given["image"])
        return bench.offered.file_of(picture), picture.sha256

    path, sha256 = await bench.office.read(found)
    jpeg = await bench.previews.of(path, sha256)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": _FOR_EVER})


def _asked(bench: Workbench, desk: Desk, asking: Asking) -> Asked:
    return Asked(operator_of(asking, bench.office.place.actor), correlation(), desk.now)


ROUTES = (
    Route("/crop", crop),
    Route("/crop/open", opened, methods=["POST"]),
    Route("/crop/reading", how_far),
    Route("/crop/next", onward, methods=["POST"]),
    Route("/crop/marks", marks, methods=["POST"]),
    Route("/crop/undo", undo, methods=["POST"]),
    Route("/crop/redo", redo, methods=["POST"]),
    Route("/crop/before", before),
    Route("/crop/leave", leave, methods=["POST"]),
    Route("/crop/standing", stand),
    Route("/preview/{directory:str}/{image:str}", preview),
)
