"""Which known images hold, or last held, a given content: how a file that was renamed or moved is recognised."""

from collections.abc import Iterable

import msgspec
from attrs import frozen

from projections.reader import Projections

_json = msgspec.json.Encoder().encode


@frozen
class HeldImage:
    """An image that something was decided about, or that there is evidence of, and what its file held."""

    subject: str
    directory: str
    filename: str
    sha256: str

    @property
    def path(self) -> str:
        """Where its file was."""
        return f"{self.directory.rstrip('/')}/{self.filename}"


# What a box was marked on is in the mark. Of the others, the scan of their directory knows it, if there was one.
_HOLDING = """
FROM (
  SELECT subject, directory, filename, sha256 FROM decided_images
  WHERE status <> 'executed' AND sha256 IN (SELECT value FROM json_each(:contents))
  UNION
  SELECT decided.subject, decided.directory, decided.filename, found.sha256
  FROM scanned_images AS found JOIN directory_places AS place ON place.subject = found.subject
  JOIN decided_images AS decided ON decided.directory = place.directory AND decided.filename = found.filename
  WHERE found.sha256 IN (SELECT value FROM json_each(:contents))
    AND decided.status <> 'executed' AND decided.sha256 IS NULL
  UNION
  SELECT imported.subject, imported.directory, imported.filename, found.sha256
  FROM scanned_images AS found JOIN directory_places AS place ON place.subject = found.subject
  JOIN imported_images AS imported ON imported.directory = place.directory AND imported.filename = found.filename
  WHERE found.sha256 IN (SELECT value FROM json_each(:contents))
    AND NOT EXISTS (SELECT 1 FROM decided_images AS decided WHERE decided.subject = imported.subject)
)
ORDER BY directory, filename, subject
"""


def holding(projections: Projections, contents: Iterable[str]) -> list[HeldImage]:
    """The images, executed ones aside, whose file held one of these contents (sha256) when it was last looked at."""
    return projections.rows(HeldImage, _HOLDING, {"contents": _json(list(contents)).decode()})
