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


CHUNK = 2_000
"""Entries whose rows are merged in memory before they are written, and while catching up, land together."""

PAGE = 200
"""Entries read at a time: so many stay in the processor's cache between being read and being folded."""


def catch_up(ledger: Ledger, store: Store, projections: Sequence[Projection] = ALL) -> Head:
    """Fold what is new; returns the head that all projections have reached.

    A projection that is new, or whose version was raised, is dropped and folded again from the first entry, in one
    transaction; one that is no longer known is dropped. Raises `Diverged` where the file belongs to another ledger,
    `Busy`, and a fault that names projection and position where a fold fails.
    """
    head = ledger.head()
    if _are_at(head, store.cursors(), projections):
        return head
    with store.exclusive():
        _refold_stale(ledger, store, projections, head)
    while not _are_at_least(head, store.cursors(), projections):
        with store.exclusive():
            _fold_chunk(ledger, store, projections, head)
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


def _are_at(head: Head, cursors: Mapping[str, Cursor], projections: Sequence[Projection]) -> bool:
    wanted = {each.name: Cursor(each.name, each.version, head) for each in projections}
    return cursors == wanted


def _are_at_least(head: Head, cursors: Mapping[str, Cursor], projections: Sequence[Projection]) -> bool:
    return all(cursors[each.name].head.position >= head.position for each in projections)


def _refold_stale(ledger: Ledger, store: Store, projections: Sequence[Projection], head: Head) -> None:
    cursors = store.cursors()
    require_on_chain(ledger, cursors)
    wanted = {each.name: each.version for each in projections}
    for name in cursors.keys() - wanted.keys():
        store.drop(name)
    stale = [each for each in projections if each.name not in cursors or cursors[each.name].version != each.version]
    if stale:
        refold(ledger, store, stale, head)


def _fold_chunk(ledger: Ledger, store: Store, projections: Sequence[Projection], head: Head) -> None:
    """Fold the next entries for those projections that are furthest behind."""
    cursors = store.cursors()
    after = min(cursors[each.name].head.position for each in projections)
    if after >= head.position:
        return  # somebody else was quicker
    behind = [each for each in projections if cursors[each.name].head.position == after]
    last = min(head.position, after + CHUNK)
    fold_between(ledger, store, Folding(behind), after, last)
    store.move(behind, Head(last, ledger.hash_at(last) or ""))
