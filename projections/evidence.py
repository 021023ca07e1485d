"""What other tools left behind besides crops and decisions: operations, sittings, progress, projects, choices.

Keyed by the id of the evidence, which is derived from what it says: the same files brought in in another order give
the same rows.
"""

from collections.abc import Iterator
from types import MappingProxyType

import msgspec
from attrs import frozen

from ledger.entry import Entry
from ledger.events.imports import (
    OperationImported,
    ProgressImported,
    ProjectImported,
    SelectionImported,
    SittingImported,
)
from projections.columns import codes
from projections.projection import Change, Projection, Put, Table, View
from projections.reader import Projections

OPERATIONS = Table("""
CREATE TABLE imported_operations ( -- One row per line in the log of another tool.
  id TEXT NOT NULL PRIMARY KEY, -- id of the evidence, derived from what it says
  at TEXT NOT NULL, -- when (UTC)
  source TEXT NOT NULL, -- the layout it came from
  kind TEXT NOT NULL, -- what kind of line it is: file_operation, session_start, batch_timing ...
  tool TEXT, -- the program that wrote it
  session TEXT, -- the source's name for the run of that program
  project TEXT, -- the project, where the source names one
  operation TEXT, -- move, copy, delete, create, crop ...
  source_dir TEXT, -- where the files came from, as the source wrote it
  destination_dir TEXT, -- where they went, as the source wrote it
  count INTEGER, -- how many files, by the source's count
  files TEXT NOT NULL, -- their names or the first few, a JSON list
  notes TEXT, -- the source's remark
  warnings TEXT NOT NULL -- what was odd, a JSON list of codes
) STRICT
""")

SITTINGS = Table("""
CREATE TABLE imported_sittings ( -- One row per stretch of work that another tool timed.
  id TEXT NOT NULL PRIMARY KEY, -- id of the evidence, derived from what it says
  source TEXT NOT NULL, -- the layout it came from
  tool TEXT, -- the program that timed it
  session TEXT, -- the source's name for it
  started_at TEXT NOT NULL, -- when it began (UTC)
  ended_at TEXT, -- when it ended (UTC); empty where the tool never said
  active_s REAL, -- seconds of work in it
  idle_s REAL, -- seconds of idling in it
  files INTEGER, -- files it counted
  warnings TEXT NOT NULL -- what was odd, a JSON list of codes
) STRICT
""")

PROGRESS = Table("""
CREATE TABLE imported_progress ( -- One row per state of a directory that another tool wrote down.
  id TEXT NOT NULL PRIMARY KEY, -- id of the evidence, derived from what it says
  source TEXT NOT NULL, -- the layout it came from
  project TEXT, -- the project the importer was told
  directory TEXT NOT NULL, -- the directory, as the source wrote it
  stamp TEXT, -- when it was written, as the source says
  status TEXT, -- the source's word for how far it is
  total INTEGER, -- images in it, by the source's count
  done INTEGER, -- images done, by the source's count
  completed TEXT NOT NULL, -- names of the images it calls completed, a JSON list
  skipped TEXT NOT NULL, -- names of the images it calls skipped, a JSON list
  warnings TEXT NOT NULL -- what was odd, a JSON list of codes
) STRICT
""")

PROJECTS = Table("""
CREATE TABLE imported_projects ( -- One row per version of a project's manifest.
  id TEXT NOT NULL PRIMARY KEY, -- id of the evidence, derived from what it says
  project TEXT NOT NULL, -- the project
  title TEXT, -- its title
  status TEXT, -- active, finished or archived, as the manifest has it
  created TEXT, -- when it was made
  started TEXT, -- when work on it began
  finished TEXT, -- when it was finished; empty while it is open
  initial_images INTEGER, -- images at the beginning, by the manifest's count
  final_images INTEGER -- images at the end, by the manifest's count
) STRICT
""")

SELECTIONS = Table("""
CREATE TABLE imported_selections ( -- One row per image that a person chose from a set with another tool.
  id TEXT NOT NULL PRIMARY KEY, -- id of the evidence, derived from what it says
  at TEXT NOT NULL, -- when (UTC)
  project TEXT NOT NULL, -- the project
  group_id TEXT, -- the source's name for the set
  session TEXT, -- the source's name for the run of its tool
  chosen TEXT NOT NULL, -- path of the image that was chosen, as the source wrote it
  others TEXT NOT NULL -- paths of those that were not, a JSON list
) STRICT
""")

