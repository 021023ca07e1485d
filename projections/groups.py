"""Groups that were decided: which image is kept, how, and which are not."""

from collections.abc import Iterator
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.groups import GroupImage, GroupRejected, GroupRelocated, GroupReopened, ImageChosen
from ledger.events.images import ImageRelocated
from projections.columns import split
from projections.projection import Change, Projection, Put, Set, Table, View
from projections.reader import Projections

DECIDED_GROUPS = Table("""
CREATE TABLE decided_groups ( -- One row per group that was ever decided.
  subject TEXT NOT NULL PRIMARY KEY, -- the group
  project TEXT NOT NULL, -- its project
  directory TEXT NOT NULL, -- canonical absolute path of the directory of its images
  group_id TEXT NOT NULL, -- its name, which crops carry
  status TEXT NOT NULL, -- chosen, rejected, or open again
  position INTEGER NOT NULL, -- position of the latest decision in the ledger
  chosen TEXT, -- name of the image that is kept, if one is; the name it had when that was decided
  how TEXT, -- suggested, whole or crop
  decided_at TEXT NOT NULL, -- when that was decided (UTC)
  decided_by TEXT NOT NULL, -- who decided it
  correlation TEXT NOT NULL -- the request that it belonged to
) STRICT
""")

GROUP_IMAGES = Table("""
CREATE TABLE group_images ( -- One row per image of every decision, also of decisions that were replaced.
  position INTEGER NOT NULL, -- position of the decision in the ledger
  place INTEGER NOT NULL, -- its place in the group, from 0
  image TEXT NOT NULL, -- the image
  filename TEXT NOT NULL, -- the name it had when that was decided
  stage REAL, -- its stage: 1, 1.5, 2 or 3
  width_px INTEGER, -- width as displayed, where it was known
  height_px INTEGER, -- height as displayed, where it was known
  PRIMARY KEY (position, place)
) STRICT
""")

RENAMED = Table("""
CREATE TABLE renamed_images ( -- One row per image that was ever found under another name or in another directory.
  image TEXT NOT NULL PRIMARY KEY, -- the image
  directory TEXT NOT NULL, -- canonical absolute path of the directory it is in now
  filename TEXT NOT NULL -- the name it has now
) STRICT
""")

SELECTIONS = View("""
CREATE VIEW selections ( -- Every image of every group whose decision stands, and whether it is kept.
  subject, -- the group
  project, -- its project
  directory, -- canonical absolute path of the directory of its images
  group_id, -- its name, which crops carry
  status, -- chosen or rejected
  position, -- position of the decision in the ledger
  decided_at, -- when it was decided (UTC)
  decided_by, -- who decided it
  correlation, -- the request that it belonged to
  place, -- the image's place in the group, from 0
  image, -- the image
  filename, -- its name, also where it was renamed since
  stage, -- its stage: 1, 1.5, 2 or 3
  width_px, -- width as displayed, where it was known
  height_px, -- height as displayed, where it was known
  kept, -- 1 for the image that is kept, 0 for all others
  how -- how it is kept: suggested, whole or crop
) AS
SELECT subject, project, decided.directory, group_id, status, decided.position, decided_at, decided_by, correlation,
       place, shown.image, coalesce(renamed.filename, shown.filename), stage, width_px, height_px,
       shown.filename IS chosen, iif(shown.filename IS chosen, how, NULL)
FROM decided_groups AS decided JOIN group_images AS shown ON shown.position = decided.position
LEFT JOIN renamed_images AS renamed
  ON renamed.image = shown.image AND renamed.directory = decided.directory
WHERE status <> 'open' ORDER BY decided.position, place
""")


KEPT = View("""
CREATE VIEW kept_images ( -- The image that is kept of each group, with the box that was marked on it, if one was.
  image, -- the image
  subject, -- the group
  project, -- its project
  directory, -- canonical absolute path of the directory of its images
  group_id, -- its name, which crops carry
  position, -- position of the decision in the ledger
  filename, -- the image's name
  how, -- how it is kept: suggested, whole or crop
  x1, -- left edge of its box, as a fraction of the width
  y1, -- top edge, as a fraction of the height
  x2, -- right edge, as a fraction of the width
  y2, -- bottom edge, as a fraction of the height
  width_px, -- width of the image as displayed when it was marked
  height_px, -- height of the image as displayed when it was marked
  marked_at, -- when it was marked (UTC)
  status -- of its crop: pending, started, failed or executed; empty where none was marked
) AS
SELECT kept.image, kept.subject, kept.project, kept.directory, kept.group_id, kept.position, kept.filename, kept.how,
       x1, y1, x2, y2, crop.width_px, crop.height_px, marked_at, crop.status
FROM selections AS kept
LEFT JOIN queue_crops AS crop
  ON crop.subject = kept.image AND crop.status <> 'withdrawn'
WHERE kept.kept ORDER BY kept.position
""")


