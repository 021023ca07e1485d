-- Failed attempts by reason, and how many of those crops still wait for a person.
SELECT reason, count(*) AS failures, count(DISTINCT subject) AS images,
       (SELECT count(*) FROM queue WHERE status = 'failed' AND failed_reason = executions.reason) AS waiting,
       max(finished_at) AS latest_at, max(message) AS for_example
FROM executions WHERE status = 'failed' GROUP BY reason ORDER BY failures DESC, reason
