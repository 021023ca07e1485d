-- How far each directory is, the ones with most left to do first.
SELECT project, directory, seen, completed, skipped, pending, failed, problem, open, owed, executed, percent_executed,
       last_at
FROM progress ORDER BY pending + failed + problem DESC, project, directory
