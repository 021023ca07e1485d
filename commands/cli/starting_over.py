"""Progress that does not fit any more: starting afresh on a directory, and recovering what the ledger never knew."""

from pathlib import Path
from typing import Annotated

import typer

from commands.cli.desk import at_desk, operator
from commands.cli.directories import DirectoryArgument, scanned
from commands.cli.options import ActorOption, DryRun, JsonFlag, ProjectOption, ReasonOption
from commands.cli.output import emit, fields, plural, progress, say, shown, warn
from commands.cli.progressing import looked_at, progresses, tell_vanished
from commands.desk import correlation


def register(_app: typer.Typer) -> None:
    """Add this room's commands, to the neighbour's group `crop progress`."""
    progresses.command()(reset)
    progresses.command()(recover)


def reset(
    context: typer.Context,
    directory: DirectoryArgument,
    reason: ReasonOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: DryRun = False,
    actor: ActorOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Start afresh on a directory: every image in it is presented again.

    Crops that are owed are withdrawn, what was skipped or kept is open again, and what was executed, or cropped
    elsewhere, no longer counts. No file changes, and the history stays.

    \b
    Example:
      crop progress reset photos/set_a --reason "other framing"
    """
    from commands.progress.restarting import restart, restartable
    from commands.recording.recording import Asked

    with at_desk(context) as desk:
        place = looked_at(desk, directory)
        plan = restartable(place, desk.projections)
        if not dry_run and plan and not yes and not as_json and _is_asked():
            typer.confirm(f"{plan.sentence(shown(place))} Go on?", abort=True)
        left = 0
        if not dry_run and plan:
            asked = Asked(operator(actor), correlation(), desk.now)
            left = len(restart(plan, asked, ledger=desk.ledger, reason=reason))
        if as_json:
            emit({"directory": str(place), "dry_run": dry_run, "at_work": left} | plan.counts())
        elif not plan:
            say(f"Nothing was decided in {shown(place)} yet: there is nothing to start afresh from.")
        else:
            say(f"{'Would start' if dry_run else 'Started'} afresh. {plan.sentence(shown(place))}")
            if left:
                warn(f"{plural(left, 'crop')} stayed as they were: a run is at work on them.")
    if left:
        raise typer.Exit(1)


def _is_asked() -> bool:
    import sys

    return sys.stdin.isatty() and sys.stdout.isatty()


def recover(
    context: typer.Context,
    directory: DirectoryArgument,
    output: Annotated[Path, typer.Option(help="The directory with the crops of its images.")],
    project: ProjectOption = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Files as large as their image count too: they were kept whole.")
    ] = False,
    dry_run: DryRun = False,
    as_json: JsonFlag = False,
) -> None:
    """Rebuild a directory's progress from its crops on disk, where the ledger does not know them.

    A file in the output directory is evidence that the image of its name was cropped, if it is smaller than the image.
    It is taken as imported history; no box is made up. Crops that were executed and have vanished since are named.
    Exit 1 if a file is evidence of nothing, or a crop has vanished.

    \b
    Example:
      crop progress recover photos/set_a --output photos/__cropped/set_a --project mojo
    """
    from commands.finding import only_project, project_for
    from commands.progress import recovering
    from commands.progress.scanning import Scanner
    from commands.recording.recording import Asked

    with at_desk(context) as desk:
        place = scanned(desk, directory).directory
        of = project or only_project(desk.projections, str(place)) or project_for(place / "any", None)
        crops = Scanner(desk.ledger, desk.projections, desk.zones).check(output)
        with progress(f"Reading {output.name}") as bar:
            done = recovering.recover(
                recovering.Place(place, crops, of, whole), Asked(operator(None), correlation(), desk.now),
                ledger=desk.ledger, projections=desk.projections, dry_run=dry_run, watch=bar.reach,
            )  # fmt: skip
    if as_json:
        emit(fields(done) | {"dry_run": dry_run})
    else:
        what = "Would take" if dry_run else "Took"
        counts = f"{done.known:,} known already, {len(done.left):,} evidence of nothing"
        say(f"{what} {plural(len(done.recovered), 'crop')} in {shown(output)} as evidence; {counts}.")
        for name, why in done.left:
            warn(f"  {name}: {why}")
        tell_vanished(done.vanished)
    if done.left or done.vanished:
        raise typer.Exit(1)
