"""Before a stretch of work: are there enough crops, are their images there, and is there room for what is written?"""

from collections.abc import Iterator

from commands.inspection.inspecting import Inspection, before_a_run
from commands.running.runner import Runner
from commands.running.slots import Slot
from ledger.events.runs import BlockBegun
from projections.queue import owed, sizes
from projections.reader import Projections


def look(runner: Runner, projections: Projections, slot: Slot, crops: int, project: str | None) -> BlockBegun:
    """What the stretch that begins with this batch needs, and what there is; reads headers, writes nothing."""
    waiting = sizes(projections, project=project).pending
    ahead = owed(projections, project=project, status="pending", limit=crops)
    inspection = before_a_run(runner, projections, ahead)
    return BlockBegun(
        schedule=slot.schedule,
        plan=slot.plan,
        block=slot.block,
        crops=crops,
        waiting=waiting,
        missing_files=_missing(inspection),
        needed_bytes=sum(room.needed_bytes for room in inspection.rooms),
        free_bytes=min((room.free_bytes for room in inspection.rooms), default=0),
        problems=tuple(_problems(inspection, crops, waiting)),
    )


def _missing(inspection: Inspection) -> int:
    return sum(finding.code == "missing" for finding in inspection.findings)


def _problems(inspection: Inspection, crops: int, waiting: int) -> Iterator[str]:
    if waiting < crops:
        yield "starved"
    if _missing(inspection):
        yield "missing_files"
    if any(room.needed_bytes > room.free_bytes for room in inspection.rooms):
        yield "disk_low"
