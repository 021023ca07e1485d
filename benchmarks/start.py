"""What a command costs before it does anything: CPU seconds of a whole process, the median of some.

    ./run python benchmarks/start.py

The promise is 0.25 s for `crop --help`. Which modules a command may load is a test (tests/house/test_start.py);
seconds are measured here, where nothing turns red because the machine was busy.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

TIMES = 15
PROMISED_S = 0.25


def cpu_s(command: list[str]) -> float:
    """CPU seconds of one process from start to end."""
    before = os.times()
    subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def main() -> None:
    """Measure the empty interpreter and a few commands, and print the medians."""
    crop = str(Path(sys.executable).with_name("crop"))
    with tempfile.TemporaryDirectory() as home:
        subprocess.run([crop, "--home", home, "init"], check=True, capture_output=True)
        for name, command in {
            "python -c pass": [sys.executable, "-c", "pass"],
            "crop --help": [crop, "--help"],
            "crop record --help": [crop, "record", "--help"],
            "crop log (empty)": [crop, "--home", home, "log"],
            "crop queue (empty)": [crop, "--home", home, "queue"],
        }.items():
            figures = [cpu_s(command) for _ in range(TIMES)]
            promise = f"  promised: {PROMISED_S} s" if name == "crop --help" else ""
            print(f"{name:22} {median(figures):.3f} s CPU  (best {min(figures):.3f}){promise}")


if __name__ == "__main__":
    main()