TOOLS = View("""
CREATE VIEW imported_tools ( -- What was imported of each tool's log, per kind of line.
  source, -- the layout
  tool, -- the program
  kind, -- the kind of line
  operation, -- the operation
  lines, -- how many lines
  files, -- files in them, by the source's count
  first_at, -- the earliest (UTC)
  last_at -- the latest (UTC)
) AS
SELECT source, tool, kind, operation, count(*), sum(count), min(at), max(at) FROM imported_operations
GROUP BY source, tool, kind, operation
""")

_json = msgspec.json.Encoder().encode


def _names(names: tuple[str, ...]) -> str:
    return _json(names).decode()


def operation(event: OperationImported, entry: Entry) -> Iterator[Change]:
    """A line of another tool's log."""
    yield Put(
        "imported_operations",
        {
            "id": entry.id, "at": entry.occurred_at, "source": event.source, "kind": event.kind, "tool": event.tool,
            "session": event.session, "project": event.project, "operation": event.operation,
            "source_dir": event.source_dir, "destination_dir": event.destination_dir, "count": event.count,
            "files": _names(event.files), "notes": event.notes, "warnings": codes(event.warnings),
        },
    )  # fmt: skip


def sitting(event: SittingImported, entry: Entry) -> Iterator[Change]:
    """A stretch of work that was timed."""
    yield Put(
        "imported_sittings",
        {
            "id": entry.id, "source": event.source, "tool": event.tool, "session": event.session,
            "started_at": event.started_at, "ended_at": event.ended_at, "active_s": event.active_s,
            "idle_s": event.idle_s, "files": event.files, "warnings": codes(event.warnings),
        },
    )  # fmt: skip


def progress(event: ProgressImported, entry: Entry) -> Iterator[Change]:
    """How far a directory was said to be."""
    yield Put(
        "imported_progress",
        {
            "id": entry.id, "source": event.source, "project": event.project, "directory": event.directory,
            "stamp": event.stamp, "status": event.status, "total": event.total, "done": event.count,
            "completed": _names(event.completed), "skipped": _names(event.skipped),
            "warnings": codes(event.warnings),
        },
    )  # fmt: skip


def manifest(event: ProjectImported, entry: Entry) -> Iterator[Change]:
    """A project."""
    yield Put(
        "imported_projects",
        {
            "id": entry.id, "project": event.project, "title": event.title, "status": event.status,
            "created": event.created, "started": event.started, "finished": event.finished,
            "initial_images": event.initial_images, "final_images": event.final_images,
        },
    )  # fmt: skip


def selection(event: SelectionImported, entry: Entry) -> Iterator[Change]:
    """An image that was chosen from a set."""
    yield Put(
        "imported_selections",
        {
            "id": entry.id, "at": entry.occurred_at, "project": event.project, "group_id": event.group,
            "session": event.session, "chosen": event.chosen, "others": _names(event.others),
        },
    )  # fmt: skip


EVIDENCE = Projection(
    name="evidence",
    version=1,
    sentence="What other tools left behind that is neither a crop nor a decision.",
    tables=(OPERATIONS, SITTINGS, PROGRESS, PROJECTS, SELECTIONS),
    views=(TOOLS,),
    folds=MappingProxyType(
        {
            OperationImported: operation,
            SittingImported: sitting,
            ProgressImported: progress,
            ProjectImported: manifest,
            SelectionImported: selection,
        }
    ),
)


# -- questions ----------------------------------------------------------------------------------------------------


@frozen
class ImportedSitting:
    """A row of the table `imported_sittings`."""

    source: str
    tool: str | None
    started_at: str
    ended_at: str | None
    active_s: float | None
    idle_s: float | None


def imported_sittings(projections: Projections) -> list[ImportedSitting]:
    """The stretches of work that other tools timed, oldest first."""
    return projections.rows(ImportedSitting, "FROM imported_sittings ORDER BY started_at, id")
