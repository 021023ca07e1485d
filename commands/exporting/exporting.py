"""The files people's other programs read, written whole from the views. They are never read back as truth.

The same ledger gives the same bytes. Each file is written beside its place, synced and renamed, so whoever reads it
finds the old one or the new one. The training CSV ends its lines with CRLF, as the logs it continues do; JSON lines
end with LF.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import msgspec
from attrs import astuple
from attrs import evolve as changed

from commands.exporting.progress_files import export_progress
from commands.exporting.selection_logs import choices, crop_csv, selection_csv
from commands.exporting.whole_files import Exported, written_whole
from commands.importing.crop_logs import V2_NAMES
from commands.importing.facts import bare_name
from configs.home import Home
from ledger.errors import Invalid
from projections.file_operations import FileOperation, operations
from projections.groups import kept_images, selections
from projections.queue import QueueLine, executed_lines, pending_lines
from projections.reader import Projections
from projections.training import TrainingLine, training_lines

_json = msgspec.json.Encoder().encode


# -- pure: rows -> bytes ----------------------------------------------------------------------------------------


def training_csv(lines: Iterable[TrainingLine]) -> Iterator[bytes]:
    """The training data as CSV: a header, then a row per crop, CRLF."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(V2_NAMES)
    for line in lines:
        writer.writerow(astuple(changed(line, filename=bare_name(line.filename))))
        if buffer.tell() > _PIECE:
            yield _taken(buffer)
    yield _taken(buffer)


_PIECE = 256 * 1024


def _taken(buffer: io.StringIO) -> bytes:
    piece = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return piece


def queue_jsonl(lines: Iterable[QueueLine]) -> Iterator[bytes]:
    """The queue as JSON lines."""
    for line in lines:
        yield _json(
            {
                "created_at": line.created_at, "project_id": line.project_id, "group_id": line.group_id,
                "filename": line.filename, "dir": line.dir, "width": line.width, "height": line.height,
                "crop_norm": [line.x1, line.y1, line.x2, line.y2],
            }
        ) + b"\n"  # fmt: skip


_TRACKED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "crop": ("crop", ""),
        "copy": ("copy", "full frame: the bytes were kept as they are"),
        "archive": ("move", "the original, whole, to the archive"),
        "move": ("move", "companion"),
        "remove": ("delete", "undo: the crop"),
        "stage": ("stage_delete", "rejected from its group"),
        "unstage": ("move", "back from the staging folder"),
        "restore": ("move", "undo: the original, from the archive"),
    }
)
"""Our word for what happened to a file -> the tracker's word, and what to note beside it."""


def tracker_jsonl(rows: Iterable[FileOperation]) -> Iterator[bytes]:
    """The audit trail of the disk in the tracker's form: one line per operation and pair of directories."""
    for (_, operation, source, target), group in groupby(rows, key=_together):
        files = list(group)
        yield json.dumps(_tracked(files[0], operation, source, target, [_name(row) for row in files])).encode() + b"\n"


def _together(row: FileOperation) -> tuple[int, str, str | None, str | None]:
    return row.position, row.operation, _parent(row.source), _parent(row.destination)


def _tracked(
    row: FileOperation, operation: str, source: str | None, target: str | None, names: Sequence[str]
) -> dict[str, object]:
    word, notes = _TRACKED.get(operation, (operation, ""))
    return {
        "type": "file_operation",
        "script": "cropledger",
        "session_id": row.run or row.actor,
        "batch_id": None,
        "timestamp": row.at.removesuffix("Z") + "+00:00",
        "operation": word,
        "source_dir": source,
        "dest_dir": target,
        "file_count": len(names),
        "notes": notes,
    } | ({"files": list(names)} if len(names) <= 10 else {"files_sample": list(names[:5])})


def _parent(path: str | None) -> str | None:
    return str(PurePosixPath(path).parent) if path else None


def _name(row: FileOperation) -> str:
    return PurePosixPath(row.source or row.destination or "").name


# -- views -> files ---------------------------------------------------------------------------------------------


def export_training(projections: Projections, home: Home) -> list[Exported]:
    """data/training/crop_training_data.csv."""
    path = home.root / "data" / "training" / "crop_training_data.csv"
    lines = training_lines(projections)
    return [_export(path, training_csv(lines), len(lines))]


def export_queue(projections: Projections, home: Home) -> list[Exported]:
    """data/ai_data/crop_queue/pending.jsonl and processed.jsonl."""
    folder = home.root / "data" / "ai_data" / "crop_queue"
    pending, executed = pending_lines(projections), executed_lines(projections)
    return [
        _export(folder / "pending.jsonl", queue_jsonl(pending), len(pending)),
        _export(folder / "processed.jsonl", queue_jsonl(executed), len(executed)),
    ]


def export_tracker(projections: Projections, home: Home) -> list[Exported]:
    """data/file_operations_logs/file_operations_YYYYMMDD.log, one per day (UTC, as the timestamps in it)."""
    folder = home.root / "data" / "file_operations_logs"
    days: dict[str, list[FileOperation]] = {}
    for row in operations(projections):
        days.setdefault(row.at[:10].replace("-", ""), []).append(row)
    return [
        _export(folder / f"file_operations_{day}.log", tracker_jsonl(rows), len(rows))
        for day, rows in sorted(days.items())
    ]


def export_selection(projections: Projections, home: Home) -> list[Exported]:
    """data/training/select_crop_log.csv and selection_only_log.csv: choices with a crop, and without one."""
    folder = home.root / "data" / "training"
    found = choices(selections(projections), kept_images(projections))
    cropped = sum(choice.crop.x1 is not None for choice in found)
    return [
        _export(folder / "select_crop_log.csv", crop_csv(found), cropped),
        _export(folder / "selection_only_log.csv", selection_csv(found), len(found) - cropped),
    ]


def _export(path: Path, pieces: Iterable[bytes], count: int) -> Exported:
    with written_whole(path) as stream:
        for piece in pieces:
            stream.write(piece)
    return Exported(path, count)


EXPORTS: Mapping[str, Callable[[Projections, Home], list[Exported]]] = MappingProxyType(
    {
        "training": export_training,
        "queue": export_queue,
        "progress": export_progress,
        "tracker": export_tracker,
        "selection": export_selection,
    }
)
"""What can be exported, by name."""


def export(what: str, projections: Projections, home: Home) -> list[Exported]:
    """Write one kind of files, or `all`; raises `Invalid` for a name there is none of, `Refused` for a full disk."""
    if what != "all" and what not in EXPORTS:
        raise Invalid(f"there is no export {what!r}; there are: {', '.join(EXPORTS)}, all")
    chosen = EXPORTS.values() if what == "all" else (EXPORTS[what],)
    return [written for each in chosen for written in each(projections, home)]
