"""From the projections to the rhythm, and its export for people's other programs."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

from attrs import asdict, frozen
from attrs import evolve as changed

from commands.cadence import Cadence, Day, all_days, cadence_of
from commands.doubts import unsupported
from commands.whole_files import written_whole
from configs.home import Home
from projections.cadence import human_crops, tool_starts
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
    cadence = cadence_of(days, zone, project=span.project, position=position)
    doubts = unsupported(cadence, days, zone, tool_starts(projections), lunch)
    return Rhythm(changed(cadence, unsupported=doubts), tuple(days))


def export_cadence(cadence: Cadence, home: Home) -> Path:
    """data/dashboard_cache/pattern_analysis.json."""
    path = home.root / "data" / "dashboard_cache" / "pattern_analysis.json"
    with written_whole(path) as stream:
        stream.write(json.dumps(asdict(cadence), indent=1, ensure_ascii=False).encode() + b"\n")
    return path
