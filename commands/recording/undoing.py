"""Taking a crop back: the files first, then the event."""

from datetime import datetime
from pathlib import Path

from attrs import evolve as changed

from commands.crops import IMAGES, UndoCrop
from commands.decider import Request
from commands.handle import handle, replay
from commands.image import Image
from commands.running.leases import lock_of
from configs.home import Home
from db.lock import held_while_alive
from imaging.undo import undo
from imaging.zones import Zones
from ledger.errors import Busy, NotFound, Refused
from ledger.events.crops import CropExecuted, CropStarted, CropUndone
from ledger.log import Ledger


def undo_crop(
    subject: str, *, ledger: Ledger, home: Home, zones: Zones, actor: str, correlation: str, now: datetime
) -> CropUndone:
    """Restore the original and its companions, remove the crop, and record it.

    Killed at any point, asking again finishes it. Raises `Refused`, `NotFound`, `Unsafe`, `Busy` and what the files
    refuse; in all these cases nothing has moved.
    """
    with held_while_alive(lock_of(home, "undo-" + subject.rpartition("/")[2])) as alone:
        if not alone:
            raise Busy("Another process is undoing this crop.", mend="Wait for it.")
        started, executed = _last_execution(subject, ledger)
        for path in (executed.source, executed.output, *(moved.source for moved in executed.companions)):
            zones.check(Path(path))
        Zones.of(home.originals).check(Path(executed.archive))
        undone = undo(executed, started)
        handle(Request(UndoCrop(subject, undone), actor, correlation), ledger=ledger, now=now)
        return undone


def undoable(subject: str, ledger: Ledger) -> CropExecuted:
    """The execution that `undo_crop` would take back."""
    return _last_execution(subject, ledger)[1]


def _last_execution(subject: str, ledger: Ledger) -> tuple[CropStarted, CropExecuted]:
    image, version = replay(IMAGES, ledger.history(subject))
    assert isinstance(image, Image)  # noqa: S101  # for the type checker: IMAGES folds into Image
    if not version:
        raise NotFound(f"Nothing is recorded about {subject}.")
    if image.status != "executed" or image.started is None or image.executed is None:
        raise Refused(f"{image.name} is not executed, so there is nothing to undo: it is {image.status}.")
    return _where_it_is_now(image.started, image.executed, Path(image.name))


def _where_it_is_now(started: CropStarted, executed: CropExecuted, image: Path) -> tuple[CropStarted, CropExecuted]:
    """The same execution, with the original and its companions going back to where their directory is by now.

    A directory that is gone is made again, unless the one that they were taken from is still there.
    """
    before = Path(started.source)
    if image == before or (before.parent.is_dir() and not image.parent.is_dir()):
        return started, executed

    def now(path: str) -> str:
        return str(image.parent / Path(path).name) if Path(path).parent == before.parent else path

    return (
        changed(
            started,
            source=str(image),
            companions=tuple(changed(move, source=now(move.source)) for move in started.companions),
        ),
        changed(
            executed,
            source=str(image),
            companions=tuple(changed(move, source=now(move.source)) for move in executed.companions),
        ),
    )
