"""What can be asked about: every table and view, with a sentence for it and for each column."""

from collections.abc import Mapping

from attrs import frozen

from ledger.schema import COLUMNS
from projections.catalogue import ALL
from projections.projection import View


@frozen
class Part:
    """A table or a view."""

    name: str
    kind: str
    projection: str
    sentence: str
    columns: Mapping[str, str]


def described(name: str | None = None) -> tuple[Part, ...]:
    """All parts, or those of one table, view or projection."""
    parts = [
        Part(part.name, "view" if isinstance(part, View) else "table", projection.name, part.sentence, part.columns)
        for projection in ALL
        for part in (*projection.views, *projection.tables)
    ]
    parts.append(Part("ledger.events", "table", "ledger", "What happened, in order, for ever.", COLUMNS))
    return tuple(part for part in parts if name in {None, part.name, part.projection, part.name.partition(".")[2]})
