"""What this ledger would itself export, as the facts it would be read as: such a record says nothing new.

A row of the training data needs no such look: it is the crop's own event, and what was recorded here is known by its
instant. Decisions, choices, progress and the audit trail are sums over many events; they are told by making the export.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import Factory, define

from commands.exporting.decision_files import write_decisions
from commands.exporting.exporting import export, queue_jsonl
from commands.importing.decisions import DATABASE
from commands.importing.facts import Fact, Told
from commands.importing.files import rows_of, survey_of
from commands.importing.mark_lines import LAYOUT as PENDING
from commands.importing.operations import TRACKER
from commands.importing.progress_files import FILE
from commands.importing.quarantine import SetAside
from configs.home import Home
from ledger.events.history import HistoryCompleted, HistoryImported
from ledger.events.imports import DecisionImported, OperationImported, ProgressImported, SelectionImported
from projections.queue import pending_lines
from projections.reader import Projections

TOOL = "cropledger"
"""What the exported audit trail names as the program."""


@define
class OwnExports:
    """The facts that this ledger's exports would be read as; each kind is made when it is first asked for."""

    projections: Projections
    told: Told
    made: dict[tuple[str, str], frozenset[str]] = Factory(dict)
    waiting: frozenset[str] | None = None

    def has(self, fact: Fact) -> bool:
        """Whether an export of this ledger says this very fact."""
        match fact.event:
            case OperationImported(source=source, tool=tool) if source == TRACKER and tool == TOOL:
                return fact.id in self._ids("tracker", "")
            case ProgressImported(source=source) if source == FILE:
                return fact.id in self._ids("progress", "")
            case HistoryCompleted(source=source) if source == PENDING:
                return fact.id in self._ids("queue", "")
            case SelectionImported() | HistoryImported() | HistoryCompleted():
                return fact.id in self._ids("selection", "")
            case DecisionImported(source=source, project=project) if source == DATABASE:
                return fact.id in self._ids("decisions", project)
        return False

    def has_waiting(self, line: str) -> bool:
        """Whether the export of our queue holds this very line.

        Only the whole line tells: what it says of a crop that an import put into the queue, another tool may say too,
        and then it is a fact like any other, whether it comes before that import or after it.
        """
        if self.waiting is None:
            lines = queue_jsonl(pending_lines(self.projections))
            self.waiting = frozenset(each.decode().rstrip("\n") for each in lines)
        return line in self.waiting

    def _ids(self, kind: str, project: str) -> frozenset[str]:
        if (kind, project) not in self.made:
            with TemporaryDirectory(prefix="crop-import-") as folder:
                home = Home(Path(folder))
                if kind == "decisions":
                    files = [write_decisions(self.projections, project, Path(folder) / "own.db", home).path]
                else:
                    files = [written.path for written in export(kind, self.projections, home)]
                self.made[kind, project] = frozenset(found for file in files for found in self._facts(file))
        return self.made[kind, project]

    def _facts(self, file: Path) -> list[str]:
        rows = rows_of(survey_of(file), self.told)
        meanings = [row.meaning for row in rows if not isinstance(row.meaning, SetAside)]
        return [fact.id for meaning in meanings for fact in meaning.facts]
