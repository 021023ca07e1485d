-- Crops recorded without a group, per directory.
SELECT project, directory, count(*) AS crops, min(decided_at) AS first_at, max(decided_at) AS last_at
FROM decisions WHERE group_id IS NULL AND action <> 'reject' GROUP BY project, directory ORDER BY crops DESC, directory
