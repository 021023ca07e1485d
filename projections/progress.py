"""Every image seen, and how far each directory is.

An image has one status: `open` (it waits for a decision), `recorded` (a crop is owed), `started`, `failed` (a person
has to look), `executed`, `skipped`, `kept` (it stays whole), `imported` (cropped elsewhere, and nothing else is known)
or `problem` (its file cannot be read). So the counts of a directory add up to the images seen in it.

Where a file went meanwhile: a decision stays, an image that was only open is seen no more. Where another picture takes
the name of one that was executed, skipped or kept, it is an image of its own.
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
from ledger.events.history import HistoryCompleted, HistoryImported
from ledger.events.images import ImageKept, ImageRelocated, ImageRestored, ImageSkipped
from ledger.names import order_key
from projections.columns import split
from projections.progress_tables import (
    AT_WORK,
    COUNTS,
    DECIDED_IMAGES,
    IMAGES,
    IMPORTED_IMAGES,
    PROGRESS_OF_DIRECTORIES,
    seen,
)
from projections.projection import Change, Drop, Fold, Projection, Put, Row, Set
from projections.reader import Projections


def decided(status: str) -> Fold:
    """A fold for events that name the image: it is known from here on, with this status."""

    def fold(event: CropRecorded | ImageSkipped | ImageKept, entry: Entry) -> Iterator[Change]:
        directory, filename = split(event.path)
        yield Put(
            "decided_images",
            {
                "subject": entry.subject, "project": event.project, "directory": directory, "filename": filename,
                "order_key": order_key(filename), "status": status, "changed_at": entry.occurred_at,
                "position": entry.position, "sha256": event.sha256, "output_sha256": None,
            },
        )  # fmt: skip

    return fold


def moved_on(status: str) -> Fold:
    """A fold for events on an image that is known: it has this status now."""

    def fold(_event: Event, entry: Entry) -> Iterator[Change]:
        yield Set("decided_images", entry.subject, _now(status, entry))

    return fold


def withdrawn(_event: CropWithdrawn, entry: Entry) -> Iterator[Change]:
    """It waits for a decision again; what an import takes back was made elsewhere, and nothing was decided here."""
    if entry.by_an_import:
        yield Drop("decided_images", entry.subject)
    else:
        yield Set("decided_images", entry.subject, _now("open", entry))


def executed(event: CropExecuted, entry: Entry) -> Iterator[Change]:
    """The crop exists; a file of the image's name is the image only if it holds the one or the other."""
    contents: Row = {"sha256": event.source_sha256, "output_sha256": event.output_sha256}
    yield Set("decided_images", entry.subject, _now("executed", entry) | contents)


def failed(event: CropFailed, entry: Entry) -> Iterator[Change]:
    """Only a final failure waits for a person; any other leaves the crop owed."""
    yield Set("decided_images", entry.subject, _now("failed" if event.final else "recorded", entry))


def undone(event: CropUndone, entry: Entry) -> Iterator[Change]:
    """The crop is owed again, where the original is back."""
    yield Set("decided_images", entry.subject, _now("recorded", entry) | _at(event.source))


def imported(event: HistoryImported, entry: Entry) -> Iterator[Change]:
    """The image was cropped elsewhere."""
    yield _elsewhere(event.project, event.path, entry)


def completed(event: HistoryCompleted, entry: Entry) -> Iterator[Change]:
    """A source says where the image lay that was cropped elsewhere."""
    if "/" in event.path:
        yield _elsewhere(event.project, event.path, entry)


def _elsewhere(project: str, path: str, entry: Entry) -> Put:
    row = _at(path) | {"subject": entry.subject, "project": project}
    return Put("imported_images", row | {"changed_at": entry.occurred_at, "position": entry.position})


def relocated(event: ImageRelocated, entry: Entry) -> Iterator[Change]:
    """The image is seen where its file is now."""
    if event.decided:
        yield Set("decided_images", entry.subject, _at(event.path))
    elif event.evidence:
        yield Set("imported_images", (entry.subject, split(event.source)[0]), _at(event.path))


def _at(path: str) -> Row:
    directory, filename = split(path)
    return {"directory": directory, "filename": filename, "order_key": order_key(filename)}


def _now(status: str, entry: Entry) -> Row:
    return {"status": status, "changed_at": entry.occurred_at, "position": entry.position}


