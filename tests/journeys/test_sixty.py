"""Sixty real photographs by schedule: killed twice on the way, gone on with, and all of them done as planned.

`./run test -m campaign tests/journeys/test_sixty.py -s -n0` prints planned and actual.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.journeys.conftest import Cli, sha256
from tests.journeys.photographs import write_photographs

SETTINGS = """
queue_margin_percent = 0
burst_min_s = 240
burst_max_s = 240
micro_break_min_s = 60
micro_break_max_s = 60
"""
FOLLOW = ("run", "--schedule", "--first", "2025-10-27", "--confirm", "--speed", "30")


@pytest.mark.campaign
def test_sixty_photographs_are_executed_though_the_run_is_killed_twice(crop: Cli, tmp_path: Path) -> None:
    config = crop.home / "config.toml"
    config.write_text(config.read_text() + SETTINGS)
    photographs = [each for part in "abc" for each in write_photographs(tmp_path / "photos" / f"set_{part}")][:60]
    for each in (tmp_path / "photos" / "set_c").iterdir():
        if each.stem not in {one.path.stem for one in photographs if one.path.parent == each.parent}:
            each.unlink()
    before = {each.path: sha256(each.path) for each in photographs}
    for part in "abc":
        images = [each.path for each in photographs if each.path.parent.name == f"set_{part}"]
        for image in images:
            crop("record", image, "--box", "0.1,0.1,0.8,0.9", "--project", "p", "--group", "g")
    crop("schedule", "build", "--start", "2025-10-27T09:00:00", "--tz", "America/Los_Angeles")
    [plan] = crop.json("schedule", "list")
    assert (plan["crops"], plan["work_blocks"]) == (60, 3)

    begun = time.monotonic()
    for count in (13, 34):
        command = [sys.executable, "-c", "from commands.cli.app import main; main()", "--home", str(crop.home), *FOLLOW]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            while len(crop.json("log", "--type", "crop.executed")) < count:
                assert process.poll() is None, process.communicate()
                time.sleep(0.02)
            os.kill(process.pid, signal.SIGKILL)
    crop(*FOLLOW)
    took_s = time.monotonic() - begun

    drawn = crop("schedule", "show", "2025-10-27")
    with crop.capture.disabled():
        sys.stdout.write(f"\n{drawn}\nTook {took_s:.0f} s, three runs, two of them killed.\n")
    executed = [entry["data"] for entry in crop.json("log", "--type", "crop.executed")]
    assert len(executed) == len({each["source"] for each in executed}) == 60  # type: ignore[index]
    assert crop.json("log", "--type", "crop.failed") == [] or {
        each["data"]["reason"]
        for each in crop.json("log", "--type", "crop.failed")  # type: ignore[index]
    } == {"interrupted"}
    assert {sha256(Path(str(each["archive"]))) for each in executed} == set(before.values())  # type: ignore[index]
    assert "60 of 60 planned crops executed" in drawn
    assert crop.json("queue") == []
    crop("audit")
