"""Every image seen, and how far each directory is.

An image has one status: `recorded` (a crop is owed), `started`, `failed` (a person has to look), `executed`, `skipped`,
`open` (a crop was withdrawn, or a skip taken back) or `imported` (cropped elsewhere, and nothing else is known). So
the counts of a directory add up to the images seen in it.
"""

from collections.abc import Iterator
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.crops import (
    CropExecuted,
    CropFailed,
    CropRecorded,
    CropReleased,
    CropRetried,
    CropStarted,
    CropUndone,
    CropWithdrawn,
)
from ledger.events.event import Event
from ledger.events.history import HistoryImported
from ledger.events.images import ImageRestored, ImageSkipped
from projections.columns import split
from projections.projection import Change, Fold, Projection, Put, Set, Table, View
from projections.reader import Projections

DECIDED_IMAGES = Table("""
CREATE TABLE decided_images ( -- One row per image that an operator or a runner ever did something about.
  subject TEXT NOT NULL PRIMARY KEY, -- the image
  project TEXT NOT NULL, -- its project
  directory TEXT NOT NULL, -- canonical absolute path of its directory
  filename TEXT NOT NULL, -- its name
  status TEXT NOT NULL, -- recorded, started, failed, executed, skipped or open
  changed_at TEXT NOT NULL -- when it came to that status (UTC)
) STRICT
""")

# A table of its own: evidence may arrive before or after the decisions on the same image, and must not undo them.
IMPORTED_IMAGES = Table("""
CREATE TABLE imported_images ( -- One row per image that was cropped elsewhere, before this ledger.
  subject TEXT NOT NULL PRIMARY KEY, -- the image
  project TEXT NOT NULL, -- its project
  directory TEXT NOT NULL, -- its directory as the source wrote it; empty where the source had a bare name
  filename TEXT NOT NULL, -- its name
  changed_at TEXT NOT NULL -- when it was cropped (UTC)
) STRICT
""")

IMAGES = View("""
CREATE VIEW images ( -- Every image seen, with its status.
  subject, -- the image
  project, -- its project
  directory, -- canonical absolute path of its directory; for imported ones as the source wrote it
  filename, -- its name
  status, -- recorded, started, failed, executed, skipped, open or imported
  changed_at -- when it came to that status (UTC)
) AS
SELECT subject, project, directory, filename, status, changed_at FROM decided_images
UNION ALL
SELECT subject, project, directory, filename, 'imported', changed_at FROM imported_images AS imported
WHERE NOT EXISTS (SELECT 1 FROM decided_images AS decided WHERE decided.subject = imported.subject)
""")

_COUNTS = """
SELECT project, directory, count(*) AS seen,
       count(*) FILTER (WHERE status IN ('recorded', 'started', 'failed', 'executed')) AS recorded,
       count(*) FILTER (WHERE status = 'executed') AS executed,
       count(*) FILTER (WHERE status IN ('recorded', 'started')) AS pending,
       count(*) FILTER (WHERE status = 'failed') AS failed,
       count(*) FILTER (WHERE status = 'skipped') AS skipped,
       count(*) FILTER (WHERE status = 'open') AS open,
       count(*) FILTER (WHERE status = 'imported') AS imported,
       round(100.0 * count(*) FILTER (WHERE status <> 'open') / count(*), 1) AS percent_decided,
       round(100.0 * count(*) FILTER (WHERE status IN ('executed', 'skipped', 'imported')) / count(*), 1)
         AS percent_executed,
       min(changed_at) AS first_at, max(changed_at) AS last_at
FROM images"""

PROGRESS_OF_DIRECTORIES = View(f"""
CREATE VIEW progress ( -- How far each directory of each project is.
  project, -- the project
  directory, -- the directory
  seen, -- images seen: executed + pending + failed + skipped + open + imported
  recorded, -- images with a box that stands: executed + pending + failed
  executed, -- images whose crop exists
  pending, -- images whose crop is owed or being executed
  failed, -- images whose crop waits for a person
  skipped, -- images that get no crop
  open, -- images whose crop was withdrawn, or whose skip was taken back
  imported, -- images cropped elsewhere
  percent_decided, -- share of the images seen that an operator has decided: all but the open ones
  percent_executed, -- share of the images seen with nothing left to execute: executed, skipped and imported
  first_at, -- earliest of the images' latest changes (UTC)
  last_at -- latest change (UTC)
) AS
{_COUNTS} GROUP BY project, directory
""")


