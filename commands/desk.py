"""What a command works with: home, settings, the ledger and the projections, each opened when first needed."""

from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from configs.home import Home

if TYPE_CHECKING:
    from commands.recording.recording import Recorder
    from commands.running.runner import Runner
    from configs.settings import Settings
    from imaging.zones import Zones
    from ledger.log import Ledger
    from projections.reader import Projections
    from projections.store import Store


class Desk:
    """One command's tools; closes what it opened."""

    def __init__(self, home: Home) -> None:
        """Nothing is opened yet."""
        self.home = home
        self.now = datetime.now(UTC)
        self.workers = 1
        self.reencode = False
        self._open = ExitStack()

    @cached_property
    def settings(self) -> "Settings":
        """The settings in force."""
        from configs.settings import load

        return load(self.home.config)

    @cached_property
    def ledger(self) -> "Ledger":
        """The ledger; raises `NotFound` and says how to make one."""
        from ledger.log import Ledger

        return self._open.enter_context(Ledger.open(self.home.ledger))

    @cached_property
    def store(self) -> "Store":
        """projections.db for writing, caught up with the ledger."""
        from projections.catch_up import catch_up
        from projections.store import Store

        store = self._open.enter_context(Store.open(self.home.projections))
        catch_up(self.ledger, store)
        return store

    @cached_property
    def projections(self) -> "Projections":
        """The projections for reading, caught up with the ledger."""
        from projections.reader import Projections

        _ = self.store
        return self._open.enter_context(Projections.open(self.home.projections))

    @cached_property
    def zones(self) -> "Zones":
        """Where images may be recorded and crops written."""
        from imaging.zones import Zones

        return Zones.of(*self.settings.allowed_roots)

    def runner(self) -> "Runner":
        """A run of its own, with a name of its own."""
        import secrets

        from commands.running.runner import Runner
        from commands.running.running import owed_beside

        return Runner(
            ledger=self.ledger,
            home=self.home,
            settings=self.settings,
            zones=self.zones,
            run=secrets.token_hex(4),
            batch_size=self.settings.batch_size_default * self.workers,
            workers=self.workers,
            reencode=self.reencode,
            owed_beside=owed_beside(self.projections),
        )

    def recorder(self) -> "Recorder":
        """What records marks here."""
        from commands.recording.recording import Recorder

        return Recorder(self.ledger, self.projections, self.zones)

    def refresh(self) -> None:
        """Catch the projections up with what was recorded meanwhile."""
        from projections.catch_up import catch_up

        catch_up(self.ledger, self.store)

    def queue_length(self) -> int:
        """How many crops are owed now, all projects together."""
        from projections.queue import sizes

        self.refresh()
        return sizes(self.projections).owed

    def close(self) -> None:
        """Close whatever was opened."""
        self._open.close()


def correlation() -> str:
    """A new id for this request, which all its entries carry."""
    from ledger.entry import new_id

    return new_id()
