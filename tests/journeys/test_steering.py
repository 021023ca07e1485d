"""Runs seen and steered from another terminal: status, pause, resume, stop; a lease that the dead give back."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands.running.leases import lives, lock_of
from configs.home import Home
from db.lock import held_while_alive, is_held
from tests.journeys.conftest import Cli
from tests.journeys.test_running import marked, picture, recorded
from tests.nursery import Born, Nursery

SLOW = """
import time
from commands.running import runner
from commands.cli.app import main
write = runner.write.write
def slowly(plan):
    time.sleep(0.15)
    return write(plan)
runner.write.write = slowly
main()
"""


@contextmanager
def running(nursery: Nursery, crop: Cli, *options: str) -> Iterator["subprocess.Popen[str] | Born"]:
    """An unpaced run in another process, slow enough to be met at work; it has executed a crop already."""
    with nursery.begin("--home", crop.home, "run", "--now", "--json", *options, program=SLOW) as process:
        try:
            process.stdout.readline()
            yield process
        finally:
            process.kill()


def until(true: Callable[[], bool], timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def executed(crop: Cli) -> int:
    return len(crop.json("log", "--type", "crop.executed"))


def test_a_run_is_seen_paused_resumed_and_stopped_from_another_terminal(
    crop: Cli, photos: Path, nursery: Nursery
) -> None:
    marked(crop, photos, "p", 40)
    assert "No run is at work" in crop("status")
    with running(nursery, crop) as process:
        [seen] = crop.json("status")
        [run] = seen["runs"]  # type: ignore[misc]
        assert (run["state"], run["mode"], run["process"]) == ("running", "now", process.pid)
        assert f"Run {run['run']} (all projects, unpaced) is running" in crop("status")

        assert "Paused run" in crop("pause", "--reason", "moving the disk", "--actor", "ann")
        assert "it was so already" in crop("pause")
        until(lambda: crop.json("queue")[-1]["status"] == "pending" and not _started(crop))
        before = executed(crop)
        time.sleep(0.6)
        assert executed(crop) == before < 40
        assert "moving the disk" in crop("status")

        crop("resume")
        until(lambda: executed(crop) > before)
        crop("stop", "--reason", "enough")
        process.wait(timeout=20)
        assert process.returncode == 0
    assert 0 < executed(crop) < 40
    [ended] = crop.json("log", "--type", "run.ended")
    assert ended["data"]["reason"] == "stopped"  # type: ignore[index]
    assert "was stopped" in crop("status")
    assert {entry["actor"] for entry in crop.json("log", "--type", "run.paused")} == {"operator:ann"}
    crop("audit")


def test_a_paused_run_can_be_stopped(crop: Cli, photos: Path, nursery: Nursery) -> None:
    marked(crop, photos, "p", 40)
    with running(nursery, crop) as process:
        crop("pause")
        until(lambda: not _started(crop))
        crop("stop")
        process.wait(timeout=20)
        assert process.returncode == 0
    assert 0 < executed(crop) < 40


def _started(crop: Cli) -> bool:
    return "started" in {owed["status"] for owed in crop.json("queue")}


def test_where_nothing_runs_there_is_nothing_to_steer(crop: Cli) -> None:
    for word in ("pause", "resume", "stop"):
        crop(word, exits=4)
        assert "No run is at work" in crop.err
    crop("pause", "r7", exits=4)
    assert "No run named r7 is at work" in crop.err


def test_a_second_run_is_refused_by_name_and_takes_over_when_the_first_has_died(
    crop: Cli, photos: Path, nursery: Nursery
) -> None:
    marked(crop, photos, "p", 40)
    crop("record", picture(photos / "q.png"), "--box", "0,0,0.5,0.5", "--project", "q", "--group", "g")
    with running(nursery, crop, "--project", "p") as process:
        [first] = [entry["subject"] for entry in crop.json("log", "--type", "run.started")]
        name = str(first).removeprefix("run/")
        crop("run", "--now", exits=3)
        assert f"Run {name} is at work on project p" in crop.err
        assert f"process {process.pid}" in crop.err
        crop("run", "--now", "--project", "p", exits=3)
        crop("run", "--now", "--project", "q")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    [dead] = crop.json("status")[0]["runs"]  # type: ignore[misc]
    assert (dead["run"], dead["state"]) == (name, "dead")
    assert "The next run takes over" in crop("status")
    crop("pause", exits=4)
    assert "has died" in crop.err
    crop("run", "--now")
    lost = [entry for entry in crop.json("log", "--type", "run.ended") if entry["subject"] == first]
    assert [entry["data"]["reason"] for entry in lost] == ["lost"]  # type: ignore[index]
    assert executed(crop) == 41
    assert crop.json("status")[0]["runs"] == []
    crop("audit")


def test_a_dead_run_on_another_project_is_left_to_that_project(crop: Cli, photos: Path, nursery: Nursery) -> None:
    marked(crop, photos, "p", 40)
    crop("record", picture(photos / "q.png"), "--box", "0,0,0.5,0.5", "--project", "q", "--group", "g")
    with running(nursery, crop, "--project", "p") as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    crop("run", "--now", "--project", "q")
    assert [entry["data"]["reason"] for entry in crop.json("log", "--type", "run.ended")] == ["finished"]  # type: ignore[index]
    assert len(crop.json("status")[0]["runs"]) == 1  # type: ignore[arg-type]


def test_too_many_failures_in_a_row_end_an_unpaced_run_and_leave_the_rest_pending(crop: Cli, photos: Path) -> None:
    config = crop.home / "config.toml"
    config.write_text(config.read_text() + "stop_after_failures = 4\nbatch_size_default = 1\n")
    images = [picture(photos / f"{number}.png") for number in range(8)]
    recorded(crop, *images)
    for image in images:
        image.unlink()
    crop("run", "--now", exits=1)
    assert "4 failures in a row" in crop.err
    assert [owed["status"] for owed in crop.json("queue")] == ["failed"] * 4 + ["pending"] * 4
    [ended] = crop.json("log", "--type", "run.ended")
    assert ended["data"]["reason"] == "failures"  # type: ignore[index]


def test_failures_between_which_something_succeeds_end_nothing(crop: Cli, photos: Path) -> None:
    config = crop.home / "config.toml"
    config.write_text(config.read_text() + "stop_after_failures = 2\nbatch_size_default = 1\n")
    images = [picture(photos / f"{number}.png") for number in range(6)]
    recorded(crop, *images)
    for image in images[::2]:
        image.unlink()
    crop("run", "--now", exits=1)
    assert [owed["status"] for owed in crop.json("queue")] == ["failed"] * 3


def test_the_lock_file_of_the_living_is_held_and_asking_takes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert not lives(home, "r1")
    with held_while_alive(lock_of(home, "r1")) as alive:
        assert alive
        assert lives(home, "r1")
        assert is_held(lock_of(home, "r1"))
    assert not lives(home, "r1")
    with held_while_alive(lock_of(home, "r1")) as alive:
        assert alive


@pytest.mark.parametrize("type_", ["run.started", "run.paused", "run.ended"])
def test_events_of_runs_are_submitted_through_their_rules(crop: Cli, tmp_path: Path, type_: str) -> None:
    events = {
        "run.started": {"mode": "now", "project": None, "process": 1, "host": "elsewhere"},
        "run.paused": {"reason": "asked"},
        "run.ended": {"reason": "finished"},
    }
    lines = [{"type": name, "subject": "run/x1", "actor": "runner:x1", "data": data} for name, data in events.items()]
    script = tmp_path / "events.jsonl"
    script.write_text("".join(json.dumps(line) + "\n" for line in lines))
    crop("submit", script)
    assert len(crop.json("log", "--type", type_)) == 1
    crop("submit", script, exits=1)
    assert len(crop.json("log")) == 3, "what is over cannot be paused, and what was said is not said again"
