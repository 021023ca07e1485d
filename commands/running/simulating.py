"""Planned days played on a virtual clock: driver and rules are real, the ledger is a copy, and no pixel changes."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import define

from commands.running.clock import VirtualClock
from commands.running.following import Scene
from commands.running.runner import Claim, Runner, destination
from configs.home import Home
from imaging.problems import Unusable
from imaging.read import ImageFile, observe
from ledger.events.crops import CropExecuted, CropRecorded, CropStarted
from ledger.log import Ledger
from projections.catch_up import catch_up
from projections.reader import Projections
from projections.store import Store

CROP_S = 0.25
"""Seconds of the virtual clock that a crop takes."""


@define(kw_only=True)
class Pretender(Runner):
    """Executes nothing, takes its time over it, and records what a runner would have recorded."""

    clock: VirtualClock
    crop_s: float = CROP_S

    def planned(self, crop: CropRecorded, attempt: int, look: Callable[[Path], ImageFile] = observe) -> CropStarted:  # noqa: ARG002  # nothing is looked at
        """What would be written, by what was recorded; a file that is gone is missed here, too."""
        source = Path(crop.path)
        if not source.exists():
            raise Unusable(f"{source}: no such file", reason="missing")
        output = destination(source, self.settings.destination)
        return CropStarted(
            run=self.run, attempt=attempt, source=crop.path, sha256=crop.sha256, size_bytes=crop.size_bytes,
            modified_ns=0, dimensions=crop.dimensions, pixel_box=crop.box.denormalise(crop.dimensions),
            output=str(output), temporary=f"{output}.simulated", archive=str(self.home.originals / crop.sha256),
        )  # fmt: skip

    def cut(self, claim: Claim) -> CropExecuted:
        """Nothing but time passes."""
        self.clock.spend(self.crop_s)
        started = claim.started
        return CropExecuted(
            run=started.run, attempt=started.attempt, source=started.source, source_sha256=started.sha256,
            archive=started.archive, output=started.output, output_sha256=started.sha256,
            output_size_bytes=started.size_bytes, output_dimensions=started.pixel_box.dimensions,
            elapsed_ms=1000 * self.crop_s,
        )  # fmt: skip


@contextmanager
def played(ledger: Ledger, like: Runner, clock: VirtualClock) -> Iterator[Scene]:
    """Copy the ledger, fold it, and have somebody pretend; all of it is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="cropledger-simulation-", dir=_memory(ledger)) as place:
        home = Home(Path(place))
        ledger.copy_to(home.ledger)
        with (
            Ledger.open(home.ledger, clock=clock.stamp) as copy,
            Store.open(home.projections) as store,
        ):
            catch_up(copy, store)
            with Projections.open(home.projections) as projections:
                runner = Pretender(
                    ledger=copy, home=home, settings=like.settings, zones=like.zones,
                    run=like.run, batch_size=like.batch_size, owed_beside=like.owed_beside, sleep=clock.spend,
                    clock=clock,
                )  # fmt: skip
                yield Scene(runner, projections, store)


def _memory(ledger: Ledger) -> Path | None:
    """A place in memory, where there is one with room: thousands of small transactions need no disk to wait for."""
    place = Path("/dev/shm")  # noqa: S108  # a directory of our own is made in it
    try:
        room = shutil.disk_usage(place).free
    except OSError:
        return None
    return place if room > 8 * ledger.path.stat().st_size + 2**26 and os.access(place, os.W_OK) else None
