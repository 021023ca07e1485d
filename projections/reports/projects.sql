-- How far each project is.
SELECT project, count(*) AS directories, sum(seen) AS seen, sum(recorded) AS recorded, sum(executed) AS executed,
       sum(pending) AS pending, sum(failed) AS failed, sum(skipped) AS skipped, sum(open) AS open,
       sum(imported) AS imported,
       round(100.0 * (sum(executed) + sum(skipped) + sum(imported)) / sum(seen), 1) AS percent_executed
FROM progress GROUP BY project ORDER BY project
