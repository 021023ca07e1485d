"""The tables and views of runs: their lives, and planned and actual, batch by batch."""

from projections.projection import Table, View

STATES = Table("""
CREATE TABLE run_states ( -- One row per run, with how it is.
  run TEXT NOT NULL PRIMARY KEY, -- the run
  mode TEXT NOT NULL, -- now or schedule
  project TEXT, -- whose crops; empty for those of all projects
  schedules TEXT NOT NULL, -- the planned days it follows, a JSON list of subjects
  missed TEXT, -- what becomes of missed batches: skip or spread
  speed REAL NOT NULL, -- seconds of the plan in one second
  process INTEGER NOT NULL, -- number of its process
  host TEXT NOT NULL, -- its machine
  started_at TEXT NOT NULL, -- when it began (UTC)
  status TEXT NOT NULL, -- running, paused, stopping or ended
  changed_at TEXT NOT NULL, -- since when (UTC)
  reason TEXT, -- why it is paused, or how it ended
  message TEXT, -- the same in words
  position INTEGER NOT NULL -- position of its start in the ledger
) STRICT
""")

BLOCKS = Table("""
CREATE TABLE run_blocks ( -- One row per look at what a stretch of work needs, before it begins.
  position INTEGER NOT NULL PRIMARY KEY, -- position of the look in the ledger
  run TEXT NOT NULL, -- the run
  plan INTEGER NOT NULL, -- position of the plan in the ledger
  block INTEGER NOT NULL, -- its place in the day, from 1
  at TEXT NOT NULL, -- when (UTC)
  crops INTEGER NOT NULL, -- crops still planned in it
  waiting INTEGER NOT NULL, -- crops that could be claimed
  missing_files INTEGER NOT NULL, -- images lost among the next crops
  needed_bytes INTEGER NOT NULL, -- room they may take
  free_bytes INTEGER NOT NULL, -- room that there was
  problems TEXT NOT NULL -- a JSON list of codes: starved, missing_files, disk_low
) STRICT
""")

BATCHES = Table("""
CREATE TABLE run_batches ( -- One row per planned batch that was begun or missed.
  plan INTEGER NOT NULL, -- position of the plan in the ledger
  batch INTEGER NOT NULL, -- its place in the day, from 1
  run TEXT NOT NULL, -- the run
  status TEXT NOT NULL, -- begun or missed
  begun_at TEXT, -- when it began (UTC)
  late_s REAL, -- how late, in seconds of the plan
  crops INTEGER NOT NULL, -- crops to claim; of missed ones, on the first of them, all together
  carried INTEGER NOT NULL, -- how many of them it took over from batches before it
  passed INTEGER NOT NULL, -- of missed ones, on the first of them: how many crops later batches took over
  reason TEXT, -- why it was missed: late_start, paused, clock_jump, overrun or starved
  id TEXT, -- id of the entry with which it began; its crops name it as their cause
  PRIMARY KEY (plan, batch)
) STRICT
""")

CLAIMS = Table("""
CREATE TABLE run_claims ( -- One row per crop that a planned batch claimed, or could not claim.
  position INTEGER NOT NULL PRIMARY KEY, -- position of the claim, or of the failure to claim
  subject TEXT NOT NULL, -- the image
  batch_id TEXT NOT NULL -- id of the entry with which its batch began
) STRICT
""")

NOTES = Table("""
CREATE TABLE run_notes ( -- One row per surprise: a batch that overran, a clock that jumped.
  position INTEGER NOT NULL PRIMARY KEY, -- position of the note in the ledger
  run TEXT NOT NULL, -- the run
  at TEXT NOT NULL, -- when (UTC)
  kind TEXT NOT NULL, -- overran or clock_jumped
  plan INTEGER, -- position of the plan in the ledger
  batch INTEGER, -- the batch
  seconds REAL NOT NULL, -- by how much
  what TEXT -- what was run into: batch, break or end
) STRICT
""")

_OUTCOMES = """(SELECT count(*) FROM run_claims AS claim JOIN execution_outcomes AS outcome ON outcome.position = (
    SELECT min(position) FROM execution_outcomes WHERE subject = claim.subject AND position >= claim.position)
    WHERE claim.batch_id = actual.id AND {})"""

