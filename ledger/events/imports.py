"""What other tools left behind that is no crop: marks, decisions, operations, sittings, progress, projects, choices.

Like all evidence they say nothing of the file or line they came from, so that a record met twice is one event.
"""

from typing import ClassVar

from attrs import frozen

from ledger.events.event import Event
from ledger.values import Box, Dimensions, Suggestion


@frozen
class DecisionImported(Event):
    """What a model suggested for a group or an image, and what a person decided, as another tool wrote it."""

    TYPE: ClassVar[str] = "decision.imported"

    source: str
    """The layout it came from: `decision_sidecar` or `decisions_database`."""
    project: str
    """The project it belongs to."""
    group: str | None
    """The group; absent where the source names only an image."""
    images: tuple[str, ...]
    """Bare names of the images it is about, in the source's order."""
    record: str
    """The record as it was written (a database row as JSON), so that unknown keys survive."""
    name: str | None = None
    """Name of the file it was, for a sidecar."""
    stamp: str | None = None
    """When it was decided, as the source wrote it; absent where it does not say."""
    directory: str | None = None
    """The directory, as the source wrote it."""
    batch: int | None = None
    """The source's number of the batch."""
    suggested_index: int | None = None
    """Which of the images the model would choose, from 0."""
    suggestion: Suggestion | None = None
    """The box the model would crop to."""
    chosen_index: int | None = None
    """Which of the images the person chose, from 0; absent where the person chose none."""
    action: str | None = None
    """`approve`, `crop` or `reject`; absent where nobody had decided."""
    suggestion_accepted: bool | None = None
    """Whether the person took the suggested box; absent where the source does not say."""
    box: Box | None = None
    """The box the person made it."""
    cropped_stamp: str | None = None
    """When the box was made, as the source wrote it."""
    dimensions: Dimensions | None = None
    """Size of the chosen image, as the source has it."""
    warnings: tuple[str, ...] = ()
    """Codes of what is odd but allowed, such as `forced_index`."""


@frozen
class OperationImported(Event):
    """A line in the log of another tool: files moved, a batch or a session begun or ended, something a person did."""

    TYPE: ClassVar[str] = "operation.imported"

    source: str
    """The layout it came from: `tracker_log`, `operation_events_v1` or `timing_log`."""
    kind: str
    """What kind of line it is, in the source's words: `file_operation`, `session_start` ..."""
    stamp: str
    """The time as the source wrote it."""
    tool: str | None = None
    """The program that wrote it."""
    session: str | None = None
    """The source's name for the run of that program; not unique across programs."""
    project: str | None = None
    """The project, where the source names one."""
    operation: str | None = None
    """move, copy, delete, create, crop, skip, send_to_trash, stage_delete or error."""
    source_dir: str | None = None
    """Where the files came from, as the source wrote it: absolute, or a bare name."""
    destination_dir: str | None = None
    """Where they went, as the source wrote it."""
    count: int | None = None
    """How many files, by the source's count, which sometimes includes companions."""
    files: tuple[str, ...] = ()
    """Their names, or the first few of them."""
    notes: str | None = None
    """The source's remark."""
    record: str | None = None
    """The line as it was written."""
    warnings: tuple[str, ...] = ()
    """Codes of what is odd but allowed."""


@frozen
class SittingImported(Event):
    """Another tool timed a person's work. The entry's `occurred_at` is when it began."""

    TYPE: ClassVar[str] = "sitting.imported"

    source: str
    """The layout it came from: `timer_session`, `focus_sessions` or `timer_session_v1`."""
    started_at: str
    """When it began (UTC)."""
    ended_at: str | None = None
    """When it ended (UTC); absent where the tool never said."""
    tool: str | None = None
    """The program that timed it."""
    session: str | None = None
    """The source's name for it."""
    active_s: float | None = None
    """Seconds of work in it."""
    idle_s: float | None = None
    """Seconds of idling in it."""
    files: int | None = None
    """Files it counted."""
    record: str | None = None
    """The record as it was written."""
    warnings: tuple[str, ...] = ()
    """Codes of what is odd but allowed."""


@frozen
class ProgressImported(Event):
    """How far another tool said it was in a directory."""

    TYPE: ClassVar[str] = "progress.imported"

    source: str
    """The layout it came from: `progress_file`, `session_progress` or `sorter_progress`."""
    directory: str
    """The directory, as the source wrote it."""
    project: str | None = None
    """The project the importer was told, if any."""
    stamp: str | None = None
    """When the source was last written, as it says itself."""
    status: str | None = None
    """The source's word for how far it is, where it has one."""
    total: int | None = None
    """Images in the directory, by the source's count."""
    count: int | None = None
    """Images done, by the source's count."""
    completed: tuple[str, ...] = ()
    """Names of the images it calls completed."""
    skipped: tuple[str, ...] = ()
    """Names of the images it calls skipped."""
    record: str | None = None
    """The record as it was written."""
    warnings: tuple[str, ...] = ()
    """Codes of what is odd but allowed."""


@frozen
class ProjectImported(Event):
    """A project's manifest, as another tool wrote it."""

    TYPE: ClassVar[str] = "project.imported"

    project: str
    """The project."""
    title: str | None
    """Its title."""
    status: str | None
    """active, finished or archived, as the manifest has it."""
    created: str | None
    """When it was made, as written."""
    started: str | None
    """When work on it began, as written."""
    finished: str | None
    """When it was finished, as written; absent while it is open, whatever the status says."""
    initial_images: int | None
    """Images at the beginning, by the manifest's count."""
    final_images: int | None
    """Images at the end, by the manifest's count."""
    record: str
    """The manifest as it was written."""


@frozen
class SelectionImported(Event):
    """A person chose one image of a set with another tool."""

    TYPE: ClassVar[str] = "selection.imported"

    project: str
    """The project the importer was told."""
    stamp: str
    """The time as the source wrote it."""
    group: str | None
    """The source's name for the set."""
    session: str | None
    """The source's name for the run of its tool."""
    chosen: str
    """Path of the image that was chosen, as the source wrote it."""
    others: tuple[str, ...]
    """Paths of those that were not."""
    record: str
    """The row as it was written."""


@frozen
class MarkImported(Event):
    """A crop waited in the queue of another tool: a person had marked it, and nothing had carried it out.

    That the box was drawn is told by `history.imported` as well, like any crop that people made elsewhere. What is owed
    here follows from all such marks on an image together.
    """

    TYPE: ClassVar[str] = "mark.imported"

    project: str
    """The project."""
    path: str
    """The image's path as the source wrote it; the file may be elsewhere by now."""
    box: Box
    """The rectangle, as fractions of the image as displayed."""
    stamp: str | None = None
    """When it was marked (UTC); absent where the source does not say, and it counts from when it was brought in."""
    dimensions: Dimensions | None = None
    """Size of the image as displayed, where the source had it."""
    group: str | None = None
    """The group the image was chosen from, where the source names one."""
    suggestion: Suggestion | None = None
    """What a model had proposed, where the source says."""
    utc_offset_s: int | None = None
    """Offset from UTC, in seconds, that the time was written with."""
