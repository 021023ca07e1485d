"""From the projections to the rhythm, and its export for people's other programs."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

from attrs import asdict, frozen
from attrs import evolve as changed

from commands.exporting.whole_files import written_whole
from commands.planning.cadence import Cadence, Day, all_days, cadence_of
from commands.planning.doubts import unsupported
from configs.home import Home
from ledger.values import parse_instant
from projections.cadence import human_crops, tool_starts
from projections.evidence import imported_sittings
from projections.reader import Projections


@frozen
class Span:
    """Which history is meant; all of it, where nothing is said."""

    project: str | None = None
    since_s: float | None = None
    until_s: float | None = None


@frozen
class Rhythm:
    """The measured rhythm together with the days it was measured on."""

    cadence: Cadence
    days: tuple[Day, ...]


def rhythm_of(
    projections: Projections, span: Span, zone: ZoneInfo, *, lunch: tuple[str, str], position: int = 0
) -> Rhythm:
    """Measure the rhythm of a span of history, by the clock of `zone`, with what it does not support."""
    crops = human_crops(projections, project=span.project, since_s=span.since_s, until_s=span.until_s)
    days = all_days(crops, zone)
    timed = [each for each in timed_sittings(projections) if _within(each, span)]
    cadence = cadence_of(days, zone, project=span.project, position=position, timed=timed)
    doubts = unsupported(cadence, days, zone, tool_starts(projections), lunch)
    return Rhythm(changed(cadence, unsupported=doubts), tuple(days))


def timed_sittings(projections: Projections) -> list[tuple[float, float]]:
    """Start and end, in seconds since 1970, of the work that other tools timed and saw the end of."""
    return [
        (parse_instant(each.started_at).timestamp(), parse_instant(each.ended_at).timestamp())
        for each in imported_sittings(projections)
        if each.ended_at
    ]


def _within(timed: tuple[float, float], span: Span) -> bool:
    since = span.since_s is None or timed[0] >= span.since_s
    return since and (span.until_s is None or timed[0] < span.until_s)


def export_cadence(cadence: Cadence, home: Home) -> Path:
    """data/dashboard_cache/pattern_analysis.json."""
    path = home.root / "data" / "dashboard_cache" / "pattern_analysis.json"
    with written_whole(path) as stream:
        stream.write(json.dumps(asdict(cadence), indent=1, ensure_ascii=False).encode() + b"\n")
    return path
