-- Planned and actual, day by day: what was executed, failed and missed of each plan, and how late batches began.
-- :since 0001-01-01
-- :until 9999-12-31
SELECT date, project, planned, executed, failed, missed_crops AS missed, executed - planned AS variance,
       begun AS batches_begun, missed AS batches_missed, late_max_s, first_at, last_at
FROM actual_days WHERE date BETWEEN :since AND :until ORDER BY date, project
