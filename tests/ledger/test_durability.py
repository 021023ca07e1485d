"""What was acknowledged is there after a power cut, and nothing is there by half.

A file system of our own stands under SQLite and keeps a journal of what was written and what was flushed. From it
every state is made that a power cut could leave: the flushed writes are on the disk, of the others any part, whole or
torn. Each state is opened like any ledger after a crash.
"""

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

import ledger as package
from db.lock import WriterLock
from ledger import log
from ledger.entry import Batch, Draft
from ledger.errors import Damaged
from ledger.events.crops import CropWithdrawn
from ledger.log import Ledger
from ledger.values import Instant

SOURCES = str(Path(package.__file__).parents[1])
NAME = "remembering"
SECTOR = 512
WHEN = Instant("2025-10-27T16:00:00.000000Z")


class Remembering(apsw.VFS):
    """The real file system, which notes what happens to the ledger's file and its WAL."""

    def __init__(self):
        self.happened = []
        super().__init__(NAME, "")

    def xOpen(self, name, flags):  # noqa: N802  # apsw's name
        return File(self, name, flags)

    def xDelete(self, name, sync):  # noqa: N802  # as above
        self.happened.append(("delete", name, None, None))
        super().xDelete(name, sync)


class File(apsw.VFSFile):
    """One file of it."""

    def __init__(self, vfs, name, flags):
        self.vfs, self.name = vfs, name.filename() if isinstance(name, apsw.URIFilename) else name
        super().__init__("", name, flags)

    def xWrite(self, data, offset):  # noqa: N802  # as above
        self.vfs.happened.append(("write", self.name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size):  # noqa: N802  # as above
        self.vfs.happened.append(("truncate", self.name, size, None))
        super().xTruncate(size)

    def xSync(self, flags):  # noqa: N802  # as above
        super().xSync(flags)
        self.vfs.happened.append(("sync", self.name, None, None))


@pytest.fixture
def journal(tmp_path, monkeypatch):
    """Let ledgers be opened on a file system that remembers; answers with what happened, and how to open one."""
    vfs = Remembering()
    real = log.open_live

    def opened(**how):
        monkeypatch.setattr(
            log, "open_live", lambda path, *, synchronous: real(path, vfs=NAME, **{"synchronous": synchronous, **how})
        )
        (tmp_path / "first").mkdir(exist_ok=True)
        return Ledger.create(tmp_path / "first" / "ledger.db")

    yield vfs.happened, opened
    monkeypatch.undo()
    vfs.unregister()


def written(happened, open_, commits, checkpoint_every=3, **how):
    """Append some batches; answers with (how much had happened, what was acknowledged) after each."""
    ledger = open_(**how)
    acknowledged = [(len(happened), 0)]
    for number in range(commits):
        ledger.append(Batch(tuple(a_draft(f"image/{number}", each) for each in range(1 + number % 3))))
        acknowledged.append((len(happened), ledger.head().position))
        if number % checkpoint_every == checkpoint_every - 1:
            ledger._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
    ledger.close()
    return acknowledged


def a_draft(subject, number):
    return Draft(subject, CropWithdrawn(f"{number} " + "x" * 200), "operator:anna", WHEN, "r")


def states(happened, dice, each):
    """Disks that a cut at any moment could leave: (how much had happened, file -> bytes)."""
    for cut in range(len(happened) + 1):
        pending = unflushed(happened[:cut])
        everything = frozenset(range(cut))
        choices = [everything, everything - pending]
        choices += [
            everything - frozenset(one for one in pending if dice.random() < 0.5) for _ in range(each if pending else 0)
        ]
        for kept in dict.fromkeys(choices):
            yield cut, disk(happened[:cut], kept, None)
        if pending:
            torn = dice.choice(sorted(pending))
            yield cut, disk(happened[:cut], everything, (torn, dice.randrange(0, 9)))


def unflushed(happened):
    pending = {}
    for number, (what, name, _, _) in enumerate(happened):
        if what == "sync":
            pending[name] = set()
        elif what != "delete":
            pending.setdefault(name, set()).add(number)
    return frozenset(itertools.chain(*pending.values()))


def disk(happened, kept, torn):
    """The files, where of the writes only `kept` arrived, and of the torn one only some sectors."""
    files = {}
    for number, (what, name, offset, data) in enumerate(happened):
        file = files.setdefault(name, bytearray())
        if what == "delete":
            files.pop(name)
        elif number not in kept:
            continue
        elif what == "truncate":
            del file[offset:]
        elif what == "write":
            part = data[: torn[1] * SECTOR] if torn and torn[0] == number else data
            file.extend(bytes(max(0, offset + len(part) - len(file))))
            file[offset : offset + len(part)] = part
    return files


def bad_states(happened, acknowledged, place, dice, each=2):
    """How many states lose an acknowledged entry, hold a part of a batch, or fail the audit; of how many."""
    bad = count = 0
    begun = acknowledged[0][0]
    whole = {position for _, position in acknowledged}
    for cut, files in states(happened, dice, each):
        if cut < begun:
            continue  # the ledger itself is still being made
        count += 1
        owed = max(position for moment, position in acknowledged if moment <= cut)
        for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
            (place / name).unlink(missing_ok=True)
        for name, content in files.items():
            if not name.endswith("-shm"):
                (place / Path(name).name).write_bytes(content)
        bad += is_bad(place / "ledger.db", owed, whole)
    return bad, count


def is_bad(path, owed, whole):
    try:
        with Ledger.open(path) as ledger:
            head = ledger.head().position
            return head < owed or head not in whole or [*ledger.faults()] != []
    except Damaged:
        return True


def cut(journal, place, commits, each, seed=1, **how):
    happened, open_ = journal
    acknowledged = written(happened, open_, commits, **how)
    place.mkdir()
    return bad_states(happened, acknowledged, place, random.Random(seed), each)  # noqa: S311  # repeatable, not secret


def test_no_power_cut_loses_what_was_acknowledged(journal, tmp_path):
    bad, count = cut(journal, tmp_path / "after", commits=7, each=1)
    assert count > 100
    assert bad == 0


def test_the_same_search_finds_what_weaker_flushing_would_lose(journal, tmp_path):
    bad, _ = cut(journal, tmp_path / "after", commits=4, each=1, synchronous="NORMAL")
    assert bad > 5


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(4))
def test_no_power_cut_of_thousands_loses_what_was_acknowledged(journal, tmp_path, seed):
    bad, count = cut(journal, tmp_path / "after", commits=40, each=4, seed=seed)
    assert count > 2000
    assert bad == 0


