-- How far each project is.
SELECT project, count(*) AS directories, sum(seen) AS seen, sum(completed) AS completed, sum(skipped) AS skipped,
       sum(pending) AS pending, sum(failed) AS failed, sum(problem) AS problem, sum(open) AS open, sum(owed) AS owed,
       sum(executed) AS executed, round(100.0 * (sum(completed) + sum(skipped)) / sum(seen), 1) AS percent_executed
FROM progress GROUP BY project ORDER BY project
