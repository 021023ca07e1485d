"""Decisions for other tools: a database in the columns of the older ones, and imported sidecars as they were.

Made with sqlite-utils in a file of its own (docs/decisions/0001). The same ledger gives the same bytes.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from attrs import asdict, frozen

from commands.exporting.whole_files import written_whole
from configs.home import Home
from ledger.errors import Refused
from projections.ai_decisions import GroupDecision, group_decisions, sidecars
from projections.reader import Projections

# The user's columns may be empty: a group nobody decided, or one that was rejected, has no choice to name.
_TABLE = """
CREATE TABLE ai_decisions (
  group_id TEXT PRIMARY KEY,
  timestamp TEXT,
  project_id TEXT NOT NULL,
  directory TEXT,
  batch_number INTEGER,
  images TEXT NOT NULL,
  ai_selected_index INTEGER CHECK (ai_selected_index >= 0),
  ai_crop_coords TEXT,
  ai_confidence REAL CHECK (ai_confidence BETWEEN 0 AND 1),
  user_selected_index INTEGER CHECK (user_selected_index >= 0),
  user_action TEXT CHECK (user_action IN ('approve', 'crop', 'reject')),
  ai_crop_accepted BOOLEAN,
  final_crop_coords TEXT,
  crop_timestamp TEXT,
  image_width INTEGER CHECK (image_width > 0),
  image_height INTEGER CHECK (image_height > 0),
  selection_match BOOLEAN,
  crop_match BOOLEAN
)
"""
_VIEWS = {
    "ai_performance": """
SELECT project_id, count(*) AS total, coalesce(sum(selection_match), 0) AS correct_selections,
       coalesce(sum(crop_match), 0) AS correct_crops,
       round(100.0 * sum(selection_match) / count(selection_match), 1) AS selection_accuracy,
       round(100.0 * sum(crop_match) / count(crop_match), 1) AS crop_accuracy
FROM ai_decisions WHERE user_action IS NOT NULL GROUP BY project_id""",
    "incomplete_crops": "SELECT * FROM ai_decisions WHERE user_action = 'crop' AND final_crop_coords IS NULL",
    "ai_mistakes": "SELECT * FROM ai_decisions WHERE selection_match = 0 OR crop_match = 0",
}
_MAGIC = b"SQLite format 3\0"


@frozen
class Written:
    """A file or a folder of files that was written, and how many records it holds."""

    path: Path
    count: int


def write_decisions(projections: Projections, project: str, target: Path, home: Home) -> Written:
    """The decisions of one project as a database, whole, replacing an earlier one.

    Raises `Refused` for a place that cannot be written, and for one that holds something else.
    """
    rows = group_decisions(projections, project=project)
    _require_free(target, home)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".decisions-") as folder:
            made = Path(folder) / "decisions.db"
            _fill(made, rows)
            with made.open("rb") as file:
                os.fsync(file.fileno())
            made.replace(target)
    except OSError as error:
        raise Refused(f"{target} cannot be written: {error.strerror}.") from error
    return Written(target, len(rows))


def _fill(made: Path, rows: Sequence[GroupDecision]) -> None:
    from sqlite_utils import Database

    database = Database(made)
    try:
        database.execute(_TABLE)
        database.table("ai_decisions").insert_all(map(asdict, rows))
        database.table("ai_decisions").create_index(["project_id", "timestamp"])
        for name, sql in _VIEWS.items():
            database.create_view(name, sql)
        database.vacuum()
    finally:
        database.close()


def _require_free(target: Path, home: Home) -> None:
    live = {home.ledger.resolve(), home.projections.resolve()}
    if target.resolve() in live:
        raise Refused(f"{target} is a live database of this home.")
    if target.is_dir():
        raise Refused(f"{target} is a directory.")
    if target.exists():
        with target.open("rb") as file:
            if file.read(len(_MAGIC)) not in {_MAGIC, b""}:
                raise Refused(f"{target} holds something else than a database.", mend="Name another file.")


def write_sidecars(projections: Projections, project: str | None, folder: Path) -> Written:
    """Every imported sidecar of a project as it was, each key of it, under the name it had."""
    kept = {}
    for sidecar in sidecars(projections, project=project):
        # Of two that had the same name, in one project, the second keeps a part of its id.
        name = sidecar.name if sidecar.name not in kept else f"{Path(sidecar.name).stem}.{sidecar.id[:8]}.decision"
        kept[name] = sidecar.record
    for name, record in kept.items():
        with written_whole(folder / name) as stream:
            stream.write(record.encode())
    return Written(folder, len(kept))
