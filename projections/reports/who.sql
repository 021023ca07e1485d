-- Who did what, and when: events per actor and type.
SELECT actor, type, count(*) AS events, min(occurred_at) AS first_at, max(occurred_at) AS last_at
FROM ledger.events GROUP BY actor, type ORDER BY actor, type
