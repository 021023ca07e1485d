"""The tables and views of the queue; what fills and asks them is in `projections/queue.py`."""

from projections.projection import Table, View

QUEUE_CROPS = Table("""
CREATE TABLE queue_crops ( -- One row per image whose crop was ever recorded, with its standing recording.
  subject TEXT NOT NULL PRIMARY KEY, -- the image
  project TEXT NOT NULL, -- its project
  directory TEXT NOT NULL, -- canonical absolute path of its directory
  filename TEXT NOT NULL, -- its name
  group_id TEXT, -- the group it was chosen from; empty if unknown
  x1 REAL NOT NULL, -- left edge of the box, as a fraction of the width
  y1 REAL NOT NULL, -- top edge, as a fraction of the height
  x2 REAL NOT NULL, -- right edge, as a fraction of the width
  y2 REAL NOT NULL, -- bottom edge, as a fraction of the height
  width_px INTEGER NOT NULL, -- width of the image as displayed when it was marked
  height_px INTEGER NOT NULL, -- height of the image as displayed when it was marked
  sha256 TEXT NOT NULL, -- sha256 of the file the box was drawn on
  size_bytes INTEGER NOT NULL, -- length of that file
  warnings TEXT NOT NULL, -- what was odd when it was marked, a JSON list of codes
  marked_at TEXT NOT NULL, -- when it was marked (UTC)
  marked_by TEXT NOT NULL, -- who marked it
  position INTEGER NOT NULL, -- position of the recording in the ledger: its place in the queue
  version INTEGER NOT NULL, -- version of the recording in the image's history
  status TEXT NOT NULL, -- pending, started, failed, executed or withdrawn
  run TEXT, -- the run that claimed it last
  attempt INTEGER NOT NULL, -- the latest attempt; counted anew after a retry or an undo
  started_at TEXT, -- when the latest attempt started (UTC)
  finished_at TEXT, -- when it was executed (UTC)
  output TEXT, -- absolute path of the finished crop
  retry_at TEXT, -- not to be tried again before (UTC)
  failed_at TEXT, -- when the latest attempt failed (UTC)
  failed_reason TEXT, -- code of the latest failure: missing, unreadable, disk_full ...
  failed_message TEXT -- the latest failure in words
) STRICT
""")

OWED = View("""
CREATE VIEW queue ( -- The crops that are owed, in the order they are to be executed.
  subject, -- the image
  project, -- its project
  path, -- canonical absolute path of the image
  directory, -- the directory part of path
  filename, -- the last part of path
  group_id, -- the group it was chosen from; empty if unknown
  x1, -- left edge of the box, as a fraction of the width
  y1, -- top edge, as a fraction of the height
  x2, -- right edge, as a fraction of the width
  y2, -- bottom edge, as a fraction of the height
  width_px, -- width of the image as displayed when it was marked
  height_px, -- height of the image as displayed when it was marked
  sha256, -- sha256 of the file the box was drawn on
  size_bytes, -- length of that file
  warnings, -- what was odd when it was marked, a JSON list of codes
  marked_at, -- when it was marked (UTC)
  marked_by, -- who marked it
  position, -- position of the recording in the ledger: its place in the queue
  version, -- version of the recording in the image's history
  status, -- pending, started or failed
  run, -- the run that claimed it last
  attempt, -- the latest attempt; counted anew after a retry or an undo
  started_at, -- when the latest attempt started (UTC)
  retry_at, -- not to be tried again before (UTC)
  failed_at, -- when the latest attempt failed (UTC)
  failed_reason, -- code of the latest failure
  failed_message -- the latest failure in words
) AS
SELECT subject, project, rtrim(directory, '/') || '/' || filename, directory, filename, group_id, x1, y1, x2, y2,
       width_px, height_px, sha256, size_bytes, warnings, marked_at, marked_by, position, version, status, run, attempt,
       started_at, retry_at, failed_at, failed_reason, failed_message
FROM queue_crops WHERE status IN ('pending', 'started', 'failed') ORDER BY position
""")

STUCK = View("""
CREATE VIEW stuck ( -- Crops that were started and have no outcome: a run is at work on them, or it died.
  subject, -- the image
  project, -- its project
  path, -- canonical absolute path of the image
  run, -- the run that claimed it
  attempt, -- which attempt
  started_at -- since when (UTC)
) AS
SELECT subject, project, rtrim(directory, '/') || '/' || filename, run, attempt, started_at FROM queue_crops
WHERE status IN ('pending', 'started', 'failed') AND status = 'started' ORDER BY position
""")

QUEUE_LINES = View("""
CREATE VIEW queue_lines ( -- The queue as its exports have it: what is owed, and what was executed.
  created_at, -- when it was marked (UTC)
  project_id, -- its project
  group_id, -- the group it was chosen from; empty if unknown
  filename, -- name of the image
  dir, -- its directory, absolute
  width, -- width of the image in pixels
  height, -- height of the image in pixels
  x1, -- left edge of the box, as a fraction of the width
  y1, -- top edge, as a fraction of the height
  x2, -- right edge, as a fraction of the width
  y2, -- bottom edge, as a fraction of the height
  executed, -- 1 once executed, 0 while owed
  finished_at, -- when it was executed (UTC)
  subject, -- the image
  position -- position of the recording in the ledger
) AS
SELECT marked_at, project, group_id, filename, directory, width_px, height_px, x1, y1, x2, y2, status = 'executed',
       finished_at, subject, position
FROM queue_crops WHERE status <> 'withdrawn' ORDER BY position
""")
