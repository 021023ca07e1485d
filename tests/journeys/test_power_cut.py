"""A power cut at any instant of a run, or of an undo, loses no original, and no crop that the ledger tells of."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands.running.runner import Claim, Cut, Runner
from imaging.commit import recover
from imaging.undo import undo
from ledger.events.crops import CropExecuted, CropStarted
from tests.forgetful import ForgetfulDisk, State
from tests.imaging.conftest import Faults
from tests.journeys.conftest import Cli, sha256
from tests.journeys.test_running import picture, recorded


@contextmanager
def noting(disk: ForgetfulDisk) -> Iterator[tuple[list[CropStarted], dict[str, CropExecuted]]]:
    """What a run starts, and what it tells the ledger as executed: that may be durable from when it is sent on."""
    started: list[CropStarted] = []
    executed: dict[str, CropExecuted] = {}
    cut, record = Runner.cut, Runner._record

    def noted(runner: Runner, claim: Claim) -> Cut:
        started.append(claim.started)
        return cut(runner, claim)

    def told(runner: Runner, each: list[tuple[str, CropExecuted]]) -> None:
        for _, outcome in each:
            executed[outcome.source] = outcome
            disk.tell(outcome.source)
        record(runner, each)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runner, "cut", noted)
        patch.setattr(Runner, "_record", told)
        yield started, executed


@pytest.fixture(params=["hard links", "no hard links", "archive elsewhere", "crops elsewhere"], autouse=True)
def file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, crop: Cli, photos: Path) -> None:
    """What links, and what has to be copied."""
    faults = Faults(monkeypatch)
    match request.param:
        case "no hard links":
            faults.without_hard_links()
            faults.without_renaming_safely()
        case "archive elsewhere":
            faults.two_disks(crop.home / "originals")
        case "crops elsewhere":
            faults.two_disks(photos.parent / "__cropped")


@pytest.fixture
def ran(crop: Cli, photos: Path) -> tuple[ForgetfulDisk, list[CropStarted], dict[str, CropExecuted], dict[str, str]]:
    """A run over two photographs, one with a caption, on a disk that forgets; and what the photographs held."""
    images = [picture(photos / "a.png", (40, 30)), picture(photos / "b.png", (30, 40))]
    (photos / "a.txt").write_text("a caption")
    recorded(crop, *images)
    held = {str(path): sha256(path) for path in photos.iterdir()}
    disk = ForgetfulDisk((photos.parent, crop.home / "originals"))
    with noting(disk) as (started, executed), disk.watched():
        assert "Executed 2, failed 0" in crop("run", "--now")
    return disk, started, executed, held


def is_done(start: CropStarted, outcome: CropExecuted, held: dict[str, str]) -> None:
    assert sha256(Path(outcome.output)) == outcome.output_sha256
    assert sha256(Path(start.archive)) == held[start.source]
    for move in start.companions:
        assert sha256(Path(move.destination)) == held[move.source]
    assert not any(Path(path).exists() for path in (start.source, *(move.source for move in start.companions)))


def test_no_power_cut_in_a_run_loses_an_original_or_what_was_told(
    ran: tuple[ForgetfulDisk, list[CropStarted], dict[str, CropExecuted], dict[str, str]],
) -> None:
    disk, started, executed, held = ran
    assert len(started) == len(executed) == 2
    ends = set()
    for state in disk.states():
        state.lay_out(disk.roots)
        for start in started:
            if start.source in state.told:
                is_done(start, executed[start.source], held)
                ends.add("told")
            elif (outcome := recover(start)) is not None:
                is_done(start, outcome, held)
                ends.add("finished")
            else:
                is_back(start, held)
                ends.add("taken back")
        nothing_is_left_hidden(disk.roots)
    assert ends == {"told", "finished", "taken back"}


def nothing_is_left_hidden(roots: tuple[Path, ...]) -> None:
    assert not [path for root in roots for path in root.rglob(".*")]


def is_back(start: CropStarted, held: dict[str, str]) -> None:
    for path in (start.source, *(move.source for move in start.companions)):
        assert sha256(Path(path)) == held[path]


def cut_again(first: State, roots: tuple[Path, ...], starts: list[CropStarted], held: dict[str, str]) -> set[str]:
    """The next run picks up after a first power cut, and is cut as well, at any instant; the one after that ends it."""
    first.lay_out(roots)
    disk, ends = ForgetfulDisk(roots), set()
    outcomes: dict[str, CropExecuted | None] = {}
    with disk.watched():
        for start in starts:
            outcomes[start.source] = recover(start)
            disk.tell(start.source)  # as executed, or as owed again
    for state in disk.states():
        state.lay_out(roots)
        for start in starts:
            told = start.source in state.told
            outcome = outcomes[start.source] if told else recover(start)
            if outcome is None:
                is_back(start, held)
            else:
                is_done(start, outcome, held)
            ends.add(f"{'told' if told else 'found'} {'back' if outcome is None else 'done'}")
        nothing_is_left_hidden(roots)
    return ends


def test_no_power_cut_while_picking_up_after_another_loses_an_original(
    ran: tuple[ForgetfulDisk, list[CropStarted], dict[str, CropExecuted], dict[str, str]],
) -> None:
    disk, started, _, held = ran
    ends = set()
    for first in disk.states():
        ends |= cut_again(first, disk.roots, [start for start in started if start.source not in first.told], held)
    assert ends == {"told back", "told done", "found back", "found done"}


def cut_undo(disk: ForgetfulDisk, start: CropStarted, outcome: CropExecuted) -> list[State]:
    """All that the disk may hold after a power cut in an undo."""
    with disk.watched():
        undo(outcome, start)
        disk.tell("undone")
    return list(disk.states())


def test_no_power_cut_in_an_undo_or_in_the_next_one_loses_an_original(
    ran: tuple[ForgetfulDisk, list[CropStarted], dict[str, CropExecuted], dict[str, str]],
) -> None:
    before, started, executed, held = ran
    [start] = [each for each in started if each.companions]
    outcome = executed[start.source]
    firsts = cut_undo(ForgetfulDisk(before.roots), start, outcome)
    assert len(firsts) > 5
    for first in firsts:
        first.lay_out(before.roots)
        again = [first] if "undone" in first.told else cut_undo(ForgetfulDisk(before.roots), start, outcome)
        for state in again:
            state.lay_out(before.roots)
            if "undone" not in state.told:
                assert sha256(Path(start.archive)) == held[start.source]
                undo(outcome, start)
            is_back(start, held)
            assert not Path(start.output).exists()
            nothing_is_left_hidden(before.roots)
