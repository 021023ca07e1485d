"""When the world is in the way: others write, the disk is full, rights are missing."""

# ruff: noqa: PT012  # an exception that ends a block of several appends is what is tested

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from ledger import log
from ledger.entry import Batch
from ledger.errors import Busy, Refused
from ledger.log import Ledger
from tests.ledger.besides import python


def test_busy_rather_than_database_is_locked(filled, draft):
    script = """
import sys, pathlib
from ledger.log import Ledger
with Ledger.open(pathlib.Path(sys.argv[1])) as ledger, ledger.exclusive():
    print("held", flush=True)
    sys.stdin.readline()
"""
    holder = python(script, filled.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == "held\n"
    with Ledger.open(filled.path, lock_timeout_s=0.2) as waiting:
        started = time.monotonic()
        with pytest.raises(Busy, match="Another process"):
            waiting.append(Batch.of(draft()))
        assert 0.2 <= time.monotonic() - started < 5
        assert len(waiting.read()) == 12  # readers never wait
        holder.communicate("go\n")
        assert waiting.append(Batch.of(draft())).positions == (13,)


def test_a_writer_that_bypasses_the_lock_is_busy_too(filled, draft, monkeypatch):
    monkeypatch.setattr("db.connect.BUSY_TIMEOUT_MS", 50)
    script = """
import sys, sqlite3
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""
    holder = python(script, filled.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    holder.stdout.readline()
    with Ledger.open(filled.path) as waiting:
        with pytest.raises(Busy):
            waiting.append(Batch.of(draft()))
        holder.communicate("go\n")
        assert waiting.append(Batch.of(draft())).positions == (13,)


def test_whoever_fails_with_the_lock_in_hand_lets_others_write(filled, draft):
    def fails():
        with filled.exclusive():
            filled.append(Batch.of(draft()))
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fails()
    with Ledger.open(filled.path, lock_timeout_s=0.2) as other:
        assert other.append(Batch.of(draft())).positions == (13,)


def test_a_full_database_refuses_and_loses_nothing(filled, draft):
    filled._connection.execute("PRAGMA max_page_count = 1")  # no page more than there are
    appended = 0
    with pytest.raises(Refused, match="disk is full"):
        for _ in range(2000):
            filled.append(Batch.of(draft("image/full", "x" * 500), draft("image/full", "y" * 500)))
            appended += 2
    assert filled.head().position == 12 + appended
    filled._connection.execute("PRAGMA max_page_count = 100000")
    assert filled.append(Batch.of(draft())).positions == (13 + appended,)
    assert list(filled.faults()) == []


FILLER = """
import sys, pathlib
from ledger.entry import Batch, Draft
from ledger.errors import Refused
from ledger.events.crops import CropWithdrawn
from ledger.log import Ledger
with Ledger.open(pathlib.Path(sys.argv[1])) as ledger:
    print("open", flush=True)
    sys.stdin.readline()
    try:
        for number in range(100000):
            draft = Draft("image/a", CropWithdrawn("x" * 2000), "operator:anna", "2025-10-27T16:00:00.000000Z", "r")
            print(ledger.append(Batch.of(draft)).positions[0], flush=True)
    except Refused as error:
        print(error, flush=True)
"""


def test_a_file_that_may_not_grow_refuses_and_loses_nothing(filled):
    """The process's file size limit stands in for the disk: the write fails in the kernel."""
    filled.close()

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    writer = python(FILLER, filled.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=limit)
    *acknowledged, refusal = writer.communicate("go\n")[0].split("\n")[1:-1]
    assert "disk" in refusal
    assert acknowledged
    with Ledger.open(filled.path) as opened:
        assert opened.head().position >= int(acknowledged[-1])
        assert list(opened.faults()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_refuses_and_loses_nothing(tmp_path, draft):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("this machine does not let root mount")
    try:
        appended = 0
        with Ledger.create(disk / "ledger.db") as ledger:
            with pytest.raises(Refused, match="disk"):
                for _ in range(2000):
                    ledger.append(Batch.of(draft("image/a", "x" * 2000)))
                    appended += 1
            assert ledger.head().position == appended
            assert len(ledger.read()) == appended > 10
        subprocess.run(["mount", "-o", "remount,size=8m", disk], check=True)
        with Ledger.open(disk / "ledger.db") as ledger:
            assert ledger.append(Batch.of(draft())).positions == (appended + 1,)
            assert list(ledger.faults()) == []
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


READER = """
import os, sys, pathlib
from ledger.entry import Batch, Draft
from ledger.errors import CropledgerError
from ledger.events.crops import CropWithdrawn
from ledger.log import Ledger
draft = Draft("image/a", CropWithdrawn(), "operator:anna", "2025-10-27T16:00:00.000000Z", "r")
import ledger.codec, encodings.idna, traceback, linecache  # while the sources can be read
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    with Ledger.open(pathlib.Path(sys.argv[1])) as ledger:
        print(ledger.head().position, flush=True)
        ledger.append(Batch.of(draft))
except CropledgerError as error:
    print(type(error).__name__, error, flush=True)
"""


@pytest.fixture
def shared_place():
    """A directory that other users can reach, which pytest's own is not."""
    import shutil
    import tempfile

    place = Path(tempfile.mkdtemp(prefix="cropledger-"))
    place.chmod(0o755)
    yield place
    place.chmod(0o755)
    shutil.rmtree(place)


@pytest.mark.parametrize("held", [True, False], ids=["while it is in use", "at rest"])
def test_who_may_not_write_is_refused_and_told(filled, shared_place, held):
    path = shared_place / "ledger.db"
    filled.copy_to(path)
    path.chmod(0o444)
    holder = Ledger.open(path) if held and os.geteuid() == 0 else None
    if os.geteuid() != 0:
        shared_place.chmod(0o555)
    said = python(READER, path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).communicate()[0]
    if holder:
        holder.close()
    assert "Refused" in said.splitlines()[-1], said
    assert "ledger.db" in said
    path.chmod(0o644)


def test_the_commit_is_flushed_before_it_is_acknowledged(ledger):
    assert ledger._connection.pragma("synchronous") == 2
    assert ledger._connection.pragma("journal_mode") == "wal"
    assert log.Ledger is Ledger
