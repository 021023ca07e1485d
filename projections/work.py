"""How people spent their time, by kind of work: from the gaps between their decisions."""

from attrs import frozen

from ledger.values import Instant
from projections.reader import Projections


@frozen
class KindOfWork:
    """One kind of decision, and the time that went into it."""

    kind: str
    """`crop`, `skip`, `keep` or `choose`."""
    decisions: int
    work_s: float
    """Seconds: the gaps that led to these decisions, each counted up to the idle threshold."""


# What follows from a choice, such as skipping the other images of the group, is no decision of its own.
_KINDS = """
FROM (
  SELECT kind, count(*) AS decisions, round(total(min(gap_s, :idle_s)), 3) AS work_s
  FROM (
    SELECT kind, project, correlation,
           86400 * (julianday(at) - julianday(lag(at) OVER (PARTITION BY who ORDER BY at, position))) AS gap_s
    FROM decisions_made WHERE at >= :since AND at < :until
  ) AS made
  WHERE (:project IS NULL OR project = :project)
    AND (kind = 'choose' OR correlation NOT IN (SELECT correlation FROM decisions_made WHERE kind = 'choose'))
  GROUP BY kind
)
ORDER BY work_s DESC, kind
"""


def kinds_of_work(
    projections: Projections, since: Instant, until: Instant, *, idle_s: float, project: str | None = None
) -> list[KindOfWork]:
    """The kinds of work in a span of time, the longest first; what programs did is no work."""
    return projections.rows(KindOfWork, _KINDS, {"since": since, "until": until, "idle_s": idle_s, "project": project})
