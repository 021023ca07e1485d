"""The tables and views of progress: every image seen, and how far each directory is of it."""

from projections.projection import Table, View

DECIDED_IMAGES = Table("""
CREATE TABLE decided_images ( -- One row per image that an operator or a runner ever did something about.
  subject TEXT NOT NULL PRIMARY KEY, -- the image
  project TEXT NOT NULL, -- its project
  directory TEXT NOT NULL, -- canonical absolute path of its directory
  filename TEXT NOT NULL, -- its name
  order_key TEXT NOT NULL, -- what images are ordered by: timestamp, stage, name
  status TEXT NOT NULL, -- recorded, started, failed, executed, skipped, kept or open
  changed_at TEXT NOT NULL, -- when it came to that status (UTC)
  position INTEGER NOT NULL, -- position in the ledger of what brought it to that status
  sha256 TEXT, -- sha256 of the file that was decided about, where it is known
  output_sha256 TEXT -- sha256 of the crop, where one was ever executed
) STRICT
""")

# A table of its own: evidence may arrive before or after the decisions on the same image, and must not undo them. A row
# per place that some source names, and one without a directory that counts only where no source names any.
IMPORTED_IMAGES = Table("""
CREATE TABLE imported_images ( -- One row per image that was cropped elsewhere, and place that a source names for it.
  subject TEXT NOT NULL, -- the image
  directory TEXT NOT NULL, -- its directory as the source wrote it; empty where the source had a bare name
  filename TEXT NOT NULL, -- its name
  project TEXT NOT NULL, -- its project
  order_key TEXT NOT NULL, -- what images are ordered by: timestamp, stage, name
  changed_at TEXT NOT NULL, -- when it was cropped, by the evidence that came last (UTC)
  position INTEGER NOT NULL, -- position of that evidence in the ledger
  PRIMARY KEY (subject, directory)
) STRICT
""")

AT_WORK = View("""
CREATE VIEW directory_projects ( -- Which projects are at work in which directories.
  directory, -- canonical absolute path of the directory; for imported images as the source wrote it
  project -- the project; empty where nothing was decided in the directory yet
) AS
SELECT directory, project FROM decided_images UNION SELECT directory, project FROM imported_images
UNION ALL
SELECT directory, NULL FROM directory_places AS place
WHERE NOT EXISTS (SELECT 1 FROM decided_images AS decided WHERE decided.directory = place.directory)
  AND NOT EXISTS (SELECT 1 FROM imported_images AS imported WHERE imported.directory = place.directory)
""")

# The parts of the view `images`, each narrowed before it is joined: SQLite does not carry a condition of the whole
# through a UNION of joins. `{decided}`, `{imported}` and `{at_work}` stand for what narrows each.
_SEEN = """
SELECT decided.subject AS subject, decided.project AS project, decided.directory AS directory,
       decided.filename AS filename, iif(decided.status = 'open' AND problem IS NOT NULL, 'problem', status) AS status,
       problem, changed_at, decided.position AS position, decided.order_key AS order_key
FROM decided_images AS decided
LEFT JOIN directory_places AS place ON place.directory = decided.directory
LEFT JOIN scanned_images AS found
  ON found.subject = place.subject AND found.filename = decided.filename AND found.present
LEFT JOIN directory_restarts AS restarted ON restarted.subject = place.subject
WHERE {decided}
  AND (status <> 'open' OR found.filename IS NOT NULL
       OR NOT EXISTS (SELECT 1 FROM directory_scans AS scan WHERE scan.subject = place.subject))
  AND (status <> 'executed' OR restarted.position IS NULL OR decided.position > restarted.position
       OR found.sha256 IN (decided.sha256, decided.output_sha256))
UNION ALL
SELECT imported.subject, project, imported.directory, filename, 'imported', NULL,
       coalesce((SELECT max(cropped_at) FROM imported_crops AS made
         WHERE made.project = imported.project AND made.filename = imported.filename), changed_at),
       imported.position, order_key
FROM imported_images AS imported
LEFT JOIN directory_places AS place ON place.directory = imported.directory
LEFT JOIN directory_restarts AS restarted ON restarted.subject = place.subject
WHERE {imported} AND (restarted.position IS NULL OR imported.position > restarted.position)
  AND NOT EXISTS (SELECT 1 FROM decided_images AS decided WHERE decided.subject = imported.subject)
  AND NOT EXISTS (SELECT 1 FROM decided_images AS decided WHERE decided.directory = imported.directory
    AND decided.filename = imported.filename AND decided.project = imported.project)
  AND (imported.directory <> '' OR (NOT EXISTS (
    SELECT 1 FROM imported_images AS placed WHERE placed.subject = imported.subject AND placed.directory <> '')
    AND EXISTS (SELECT 1 FROM imported_crops AS made
      WHERE made.project = imported.project AND made.filename = imported.filename AND NOT EXISTS (
        SELECT 1 FROM imported_marks AS mark WHERE mark.project = made.project AND mark.filename = made.filename
          AND mark.marked_at = made.cropped_at))))
UNION ALL
SELECT NULL, at_work.project, at_work.directory, found.filename, iif(problem IS NULL, 'open', 'problem'), problem,
       scanned_at, NULL, found.order_key
FROM {at_work} AS at_work
JOIN directory_places AS place ON place.directory = at_work.directory
JOIN directory_scans AS scan ON scan.subject = place.subject
JOIN scanned_images AS found ON found.subject = place.subject AND found.present
LEFT JOIN directory_restarts AS restarted ON restarted.subject = place.subject
WHERE NOT EXISTS (
    SELECT 1 FROM decided_images AS decided
    WHERE decided.directory = at_work.directory AND decided.filename = found.filename
      AND decided.project = at_work.project
      AND (decided.status NOT IN ('executed', 'skipped', 'kept') OR decided.sha256 IS NULL OR found.sha256 IS NULL
           OR found.sha256 IN (decided.sha256, decided.output_sha256)))
  AND NOT EXISTS (
    SELECT 1 FROM imported_images AS imported
    WHERE imported.directory = at_work.directory AND imported.filename = found.filename
      AND imported.project = at_work.project
      AND (restarted.position IS NULL OR imported.position > restarted.position))
"""


