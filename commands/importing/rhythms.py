"""The rhythm of past work as `crop cadence` exports it: figures worked out of crops, which are imported themselves."""

from collections.abc import Mapping

from commands.importing.facts import Reading, Told

LAYOUT = "pattern_analysis"
_FIGURES = frozenset(("timezone", "ledger_position", "batch_sizes", "burstiness", "crops_per_active_hour"))


def is_rhythm(record: Mapping[str, object]) -> bool:
    """Whether a JSON object is one."""
    return record.keys() >= _FIGURES


def read_rhythm(_record: Mapping[str, object], _text: str, _told: Told) -> Reading:
    """Nothing new, and nothing wrong: whoever imports a whole directory of exports has it among them."""
    return Reading()
