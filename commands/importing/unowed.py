"""Crops that wait, by facts in the ledger, and cannot be owed as things are: told in the review until that has changed.

No line of a file says what is wrong with them: the line may have come long ago, and the image has changed since.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import PurePosixPath

import msgspec
from attrs import frozen

from commands.importing.facts import QUEUE, mark_subject
from commands.importing.quarantine import Quarantine, SetAside, Source, reason_of
from commands.importing.reading import Record
from commands.importing.tellings import Name
from commands.recording.marks import Mark
from ledger.errors import CropledgerError


@frozen
class Unowed:
    """A mark that waits and cannot be owed."""

    name: Name
    mark: Mark
    """At the path where its image should be."""
    why: CropledgerError


def keep_unowed(names: Iterable[Name], unowed: Iterable[Unowed], quarantine: Quarantine, now: datetime) -> None:
    """Set aside what cannot be owed on images of these names; what was set aside of them before and can be, leaves."""
    problems: dict[Name, list[Unowed]] = defaultdict(list)
    for each in unowed:
        problems[each.name].append(each)
    for name in names:
        project, filename = name
        there = problems.get(name, [])
        where = there[0].mark.path if there else filename
        source = Source(where, hashlib.sha256(mark_subject(project, filename).encode()).hexdigest(), project)
        if not there and not quarantine.holds(source):
            continue
        with quarantine.keeping(source, now) as keeper:
            for each in there:
                line = _line(each.mark)
                keeper.add(Record(0, line, b"", len(line)), QUEUE, SetAside(reason_of(each.why), each.why.message))


def _line(mark: Mark) -> bytes:
    """The mark in the form of the pending queue."""
    path, box, size = PurePosixPath(mark.path), mark.box, mark.dimensions
    return msgspec.json.encode(
        {
            "created_at": mark.at, "project_id": mark.project, "group_id": mark.group, "filename": path.name,
            "dir": str(path.parent), "width": size.width_px if size else None,
            "height": size.height_px if size else None, "crop_norm": [box.x1, box.y1, box.x2, box.y2],
        }
    )  # fmt: skip
