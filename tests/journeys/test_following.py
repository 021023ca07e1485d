"""crop run --schedule on the command line: looked at, simulated, followed by a quick clock, killed, gone on with."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.journeys.conftest import Cli
from tests.journeys.test_running import marked
from tests.journeys.test_scheduling import remember
from tests.nursery import Born, Nursery

DAY = "2025-10-27"
FOLLOW = ("run", "--schedule", "--first", DAY)


@pytest.fixture
def planned(crop: Cli, photos: Path) -> int:
    """Thirty pictures in the queue, and a day that executes nine batches of three of them."""
    marked(crop, photos, "p", 30, side=40)
    crop("schedule", "build", "--start", f"{DAY}T09:00:00", "--tz", "America/Los_Angeles")
    [plan] = crop.json("schedule", "list")
    assert plan["crops"] == 27
    return 27


def head(crop: Cli) -> int:
    return len(crop.json("log"))


def executed(crop: Cli) -> list[str]:
    return [str(entry["subject"]) for entry in crop.json("log", "--type", "crop.executed")]


def test_without_a_yes_it_is_only_said_what_would_happen(crop: Cli, photos: Path, planned: int) -> None:
    before, files = head(crop), sorted(photos.rglob("*"))
    said = crop(*FOLLOW, exits=3)
    assert "would execute 27 crops in 9 batches, Mon 2025-10-27 09:00:00" in said
    assert "say --confirm" in crop.err
    said = crop(*FOLLOW, "--dry-run")
    assert "27 crops planned, 30 waiting, 0 images missing." in said
    assert "behind us already: would be missed" in said
    [block, ready] = crop.json(*FOLLOW, "--dry-run")
    assert (block["crops"], ready["problems"]) == (27, [])
    assert head(crop) == before
    assert sorted(photos.rglob("*")) == files


def test_days_are_simulated_in_seconds_and_nothing_is_changed(crop: Cli, photos: Path, planned: int) -> None:
    before, files = head(crop), sorted(photos.rglob("*"))
    said = crop(*FOLLOW, "--simulate")
    assert "Mon 08:59:55  ahead: block 1: 27 crops planned, 30 waiting" in said
    assert "2025-10-27 over: 27 of 27 planned crops executed, as planned, 360 crops an hour" in said
    assert "Simulated 1 day in" in said
    assert head(crop) == before
    assert sorted(photos.rglob("*")) == files
    assert "No run is at work" in crop("status")


def test_a_day_is_followed_by_a_quick_clock(crop: Cli, photos: Path, planned: int) -> None:
    said = crop(*FOLLOW, "--confirm", "--speed", "3000")
    assert "executed 27, failed 0" in said
    assert len(set(executed(crop))) == 27
    begun = [entry["data"] for entry in crop.json("log", "--type", "run.batch_begun")]
    assert [each["batch"] for each in begun] == list(range(1, 10))  # type: ignore[index]
    [[row]] = crop.json("query", "--report", "planned_and_actual")  # type: ignore[misc]
    assert (row["planned"], row["executed"], row["variance"]) == (27, 27, 0)  # type: ignore[call-overload]
    drawn = crop("schedule", "show", DAY)
    assert "27 of 27 planned crops executed" in drawn
    assert "to do: 3" not in crop("status")
    assert "Nothing is left of these days" in crop(*FOLLOW, "--dry-run") + crop.err
    crop("audit")


def test_programs_read_one_object_per_event(crop: Cli, planned: int) -> None:
    told = crop.json(*FOLLOW, "--confirm", "--speed", "3000")
    types = [each.get("type") for each in told]
    assert types[0] == "run.started"
    assert types.count("run.batch_begun") == 9
    assert types.count("crop.executed") == 27
    assert types[-4:-1] == ["block_over", "day_over", "run.ended"]
    assert told[-1]["executed"] == 27
    assert all("at" in each for each in told[:-1])


def following(nursery: Nursery, crop: Cli, speed: str) -> "subprocess.Popen[str] | Born":
    return nursery.begin("--home", crop.home, *FOLLOW, "--confirm", "--speed", speed, "--json")


def until_executed(crop: Cli, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(executed(crop)) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_killed_twice_on_the_way_the_day_is_done_all_the_same(crop: Cli, nursery: Nursery, planned: int) -> None:
    for count in (4, 13):
        with following(nursery, crop, "200") as process:
            until_executed(crop, count)
            os.kill(process.pid, signal.SIGKILL)
    assert "executed" in crop(*FOLLOW, "--confirm", "--speed", "3000")
    assert len(executed(crop)) == len(set(executed(crop))) == planned
    reasons = [entry["data"]["reason"] for entry in crop.json("log", "--type", "run.ended")]  # type: ignore[index]
    assert reasons == ["lost", "lost", "finished"]
    crop("audit")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_after_the_crop_in_hand(
    crop: Cli, nursery: Nursery, planned: int, number: signal.Signals
) -> None:
    with following(nursery, crop, "100") as process:
        until_executed(crop, 4)
        process.send_signal(number)
        process.communicate(timeout=20)
    assert process.returncode == 130
    assert "started" not in {str(owed["status"]) for owed in crop.json("queue")}
    [ended] = crop.json("log", "--type", "run.ended")
    assert ended["data"]["reason"] == "interrupted"  # type: ignore[index]
    crop(*FOLLOW, "--confirm", "--speed", "3000")
    assert len(set(executed(crop))) == planned


def test_pause_and_stop_are_noticed_within_a_second(crop: Cli, nursery: Nursery, planned: int) -> None:
    with following(nursery, crop, "20") as process:
        until_executed(crop, 2)
        [before] = crop.json("status")[0]["runs"]  # type: ignore[misc]
        assert (before["state"], before["days"][0]["planned"], before["days"][0]["batches"]) == ("running", 27, 9)
        crop("pause")
        time.sleep(1.2)
        count = len(executed(crop))
        time.sleep(1.6)
        assert len(executed(crop)) == count < planned, "a batch comes due every second and a half"
        crop("stop")
        asked = time.monotonic()
        process.communicate(timeout=20)
        assert time.monotonic() - asked < 5
    assert process.returncode == 0
    assert [entry["data"]["reason"] for entry in crop.json("log", "--type", "run.ended")] == ["stopped"]  # type: ignore[index]


def test_what_cannot_be_meant_is_refused(crop: Cli, planned: int) -> None:
    crop("run", "--now", "--schedule", exits=2)
    crop(*FOLLOW, "--limit", "3", exits=2)
    crop("run", "--now", "--confirm", exits=2)
    assert "Say --schedule" in crop.err
    crop("run", "--schedule", exits=4)
    assert "planned are: 2025-10-27" in crop.err
    crop("run", "--schedule", "--first", "someday", exits=2)
    crop("run", "--schedule", "--project", "q", exits=4)
    assert "Nothing is planned for q" in crop.err


def rhythm(crop: Cli) -> dict[str, object]:
    [measured] = crop.json("cadence", "--tz", "America/Los_Angeles")
    assert measured["days"] == 6
    return {name: value for name, value in measured.items() if name != "ledger_position"}


def test_what_a_runner_did_is_no_human_work(crop: Cli, tmp_path: Path, planned: int) -> None:
    """The runner's own output, and the same fed back as events: the cadence is what it was."""
    remember(crop, tmp_path)
    before = rhythm(crop)
    crop(*FOLLOW, "--confirm", "--speed", "3000")
    assert len(executed(crop)) == planned
    assert rhythm(crop) == before
    runner = [entry for entry in crop.json("log") if str(entry["actor"]).startswith("runner:")]
    script = crop.home / "again.jsonl"
    fields = ("type", "subject", "actor", "occurred_at", "data")
    script.write_text("".join(json.dumps({name: each[name] for name in fields}) + "\n" for each in runner))
    crop("submit", script, exits=1)
    assert rhythm(crop) == before
    recorded = [entry["data"] for entry in crop.json("log", "--type", "crop.recorded")]
    mark = {"type": "crop.recorded", "actor": "runner:r1"}
    marks = [{**mark, "subject": f"image/{number}", "data": data} for number, data in enumerate(recorded)]
    script.write_text("".join(json.dumps(each) + "\n" for each in marks))
    crop("submit", script)
    assert rhythm(crop) == before, "what a runner marks is no human work either"


def test_plans_are_submitted_through_their_rules(crop: Cli, planned: int) -> None:
    [entry] = crop.json("log", "--type", "schedule.planned")
    plan = {"type": "schedule.planned", "data": entry["data"]}
    other = json.loads(json.dumps(plan))
    other["data"]["seed"] = 7
    crooked = json.loads(json.dumps(other))
    crooked["data"]["blocks"] = crooked["data"]["blocks"] * 2
    gone = {"type": "schedule.cancelled", "subject": entry["subject"], "data": {"reason": "ill"}}
    script = crop.home / "plans.jsonl"
    script.write_text("".join(json.dumps(line) + "\n" for line in (plan, other, crooked, gone)))
    told = crop.json("submit", script, exits=1)
    assert "cannot be followed" in json.dumps(told) + crop.err
    assert [each["status"] for each in crop.json("schedule", "list")] == ["cancelled"]
    assert len(crop.json("log", "--type", "schedule.planned")) == 2
    crop("audit")
