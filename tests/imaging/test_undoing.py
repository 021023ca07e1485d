"""What undo brings back, and what it refuses to replace."""

import errno
from contextlib import suppress
from pathlib import Path

import pytest
from attrs import evolve

from imaging.problems import Unusable
from imaging.undo import undo
from tests.imaging.settling import refused, without_archive


def test_undo_needs_the_archived_original(desk, started):
    executed = desk.crop(started)
    kept = Path(started.archive)
    kept.chmod(0o600)
    raw = kept.read_bytes()
    kept.write_bytes(raw[:-1])
    before = desk.files()
    refused(lambda: undo(executed, started), "verification")
    assert desk.files() == before
    kept.unlink()
    refused(lambda: undo(executed, started), "missing", "archived original")


def test_undo_keeps_a_crop_that_was_edited(desk, started):
    executed = desk.crop(started)
    Path(started.output).write_bytes(b"edited")
    before = desk.files()
    refused(lambda: undo(executed, started), "changed", "edited since")
    assert desk.files() == before


@pytest.mark.parametrize("name", ["a.png", "a.txt"])
@pytest.mark.parametrize("content", [b"", b"another"])
def test_undo_never_replaces_what_took_the_old_place(desk, started, name, content):
    executed = desk.crop(started)
    (desk.photos / name).write_bytes(content)
    before = desk.files()
    refused(lambda: undo(executed, started), "destination_exists")
    assert desk.files() == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize("step", ["open", "write", "link", "fsync"])
@pytest.mark.parametrize("after", [0, 1])
def test_an_undo_that_fails_can_be_done_again(desk, started, faults, code, step, after):
    before = without_archive(desk.files())
    executed = desk.crop(started)
    faults.failing(step, code, after=after)
    with suppress(Unusable):
        undo(executed, started)
    faults.lift()
    undo(executed, started)
    assert without_archive(desk.files()) == before


def test_undo_twice_is_undo_once(desk, started):
    executed = desk.crop(started)
    first = undo(executed, started)
    files = desk.files()
    second = undo(executed, started)
    assert desk.files() == files
    assert (first.source, first.output, len(first.companions)) == (started.source, started.output, 1)
    assert evolve(second, companions=()) == evolve(first, companions=())


def test_undo_goes_on_without_a_crop_or_companion_that_was_deleted(desk, source, started):
    raw = source.read_bytes()
    executed = desk.crop(started)
    Path(started.output).unlink()
    Path(started.companions[0].destination).unlink()
    assert undo(executed, started).companions == ()
    assert source.read_bytes() == raw


def test_undo_brings_an_edited_companion_back_as_edited(desk, started):
    executed = desk.crop(started)
    Path(started.companions[0].destination).write_text("a better caption")
    undo(executed, started)
    assert (desk.photos / "a.txt").read_text() == "a better caption"
