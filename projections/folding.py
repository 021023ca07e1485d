"""Entries -> rows: every entry is dispatched once to all folds that care, and the rows are written together."""

from collections.abc import Iterable, Sequence

from db.connect import LiveConnection
from ledger.entry import Entry
from ledger.errors import CropledgerError
from ledger.events.event import Event
from projections.pending import FoldError, PendingRows
from projections.projection import Fold, Projection


class Folding:
    """A fold of some projections in progress: their pending rows."""

    def __init__(self, projections: Sequence[Projection]) -> None:
        """The projections that take part; their tables exist already."""
        self._pending = {table.name: PendingRows(table) for each in projections for table in each.tables}
        self._owner = {table.name: each.name for each in projections for table in each.tables}
        self._folds: dict[type[Event], list[tuple[str, Fold]]] = {}
        for each in projections:
            for event, fold in each.folds.items():
                self._folds.setdefault(event, []).append((each.name, fold))

    def add(self, entries: Iterable[Entry]) -> None:
        """Fold entries into pending rows; raises a fault that names the projection and the position."""
        pending, folds = self._pending, self._folds
        for entry in entries:
            for name, fold in folds.get(type(entry.event), ()):
                try:
                    for change in fold(entry.event, entry):
                        pending[change.table].add(change)
                except Exception as error:
                    raise CropledgerError(
                        f"The projection {name} cannot fold position {entry.position} ({entry.event.TYPE}): {error!r}."
                    ) from error

    def write(self, connection: LiveConnection) -> None:
        """Write the pending rows, in the caller's transaction; raises a fault that names the projection."""
        for table, rows in self._pending.items():
            try:
                rows.write(connection)
            except FoldError as error:
                raise CropledgerError(f"The projection {self._owner[table]} is wrong: {error}.") from error