# -- kill -9

APPENDER = """
import itertools, sys
from pathlib import Path
from ledger.entry import Batch, Draft
from ledger.events.crops import CropWithdrawn
from ledger.log import Ledger
with Ledger.open(Path(sys.argv[1])) as ledger:
    for number in itertools.count():
        size = 1 + number % 4
        draft = lambda: Draft(f"batch/{size}", CropWithdrawn("x" * 300), "operator:anna", sys.argv[2], "r")
        print(ledger.append(Batch(tuple(draft() for _ in range(size)))).positions[-1], flush=True)
"""


def killed(path, after_s):
    """Kill an appending process after a while; answers with the last position it acknowledged."""
    env = {**os.environ, "PYTHONPATH": SOURCES}
    appender = subprocess.Popen(
        [sys.executable, "-c", APPENDER, path, WHEN], env=env, stdout=subprocess.PIPE, text=True
    )
    said = [appender.stdout.readline()]
    time.sleep(after_s)
    appender.send_signal(signal.SIGKILL)
    said += appender.communicate()[0].splitlines(keepends=True)
    return int([line for line in said if line.endswith("\n")][-1])


def kill_often(path, times, seed):
    dice = random.Random(seed)  # noqa: S311  # repeatable, not secret
    Ledger.create(path).close()
    for _ in range(times):
        acknowledged = killed(path, dice.uniform(0, 0.1))
        lock = WriterLock(path.with_name("ledger.db.lock"), timeout_s=1)
        with lock:  # free, though its holder had no time to let go
            pass
        lock.close()
        with Ledger.open(path) as ledger:
            assert ledger.head().position >= acknowledged
            assert [*ledger.faults()] == []
            for size in range(1, 5):
                assert len(ledger.history(f"batch/{size}")) % size == 0  # no batch by half


def test_what_was_acknowledged_survives_kill_9(tmp_path):
    kill_often(tmp_path / "ledger.db", times=5, seed=7)


@pytest.mark.campaign
def test_what_was_acknowledged_survives_kill_9_two_hundred_times(tmp_path):
    kill_often(tmp_path / "ledger.db", times=200, seed=8)