ACTUAL_BATCHES = View(f"""
CREATE VIEW actual_batches ( -- Planned and actual: every batch of each day's latest plan, with what became of it.
  plan, -- position of the plan in the ledger
  schedule, -- the planned day
  date, -- the day, by the clock of the zone
  project, -- whose crops; empty for those of all projects
  block, -- the block it is in
  batch, -- its place in the day, from 1
  at, -- when it was planned (UTC)
  planned, -- crops planned
  status, -- open (nothing became of it yet), begun or missed
  reason, -- why it was missed
  run, -- the run
  begun_at, -- when it began (UTC)
  late_s, -- how late, in seconds of the plan
  claimed, -- crops it claimed, or tried to
  carried, -- crops it took over from batches before it
  passed, -- of missed batches, on the first of them: crops that later batches took over
  asked, -- crops it was to claim; for missed batches all together, on the first of them
  executed, -- crops executed, including those that a later run finished
  failed, -- crops that failed and wait for a person
  again -- crops that failed and are owed again
) AS
SELECT planned.position, day.subject, day.date, day.project, planned.block, planned.number, planned.at, planned.crops,
       coalesce(actual.status, 'open'), actual.reason, actual.run, actual.begun_at, actual.late_s,
       (SELECT count(*) FROM run_claims WHERE batch_id = actual.id), coalesce(actual.carried, 0),
       coalesce(actual.passed, 0), coalesce(actual.crops, 0),
       {_OUTCOMES.format("outcome.outcome = 'executed'")},
       {_OUTCOMES.format("outcome.outcome = 'failed' AND outcome.final")},
       {_OUTCOMES.format("outcome.outcome = 'failed' AND NOT outcome.final")}
FROM schedule_batches AS planned JOIN schedule_days AS day ON day.position = planned.position
LEFT JOIN run_batches AS actual ON actual.plan = planned.position AND actual.batch = planned.number
""")

_BEGAN = "strftime('%Y-%m-%dT%H:%M:%fZ', at, late_s || ' seconds')"

SUMS = f"""count(*) AS batches, coalesce(sum(planned), 0) AS planned, count(*) FILTER (WHERE status = 'begun') AS begun,
       count(*) FILTER (WHERE status = 'missed') AS missed,
       coalesce(sum(planned) FILTER (WHERE status = 'missed'), 0) AS missed_crops,
       coalesce(sum(executed), 0) AS executed, coalesce(sum(failed), 0) AS failed, coalesce(sum(again), 0) AS again,
       round(max(late_s), 3) AS late_max_s, min({_BEGAN}) AS first_at, max({_BEGAN}) AS last_at"""

ACTUAL_BLOCKS = View(f"""
CREATE VIEW actual_blocks ( -- Planned and actual, stretch of work by stretch of work.
  plan, -- position of the plan in the ledger
  block, -- its place in the day, from 1
  batches, -- batches planned
  planned, -- crops planned
  begun, -- batches begun
  missed, -- batches missed
  missed_crops, -- crops planned in those
  executed, -- crops executed
  failed, -- crops that failed and wait for a person
  again, -- failures after which the crop was owed again
  late_max_s, -- the latest beginning, in seconds of the plan
  first_at, -- beginning of the first batch, by the clock of the plan (UTC)
  last_at -- beginning of the last batch, by the clock of the plan (UTC)
) AS
SELECT plan, block, {SUMS} FROM actual_batches GROUP BY plan, block
""")

ACTUAL_DAYS = View(f"""
CREATE VIEW actual_days ( -- Planned and actual, day by day, for each day's latest plan.
  schedule, -- the planned day
  date, -- the day, by the clock of the zone
  project, -- whose crops; empty for those of all projects
  plan, -- position of the plan in the ledger
  batches, -- batches planned
  planned, -- crops planned
  begun, -- batches begun
  missed, -- batches missed
  missed_crops, -- crops planned in those
  executed, -- crops executed
  failed, -- crops that failed and wait for a person
  again, -- failures after which the crop was owed again
  late_max_s, -- the latest beginning, in seconds of the plan
  first_at, -- beginning of the first batch, by the clock of the plan (UTC)
  last_at -- beginning of the last batch, by the clock of the plan (UTC)
) AS
SELECT schedule, date, project, plan, {SUMS} FROM actual_batches GROUP BY plan ORDER BY date, project
""")
