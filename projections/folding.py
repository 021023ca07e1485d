"""Entries -> rows: every entry is dispatched once to all folds that care, and the rows are written together."""

from collections.abc import Iterable, Sequence

from db.connect import LiveConnection
from ledger.entry import Entry
from ledger.errors import CropledgerError
from ledger.events.event import Event
from projections.pending import FoldError, PendingRows
from projections.projection import Change, Fold, Projection


class Folding:
    """A fold of some projections in progress: their pending rows."""

    def __init__(self, projections: Sequence[Projection]) -> None:
        """The projections that take part; their tables exist already."""
        self._projections = projections
        self._rows = [(each.name, PendingRows(table)) for each in projections for table in each.tables]
        self._changes: dict[str, list[Change]] = {rows.table.name: rows.changes for _, rows in self._rows}
        # Filled as events come: to catch up with one mark, nobody has to know who folds all the others.
        self._folds: dict[type[Event], list[tuple[str, Fold]]] = {}

    def add(self, entries: Iterable[Entry]) -> None:
        """Fold entries into pending rows; raises a fault that names the projection and the position."""
        changes, folds = self._changes, self._folds
        for entry in entries:
            event = entry.event
            owners = folds.get(type(event))
            if owners is None:
                owners = folds[type(event)] = self._folds_of(type(event))
            for owner in owners:
                try:
                    for change in owner[1](event, entry):
                        changes[change.table].append(change)
                except Exception as error:  # whatever a fold raises is a fault in it: say where, and stop
                    raise CropledgerError(
                        f"The projection {owner[0]} cannot fold position {entry.position} ({event.TYPE}): {error!r}."
                    ) from error

    def _folds_of(self, event: type[Event]) -> list[tuple[str, Fold]]:
        return [(each.name, each.folds[event]) for each in self._projections if event in each.folds]

    def write(self, connection: LiveConnection) -> None:
        """Write the pending rows, in the caller's transaction; raises a fault that names the projection."""
        for name, rows in self._rows:
            try:
                rows.write(connection)
            except FoldError as error:
                raise CropledgerError(f"The projection {name} is wrong: {error}.") from error
