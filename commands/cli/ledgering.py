"""The ledger itself: init, log, show, submit, audit, backup."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk, operator
from commands.cli.options import ActorOption, DryRun, JsonFlag, ProjectOption
from commands.cli.output import emit, from_here, plural, say, shown, warn
from commands.desk import correlation

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ledger.entry import Entry


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    for command in (init, settings, log, show, submit, audit, backup):
        app.command()(command)


def init(
    context: typer.Context,
    root: Annotated[
        list[Path] | None, typer.Option(help="A directory in which images may be recorded and crops written.")
    ] = None,
) -> None:
    """Make a home: a ledger and its settings.

    What is there already is left as it is.

    \b
    Example:
      crop init --root ~/photos --root /mnt/photos
    """
    from commands.beginning import begin

    with at_desk(context) as desk:
        made = begin(desk.home, [str(place.expanduser().absolute()) for place in root or []])
        say(f"{'Made' if made else 'There is already'} a ledger in {shown(desk.home.root)}.")
        say(f"Images may be in: {', '.join(desk.settings.roots)} (setting roots in {shown(desk.home.config)}).")


def settings(context: typer.Context, as_json: JsonFlag = False) -> None:
    """Print the settings in force.

    What each means is in docs/settings.md; those that differ from the defaults stand in home/config.toml.

    \b
    Example:
      crop settings --json
    """
    from attrs import asdict

    with at_desk(context) as desk:
        if as_json:
            emit(desk.settings)
            return
        for name, value in asdict(desk.settings).items():
            say(f"{name} = {list(value) if isinstance(value, tuple) else value!r}")
        say(f"Home: {desk.home.root}")


def log(
    context: typer.Context,
    subject: Annotated[str | None, typer.Option(help="Only this subject, such as image/0f3c...")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Only this event type, such as crop.failed.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only this actor; operator: means every operator.")] = None,
    since: Annotated[str | None, typer.Option(help="A position, or a time with its zone.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as entries are appended.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Print the entries of the ledger, oldest first.

    \b
    Examples:
      crop log --type crop.failed --since 2025-10-27T00:00:00Z
      crop log --follow --json
    """
    from commands.telling import Filter, entries

    with at_desk(context) as desk:
        wanted = Filter.parse(subject=subject, type_=type_, actor=actor, since=since)
        for number, entry in enumerate(entries(desk.ledger, wanted, follow=follow), 1):
            _print_entry(entry, desk.settings.zone, as_json=as_json)
            if number == limit:
                break


def _print_entry(entry: "Entry", zone: "ZoneInfo", *, as_json: bool) -> None:
    from commands.telling import as_value, in_words

    if as_json:
        emit(as_value(entry))
    else:
        say(from_here(in_words(entry, zone)))


def show(
    context: typer.Context,
    image: Annotated[Path, typer.Argument(help="The image, wherever it was when it was recorded.")],
    project: ProjectOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Tell the whole story of one image.

    Who marked, changed, executed and undid what, and when.

    \b
    Example:
      crop show photos/set_a/a.png
    """
    from commands.finding import subject_of
    from commands.telling import as_value, story

    with at_desk(context) as desk:
        subject = subject_of(image, project, desk.projections)
        history = desk.ledger.history(subject)
        if as_json:
            emit({"subject": subject, "entries": [as_value(entry) for entry in history]})
        else:
            for line in story(subject, history, desk.settings.zone):
                say(from_here(line))


def submit(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON lines, one event each; - for standard input.")],
    actor: ActorOption = None,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Submit events from a script, as JSON lines.

    Each passes the same rules as any other command. A line is {"type": "crop.withdrawn", "subject": "image/...",
    "data": {...}}, and may name actor, occurred_at and id.
    Lines that cannot be read or break a rule are reported; the others are recorded together. Exit 1 if any was.

    \b
    Example:
      crop submit events.jsonl --actor operator:ann
    """
    from commands.submitting import Submitted, read_lines

    with at_desk(context) as desk:
        stream = sys.stdin.buffer if str(file) == "-" else _opened(file)
        with stream:
            lines = list(read_lines(stream, actor=operator(actor), correlation=correlation()))
        readable = [line for line in lines if isinstance(line, Submitted)]
        problems = {line.line: line.why for line in lines if not isinstance(line, Submitted)}
        if dry_run:
            recorded = unchanged = 0
        else:
            from commands.handle import handle_many

            outcome = handle_many([line.request for line in readable], ledger=desk.ledger, now=desk.now)
            recorded, unchanged = len(outcome.entries), outcome.unchanged
            problems |= {readable[index].line: str(why) for index, why in outcome.refused}
        for number, why in sorted(problems.items()):
            warn(f"{file}:{number}: {why}")
        if as_json:
            emit({"read": len(lines), "recorded": recorded, "unchanged": unchanged, "refused": len(problems)})
        elif dry_run:
            say(f"Read {plural(len(lines), 'line')}: {len(readable)} can be understood, {len(problems)} cannot.")
        else:
            say(f"Recorded {plural(recorded, 'event')}; {unchanged} were so already, {len(problems)} refused.")
    if problems:
        raise typer.Exit(1)


def _opened(file: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202  # a binary stream, as sys.stdin.buffer
    from ledger.errors import NotFound

    try:
        return file.open("rb")
    except OSError as error:
        raise NotFound(f"{file} cannot be read: {error.strerror}.") from error


def audit(
    context: typer.Context,
    checkpoint: Annotated[
        str | None, typer.Option(help="POSITION:HASH, noted elsewhere from an earlier audit; finds a cut tail.")
    ] = None,
    files: Annotated[bool, typer.Option(help="Also compare outputs and originals with their sha256.")] = True,
    as_json: JsonFlag = False,
) -> None:
    """Verify the ledger, the projections and the files.

    The chain, positions, versions and legal order; every projection against a fresh fold; outputs and originals by
    their sha256. Exit 8 and the first bad position if the ledger is not as it was written; exit 1 if projections or
    files differ.

    \b
    Example:
      crop audit --checkpoint 412:9f3c...
    """
    from commands.cli.auditing import report_audit

    with at_desk(context) as desk:
        code = report_audit(desk, checkpoint, files=files, as_json=as_json)
    if code:
        raise typer.Exit(code)


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The copy; must not exist yet.")],
) -> None:
    """Copy the ledger while others go on writing.

    \b
    Example:
      crop backup /mnt/backup/ledger-2025-10-27.db
    """
    from ledger.errors import Conflict, Invalid

    with at_desk(context) as desk:
        head = desk.ledger.head()
        try:
            desk.ledger.copy_to(file)
        except FileExistsError as error:
            raise Conflict(f"{file} exists already; a backup never replaces a file.") from error
        except OSError as error:
            raise Invalid(f"{file} cannot be written: {error.strerror}.") from error
        say(f"Copied {plural(head.position, 'event')} to {shown(file)}. Checkpoint: {head.position}:{head.hash}")