def chosen(event: ImageChosen, entry: Entry) -> Iterator[Change]:
    """One image is kept; the row has place for one."""
    yield _decided(event, entry, "chosen", event.chosen, event.how)
    yield from _images(event.images, entry.position)


def rejected(event: GroupRejected, entry: Entry) -> Iterator[Change]:
    """No image is kept."""
    yield _decided(event, entry, "rejected", None, None)
    yield from _images(event.images, entry.position)


def reopened(_event: GroupReopened, entry: Entry) -> Iterator[Change]:
    """Nothing stands any more; the row stays, for the story."""
    yield Set(
        "decided_groups",
        entry.subject,
        {"status": "open", "chosen": None, "how": None, "decided_at": entry.occurred_at, "decided_by": entry.actor},
    )


def relocated(event: GroupRelocated, entry: Entry) -> Iterator[Change]:
    """The decision is found where its images are now."""
    yield Set("decided_groups", entry.subject, {"directory": event.directory})


def renamed(event: ImageRelocated, entry: Entry) -> Iterator[Change]:
    """Whatever group it belongs to shows it under the name it has now, if it is still in the group's directory."""
    directory, filename = split(event.path)
    yield Put("renamed_images", {"image": entry.subject, "directory": directory, "filename": filename})


def _decided(
    event: ImageChosen | GroupRejected, entry: Entry, status: str, chosen_: str | None, how: str | None
) -> Put:
    return Put(
        "decided_groups",
        {
            "subject": entry.subject, "project": event.project, "directory": event.directory, "group_id": event.group,
            "status": status, "position": entry.position, "chosen": chosen_, "how": how,
            "decided_at": entry.occurred_at, "decided_by": entry.actor, "correlation": entry.correlation or "",
        },
    )  # fmt: skip


def _images(images: tuple[GroupImage, ...], position: int) -> Iterator[Put]:
    for place, image in enumerate(images):
        size = image.dimensions
        yield Put(
            "group_images",
            {
                "position": position, "place": place, "image": image.subject, "filename": image.name,
                "stage": image.stage, "width_px": size.width_px if size else None,
                "height_px": size.height_px if size else None,
            },
        )  # fmt: skip


GROUPS = Projection(
    name="groups",
    version=5,
    sentence="Groups that were decided: which image is kept, how, and which are not.",
    tables=(DECIDED_GROUPS, GROUP_IMAGES, RENAMED),
    views=(SELECTIONS, KEPT),
    reads=("queue",),
    indexes=("CREATE INDEX decided_groups_by_place ON decided_groups (directory)",),
    folds=MappingProxyType(
        {
            ImageChosen: chosen,
            GroupRejected: rejected,
            GroupReopened: reopened,
            GroupRelocated: relocated,
            ImageRelocated: renamed,
        }
    ),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class SelectedImage:
    """A row of the view `selections`."""

    subject: str
    project: str
    directory: str
    group_id: str
    status: str
    position: int
    decided_at: str
    decided_by: str
    correlation: str
    place: int
    image: str
    filename: str
    stage: float | None
    width_px: int | None
    height_px: int | None
    kept: int
    how: str | None


def selections(
    projections: Projections, *, directory: str | None = None, project: str | None = None
) -> list[SelectedImage]:
    """The images of the groups whose decision stands, group by group in the order of deciding."""
    where = "directory = :directory" if directory is not None else ":directory IS NULL"
    return projections.rows(
        SelectedImage,
        f"FROM selections WHERE {where} AND (:project IS NULL OR project = :project) ORDER BY position, place",
        {"directory": directory, "project": project},
    )


@frozen
class KeptImage:
    """A row of the view `kept_images`."""

    image: str
    subject: str
    project: str
    directory: str
    group_id: str
    position: int
    filename: str
    how: str
    x1: float | None
    y1: float | None
    x2: float | None
    y2: float | None
    width_px: int | None
    height_px: int | None
    marked_at: str | None
    status: str | None


def kept_images(projections: Projections) -> list[KeptImage]:
    """The images that are kept of their groups, in the order of deciding."""
    return projections.rows(KeptImage, "FROM kept_images ORDER BY position")


def kept_image(projections: Projections, group: str) -> KeptImage | None:
    """The image that is kept of one group, if one is."""
    return projections.row(KeptImage, "FROM kept_images WHERE subject = :group", {"group": group})
