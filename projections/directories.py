"""What is in the directories: where each one is, and the images that its scans found."""

from collections.abc import Iterator
from types import MappingProxyType

from attrs import frozen

from ledger.entry import Entry
from ledger.events.directories import DirectoryRelocated, DirectoryRestarted, DirectoryScanned, ScannedImage
from ledger.names import order_key
from projections.projection import Change, Drop, Projection, Put, Set, Table, View
from projections.reader import Projections

PLACES = Table("""
CREATE TABLE directory_places ( -- One row per directory that was ever scanned, by where it is now.
  directory TEXT NOT NULL PRIMARY KEY, -- canonical absolute path
  subject TEXT NOT NULL -- the directory's subject in the ledger
) STRICT
""")

WHEREABOUTS = Table("""
CREATE TABLE directory_whereabouts ( -- One row per directory that anything happened to: its latest path.
  subject TEXT NOT NULL PRIMARY KEY, -- the directory
  directory TEXT NOT NULL -- canonical absolute path; two have the same where one was moved onto another
) STRICT
""")

SCANS = Table("""
CREATE TABLE directory_scans ( -- One row per directory that was ever scanned: what its latest scan with news found.
  subject TEXT NOT NULL PRIMARY KEY, -- the directory
  scanned_at TEXT NOT NULL, -- when (UTC); a scan that finds everything as it was leaves no trace
  images INTEGER NOT NULL, -- images in it
  directory_hash TEXT NOT NULL -- sha256 over the names, lengths and contents of these images
) STRICT
""")

SCANNED = Table("""
CREATE TABLE scanned_images ( -- One row per image that a scan ever found under this name in this directory.
  subject TEXT NOT NULL, -- the directory
  filename TEXT NOT NULL, -- the image's name
  present INTEGER NOT NULL, -- 1 while it is there, 0 once a scan did not find it any more
  order_key TEXT NOT NULL, -- what images are ordered by: timestamp, stage, name
  size_bytes INTEGER NOT NULL, -- length of the file
  modified_ns INTEGER NOT NULL, -- its modification time, nanoseconds since 1970
  sha256 TEXT, -- sha256 of the file; empty where it could not be read
  width_px INTEGER, -- width as displayed
  height_px INTEGER, -- height as displayed
  problem TEXT, -- code of why it cannot be cropped as it is: unreadable, animated, link ...
  PRIMARY KEY (subject, filename)
) STRICT
""")

RESTARTS = Table("""
CREATE TABLE directory_restarts ( -- One row per directory that an operator started afresh on: the latest time.
  subject TEXT NOT NULL PRIMARY KEY, -- the directory
  restarted_at TEXT NOT NULL, -- when (UTC)
  position INTEGER NOT NULL -- position in the ledger: what was executed before it no longer counts
) STRICT
""")

IN_DIRECTORIES = View("""
CREATE VIEW directory_images ( -- The images that are in the scanned directories, as the latest scans found them.
  directory, -- canonical absolute path of the directory
  filename, -- the image's name
  order_key, -- what images are ordered by: timestamp, stage, name
  size_bytes, -- length of the file
  sha256, -- sha256 of the file; empty where it could not be read
  width_px, -- width as displayed
  height_px, -- height as displayed
  problem -- code of why it cannot be cropped as it is: unreadable, animated, link ...
) AS
SELECT directory, filename, order_key, size_bytes, sha256, width_px, height_px, problem
FROM directory_places JOIN scanned_images USING (subject) WHERE present
""")


def scanned(event: DirectoryScanned, entry: Entry) -> Iterator[Change]:
    """The directory holds what was found; what is gone stays known, in case it turns up elsewhere."""
    subject = entry.subject
    yield from _is_at(subject, event.directory)
    yield Put(
        "directory_scans",
        {
            "subject": subject, "scanned_at": entry.occurred_at, "images": event.images,
            "directory_hash": event.directory_hash,
        },
    )  # fmt: skip
    for name in event.removed:
        yield Set("scanned_images", (subject, name), {"present": 0})
    for images in (event.added, event.replaced, event.touched):
        for image in images:
            yield _found(subject, image)


