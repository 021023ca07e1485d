"""What the tests of commit, recovery and undo have in common."""

from pathlib import Path

import pytest

from imaging.commit import recover
from imaging.problems import Unusable
from ledger.values import PixelBox

BOX = PixelBox(2, 1, 9, 8)


def refused(call, reason, match="."):
    with pytest.raises(Unusable, match=match) as caught:
        call()
    assert caught.value.reason == reason
    return caught.value


def without_archive(files):
    return {name: content for name, content in files.items() if not name.startswith("home/")}


def killed_before_the_end(desk, started, faults):
    """A crop whose source is gone and whose temporary name still stands."""
    step = 0
    while True:
        if not faults.kill(lambda: desk.crop(started), step):
            pytest.fail("the crop never came to that point")
        if not Path(started.source).exists():
            return
        assert recover(started) is None
        step += 1
