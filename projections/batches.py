"""The batches that were marked on the page, so that undo, redo and going back work after a restart as well.

Its requests say in their correlation what they are: `mark:BATCH`, `undo:BATCH:REQUEST`, `redo:BATCH:REQUEST`
(`commands.recording.retracing`).
"""

from collections.abc import Iterator
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.crops import CropRecorded, CropWithdrawn
from ledger.events.event import Event
from ledger.events.images import ImageRestored, ImageSkipped
from projections.columns import split
from projections.projection import Change, Projection, Put, Set, Table
from projections.reader import Projections

MARKED_IMAGES = Table("""
CREATE TABLE marked_images ( -- One row per image of each batch that was marked on the page.
  batch TEXT NOT NULL, -- the batch
  subject TEXT NOT NULL, -- the image
  project TEXT NOT NULL, -- its project
  directory TEXT NOT NULL, -- its directory when it was marked
  actor TEXT NOT NULL, -- who marked it
  position INTEGER NOT NULL, -- position of the mark in the ledger
  undone INTEGER NOT NULL, -- 1 while the mark is taken back
  changed INTEGER NOT NULL, -- position at which it was marked, taken back or brought back last
  request TEXT NOT NULL, -- the request that did that
  PRIMARY KEY (batch, subject)
) STRICT
""")


def marked(event: CropRecorded | ImageSkipped, entry: Entry) -> Iterator[Change]:
    """A decision of a batch; or the decision that a request leads back to."""
    kind, _, batch = entry.correlation.partition(":")
    if kind != "mark":
        yield from retraced(event, entry)
        return
    yield Put(
        "marked_images",
        {
            "batch": batch, "subject": entry.subject, "project": event.project, "directory": split(event.path)[0],
            "actor": entry.actor, "position": entry.position, "undone": 0, "changed": entry.position, "request": batch,
        },
    )  # fmt: skip


def retraced(_event: Event, entry: Entry) -> Iterator[Change]:
    """A decision was taken back, or brought back."""
    kind, _, rest = entry.correlation.partition(":")
    if kind in {"undo", "redo"}:
        batch, _, request = rest.partition(":")
        values = {"undone": int(kind == "undo"), "changed": entry.position, "request": request}
        yield Set("marked_images", (batch, entry.subject), values)  # type: ignore[arg-type]  # text and numbers


BATCHES = Projection(
    name="batches",
    version=1,
    sentence="The batches that were marked on the page, for undo, redo and going back.",
    tables=(MARKED_IMAGES,),
    views=(),
    indexes=("CREATE INDEX marked_images_by_place ON marked_images (directory, actor)",),
    folds=MappingProxyType(
        {CropRecorded: marked, ImageSkipped: marked, CropWithdrawn: retraced, ImageRestored: retraced}
    ),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class MarkedImage:
    """A row of the table `marked_images`, as far as the page asks."""

    batch: str
    subject: str
    undone: int


_OURS = "WHERE directory = :directory AND actor = :actor"


def last_done(projections: Projections, directory: str, actor: str) -> list[MarkedImage]:
    """The images of the batch that an undo takes back: the last that stands; none where there is none."""
    return _of_batch(projections, directory, actor, "HAVING max(undone) = 0 ORDER BY max(changed) DESC")


def last_undone(projections: Projections, directory: str, actor: str) -> list[MarkedImage]:
    """The images of the batch that a redo brings back: the last that was taken back, if nothing was marked since."""
    found = _of_batch(
        projections,
        directory,
        actor,
        "HAVING max(undone) = 1 AND max(changed) >"
        f" (SELECT max(position) FROM marked_images {_OURS}) ORDER BY max(changed) DESC",
    )
    return [image for image in found if image.undone]


def answered(projections: Projections, directory: str, actor: str, request: str) -> list[MarkedImage]:
    """The images that an undo or redo has changed, if it was answered before."""
    return projections.rows(
        MarkedImage,
        f"FROM marked_images {_OURS} AND request = :request AND batch <> :request ORDER BY position",
        {"directory": directory, "actor": actor, "request": request},
    )


def before(projections: Projections, directory: str, actor: str, batch: str | None) -> list[MarkedImage]:
    """The images of the batch that was marked before this one; of the last one for None."""
    earlier = (
        f"HAVING :batch IS NULL OR min(position) < (SELECT min(position) FROM marked_images {_OURS} AND batch = :batch)"
    )
    return _of_batch(projections, directory, actor, f"{earlier} ORDER BY min(position) DESC", batch=batch)


def _of_batch(
    projections: Projections, directory: str, actor: str, which: str, *, batch: str | None = None
) -> list[MarkedImage]:
    chosen = f"(SELECT batch FROM marked_images {_OURS} GROUP BY batch {which} LIMIT 1)"
    given = {"directory": directory, "actor": actor, "batch": batch}
    used = {name: value for name, value in given.items() if name != "batch" or ":batch" in which}
    return projections.rows(MarkedImage, f"FROM marked_images {_OURS} AND batch = {chosen} ORDER BY position", used)
