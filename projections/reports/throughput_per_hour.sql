-- Crops marked per hour of the day in the work zone, over all days.
-- :since 0001-01-01
-- :until 9999-12-31
SELECT work_hour(timestamp) AS hour, count(*) AS marked, count(DISTINCT work_day(timestamp)) AS days,
       round(1.0 * count(*) / count(DISTINCT work_day(timestamp)), 1) AS marked_per_day
FROM training WHERE work_day(timestamp) BETWEEN :since AND :until
GROUP BY hour ORDER BY hour
