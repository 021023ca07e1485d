"""Which images of a directory wait for a person, in the one order they are always presented in."""

from attrs import frozen

from projections.progress import in_directory
from projections.reader import Projections


@frozen
class UpcomingImage:
    """An image without a decision that stands, or one whose marked crop is not executed yet."""

    subject: str | None
    """The image, where something was ever decided about it."""
    directory: str
    filename: str
    status: str
    """`open` or `failed` where a person has to decide, `recorded` or `started` where a crop is owed."""
    size_bytes: int
    sha256: str
    width_px: int
    height_px: int
    place: int
    """1 for the first image of the directory, in order, and so on."""

    @property
    def path(self) -> str:
        """Canonical absolute path."""
        return f"{self.directory.rstrip('/')}/{self.filename}"


# Of the images seen, the ones whose file is there, with what the scan knows of it.
_STANDING = """
FROM (
  SELECT seen.subject AS subject, seen.directory AS directory, seen.filename AS filename, seen.status AS status,
         row_number() OVER (ORDER BY seen.order_key) AS place, found.size_bytes AS size_bytes, found.sha256 AS sha256,
         found.width_px AS width_px, found.height_px AS height_px
  FROM ({seen}) AS seen
  LEFT JOIN scanned_images AS found
    ON found.subject = (SELECT subject FROM directory_places WHERE directory = :directory)
    AND found.filename = seen.filename AND found.present AND found.problem IS NULL
)
WHERE sha256 IS NOT NULL AND status IN"""


def next_images(
    projections: Projections, directory: str, *, project: str | None = None, limit: int | None = 1
) -> list[UpcomingImage]:
    """The next images of a directory that wait for a person's decision, by timestamp, stage and name.

    These are the images nobody decided about, those whose crop was withdrawn or whose skip was taken back, and those
    whose crop failed for good. `directory` is its canonical path; it must have been scanned. A directory in which
    several projects are at work is asked for one of them.
    """
    return _standing(projections, directory, project, "('open', 'failed')", limit)


def pending_images(
    projections: Projections, directory: str, *, project: str | None = None, limit: int | None = None
) -> list[UpcomingImage]:
    """The images of a directory that are marked, and whose crop is owed or being executed, in the same order."""
    return _standing(projections, directory, project, "('recorded', 'started')", limit)


def unfinished_images(
    projections: Projections, directory: str, *, project: str | None = None, limit: int | None = None
) -> list[UpcomingImage]:
    """The images of a directory without a terminal decision: those that wait for a person, and those owed."""
    return _standing(projections, directory, project, "('open', 'failed', 'recorded', 'started')", limit)


def _standing(
    projections: Projections, directory: str, project: str | None, statuses: str, limit: int | None
) -> list[UpcomingImage]:
    return projections.rows(
        UpcomingImage,
        f"{_STANDING.format(seen=in_directory(project))} {statuses} ORDER BY place LIMIT :limit",
        {"directory": directory, "project": project, "limit": -1 if limit is None else limit},
    )


@frozen
class FoundImage:
    """An image as the latest scan found it."""

    sha256: str
    width_px: int
    height_px: int


def found_image(projections: Projections, directory: str, filename: str) -> FoundImage | None:
    """What the latest scan found under a name, if it is an image that can be cropped."""
    return projections.row(
        FoundImage,
        "FROM directory_images WHERE directory = :directory AND filename = :filename AND problem IS NULL",
        {"directory": directory, "filename": filename},
    )


@frozen
class _InProject:
    project: str


def projects_in(projections: Projections, directory: str) -> list[str]:
    """The projects in which something was decided about images of this directory."""
    found = projections.rows(
        _InProject,
        "FROM (SELECT project FROM decided_images WHERE directory = :directory"
        " UNION SELECT project FROM imported_images WHERE directory = :directory) ORDER BY project",
        {"directory": directory},
    )
    return [each.project for each in found]