def seen(*, decided: str = "TRUE", imported: str = "TRUE", at_work: str = "directory_projects") -> str:
    """SQL for the images seen, each part narrowed by a condition; `at_work` names the rows (directory, project)."""
    return _SEEN.format(decided=decided, imported=imported, at_work=at_work)


IMAGES = View(f"""
CREATE VIEW images ( -- Every image seen, with its status.
  subject, -- the image; empty where nothing was ever decided about it
  project, -- its project; empty where none is at work in its directory
  directory, -- canonical absolute path of its directory; for imported ones as the source wrote it
  filename, -- its name
  status, -- open, recorded, started, failed, executed, skipped, kept, imported or problem
  problem, -- code of why it cannot be cropped as it is: unreadable, animated, link ...
  changed_at, -- when it came to that status; of images nobody decided about, when the directory was scanned (UTC)
  position, -- position in the ledger of what brought it to that status; empty where nothing was decided
  order_key -- what images are ordered by: timestamp, stage, name
) AS
{seen()}
""")

COUNTS = """
SELECT project, directory, count(*) AS seen,
       count(*) FILTER (WHERE status IN ('executed', 'kept', 'imported')) AS completed,
       count(*) FILTER (WHERE status = 'skipped') AS skipped,
       count(*) FILTER (WHERE status IN ('open', 'recorded', 'started')) AS pending,
       count(*) FILTER (WHERE status = 'failed') AS failed,
       count(*) FILTER (WHERE status = 'problem') AS problem,
       count(*) FILTER (WHERE status = 'open') AS open,
       count(*) FILTER (WHERE status IN ('recorded', 'started')) AS owed,
       count(*) FILTER (WHERE status IN ('recorded', 'started', 'failed', 'executed')) AS recorded,
       count(*) FILTER (WHERE status = 'executed') AS executed,
       count(*) FILTER (WHERE status = 'kept') AS kept,
       count(*) FILTER (WHERE status = 'imported') AS imported,
       round(100.0 * count(*) FILTER (WHERE status NOT IN ('open', 'failed', 'problem')) / count(*), 1)
         AS percent_decided,
       round(100.0 * count(*) FILTER (WHERE status IN ('executed', 'skipped', 'kept', 'imported')) / count(*), 1)
         AS percent_executed,
       min(changed_at) AS first_at, max(changed_at) AS last_at
FROM"""

PROGRESS_OF_DIRECTORIES = View(f"""
CREATE VIEW progress ( -- How far each directory of each project is; its first five counts add up to the images seen.
  project, -- the project; empty where nothing was decided in the directory yet
  directory, -- the directory
  seen, -- images seen in it: completed + skipped + pending + failed + problem
  completed, -- images that are executed, kept whole or cropped elsewhere
  skipped, -- images that get no crop
  pending, -- images that wait: open ones for a decision, owed ones for a runner
  failed, -- images whose crop waits for a person
  problem, -- images that cannot be read, and nothing else is known about them
  open, -- images that wait for a decision
  owed, -- images whose crop is owed or being executed
  recorded, -- images with a box that stands: executed + owed + failed
  executed, -- images whose crop exists
  kept, -- images that stay whole
  imported, -- images cropped elsewhere
  percent_decided, -- share of the images seen that need no person any more: all but open, failed and problem
  percent_executed, -- share of the images seen with nothing left to do: completed and skipped
  first_at, -- earliest of the images' latest changes (UTC)
  last_at -- latest change (UTC)
) AS
{COUNTS} images GROUP BY project, directory
""")