def decided(status: str) -> Fold:
    """A fold for events that name the image: it is known from here on, with this status."""

    def fold(event: CropRecorded | ImageSkipped, entry: Entry) -> Iterator[Change]:
        directory, filename = split(event.path)
        yield Put(
            "decided_images",
            {
                "subject": entry.subject, "project": event.project, "directory": directory, "filename": filename,
                "status": status, "changed_at": entry.occurred_at,
            },
        )  # fmt: skip

    return fold


def moved_on(status: str) -> Fold:
    """A fold for events on an image that is known: it has this status now."""

    def fold(_event: Event, entry: Entry) -> Iterator[Change]:
        yield Set("decided_images", entry.subject, {"status": status, "changed_at": entry.occurred_at})

    return fold


def failed(event: CropFailed, entry: Entry) -> Iterator[Change]:
    """Only a final failure waits for a person; any other leaves the crop owed."""
    status = "failed" if event.final else "recorded"
    yield Set("decided_images", entry.subject, {"status": status, "changed_at": entry.occurred_at})


def imported(event: HistoryImported, entry: Entry) -> Iterator[Change]:
    """The image was cropped elsewhere."""
    directory, filename = split(event.path)
    yield Put(
        "imported_images",
        {
            "subject": entry.subject, "project": event.project, "directory": directory, "filename": filename,
            "changed_at": entry.occurred_at,
        },
    )  # fmt: skip


PROGRESS = Projection(
    name="progress",
    version=2,
    sentence="Every image seen, and how far each directory is.",
    tables=(DECIDED_IMAGES, IMPORTED_IMAGES),
    views=(IMAGES, PROGRESS_OF_DIRECTORIES),
    indexes=(
        "CREATE INDEX decided_images_by_place ON decided_images (directory, filename)",
        "CREATE INDEX imported_images_by_place ON imported_images (directory, filename)",
    ),
    folds=MappingProxyType(
        {
            CropRecorded: decided("recorded"),
            CropWithdrawn: moved_on("open"),
            CropStarted: moved_on("started"),
            CropExecuted: moved_on("executed"),
            CropFailed: failed,
            CropReleased: moved_on("recorded"),
            CropRetried: moved_on("recorded"),
            CropUndone: moved_on("recorded"),
            ImageSkipped: decided("skipped"),
            ImageRestored: moved_on("open"),
            HistoryImported: imported,
        }
    ),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class DirectoryProgress:
    """A row of the view `progress`."""

    project: str
    directory: str
    seen: int
    recorded: int
    executed: int
    pending: int
    failed: int
    skipped: int
    open: int
    imported: int
    percent_decided: float
    percent_executed: float
    first_at: str
    last_at: str


def progress(
    projections: Projections, *, directory: str | None = None, project: str | None = None
) -> list[DirectoryProgress]:
    """How far the directories are: all of them, or narrowed as asked."""
    # The view again, narrowed before it counts: SQLite does not carry a condition through a GROUP BY and a UNION.
    where = "directory = :directory" if directory is not None else ":directory IS NULL"
    return projections.rows(
        DirectoryProgress,
        f"FROM ({_COUNTS} WHERE {where} AND (:project IS NULL OR project = :project) GROUP BY project, directory)"
        " ORDER BY project, directory",
        {"directory": directory, "project": project},
    )


@frozen
class SeenImage:
    """A row of the view `images`."""

    subject: str
    project: str
    directory: str
    filename: str
    status: str
    changed_at: str


def images(
    projections: Projections, directory: str, *, filename: str | None = None, project: str | None = None
) -> list[SeenImage]:
    """The images seen in a directory, or the one of that name (in each project that has it), by name."""
    named = "filename = :filename" if filename is not None else "TRUE"  # written out: so that the index is used
    return projections.rows(
        SeenImage,
        f"FROM images WHERE directory = :directory AND {named}"
        " AND (:project IS NULL OR project = :project) ORDER BY filename, project",
        {"directory": directory, "filename": filename, "project": project},
    )


def image(projections: Projections, subject: str) -> SeenImage | None:
    """One image."""
    return projections.row(SeenImage, "FROM images WHERE subject = :subject", {"subject": subject})
