"""Brings the projections up to the ledger's head, each event exactly once."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ledger.entry import Head
from ledger.errors import Damaged, Diverged
from ledger.log import Ledger, without_collecting
from projections.catalogue import ALL
from projections.folding import Folding
from projections.projection import Projection
from projections.reader import Projections
from projections.store import Cursor, Store

Watch = Callable[[int, int], None]
"""Called with the entries folded and the entries there are, for who draws a bar."""


def unwatched(_done: int, _total: int) -> None:
    """Nobody watches."""


CHUNK = 512
"""Entries whose rows are merged in memory before they are written, and while catching up, land together.

So many rows stay in the processor's cache until they are written: with four times as many a rebuild takes a sixth more.
"""

PAGE = 128
"""Entries read at a time: so many stay in the processor's cache between being read and being folded."""


def catch_up(ledger: Ledger, store: Store, projections: Sequence[Projection] = ALL) -> Head:
    """Fold what is new; returns the head that all projections have reached.

    A projection that is new, or whose version was raised, is dropped and folded again from the first entry, in one
    transaction; one that is no longer known is dropped. Raises `Diverged` where the file belongs to another ledger,
    `Busy`, and a fault that names projection and position where a fold fails.
    """
    head = ledger.head()
    if store.at(head) == {(each.name, each.version) for each in projections}:
        return head
    with store.exclusive():
        cursors = _refolded_where_stale(ledger, store, projections, head)
        reached = _fold_chunk(ledger, store, projections, cursors, head)
    while not reached:
        with store.exclusive():
            reached = _fold_chunk(ledger, store, projections, store.cursors(), head)
    return head


def caught_up(ledger: Ledger, path: Path) -> Projections:
    """Catch up the projections at `path` (made if missing) and open them for reading."""
    with Store.open(path) as store:
        catch_up(ledger, store)
    return Projections.open(path)


def refold(
    ledger: Ledger, store: Store, projections: Sequence[Projection], head: Head, watch: Watch = unwatched
) -> None:
    """Drop these projections and fold them again up to `head`, in the caller's transaction."""
    for each in projections:
        store.drop(each.name)
        store.create(each)
    folding = Folding(projections)
    with store.filling():
        fold_between(ledger, store, folding, 0, head.position, watch)
        store.index(projections)
    store.move(projections, head)


def fold_into(
    ledger: Ledger, store: Store, head: Head, projections: Sequence[Projection] = ALL, watch: Watch = unwatched
) -> None:
    """Fold the ledger up to `head` into an empty file."""
    with store.exclusive():
        refold(ledger, store, projections, head, watch)


def fold_between(
    ledger: Ledger, store: Store, folding: Folding, after: int, last: int, watch: Watch = unwatched
) -> None:
    """Fold the entries behind `after` up to `last`, in the caller's transaction."""
    while after < last:
        with without_collecting():
            chunk = min(after + CHUNK, last)
            while after < chunk:
                entries = ledger.read(after, min(PAGE, chunk - after))
                if not entries:
                    raise Damaged(f"The ledger has lost its entries behind position {after}.", position=after + 1)
                folding.add(entries)
                after = entries[-1].position
            folding.write(store.connection)
        watch(after, last)


def require_on_chain(ledger: Ledger, cursors: Mapping[str, Cursor]) -> None:
    """Raise `Diverged` where a cursor does not lie on this ledger's chain."""
    for head in {cursor.head for cursor in cursors.values()}:
        if ledger.hash_at(head.position) != head.hash:
            names = ", ".join(name for name, cursor in cursors.items() if cursor.head == head)
            raise Diverged(
                f"The projections ({names}) have folded position {head.position} of another ledger, or of a later "
                "state of this one.",
                mend="To fold them again: crop rebuild --all",
                position=head.position,
            )


def _refolded_where_stale(
    ledger: Ledger, store: Store, projections: Sequence[Projection], head: Head
) -> Mapping[str, Cursor]:
    """Fold again what is new or of another version, drop what is not known any more; the cursors after that."""
    cursors = store.cursors()
    require_on_chain(ledger, cursors)
    wanted = {each.name: each.version for each in projections}
    unknown = cursors.keys() - wanted.keys()
    stale = [each for each in projections if each.name not in cursors or cursors[each.name].version != each.version]
    for name in unknown:
        store.drop(name)
    if stale:
        refold(ledger, store, stale, head)
    return store.cursors() if stale or unknown else cursors


def _fold_chunk(
    ledger: Ledger, store: Store, projections: Sequence[Projection], cursors: Mapping[str, Cursor], head: Head
) -> bool:
    """Fold the next entries for those projections that are furthest behind; whether all have reached `head` now."""
    after = min(cursors[each.name].head.position for each in projections)
    if after >= head.position:
        return True  # somebody else was quicker, or everything was folded again
    behind = [each for each in projections if cursors[each.name].head.position == after]
    last = min(head.position, after + CHUNK)
    fold_between(ledger, store, Folding(behind), after, last)
    store.advance(after, Head(last, ledger.hash_at(last) or ""))
    return last == head.position and len(behind) == len(projections)
