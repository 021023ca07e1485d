"""What went otherwise than planned and a person should know of: asked of several projections, kept by none."""

from attrs import frozen

from ledger.values import Instant
from projections.reader import Projections


@frozen
class Problem:
    """One thing to know of."""

    position: int
    """Where it stands in the ledger: what was seen up to a position is no news."""
    at: str
    kind: str
    """`starved`, `missing_files`, `disk_low`, `overran`, `clock_jumped`, `run_paused`, `run_ended` or `crop_failed`."""
    what: str
    """The same in words."""
    subject: str
    """The run or the image."""


_ALL = """
FROM (
  SELECT blocks.position AS position, at, code.value AS kind, CASE code.value
           WHEN 'starved' THEN 'Block ' || block || ' plans ' || crops || ' crops, and ' || waiting || ' wait.'
           WHEN 'missing_files' THEN missing_files || ' of the next images are not there any more.'
           WHEN 'disk_low' THEN 'The next crops may take ' || needed_bytes / 1000000 || ' MB; there are '
             || free_bytes / 1000000 || ' MB.'
           ELSE code.value END AS what,
         'run/' || run AS subject
  FROM run_blocks AS blocks, json_each(blocks.problems) AS code
  UNION ALL
  SELECT position, at, kind, CASE kind
           WHEN 'overran' THEN 'Batch ' || batch || ' took ' || round(seconds) || ' s longer than there was, into the '
             || what || '.'
           ELSE 'The clock jumped by ' || round(seconds) || ' s, or the machine slept.' END,
         'run/' || run
  FROM run_notes
  UNION ALL
  SELECT (SELECT max(position) FROM run_states), changed_at, 'run_' || status, coalesce(message, reason), 'run/' || run
  FROM run_states WHERE reason IN ('failures', 'lost')
  UNION ALL
  SELECT position, at, 'crop_failed', message, subject FROM execution_outcomes AS failure
  WHERE outcome = 'failed' AND final AND EXISTS (
    SELECT 1 FROM queue_crops AS crop WHERE crop.subject = failure.subject AND crop.status = 'failed')
)
"""


def problems(projections: Projections, since: Instant, *, limit: int = 50) -> list[Problem]:
    """What happened since then, the latest first; crops that failed, as long as they wait for a person."""
    return projections.rows(
        Problem, f"{_ALL} WHERE at >= :since ORDER BY position DESC, at DESC LIMIT :limit",
        {"since": since, "limit": limit},
    )  # fmt: skip
