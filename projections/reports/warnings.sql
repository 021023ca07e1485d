-- What was odd but allowed, counted by code and by where it was noticed.
SELECT noticed, code.value AS code, count(*) AS times, max(at) AS latest_at
FROM (
  SELECT 'recorded' AS noticed, warnings, marked_at AS at FROM queue_crops WHERE status <> 'withdrawn'
  UNION ALL SELECT 'started', warnings, started_at FROM execution_starts
  UNION ALL SELECT outcome, warnings, at FROM execution_outcomes
  UNION ALL SELECT 'imported', warnings, cropped_at FROM imported_history
), json_each(warnings) AS code
GROUP BY noticed, code ORDER BY times DESC, noticed, code
