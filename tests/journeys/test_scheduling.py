"""From history and a queue to planned days, on the command line."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from commands.crops import RecordCrop
from commands.decider import Request
from commands.handle import handle_many
from ledger.events.crops import CropRecorded
from ledger.log import Ledger
from ledger.values import Box, Dimensions, image_subject
from tests.journeys.conftest import Cli

START = ("--start", "2025-10-27T09:00:00", "--tz", "America/Los_Angeles")


def owe(crop: Cli, count: int, project: str = "p") -> None:
    """So many crops in the queue, all marked at one moment, as from a file."""

    def request(number: int) -> Request:
        path = f"/photos/{number}.png"
        marked = CropRecorded(project, path, Box(0.1, 0.1, 0.6, 0.6), Dimensions(100, 100), "a" * 64, 10, "g")
        return Request(RecordCrop(image_subject(project, path), marked), "operator:ann", "fill")

    with Ledger.open(crop.home / "ledger.db") as ledger:
        handle_many(map(request, range(count)), ledger=ledger, now=datetime(2025, 10, 25, 20, tzinfo=UTC))


def remember(crop: Cli, folder: Path, days: int = 6) -> None:
    """Import a history of bursts."""
    chance = Random(4)  # noqa: S311  # made history, no secrets
    lines = ["timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height"]
    for day in range(days):
        moment = datetime(2025, 9, 1, 16, tzinfo=UTC) + timedelta(days=day)
        for _ in range(8):
            for _ in range(chance.randint(10, 30)):
                moment += timedelta(seconds=chance.lognormvariate(3, 0.5))
                lines += [f"{(moment + timedelta(seconds=0.05 * row)).isoformat().replace('+00:00', 'Z')},p,"
                          f"{len(lines)}_{row}.png,0.1,0.1,0.9,0.9,100,100" for row in range(3)]  # fmt: skip
            moment += timedelta(seconds=chance.choice((700, 1100, 2400)))
    log = folder / "history.csv"
    log.write_text("\r\n".join(lines) + "\r\n")
    crop("import", log)


def schedule_file(crop: Cli, day: str) -> Path:
    return crop.home / "data" / "ai_data" / "crop_schedule" / f"{day}.json"


def test_three_days_are_planned_shown_checked_and_cancelled(crop: Cli, tmp_path: Path) -> None:
    remember(crop, tmp_path)
    owe(crop, 1000)

    said = crop("schedule", "build", "--days", "3", *START, "--seed", "5")
    assert "Mon 2025-10-27 (America/Los_Angeles): " in said
    assert "Planned 3 days." in said
    plans = crop.json("schedule", "list")
    assert [plan["date"] for plan in plans] == ["2025-10-27", "2025-10-28", "2025-10-29"]
    assert sum(plan["crops_reserved"] for plan in plans) <= 980
    content = json.loads(schedule_file(crop, "20251027").read_text())
    assert content["blocks"][0]["start"] == "09:00:00"
    assert content["seed"] == 5
    preview = (crop.home / "data" / "daily_summaries" / "crop_schedule_preview_2025-10-27.md").read_text()
    assert "| 09:00:00 |" in preview

    crop("schedule", "check")
    crop("schedule", "check", schedule_file(crop, "20251027"))
    picture = tmp_path / "monday.svg"
    drawn = crop("schedule", "show", "2025-10-27", "--svg", picture)
    assert "09:00  #" in drawn
    assert picture.read_text().startswith("<svg")

    crop("schedule", "cancel", "2025-10-27", "--reason", "ill")
    assert not schedule_file(crop, "20251027").exists()
    assert schedule_file(crop, "20251028").exists()
    assert crop.json("schedule", "list")[0]["status"] == "cancelled"
    crop("schedule", "show", "2025-10-27", exits=4)
    crop("schedule", "cancel", "2025-11-27", exits=4)
    crop("audit")


def test_the_same_request_plans_the_same_bytes_and_another_seed_supersedes(crop: Cli, tmp_path: Path) -> None:
    remember(crop, tmp_path)
    owe(crop, 500)
    dry = crop("schedule", "build", *START, "--dry-run", "--json")
    assert not schedule_file(crop, "20251027").exists()

    assert crop("schedule", "build", *START, "--json") == dry
    first = schedule_file(crop, "20251027").read_bytes()
    assert "1 day planned so already" in crop("schedule", "build", *START)
    assert schedule_file(crop, "20251027").read_bytes() == first

    assert "1 in place of an earlier plan" in crop("schedule", "build", *START, "--seed", "2")
    assert schedule_file(crop, "20251027").read_bytes() != first
    events = crop.json("log", "--type", "schedule.planned")
    assert len(events) == 2
    assert "crops for all projects, block-bootstrap, replaces version 1" in crop("log", "--type", "schedule.planned")


def test_a_queue_within_the_margin_is_refused_for_that_reason(crop: Cli) -> None:
    owe(crop, 1)
    crop("schedule", "build", *START, exits=3)
    assert "Only 1 pending" in crop.err
    assert "other days" not in crop.err


def test_an_empty_queue_is_refused_and_no_history_is_said(crop: Cli) -> None:
    crop("schedule", "build", *START, exits=3)
    assert "No crop is pending" in crop.err

    owe(crop, 100)
    crop("schedule", "build", *START)
    assert "No history: planned from the policy alone" in crop.err
    [plan] = crop.json("schedule", "list")
    assert (plan["method"], plan["crops_reserved"]) == ("policy", 96)


def test_other_days_keep_what_they_have_planned(crop: Cli) -> None:
    owe(crop, 300)
    crop("schedule", "build", "--start", "2025-10-28", "--tz", "UTC")
    crop("schedule", "build", "--start", "2025-10-27", "--tz", "UTC", exits=3)
    assert "planned on other days" in crop.err


def test_with_little_history_the_plan_is_poisson_and_a_guess(crop: Cli, tmp_path: Path) -> None:
    remember(crop, tmp_path, days=2)
    owe(crop, 300)
    crop("schedule", "build", *START)
    assert "Only 2 working days of history: the plan (poisson) is a guess." in crop.err


def test_a_day_for_which_nothing_is_left_loses_its_plan(crop: Cli) -> None:
    owe(crop, 3000)
    crop("schedule", "build", "--days", "2", *START)
    assert len(crop.json("schedule", "list")) == 2
    with Ledger.open(crop.home / "ledger.db") as ledger:
        from commands.crops import WithdrawCrop

        subjects = [image_subject("p", f"/photos/{number}.png") for number in range(2900)]
        handle_many(
            [Request(WithdrawCrop(subject), "operator:ann", "w") for subject in subjects],
            ledger=ledger,
            now=datetime.now(UTC),
        )

    assert "plans of 1 day cancelled" in crop("schedule", "build", "--days", "2", *START)
    assert not schedule_file(crop, "20251028").exists()


@pytest.mark.parametrize("start", ["2025-03-09T02:30:00", "2025-11-02T01:30:00", "tomorrow"])
def test_a_start_that_is_no_single_moment_is_refused(crop: Cli, start: str) -> None:
    owe(crop, 10)
    crop("schedule", "build", "--start", start, "--tz", "America/Los_Angeles", exits=2)


def test_a_policy_file_holds_for_one_plan_and_its_keys_are_checked(crop: Cli, tmp_path: Path) -> None:
    owe(crop, 100)
    policy = tmp_path / "policy.json"
    policy.write_text('{"batch_size_default": 2, "breaks": "policy"}')
    crop("schedule", "build", *START, "--policy", policy)
    assert json.loads(schedule_file(crop, "20251027").read_text())["blocks"][0]["batch_size"] == 2

    late = schedule_file(crop, "20251027")
    late.write_text(late.read_text().replace('"17:00"', '"09:01"').replace('"20:00"', '"09:02"'))
    crop("schedule", "check", late, exits=1)
    assert "behind the end of the day" in crop.err

    for wrong in ('{"coffee_evry_min": 5}', '{"micro_break_min_s": 500}', '{"lunch_window_local": ["13:00", "12:00"]}',
                  '{"breaks": "none"}', "[]", "{"):  # fmt: skip
        policy.write_text(wrong)
        crop("schedule", "build", *START, "--policy", policy, exits=2)


def test_what_was_planned_and_what_a_runner_did_leave_the_rhythm_as_it_was(
    crop: Cli, tmp_path: Path, photos: Path
) -> None:

    remember(crop, tmp_path)
    paths = [photos / f"{name}.png" for name in "abcdef"]
    for path in paths:
        Image.linear_gradient("L").resize((60, 40)).convert("RGB").save(path)
        crop("record", path, "--box", "0.1,0.1,0.9,0.9", "--project", "p", "--group", "g")

    def rhythm() -> dict[str, object]:
        [found] = crop.json("cadence", "--tz", "America/Los_Angeles")
        return {name: value for name, value in found.items() if name != "ledger_position"}

    before = rhythm()
    crop("schedule", "build", *START)
    crop("run", "--now")
    assert rhythm() == before


def test_the_plan_is_checked_against_the_history(crop: Cli, tmp_path: Path) -> None:
    remember(crop, tmp_path)
    [found] = crop.json("schedule", "check", "--against-history", "--tz", "America/Los_Angeles")
    assert found["failed"] == []

    [poisson] = crop.json("schedule", "check", "--against-history", "--method", "poisson", exits=1)
    assert poisson["failed"]


def test_without_numpy_planning_says_what_to_install(crop: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from commands.planning import scheduling

    owe(crop, 10)
    monkeypatch.setattr(scheduling, "find_spec", lambda _: None)
    crop("schedule", "build", *START, exits=3)
    assert "pip install 'cropledger[plan]'" in crop.err


def test_a_queue_too_short_for_a_plan_is_said_on_a_fresh_home(crop: Cli) -> None:
    owe(crop, 2)  # All at one moment: one batch of two in the history, and the margin leaves one for plans.
    crop("schedule", "build", *START)

    assert "Nothing fits into these days." in crop.err