PROGRESS = Projection(
    name="progress",
    version=4,
    sentence="Every image seen, and how far each directory is.",
    tables=(DECIDED_IMAGES, IMPORTED_IMAGES),
    views=(AT_WORK, IMAGES, PROGRESS_OF_DIRECTORIES),
    indexes=(
        "CREATE INDEX decided_images_by_place ON decided_images (directory, filename, project)",
        "CREATE INDEX imported_images_by_place ON imported_images (directory, filename, project)",
        "CREATE INDEX decided_contents ON decided_images (sha256) WHERE status <> 'executed'",
    ),
    reads=("directories", "queue", "history"),
    folds=MappingProxyType(
        {
            CropRecorded: decided("recorded"),
            CropWithdrawn: withdrawn,
            CropStarted: moved_on("started"),
            CropExecuted: executed,
            CropFailed: failed,
            CropReleased: moved_on("recorded"),
            CropRetried: moved_on("recorded"),
            CropUndone: undone,
            ImageSkipped: decided("skipped"),
            ImageKept: decided("kept"),
            ImageRestored: moved_on("open"),
            ImageRelocated: relocated,
            HistoryImported: imported,
            HistoryCompleted: completed,
        }
    ),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class DirectoryProgress:
    """A row of the view `progress`."""

    project: str | None
    directory: str
    seen: int
    completed: int
    skipped: int
    pending: int
    failed: int
    problem: int
    open: int
    owed: int
    recorded: int
    executed: int
    kept: int
    imported: int
    percent_decided: float
    percent_executed: float
    first_at: str
    last_at: str

    @property
    def decided(self) -> int:
        """Images that need no person any more."""
        return self.seen - self.open - self.failed - self.problem

    @property
    def finished(self) -> int:
        """Images with nothing left to do."""
        return self.completed + self.skipped


def progress(
    projections: Projections, *, directory: str | None = None, project: str | None = None
) -> list[DirectoryProgress]:
    """How far the directories are: all of them, or narrowed as asked.

    A directory that is named together with a project is one row, also where the project is not at work in it yet.
    """
    return projections.rows(
        DirectoryProgress,
        f"FROM ({COUNTS} {_narrowed(directory, project)} GROUP BY project, directory) ORDER BY project, directory",
        {"directory": directory, "project": project},
    )


def _narrowed(directory: str | None, project: str | None) -> str:
    if directory is not None:
        return f"({in_directory(project)})"
    if project is None:
        return "images"
    at_work = "(SELECT * FROM directory_projects WHERE project = :project)"
    return f"({seen(decided='project = :project', imported='project = :project', at_work=at_work)})"


def in_directory(project: str | None) -> str:
    """SQL for the images seen in `:directory`, for `:project` if one is named, else for all at work in it."""
    if project is not None:
        at_work, of_project = "(SELECT :directory AS directory, :project AS project)", "project = :project"
    else:
        at_work, of_project = "(SELECT * FROM directory_projects WHERE directory = :directory)", ":project IS NULL"
    return seen(
        decided=f"decided.directory = :directory AND {of_project}",
        imported=f"imported.directory = :directory AND {of_project}",
        at_work=at_work,
    )


@frozen
class SeenImage:
    """A row of the view `images`."""

    subject: str | None
    project: str | None
    directory: str
    filename: str
    status: str
    problem: str | None
    changed_at: str
    position: int | None
    order_key: str

    @property
    def path(self) -> str:
        """Where it is, or was."""
        return f"{self.directory.rstrip('/')}/{self.filename}"


def images(projections: Projections, directory: str, *, project: str | None = None) -> list[SeenImage]:
    """The images seen in a directory (for each project that is at work in it), by timestamp, stage and name."""
    return projections.rows(
        SeenImage,
        f"FROM ({in_directory(project)}) ORDER BY order_key, project",
        {"directory": directory, "project": project},
    )


@frozen
class KnownImage:
    """An image that something was decided about, or that there is evidence of, at its place."""

    subject: str
    project: str
    directory: str
    filename: str
    status: str
    changed_at: str
    position: int
    sha256: str | None
    output_sha256: str | None


_KNOWN = """
FROM (
  SELECT subject, project, directory, filename, status, changed_at, position, sha256, output_sha256 FROM decided_images
  WHERE {decided}
  UNION ALL
  SELECT subject, project, directory, filename, 'imported', changed_at, position, NULL, NULL
  FROM imported_images AS imported
  WHERE {imported} AND NOT EXISTS (SELECT 1 FROM decided_images AS decided WHERE decided.subject = imported.subject)
    AND NOT EXISTS (SELECT 1 FROM decided_images AS decided WHERE decided.directory = imported.directory
      AND decided.filename = imported.filename AND decided.project = imported.project)
)
"""


def known(
    projections: Projections, directory: str, *, filename: str | None = None, project: str | None = None
) -> list[KnownImage]:
    """The images known in a directory, or under one name in it; the latest of each project and name comes first."""
    named = "filename = :filename" if filename is not None else "TRUE"  # written out: so that the index is used
    where = f"directory = :directory AND {named} AND (:project IS NULL OR project = :project)"
    return projections.rows(
        KnownImage,
        _KNOWN.format(decided=where, imported=where) + "ORDER BY filename, project, position DESC",
        {"directory": directory, "filename": filename, "project": project},
    )


def image(projections: Projections, subject: str) -> KnownImage | None:
    """One image."""
    where = "subject = :subject"
    return projections.row(KnownImage, _KNOWN.format(decided=where, imported=where), {"subject": subject})


@frozen
class ExecutedImage:
    """An image of a directory whose crop was executed, and where the crop was written."""

    filename: str
    project: str
    output: str


def executed_images(projections: Projections, directory: str, *, project: str | None = None) -> list[ExecutedImage]:
    """The crops that were executed on the images of a directory, by name; the files may be gone since."""
    return projections.rows(
        ExecutedImage,
        "FROM (SELECT filename, project, queued.output AS output FROM decided_images AS decided"
        " JOIN (SELECT subject, output FROM queue_crops) AS queued USING (subject)"
        " WHERE directory = :directory AND status = 'executed' AND (:project IS NULL OR project = :project))"
        " ORDER BY filename, project",
        {"directory": directory, "project": project},
    )
