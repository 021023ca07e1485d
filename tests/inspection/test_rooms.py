"""The space that crops take, by file system."""

import os
from pathlib import Path

import pytest

from commands.inspection.looking import rooms
from tests.inspection.conftest import LookMaker


@pytest.fixture
def systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """`/other` is a file system of its own; all else is one."""
    real = os.stat_result((0o40755, 0, 1, 2, 0, 0, 0, 0, 0, 0)), os.stat_result((0o40755, 0, 2, 2, 0, 0, 0, 0, 0, 0))

    def stat(path: Path) -> os.stat_result:
        if path.name.startswith("new"):
            raise FileNotFoundError
        return real[str(path).startswith("/other")]

    class State:
        f_bavail, f_frsize = 5, 1000

    monkeypatch.setattr("pathlib.Path.stat", stat)
    monkeypatch.setattr("commands.inspection.looking.os.statvfs", lambda _: State)


def needed(*looks: object) -> dict[str, int]:
    return {room.place: room.needed_bytes for room in rooms(looks)}  # type: ignore[arg-type]


@pytest.mark.usefixtures("systems")
def test_an_original_that_is_archived_on_its_own_file_system_takes_no_space(look: LookMaker) -> None:
    assert needed(look("/p/a.png"), look("/p/b.png"), look("/p/c.png", refused="missing")) == {"/out/p": 2 * 375}


@pytest.mark.usefixtures("systems")
def test_an_original_that_is_archived_elsewhere_is_copied(look: LookMaker) -> None:
    assert needed(look("/p/a.png", archive="/other/aa/aa.png")) == {"/out/p": 375, "/other/aa": 1000}


@pytest.mark.usefixtures("systems")
def test_a_directory_that_is_not_there_yet_will_be_on_its_parents_file_system(look: LookMaker) -> None:
    assert needed(look("/p/a.png", output="/other/new/newer/a.png")) == {"/other": 375}


@pytest.mark.usefixtures("systems")
def test_what_is_free_is_what_a_person_without_privileges_can_use(look: LookMaker) -> None:
    assert [room.free_bytes for room in rooms([look("/p/a.png")])] == [5000]
