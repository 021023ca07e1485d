"""The audit trail of the disk: one row per file that was created, moved, archived, removed or restored."""

from collections.abc import Iterator
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.crops import CropExecuted, CropUndone
from ledger.events.staging import ImageStaged, ImageUnstaged
from projections.projection import Change, Projection, Put, Table, View
from projections.reader import Projections

OPERATIONS = Table("""
CREATE TABLE file_operations ( -- One row per file that was created, moved, archived, removed or restored.
  position INTEGER NOT NULL, -- position in the ledger of the event that tells of it
  number INTEGER NOT NULL, -- 0, 1, 2 ... within that event, in the order it happened
  subject TEXT NOT NULL, -- the image it was for
  operation TEXT NOT NULL, -- crop, copy (kept whole as the crop), archive, move, remove, restore, stage or unstage
  source TEXT, -- absolute path the file came from; empty where the event does not say
  destination TEXT, -- absolute path it went to; empty if it was removed
  sha256 TEXT, -- sha256 of the file at its destination
  size_bytes INTEGER, -- its length, where the event says
  at TEXT NOT NULL, -- when (UTC)
  actor TEXT NOT NULL, -- who did it
  run TEXT, -- the run, except for an undo
  PRIMARY KEY (position, number)
) STRICT, WITHOUT ROWID
""")

FILES_WRITTEN = View("""
CREATE VIEW files_written ( -- The crops on disk: every output that was written and not taken away since.
  output, -- absolute path of the crop
  subject, -- the image
  source, -- absolute path of the original when it was cropped
  sha256, -- sha256 of the crop's file
  size_bytes, -- its length
  at, -- when it was written (UTC)
  run -- the run that wrote it
) AS
SELECT destination, subject, source, sha256, size_bytes, at, run FROM file_operations AS written
WHERE operation IN ('crop', 'copy') AND NOT EXISTS (
  SELECT 1 FROM file_operations AS removed
  WHERE removed.operation = 'remove' AND removed.subject = written.subject AND removed.source = written.destination
    AND removed.position > written.position)
""")


def executed(event: CropExecuted, entry: Entry) -> Iterator[Change]:
    """The crop appears, the original goes to the archive, its companions go with the crop."""
    # Where the bytes were kept whole there are no pixels of their own to have a hash.
    made = "copy" if event.pixels_sha256 is None else "crop"
    run = event.run
    yield _operation(entry, 0, made, event.source, event.output, event.output_sha256, event.output_size_bytes, run)
    yield _operation(entry, 1, "archive", event.source, event.archive, event.source_sha256, None, run)
    for number, file in enumerate(event.companions, 2):
        yield _operation(entry, number, "move", file.source, file.destination, file.sha256, file.size_bytes, run)


def undone(event: CropUndone, entry: Entry) -> Iterator[Change]:
    """The original and its companions come back, the crop goes."""
    yield _operation(entry, 0, "remove", event.output, None, None, None, None)
    yield _operation(entry, 1, "restore", None, event.source, event.source_sha256, None, None)
    for number, file in enumerate(event.companions, 2):
        yield _operation(entry, number, "move", file.source, file.destination, file.sha256, file.size_bytes, None)


def staged(event: ImageStaged, entry: Entry) -> Iterator[Change]:
    """A rejected image goes to the staging folder with its companions."""
    yield _operation(entry, 0, "stage", event.source, event.staged, event.sha256, event.size_bytes, None)
    for number, file in enumerate(event.companions, 1):
        yield _operation(entry, number, "stage", file.source, file.destination, file.sha256, file.size_bytes, None)


def unstaged(event: ImageUnstaged, entry: Entry) -> Iterator[Change]:
    """It comes back."""
    yield _operation(entry, 0, "unstage", event.staged, event.source, event.sha256, None, None)
    for number, file in enumerate(event.companions, 1):
        yield _operation(entry, number, "unstage", file.source, file.destination, file.sha256, file.size_bytes, None)


def _operation(
    entry: Entry,
    number: int,
    operation: str,
    source: str | None,
    destination: str | None,
    sha256: str | None,
    size_bytes: int | None,
    run: str | None,
) -> Put:
    return Put(
        "file_operations",
        {
            "position": entry.position, "number": number, "subject": entry.subject, "operation": operation,
            "source": source, "destination": destination, "sha256": sha256, "size_bytes": size_bytes,
            "at": entry.occurred_at, "actor": entry.actor, "run": run,
        },
    )  # fmt: skip


FILE_OPERATIONS = Projection(
    name="file_operations",
    version=2,
    sentence="The audit trail of the disk: every file that was created, moved, archived, removed or restored.",
    tables=(OPERATIONS,),
    views=(FILES_WRITTEN,),
    indexes=("CREATE INDEX file_operations_removed ON file_operations (subject, source) WHERE operation = 'remove'",),
    folds=MappingProxyType({CropExecuted: executed, CropUndone: undone, ImageStaged: staged, ImageUnstaged: unstaged}),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class FileOperation:
    """A row of the table `file_operations`."""

    position: int
    number: int
    subject: str
    operation: str
    source: str | None
    destination: str | None
    sha256: str | None
    size_bytes: int | None
    at: str
    actor: str
    run: str | None


def operations(projections: Projections, *, after: int = 0) -> list[FileOperation]:
    """The audit trail behind a position, in order."""
    return projections.rows(
        FileOperation, "FROM file_operations WHERE position > :after ORDER BY position, number", {"after": after}
    )


@frozen
class FileWritten:
    """A row of the view `files_written`."""

    output: str
    subject: str
    source: str
    sha256: str
    size_bytes: int
    at: str
    run: str


def files_written(projections: Projections) -> list[FileWritten]:
    """The crops that should be on disk, by path."""
    return projections.rows(FileWritten, "FROM files_written ORDER BY output, at")
