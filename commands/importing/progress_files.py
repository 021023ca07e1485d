"""Progress files in their three shapes, and project manifests. Pure.

- `progress_file`: one directory, with the names of what is completed and skipped; `crop export progress` writes it.
- `session_progress`: one session over several directories, with counts alone and a naive local time.
- `sorter_progress`: one directory of the sorter, with the names of what is completed.
- `project_manifest`: `<id>.project.json`. A project is open while its `finishedAt` is null, whatever `status` says.
"""

from collections.abc import Mapping

from commands.importing.facts import Fact, Reading, Told, evidence_subject
from commands.importing.fields import Fields
from commands.importing.quarantine import SetAside
from commands.importing.times import read_time
from ledger.events.imports import ProgressImported, ProjectImported
from ledger.values import Instant

FILE, SESSION, SORTER, MANIFEST = "progress_file", "session_progress", "sorter_progress", "project_manifest"

CONTRADICTED = "contradicted"
"""Its counts do not fit its lists."""


def is_progress(record: Mapping[str, object]) -> bool:
    """Whether an object is a progress file of the first shape."""
    return "completed_files" in record and "total_images" in record


def read_progress(record: Mapping[str, object], text: str, told: Told) -> Reading:
    """How far one directory is; raises `SetAside`."""
    fields = Fields(record)
    stamp = fields.text("modified") or fields.text("created")
    event = ProgressImported(
        source=FILE, directory=fields.required("directory"), project=told.project, stamp=stamp,
        total=fields.whole("total_images"), count=fields.whole("completed_count"),
        completed=fields.texts("completed_files"), skipped=fields.texts("skipped_files"), record=text,
        warnings=_contradictions(fields, "total_images"),
    )  # fmt: skip
    return _reading(event, read_time(stamp, told.tz) if stamp else None)


def is_sorter(record: Mapping[str, object]) -> bool:
    """Whether an object is the sorter's progress."""
    return "completed_files" in record and "total_files" in record


def read_sorter(record: Mapping[str, object], text: str, told: Told) -> Reading:
    """How far the sorter was in a directory; raises `SetAside`."""
    fields = Fields(record)
    stamp = fields.text("updated_at") or fields.text("started_at")
    event = ProgressImported(
        source=SORTER, directory=fields.required("directory"), project=told.project, stamp=stamp,
        status=fields.text("status"), total=fields.whole("total_files"), completed=fields.texts("completed_files"),
        record=text, warnings=_contradictions(fields, "total_files"),
    )  # fmt: skip
    return _reading(event, read_time(stamp, told.tz) if stamp else None)


def _contradictions(fields: Fields, total: str) -> tuple[str, ...]:
    done, count = len(fields.texts("completed_files")), fields.whole("completed_count")
    wrong = (count is not None and count != done) or done > (fields.whole(total) or 0)
    return (CONTRADICTED,) if wrong else ()


def is_session(record: Mapping[str, object]) -> bool:
    """Whether an object is a session over several directories."""
    return "base_directory" in record and "directories" in record


def read_session(record: Mapping[str, object], text: str, told: Told) -> Reading:
    """How far each directory of a session was; raises `SetAside`."""
    fields = Fields(record)
    base, stamp = fields.required("base_directory"), fields.required("session_start")
    at = read_time(stamp, told.tz)
    states = fields.object("directories")
    if states is None or not states.values:
        raise SetAside("fields", "directories is empty: nothing is said of any")
    facts: list[Fact] = []
    for name in states.values:
        state = states.object(name) or Fields({})
        if not name or not name.isprintable():
            raise SetAside("fields", f"a directory's name is a text, not {name!r}")
        event = ProgressImported(
            source=SESSION, directory=f"{base.rstrip('/')}/{name}", project=told.project, stamp=stamp,
            status=state.text("status"), total=state.whole(state.first("total_files_initial", "total_files") or ""),
            count=state.whole("files_processed"), record=text,
        )  # fmt: skip
        facts += _reading(event, at).facts
    return Reading(tuple(facts), at)


def _reading(event: ProgressImported, at: Instant | None) -> Reading:
    subject = evidence_subject("progress", event.source, event.project, event.directory)
    return Reading((Fact(subject, event, at, f"import:{event.source}"),), at, event.warnings)


def is_manifest(record: Mapping[str, object]) -> bool:
    """Whether an object is a project's manifest."""
    return "projectId" in record


def read_manifest(record: Mapping[str, object], text: str, told: Told) -> Reading:
    """A project; raises `SetAside`."""
    fields = Fields(record)
    if fields.values.get("schemaVersion") not in (1, None):
        raise SetAside("fields", f"schemaVersion {fields.values['schemaVersion']!r} is not known here")
    counts = fields.object("counts") or Fields({})
    stamps = {name: fields.text(name) for name in ("createdAt", "startedAt", "finishedAt")}
    times = [read_time(stamp, told.tz) for stamp in stamps.values() if stamp]
    event = ProjectImported(
        project=fields.required("projectId"), title=fields.text("title"), status=fields.text("status"),
        created=stamps["createdAt"], started=stamps["startedAt"], finished=stamps["finishedAt"],
        initial_images=counts.whole("initialImages"), final_images=counts.whole("finalImages"), record=text,
    )  # fmt: skip
    at = max(times, default=None)
    return Reading((Fact(evidence_subject("project", event.project), event, at, f"import:{MANIFEST}"),), at)
