"""crop_progress/{directory}_progress.json: how far each directory is, in the form of the tools before this one.

Written whole, with the one before it beside it as `.bak`. The same ledger gives the same bytes.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from attrs import frozen

from commands.exporting.whole_files import Exported, put_aside, replace_keeping_previous
from configs.home import Home
from projections.directories import directory_hash
from projections.file_operations import files_written
from projections.progress import SeenImage, images, progress
from projections.reader import Projections
from projections.sittings import Sitting, sittings

# -- pure: rows -> bytes ----------------------------------------------------------------------------------------


@frozen
class DirectoryState:
    """What a progress file tells of: the images seen in one directory of one project, in order."""

    directory: str
    project: str | None
    images: Sequence[SeenImage]
    outputs: frozenset[str] = frozenset()
    """The directories its crops were written to."""
    sat: Sequence[Sitting] = ()
    """The sittings in it, latest first."""
    directory_hash: str | None = None
    """What the latest scan said; absent where the directory was never scanned."""


_COMPLETED = frozenset({"executed", "kept", "imported"})


def progress_json(state: DirectoryState) -> bytes:
    """The state of one directory. Where nobody started a sitting, nothing stands in for one."""
    names = [image.filename for image in state.images]
    completed = [image for image in state.images if image.status in _COMPLETED]
    skipped = [image for image in state.images if image.status == "skipped"]
    waiting = (index for index, image in enumerate(state.images) if image.status not in {*_COMPLETED, "skipped"})
    last = max([*completed, *skipped], key=lambda image: (image.changed_at, image.filename), default=None)
    latest = state.sat[0] if state.sat else None
    times = [image.changed_at for image in state.images]
    return _written(
        {
            "directory": state.directory,
            "directory_hash": state.directory_hash or hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest(),
            "total_images": len(names),
            "completed_count": len(completed),
            "current_index": next(waiting, len(names)),
            "last_processed_file": last.filename if last else None,
            "last_session_start": latest.started_at if latest else None,
            "last_session_end": (latest.ended_at or latest.last_at) if latest else None,
            "session_count": len(state.sat),
            "completed_files": [image.filename for image in completed],
            "skipped_files": [image.filename for image in skipped],
            "output_directory": next(iter(state.outputs)) if len(state.outputs) == 1 else None,
            "created": min(times, default=None),
            "modified": max(times, default=None),
        }
    )


def _written(content: dict[str, object]) -> bytes:
    return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"


_NAME_BYTES = 200  # of the 255 that file systems allow; ".bak" is put behind


def progress_names(states: Iterable[DirectoryState]) -> dict[tuple[str, str | None], str]:
    """A file name for each directory and project; where two would be the same, all but the first carry a hash."""
    names: dict[tuple[str, str | None], str] = {}
    taken: set[str] = set()
    keys = [(state.directory, state.project) for state in states]
    for key in sorted(keys, key=lambda key: (key[0], key[1] or "")):
        sanitised = re.sub(r"[/\\ ]", "_", key[0])
        if len(sanitised.encode()) > _NAME_BYTES or sanitised.casefold() in taken:
            # Some file systems hold A and a for one name, so that is a collision too.
            cut = sanitised.encode()[:_NAME_BYTES].decode(errors="ignore")
            sanitised = f"{cut}_{hashlib.sha256(chr(0).join((key[0], key[1] or '')).encode()).hexdigest()[:12]}"
        taken.add(sanitised.casefold())
        names[key] = f"{sanitised}_progress.json"
    return names


# -- views -> files ---------------------------------------------------------------------------------------------


def export_progress(projections: Projections, home: Home) -> list[Exported]:
    """crop_progress/{directory}_progress.json, one per directory that is known by its absolute path.

    The file of a directory that is known by another path now, or no more, stays only as its `.bak`.
    """
    states = list(_states(projections))
    names = progress_names(states)
    folder = home.root / "crop_progress"
    written = []
    for state in states:
        path = folder / names[state.directory, state.project]
        replace_keeping_previous(path, progress_json(state))
        written.append(Exported(path, len(state.images)))
    for stale in set(folder.glob("*_progress.json")) - {each.path for each in written}:
        put_aside(stale)
    return written


def _states(projections: Projections) -> Iterator[DirectoryState]:
    outputs: dict[str, set[str]] = {}
    for written in files_written(projections):
        outputs.setdefault(written.subject, set()).add(str(PurePosixPath(written.output).parent))
    sat: dict[str, list[Sitting]] = {}
    for sitting in sittings(projections, idle_s=0):  # work time is not in the file
        sat.setdefault(sitting.directory, []).append(sitting)
    for row in progress(projections):
        if PurePosixPath(row.directory).is_absolute():
            seen = images(projections, row.directory, project=row.project)
            places = {place for image in seen for place in outputs.get(image.subject or "", ())}
            own = [each for each in sat.get(row.directory, []) if each.project in {None, row.project}]
            yield DirectoryState(
                row.directory, row.project, seen, frozenset(places), own, directory_hash(projections, row.directory)
            )
