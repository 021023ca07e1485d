"""Rejected images: which wait to be moved out of the way, and which are in the staging folder."""

from collections.abc import Iterator
from types import MappingProxyType

import msgspec
from attrs import frozen

from ledger.entry import Entry
from ledger.events.images import ImageRelocated
from ledger.events.staging import ImageStaged, ImageUnstaged
from projections.columns import codes, split
from projections.projection import Change, Drop, Projection, Put, Set, Table, View
from projections.reader import Projections

STAGED_IMAGES = Table("""
CREATE TABLE staged_images ( -- One row per rejected image that is in the staging folder.
  subject TEXT NOT NULL PRIMARY KEY, -- the image
  directory TEXT NOT NULL, -- canonical absolute path of the directory it was in
  path TEXT NOT NULL, -- absolute path it had, or has to go back to since its directory was moved
  staged TEXT NOT NULL, -- absolute path it has now
  companions TEXT NOT NULL, -- where its companions are now, a JSON list of paths
  size_bytes INTEGER NOT NULL, -- length of the file
  sha256 TEXT NOT NULL, -- sha256 of the file
  staged_at TEXT NOT NULL, -- when it was moved (UTC)
  staged_by TEXT NOT NULL, -- who had it moved
  position INTEGER NOT NULL -- position in the ledger
) STRICT
""")

REJECTED_IMAGES = View("""
CREATE VIEW rejected_images ( -- The images that are not kept of a decided group and still stand where they were.
  subject, -- the image
  project, -- its project
  directory, -- canonical absolute path of its directory
  path, -- its path
  group_id, -- the group it was rejected from
  position -- position of the decision in the ledger
) AS
SELECT image, choice.project, decided.directory, rtrim(decided.directory, '/') || '/' || decided.filename, group_id,
       choice.position
FROM selections AS choice JOIN decided_images AS decided ON decided.subject = choice.image
WHERE NOT kept AND decided.status = 'skipped'
AND NOT EXISTS (SELECT 1 FROM staged_images AS staged WHERE staged.subject = choice.image)
ORDER BY choice.position, place
""")


def staged(event: ImageStaged, entry: Entry) -> Iterator[Change]:
    """It is in the staging folder."""
    yield Put(
        "staged_images",
        {
            "subject": entry.subject, "directory": split(event.source)[0], "path": event.source,
            "staged": event.staged, "companions": codes(tuple(file.destination for file in event.companions)),
            "size_bytes": event.size_bytes, "sha256": event.sha256, "staged_at": entry.occurred_at,
            "staged_by": entry.actor, "position": entry.position,
        },
    )  # fmt: skip


def unstaged(_event: ImageUnstaged, entry: Entry) -> Iterator[Change]:
    """It is back."""
    yield Drop("staged_images", entry.subject)


def relocated(event: ImageRelocated, entry: Entry) -> Iterator[Change]:
    """It goes back to where its directory is now."""
    if event.staged:
        yield Set("staged_images", entry.subject, {"directory": split(event.path)[0], "path": event.path})


STAGING = Projection(
    name="staging",
    version=2,
    sentence="Rejected images: which wait to be moved out of the way, and which are in the staging folder.",
    tables=(STAGED_IMAGES,),
    views=(REJECTED_IMAGES,),
    reads=("groups", "progress"),
    folds=MappingProxyType({ImageStaged: staged, ImageUnstaged: unstaged, ImageRelocated: relocated}),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class RejectedImage:
    """A row of the view `rejected_images`."""

    subject: str
    path: str


def rejected_images(
    projections: Projections, *, directory: str | None = None, project: str | None = None
) -> list[RejectedImage]:
    """The rejected images that stand where they were, in the order in which they were rejected."""
    return projections.rows(
        RejectedImage,
        "FROM rejected_images WHERE (:directory IS NULL OR directory = :directory)"
        " AND (:project IS NULL OR project = :project)",
        {"directory": directory, "project": project},
    )


@frozen
class _StagedRow:
    subject: str
    path: str
    staged: str
    companions: str


@frozen
class StagedImage:
    """A rejected image in the staging folder."""

    subject: str
    path: str
    """The path it had."""
    staged: str
    """The path it has."""
    companions: tuple[str, ...]
    """Where its companions are."""


def staged_images(projections: Projections, *, directory: str | None = None) -> list[StagedImage]:
    """The images in the staging folder, those moved last first."""
    rows = projections.rows(
        _StagedRow,
        "FROM staged_images WHERE :directory IS NULL OR directory = :directory ORDER BY position DESC",
        {"directory": directory},
    )
    return [
        StagedImage(row.subject, row.path, row.staged, tuple(msgspec.json.decode(row.companions, type=list[str])))
        for row in rows
    ]
