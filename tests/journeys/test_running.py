"""Running and undoing on the command line: what fails, what is tried again, what a person is told."""

import json
import os
import shutil
import signal
from pathlib import Path

import attrs
import pytest
from PIL import Image

from commands.crops import StartCrop
from commands.decider import Request
from commands.handle import handle
from commands.running import runner
from commands.running.runner import Runner
from imaging.ladder import turbojpeg
from imaging.problems import Unusable
from ledger.events.crops import CropRecorded, CropStarted
from ledger.log import Ledger
from ledger.values import image_subject
from tests.journeys.conftest import Cli, sha256
from tests.nursery import Nursery


def picture(path: Path, size: tuple[int, int] = (60, 40)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.linear_gradient("L").resize(size).convert("RGB").save(path)
    return path


def recorded(crop: Cli, *images: Path, box: str = "0.1,0.1,0.9,0.9") -> None:
    for image in images:
        crop("record", image, "--box", box, "--project", "p", "--group", "g")


def test_nothing_owed_is_said_and_is_no_failure(crop: Cli) -> None:
    assert "Nothing is owed" in crop("run", "--now")


def test_a_run_says_how_it_is_meant(crop: Cli) -> None:
    crop("run", exits=2)
    assert "crop run --now" in crop.err


def test_a_dry_run_changes_nothing_and_says_what_would_fail(crop: Cli, photos: Path) -> None:
    good, gone = picture(photos / "good.png"), picture(photos / "gone.png")
    recorded(crop, good, gone)
    gone.unlink()
    before = len(crop.json("log"))
    out = crop("run", "--dry-run", exits=1)
    assert "would write" in out
    assert "would fail" in out
    assert "2 crops would be tried, 1 would fail" in out
    assert len(crop.json("log")) == before
    assert good.exists()


def test_a_missing_file_fails_with_its_reason_and_waits_for_a_person(crop: Cli, photos: Path, tmp_path: Path) -> None:
    image = picture(photos / "a.png")
    recorded(crop, image)
    away = shutil.move(image, tmp_path / "a.png")
    assert "Executed 0, failed 1" in crop("run", "--now", exits=1)
    assert "missing" in crop.err
    assert "failed: " in crop("queue", "--failed")
    [failed] = crop.json("log", "--type", "crop.failed")
    assert failed["data"]["final"], "a missing file does not come back by itself, so it is not tried again"  # type: ignore[index]
    assert "Nothing is owed" in crop("run", "--now"), "a failed crop is not tried again by itself"
    shutil.move(away, image)
    crop("retry", image)
    assert "Executed 1, failed 0" in crop("run", "--now")


def test_retry_all_queues_every_failed_crop_again(crop: Cli, photos: Path) -> None:
    images = [picture(photos / f"{number}.png") for number in range(3)]
    recorded(crop, *images)
    for image in images:
        image.unlink()
    crop("run", "--now", exits=1)
    assert "Queue: 3 owed" in crop("retry", "--all")
    assert {owed["status"] for owed in crop.json("queue")} == {"pending"}
    assert "No crop has failed" in crop("retry", "--all")


def test_a_taken_destination_moves_nothing(crop: Cli, photos: Path) -> None:
    image = picture(photos / "a.png")
    (photos / "a.caption").write_text("mine")
    taken = photos.parent / "__cropped" / photos.name / "a.caption"
    taken.parent.mkdir(parents=True)
    taken.write_text("somebody else's")
    recorded(crop, image)
    before = sha256(image)
    assert "failed 1" in crop("run", "--now", exits=1)
    [failed] = crop.json("log", "--type", "crop.failed")
    assert failed["data"]["reason"] == "destination_exists", "and not tried three times"  # type: ignore[index]
    assert sha256(image) == before
    assert taken.read_text() == "somebody else's"
    assert (photos / "a.caption").read_text() == "mine"
    assert [path.name for path in taken.parent.iterdir()] == ["a.caption"]


def test_a_size_that_drifted_in_proportion_is_cropped_with_a_warning_and_another_shape_fails(
    crop: Cli, photos: Path
) -> None:
    larger, reshaped = picture(photos / "larger.png", (60, 40)), picture(photos / "reshaped.png", (60, 40))
    recorded(crop, larger, reshaped, box="0.5,0.5,1,1")
    picture(larger, (120, 80))
    picture(reshaped, (60, 60))
    crop("run", "--now", exits=1)
    with Image.open(photos.parent / "__cropped" / photos.name / "larger.png") as output:
        assert output.size == (60, 40)
    [executed] = crop.json("log", "--type", "crop.executed")
    assert "dimension_drift" in executed["data"]["warnings"]  # type: ignore[index]
    assert [owed["failed_reason"] for owed in crop.json("queue", "--failed")] == ["aspect_changed"]


def test_an_image_with_a_crop_of_its_own_is_nobodys_companion(crop: Cli, photos: Path) -> None:
    png, jpg = picture(photos / "a.png"), picture(photos / "a.jpg")
    recorded(crop, png, jpg)
    assert "Executed 2, failed 0" in crop("run", "--now")
    assert sorted(path.name for path in (photos.parent / "__cropped" / photos.name).iterdir()) == ["a.jpg", "a.png"]


def test_a_limit_and_a_project_narrow_the_run(crop: Cli, photos: Path) -> None:
    images = [picture(photos / f"{number}.png") for number in range(5)]
    recorded(crop, *images)
    crop("record", picture(photos / "other.png"), "--box", "0,0,0.5,0.5", "--project", "q", "--group", "g")
    assert "Executed 2, failed 0" in crop("run", "--now", "--limit", "2")
    assert "Executed 1, failed 0" in crop("run", "--now", "--project", "q")
    assert "3 crops owed" in crop("queue")


def test_undo_refuses_when_the_crop_was_changed_or_the_place_is_taken(crop: Cli, photos: Path) -> None:
    image = picture(photos / "a.png")
    recorded(crop, image)
    crop("undo", image, exits=3)
    assert "not executed" in crop.err
    crop("run", "--now")
    output = photos.parent / "__cropped" / photos.name / "a.png"
    kept = output.read_bytes()
    output.write_bytes(kept + b"edited")
    crop("undo", image, exits=3)
    assert not image.exists()
    output.write_bytes(kept)
    image.write_text("somebody's new file")
    crop("undo", image, exits=3)
    assert image.read_text() == "somebody's new file"
    assert output.read_bytes() == kept
    image.unlink()
    assert "would restore" in crop("undo", image, "--dry-run")
    crop("undo", image)
    crop("audit")


def test_an_executed_image_is_not_withdrawn_and_the_refusal_says_how_to_take_it_back(crop: Cli, photos: Path) -> None:
    image = picture(photos / "a.png")
    recorded(crop, image)
    crop("run", "--now")
    crop("withdraw", image, exits=3)
    assert f"{image} is already executed (position 4, runner:" in crop.err
    assert f"To take it back: crop undo {image}" in crop.err


def test_a_run_that_died_after_its_claim_is_cleared_up_and_the_crop_done(crop: Cli, photos: Path) -> None:
    image = picture(photos / "a.png")
    recorded(crop, image)
    crop("run", "--now")
    with Ledger.open(crop.home / "ledger.db") as ledger:
        [started] = [entry.event for entry in ledger.read() if isinstance(entry.event, CropStarted)]
    crop("undo", image)
    claimed = {
        "type": "crop.started", "subject": crop.json("log")[0]["subject"], "actor": "runner:dead",
        "data": json.loads(crop("log", "--type", "crop.started", "--json"))["data"] | {"run": "dead"},
    }  # fmt: skip
    script = crop.home / "events.jsonl"
    script.write_text(json.dumps(claimed))
    crop("submit", script)
    assert started.source == str(image)
    assert "1 started" in crop("queue")
    out = crop("run", "--now")
    assert "Executed 1, failed 0, cleared up 1 from an interrupted run" in out
    crop("audit")


def test_a_forged_claim_cannot_lead_a_run_outside_the_allowed_places(
    crop: Cli, photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    image = picture(photos / "a.png")
    recorded(crop, image)
    victim = tmp_path_factory.mktemp("outside") / "victim.txt"
    victim.write_text("precious")
    subject = crop.json("log")[0]["subject"]
    forged = {
        "run": "forged", "attempt": 1, "source": str(image), "sha256": sha256(image), "size_bytes": 1,
        "modified_ns": 0, "dimensions": {"width_px": 60, "height_px": 40},
        "pixel_box": {"left": 0, "top": 0, "right": 10, "bottom": 10}, "output": str(photos / "x.png"),
        "temporary": str(victim), "archive": str(crop.home / "originals" / "aa" / "bb.png"),
    }  # fmt: skip
    script = crop.home / "events.jsonl"
    script.write_text(json.dumps({"type": "crop.started", "subject": subject, "data": forged}))
    crop("submit", script)
    crop("run", "--now", exits=1)
    assert "unsafe" in crop.err
    assert victim.read_text() == "precious"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_what_is_claimed_and_exits_130(
    crop: Cli, photos: Path, nursery: Nursery, number: signal.Signals
) -> None:
    images = [picture(photos / f"{name:03d}.png", (900, 900)) for name in range(60)]
    marks = photos.parent / "marks.jsonl"
    line = {"project_id": "p", "group_id": "g", "dir": str(photos), "crop_norm": [0.1, 0.1, 0.9, 0.9]}
    marks.write_text("".join(json.dumps(line | {"filename": image.name}) + "\n" for image in images))
    crop("record", "--from", marks)
    with nursery.begin("--home", crop.home, "run", "--now", "--json") as process:
        process.stdout.readline()
        process.send_signal(number)
        process.stdout.read()
    assert process.returncode == 130
    states = {str(owed["status"]) for owed in crop.json("queue")}
    assert "started" not in states, "a claimed crop was left"
    assert "Executed" in crop("run", "--now")
    crop("audit")


def test_ctrl_c_finishes_the_crop_in_hand_and_gives_back_what_was_only_claimed(
    crop: Cli, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(crop, *(picture(photos / f"{number}.png") for number in range(5)))
    write = runner.write.write

    def interrupted(plan: CropStarted) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        return write(plan)

    with monkeypatch.context() as patched:
        patched.setattr("imaging.write.write", interrupted)
        assert "Executed 1, failed 0" in crop("run", "--now", exits=130)
    released = [entry["data"] for entry in crop.json("log", "--type", "crop.released")]
    assert [(each["attempt"], each["reason"]) for each in released] == [(1, "interrupted")] * 2  # type: ignore[index]
    assert [(owed["status"], owed["attempt"]) for owed in crop.json("queue")] == [("pending", 0)] * 4
    assert crop.json("log", "--type", "run.ended")[0]["data"] == {"message": None, "reason": "interrupted"}
    assert "Executed 4, failed 0" in crop("run", "--now")
    crop("audit")


def marked(crop: Cli, photos: Path, project: str, count: int, side: int = 300) -> None:
    """So many pictures in the queue, from a file of marks."""
    images = [picture(photos / f"{project}{name:03d}.png", (side, side)) for name in range(count)]
    marks = photos.parent / "marks.jsonl"
    line = {"project_id": project, "group_id": "g", "dir": str(photos), "crop_norm": [0.1, 0.1, 0.9, 0.9]}
    marks.write_text("".join(json.dumps(line | {"filename": image.name}) + "\n" for image in images))
    crop("record", "--from", marks)


def raced(nursery: Nursery, crop: Cli, *options: tuple[str, ...]) -> list[tuple[int, str, str]]:
    """Runs begun at once: exit code, output and errors of each."""
    runs = [nursery.begin("--home", crop.home, "run", "--now", "--json", *each) for each in options]
    told = [run.communicate() for run in runs]
    return [(run.returncode, out, err) for run, (out, err) in zip(runs, told, strict=True)]


def test_of_two_runs_that_race_for_a_project_exactly_one_wins(crop: Cli, photos: Path, nursery: Nursery) -> None:
    marked(crop, photos, "p", 80)
    told = sorted(raced(nursery, crop, (), ("--project", "p")))
    assert [code for code, _, _ in told] == [0, 3], told
    assert "is at work on" in told[1][2]
    assert len(crop.json("log", "--type", "crop.executed")) == 80
    assert len(crop.json("log", "--type", "run.started")) == 1
    crop("audit")


def test_runs_on_two_projects_go_on_side_by_side_and_nothing_is_done_twice(
    crop: Cli, photos: Path, nursery: Nursery
) -> None:
    marked(crop, photos, "p", 30)
    marked(crop, photos, "q", 30)
    told = raced(nursery, crop, ("--project", "p"), ("--project", "q"))
    assert [code for code, _, _ in told] == [0, 0], told
    assert [json.loads(out.splitlines()[-1])["executed"] for _, out, _ in told] == [30, 30]
    assert len(crop.json("log", "--type", "crop.executed")) == 60
    assert crop.json("log", "--type", "crop.failed") == []
    crop("audit")


def test_what_may_pass_by_itself_is_tried_again_with_longer_and_longer_pauses(
    crop: Cli, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = crop.home / "config.toml"
    config.write_text(config.read_text() + "retry_base_s = 0.02\nretry_jitter_percent = 0\n")
    image = picture(photos / "a.png")
    recorded(crop, image)

    def full(_plan: object) -> None:
        raise Unusable("no space", reason="disk_full", transient=True)

    with monkeypatch.context() as patched:
        patched.setattr("imaging.write.write", full)
        assert "Executed 0, failed 1" in crop("run", "--now", exits=1)
    failed = [entry["data"] for entry in crop.json("log", "--type", "crop.failed")]
    assert [(each["attempt"], each["final"], each["retry_after_s"]) for each in failed] == [  # type: ignore[index]
        (1, False, 0.02), (2, False, 0.04), (3, True, None),
    ]  # fmt: skip
    crop("retry", image)
    assert "Executed 1, failed 0" in crop("run", "--now")


def test_a_queue_longer_than_a_page_is_done_to_its_end(
    crop: Cli, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commands.running.running.PAGE", 2)
    recorded(crop, *(picture(photos / f"{number}.png") for number in range(7)))
    assert "Executed 7, failed 0" in crop("run", "--now")


def test_a_crop_that_another_run_took_meanwhile_is_no_failure(
    crop: Cli, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = picture(photos / "a.png")
    recorded(crop, image)

    def taken_meanwhile(runner: Runner, mark: CropRecorded, attempt: int) -> CropStarted:
        monkeypatch.undo()
        subject = image_subject("p", image)
        plan = runner.planned(mark, attempt)
        request = Request(StartCrop(subject, attrs.evolve(plan, run="other")), "runner:other", "other")
        handle(request, ledger=runner.ledger, now=runner.now())
        raise Unusable(f"{image}: no such file", reason="missing")

    monkeypatch.setattr("commands.cli.running.look_first", lambda *_, **__: None)  # it would ask for the plan first
    monkeypatch.setattr(Runner, "planned", taken_meanwhile)
    assert "Nothing is owed" in crop("run", "--now")
    assert crop.json("log", "--type", "crop.failed") == []


def test_undo_does_not_follow_an_entry_out_of_the_allowed_places(
    crop: Cli, photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    image = picture(photos / "a.png")
    recorded(crop, image)
    crop("run", "--now")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (crop.home / "config.toml").write_text(f'roots = ["{elsewhere}"]\n')
    crop("undo", image, exits=7)
    assert (photos.parent / "__cropped" / photos.name / "a.png").exists()


def test_several_workers_do_each_crop_once_and_record_it(crop: Cli, photos: Path) -> None:
    images = [picture(photos / f"{number}.png", (40 + number, 30)) for number in range(17)]
    recorded(crop, *images)
    images[3].unlink()
    crop("run", "--now", "--workers", "4", exits=1)
    assert "Executed 16, failed 1" in crop.out
    assert len(list((photos.parent / "__cropped").rglob("*.png"))) == 16
    assert "chain ok" in crop("audit")
    assert [entry["type"] for entry in crop.json("log")].count("crop.executed") == 16


def test_a_lossy_webp_waits_for_a_person_to_say_reencode(crop: Cli, photos: Path) -> None:
    Image.linear_gradient("L").resize((60, 40)).convert("RGB").save(photos / "a.webp", quality=70)
    recorded(crop, photos / "a.webp")
    crop("run", "--now", exits=1)
    assert "lossy WEBP" in crop.err
    crop("retry", "--all")
    crop("run", "--now", "--reencode")
    assert "Executed 1, failed 0" in crop.out


def test_the_setting_for_jpegs_widens_the_box_and_says_so(crop: Cli, photos: Path) -> None:
    if turbojpeg() is None:
        pytest.skip("libturbojpeg is not here")
    Image.linear_gradient("L").resize((160, 140)).convert("RGB").save(photos / "a.jpg", quality=80)
    recorded(crop, photos / "a.jpg", box="0.2,0.2,0.8,0.8")
    settings = crop.home / "config.toml"
    settings.write_text((settings.read_text() if settings.exists() else "") + 'jpeg = "lossless"\n')
    crop("run", "--now")
    [executed] = [entry for entry in crop.json("log") if entry["type"] == "crop.executed"]
    assert executed["data"]["output_dimensions"] == {"width_px": 96, "height_px": 96}
    assert executed["data"]["warnings"] == ["box_widened"]