def _found(subject: str, image: ScannedImage) -> Put:
    size = image.dimensions
    return Put(
        "scanned_images",
        {
            "subject": subject, "filename": image.name, "present": 1, "order_key": order_key(image.name),
            "size_bytes": image.size_bytes, "modified_ns": image.modified_ns, "sha256": image.sha256,
            "width_px": size.width_px if size else None, "height_px": size.height_px if size else None,
            "problem": image.problem,
        },
    )  # fmt: skip


def restarted(event: DirectoryRestarted, entry: Entry) -> Iterator[Change]:
    """What was executed, or cropped elsewhere, before this no longer counts in the directory's progress."""
    yield from _is_at(entry.subject, event.directory)
    yield Put(
        "directory_restarts",
        {"subject": entry.subject, "restarted_at": entry.occurred_at, "position": entry.position},
    )


def relocated(event: DirectoryRelocated, entry: Entry) -> Iterator[Change]:
    """The directory is found at its new path, and no longer at the old one."""
    yield Drop("directory_places", event.source)
    yield from _is_at(entry.subject, event.directory)


def _is_at(subject: str, directory: str) -> Iterator[Change]:
    yield Put("directory_places", {"directory": directory, "subject": subject})
    yield Put("directory_whereabouts", {"subject": subject, "directory": directory})


DIRECTORIES = Projection(
    name="directories",
    version=2,
    sentence="What is in the directories: where each one is, and the images that its scans found.",
    tables=(PLACES, WHEREABOUTS, SCANS, SCANNED, RESTARTS),
    views=(IN_DIRECTORIES,),
    indexes=(
        "CREATE INDEX scanned_in_order ON scanned_images (subject, order_key)",
        "CREATE INDEX scanned_contents ON scanned_images (sha256)",
    ),
    folds=MappingProxyType({DirectoryScanned: scanned, DirectoryRestarted: restarted, DirectoryRelocated: relocated}),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class Place:
    """A row of the table `directory_places`."""

    directory: str
    subject: str


def place(projections: Projections, directory: str) -> Place | None:
    """The directory that is at this path now, if it was ever scanned."""
    return projections.row(Place, "FROM directory_places WHERE directory = :directory", {"directory": directory})


def is_known(projections: Projections, subject: str) -> bool:
    """Whether anything was ever recorded about this directory, wherever it is now."""
    return (
        projections.row(Place, "FROM directory_whereabouts WHERE subject = :subject", {"subject": subject}) is not None
    )


def places(projections: Projections) -> list[Place]:
    """Every directory that was ever scanned, where it is now."""
    return projections.rows(Place, "FROM directory_places ORDER BY directory")


@frozen
class DirectoryImage:
    """A row of the view `directory_images`, as far as the choice among images needs it."""

    filename: str
    width_px: int | None
    height_px: int | None
    sha256: str | None


def images_in(projections: Projections, directory: str) -> list[DirectoryImage]:
    """The images that the latest scan found in a directory, in order; without those that cannot be cropped."""
    return projections.rows(
        DirectoryImage,
        "FROM directory_images WHERE directory = :directory AND problem IS NULL ORDER BY order_key",
        {"directory": directory},
    )


@frozen
class _Hash:
    directory_hash: str


def directory_hash(projections: Projections, directory: str) -> str | None:
    """The hash that the latest scan of a directory gave it; None where it was never scanned."""
    found = projections.row(
        _Hash,
        "FROM directory_places JOIN directory_scans USING (subject) WHERE directory = :directory",
        {"directory": directory},
    )
    return found.directory_hash if found else None


@frozen
class ImageSize:
    """How large an image of a directory is, or was when it was last there."""

    filename: str
    width_px: int | None
    height_px: int | None


def sizes_in(projections: Projections, directory: str) -> list[ImageSize]:
    """The sizes of all images that scans ever found in a directory, also of those that are gone."""
    return projections.rows(
        ImageSize,
        "FROM directory_places JOIN scanned_images USING (subject) WHERE directory = :directory",
        {"directory": directory},
    )
