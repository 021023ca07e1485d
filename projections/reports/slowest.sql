-- The crops that took longest to execute.
-- :limit 20
SELECT source, round(elapsed_ms, 1) AS elapsed_ms, source_bytes, source_width_px, source_height_px, run, finished_at
FROM executions WHERE elapsed_ms IS NOT NULL ORDER BY elapsed_ms DESC, position LIMIT :limit
