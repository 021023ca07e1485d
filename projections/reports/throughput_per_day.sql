-- Crops marked and executed per day of the work zone, with the hours in which people marked.
-- :since 0001-01-01
-- :until 9999-12-31
WITH marks AS (
  SELECT work_day(timestamp) AS day, work_hour(timestamp) AS hour, origin FROM training
), done AS (
  SELECT work_day(finished_at) AS day, count(*) AS executed FROM executions
  WHERE status IN ('executed', 'undone') GROUP BY 1
), marked AS (
  SELECT day, count(*) AS marked, count(*) FILTER (WHERE origin = 'imported') AS imported,
         count(DISTINCT hour) AS hours_marked_in
  FROM marks GROUP BY day
)
SELECT day, coalesce(marked, 0) AS marked, coalesce(imported, 0) AS imported, coalesce(executed, 0) AS executed,
       coalesce(hours_marked_in, 0) AS hours_marked_in
FROM marked FULL JOIN done USING (day)
WHERE day BETWEEN :since AND :until
ORDER BY day
