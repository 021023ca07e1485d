-- How far each directory is, the ones with most left to execute first.
SELECT project, directory, seen, recorded, executed, pending, failed, skipped, open, imported, percent_executed, last_at
FROM progress ORDER BY pending + failed DESC, project, directory
