"""The audit trail of the disk: one row per file that was created, moved, archived, removed or restored."""

from collections.abc import Iterator
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.crops import CropExecuted, CropUndone
from ledger.events.staging import ImageStaged, ImageUnstaged
from projections.projection import Change, Projection, Put, Table, View
from projections.reader import Projections

# What every executed crop does to the disk, and every undo, stands in its outcome: it is not written down twice.
MOVED = Table("""
CREATE TABLE moved_files ( -- One row per companion or rejected image that went somewhere else.
  position INTEGER NOT NULL, -- position in the ledger of the event that tells of it
  number INTEGER NOT NULL, -- 0, 1, 2 ... within that event, in the order it happened
  subject TEXT NOT NULL, -- the image it was for
  operation TEXT NOT NULL, -- move, stage or unstage
  source TEXT NOT NULL, -- absolute path the file came from
  destination TEXT NOT NULL, -- absolute path it went to
  sha256 TEXT, -- sha256 of the file
  size_bytes INTEGER, -- its length, where the event says
  at TEXT NOT NULL, -- when (UTC)
  actor TEXT NOT NULL, -- who did it
  run TEXT, -- the run, where one did it
  PRIMARY KEY (position, number)
) STRICT, WITHOUT ROWID
""")

OPERATIONS = View("""
CREATE VIEW file_operations ( -- One row per file that was created, moved, archived, removed or restored.
  position, -- position in the ledger of the event that tells of it
  number, -- 0, 1, 2 ... within that event, in the order it happened
  subject, -- the image it was for
  operation, -- crop, copy (kept whole as the crop), archive, move, remove, restore, stage or unstage
  source, -- absolute path the file came from; empty where the event does not say
  destination, -- absolute path it went to; empty if it was removed
  sha256, -- sha256 of the file at its destination
  size_bytes, -- its length, where the event says
  at, -- when (UTC)
  actor, -- who did it
  run -- the run, except for an undo
) AS
SELECT position, 0, subject, iif(whole, 'copy', 'crop'), source, output, output_sha256, output_bytes, at, actor, run
FROM execution_outcomes WHERE outcome = 'executed'
UNION ALL
SELECT position, 1, subject, 'archive', source, archive, source_sha256, NULL, at, actor, run
FROM execution_outcomes WHERE outcome = 'executed'
UNION ALL
SELECT position, 0, subject, 'remove', output, NULL, NULL, NULL, at, actor, NULL
FROM execution_outcomes WHERE outcome = 'undone'
UNION ALL
SELECT position, 1, subject, 'restore', NULL, source, source_sha256, NULL, at, actor, NULL
FROM execution_outcomes WHERE outcome = 'undone'
UNION ALL
SELECT position, number, subject, operation, source, destination, sha256, size_bytes, at, actor, run FROM moved_files
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
SELECT output, subject, source, output_sha256, output_bytes, at, run FROM execution_outcomes AS written
WHERE outcome = 'executed' AND NOT EXISTS (
  SELECT 1 FROM execution_outcomes AS undone
  WHERE undone.outcome = 'undone' AND undone.subject = written.subject AND undone.output = written.output
    AND undone.position > written.position)
""")


def executed(event: CropExecuted, entry: Entry) -> Iterator[Change]:
    """The companions go with the crop."""
    for number, file in enumerate(event.companions, 2):
        yield _moved(entry, number, "move", file.source, file.destination, file.sha256, file.size_bytes, event.run)


def undone(event: CropUndone, entry: Entry) -> Iterator[Change]:
    """The companions come back."""
    for number, file in enumerate(event.companions, 2):
        yield _moved(entry, number, "move", file.source, file.destination, file.sha256, file.size_bytes, None)


def staged(event: ImageStaged, entry: Entry) -> Iterator[Change]:
    """A rejected image goes to the staging folder with its companions."""
    yield _moved(entry, 0, "stage", event.source, event.staged, event.sha256, event.size_bytes, None)
    for number, file in enumerate(event.companions, 1):
        yield _moved(entry, number, "stage", file.source, file.destination, file.sha256, file.size_bytes, None)


def unstaged(event: ImageUnstaged, entry: Entry) -> Iterator[Change]:
    """It comes back."""
    yield _moved(entry, 0, "unstage", event.staged, event.source, event.sha256, None, None)
    for number, file in enumerate(event.companions, 1):
        yield _moved(entry, number, "unstage", file.source, file.destination, file.sha256, file.size_bytes, None)


def _moved(
    entry: Entry,
    number: int,
    operation: str,
    source: str,
    destination: str,
    sha256: str | None,
    size_bytes: int | None,
    run: str | None,
) -> Put:
    return Put(
        "moved_files",
        {
            "position": entry.position, "number": number, "subject": entry.subject, "operation": operation,
            "source": source, "destination": destination, "sha256": sha256, "size_bytes": size_bytes,
            "at": entry.occurred_at, "actor": entry.actor, "run": run,
        },
    )  # fmt: skip


FILE_OPERATIONS = Projection(
    name="file_operations",
    version=3,
    sentence="The audit trail of the disk: every file that was created, moved, archived, removed or restored.",
    tables=(MOVED,),
    views=(OPERATIONS, FILES_WRITTEN),
    reads=("executions",),
    folds=MappingProxyType({CropExecuted: executed, CropUndone: undone, ImageStaged: staged, ImageUnstaged: unstaged}),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class FileOperation:
    """A row of the view `file_operations`."""

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
