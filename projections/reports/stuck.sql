-- Crops that were started and have no outcome, longest first.
SELECT project, path, run, attempt, started_at FROM stuck ORDER BY started_at, path
