-- What each run did: crops executed, failed and taken back, and the mean time per crop.
SELECT run, first_at, last_at, attempts, executed, failed, undone, unfinished,
       round(elapsed_ms / executed, 1) AS mean_ms, output_bytes
FROM runs ORDER BY first_at DESC, run
