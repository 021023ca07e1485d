"""What the marking pages of one server share, and how they are told where things stand."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Self

from attrs import define, field, frozen

from commands.choosing.selecting import FoundGroup
from commands.desk import Desk
from commands.recording.marking import Answer
from commands.recording.recording import Asked
from commands.recording.suggesting import suggested_for
from ledger.values import Box, Instant
from projections.progress import progress
from web.claims import Claims
from web.offered import Directory, Offered, Picture, Stands
from web.office import Office
from web.previews import Previews, Shelf
from web.seats import Seats


@define(eq=False)
class Workbench:
    """What the marking pages of one server share."""

    office: Office
    previews: Previews
    offered: Offered
    claims: Claims = field(factory=Claims)
    seats: Seats = field(factory=Seats)
    readings: dict[str, "Reading"] = field(factory=dict)
    groups: dict[str, "Shown"] = field(factory=dict)
    """The groups that were shown last, by directory."""

    @classmethod
    def of(cls, office: Office) -> Self:
        """The workbench of a server; nothing is opened yet."""
        settings = Desk(office.place.home).settings
        return cls(
            office, Previews(Shelf(office.place.home.previews, settings.previews_mb << 20)), Offered(office.place)
        )


def seat(bench: Workbench, desk: Desk, directory: Directory, asked: Asked, *at: Instant) -> None:
    """Somebody does something in a directory, at these moments (else now): their sitting begins, or goes on."""
    first = min((datetime.fromisoformat(each) for each in at), default=asked.now)
    bench.seats.act(desk, directory, bench.offered.project(desk, directory), asked, first)


@frozen
class Standing:
    """How far a directory is, as far as people are concerned."""

    open: int
    """Images that wait for a person's decision."""
    decided: int
    """Images with a decision that stands."""
    problems: int
    """Images that cannot be cropped as they are, and are not shown."""


def standing(desk: Desk, directory: Directory, project: str | None) -> Standing:
    """How far a directory is in a project."""
    found = progress(desk.projections, directory=directory.path, project=project)
    return Standing(
        sum(each.open + each.failed for each in found),
        sum(each.decided for each in found),
        sum(each.problem for each in found),
    )


@define(eq=False)
class Shown:
    """The groups of a directory as they were shown: a decision is about the group that a person saw."""

    position: int
    """How much of the ledger they are made from."""
    groups: dict[str, FoundGroup]
    """By id, in order."""


@define(eq=False)
class Reading:
    """A directory that is being read, and how far."""

    task: asyncio.Task[None]
    done: int = 0
    of: int = 0


def whereabouts(bench: Workbench, desk: Desk, directory: Directory) -> dict[str, object]:
    """A directory, how far it is, and which ones are beside it."""
    known = bench.offered.directories(desk)
    place = next(index for index, each in enumerate(known) if each.id == directory.id)
    project = bench.offered.project(desk, directory)
    return {
        "directory": directory.id, "path": directory.path, "name": directory.name, "project": project,
        "standing": standing(desk, directory, project),
        "next": known[(place + 1) % len(known)].id, "previous": known[place - 1].id, "directories": len(known),
    }  # fmt: skip


def told(desk: Desk, picture: Picture, directory: Directory) -> dict[str, object]:
    """All that the page needs to show an image and to say what was decided about it."""
    suggestion = suggested_for(Path(picture.path), picture.project, desk.projections).suggestion
    return {
        "id": picture.id, "name": Path(picture.path).name, "width": picture.dimensions.width_px,
        "height": picture.dimensions.height_px, "sha256": picture.sha256, "version": picture.version,
        "preview": f"/preview/{directory.id}/{picture.id}?v={picture.sha256[:16]}",
        "suggestion": _fractions(suggestion.box) if suggestion else None,
    }  # fmt: skip


def answered(bench: Workbench, desk: Desk, directory: Directory, answers: list[Answer]) -> dict[str, object]:
    """What became of a batch, and how far the directory is with it."""
    desk.refresh()
    project = bench.offered.project(desk, directory)
    return {
        "results": [
            {"image": answer.subject.partition("/")[2], "version": answer.version, "refused": answer.refused}
            for answer in answers
        ],
        "standing": standing(desk, directory, project),
    }


def batch_told(
    bench: Workbench, desk: Desk, directory: Directory, batch: str, subjects: list[str]
) -> dict[str, object]:
    """A batch as it stands now: its images, and what is decided about each."""
    entries: list[dict[str, object]] = []
    for subject in subjects:
        id_ = subject.partition("/")[2]
        picture = bench.offered.anew(desk, directory, id_)
        entries.append({"image": told(desk, picture, directory), "decided": _decided(bench.offered.stands(desk, id_))})
    return {"id": batch, "entries": entries}


def _decided(stands: Stands | None) -> dict[str, object] | None:
    if stands is None:
        return None
    return {"skipped": stands.skipped, "box": _fractions(stands.box) if stands.box else None}


def _fractions(box: Box) -> list[float]:
    return [box.x1, box.y1, box.x2, box.y2]
