"""What `crop schedule check` prints, and the exit code it leads to."""

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from commands.cli.output import emit, plural, say, shown, table, warn
from commands.cli.pacing import measured, zone_of
from commands.desk import Desk
from ledger.errors import Invalid, NotFound, Refused

if TYPE_CHECKING:
    from commands.planning.plan import Method
    from commands.planning.policy import Policy


def linted(desk: Desk, policy: "Policy", files: list[Path] | None, project: str | None, *, as_json: bool) -> int:
    """Lint files, or every plan that holds; exit 1 if anything is wrong."""
    from commands.planning.dayfile import lint, policy_in

    wrong = 0
    for name, content, allowed in _contents(desk, policy, files, project):
        problems = lint(content, policy_in(content) or policy, allowed)
        wrong += bool(problems)
        if as_json:
            emit({"schedule": name, "problems": problems})
            continue
        for problem in problems:
            warn(f"{name}: {problem}")
        if not problems:
            say(f"{name}: good.")
    return int(bool(wrong))


def _contents(
    desk: Desk, policy: "Policy", files: list[Path] | None, project: str | None
) -> list[tuple[str, object, int | None]]:
    """What is to be checked: its name, what it says, and how many crops it may plan."""
    from commands.planning.dayfile import as_file
    from commands.planning.scheduling import allowed, standing
    from projections.queue import sizes
    from projections.schedules import schedules

    if files:
        queue = sizes(desk.projections, project=project).pending if desk.home.ledger.is_file() else None
        most = allowed(queue, policy) if queue is not None else None
        found: list[tuple[str, object, int | None]] = []
        for file in files:
            content = _read(file)
            own = content.get("crops_max") if isinstance(content, dict) else None
            found.append((shown(file), content, own if isinstance(own, int) else most))
        return found
    known = [each for each in schedules(desk.projections, project=project) if each.status == "planned"]
    plans = [standing(desk.ledger, each.subject) for each in known]
    return [(each.date, as_file(each), each.crops_max) for each in plans]


def _read(file: Path) -> object:
    import json

    try:
        return json.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {file}.") from error
    except (OSError, ValueError) as error:
        raise Invalid(f"{file} cannot be read as JSON: {error}.") from error


@frozen
class Trial:
    """What is to be simulated, and against which history."""

    policy: "Policy"
    project: str | None
    tz: str | None
    days: int
    seed: int
    method: "Method"


def against(desk: Desk, trial: Trial, *, as_json: bool) -> int:
    """Simulate, compare, print; exit 1 if a statistic is farther from the history than its own noise."""
    from commands.planning.fidelity import compare, simulate
    from commands.planning.scheduling import require_numpy

    require_numpy()
    zone, worked = zone_of(desk, trial.tz), measured(desk, trial.project, trial.tz).days
    if not worked:
        raise Refused("There is no history to compare with.", mend="To bring some: crop import FILE")
    simulated = simulate(worked, zone, trial.policy, days=trial.days, seed=trial.seed, method=trial.method)
    found = compare(worked, simulated, zone)
    failed = [each.name for each in found if not each.holds]
    if as_json:
        emit({"days": len(simulated), "method": trial.method, "statistics": found, "failed": failed})
        return int(bool(failed))
    rows = [(each.name, f"{each.distance:.4f}", f"{each.bar:.4f}", "" if each.holds else "too far") for each in found]
    say(table(("statistic", "distance", "the bar", ""), rows))
    verdict = (
        f"Too far from the history: {', '.join(failed)}." if failed else "As near to the history as it is to itself."
    )
    say(f"{plural(len(simulated), 'day')} simulated ({trial.method}). {verdict}")
    return int(bool(failed))
