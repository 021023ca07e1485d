-- Images marked under two names or more whose files are byte for byte the same.
SELECT sha256, count(*) AS images, group_concat(project || ': ' || directory || '/' || filename, ' | ') AS named
FROM (SELECT * FROM queue_crops WHERE status <> 'withdrawn' ORDER BY sha256, position)
GROUP BY sha256 HAVING count(*) > 1 ORDER BY images DESC, sha256
