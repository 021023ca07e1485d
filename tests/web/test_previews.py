"""The decoding processes, and what is kept of their work."""

import asyncio
import hashlib
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from imaging.problems import Unusable
from web import preview_process
from web.preview_process import Made, PreviewProcess
from web.previews import AHEAD, SHOWN, Previews, Shelf


@pytest.fixture
def process():
    made = PreviewProcess()
    yield made
    made.close()


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "a photo é.png"
    Image.effect_noise((300, 200), 50).save(path)
    return path


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _pretend(monkeypatch, tmp_path, text):
    """The decoding process does something else than decode."""
    script = tmp_path / "pretend.py"
    script.write_text(text)
    popen = preview_process.subprocess.Popen
    monkeypatch.setattr(
        preview_process.subprocess, "Popen", lambda _, **options: popen([sys.executable, script], **options)
    )


def test_a_preview_comes_with_the_hash_of_what_it_shows(process, photo):
    made = process.make(photo)

    assert made.sha256 == _sha256(photo)
    assert made.jpeg.startswith(b"\xff\xd8")


def test_one_process_answers_many(process, photo, tmp_path):
    process.make(photo)
    first = process._process.pid
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")

    with pytest.raises(Unusable, match="PNG"):
        process.make(tmp_path / "broken.png")
    with pytest.raises(Unusable, match="no such file"):
        process.make(tmp_path / "nothing.png")
    process.make(photo)

    assert process._process.pid == first


def test_a_fifo_is_no_image_and_holds_nobody_up(process, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")

    with pytest.raises(Unusable, match="not a regular file"):
        process.make(tmp_path / "pipe.png")


def test_a_file_that_kills_the_decoder_is_refused_and_the_next_is_shown(process, photo, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        _pretend(patched, tmp_path, "import os, sys; sys.stdin.readline(); os.abort()")
        with pytest.raises(Unusable, match="it kills the decoder"):
            process.make(photo)

    assert process.make(photo).sha256 == _sha256(photo)


def test_half_an_answer_is_none(process, photo, tmp_path, monkeypatch):
    _pretend(monkeypatch, tmp_path, 'import sys; sys.stdin.readline(); print(\'{"sha256": "0", "length": 9}\')')

    with pytest.raises(Unusable, match="it kills the decoder"):
        process.make(photo)


def test_a_file_that_takes_too_long_is_given_up(photo, tmp_path, monkeypatch):
    process = PreviewProcess(within_s=0.2)
    _pretend(monkeypatch, tmp_path, "import time; time.sleep(60)")

    with pytest.raises(Unusable, match="takes more than"):
        process.make(photo)

    assert process._process is None


def test_a_process_that_died_between_two_images_is_replaced(process, photo):
    process.make(photo)
    process._process.send_signal(signal.SIGKILL)
    process._process.wait()

    assert process.make(photo).sha256 == _sha256(photo)


def test_the_process_may_not_take_all_memory(process, photo):
    process.make(photo)

    if sys.platform != "linux":
        pytest.skip("limits are read from /proc")
    limits = Path(f"/proc/{process._process.pid}/limits").read_text("ascii")
    [line] = [line for line in limits.splitlines() if line.startswith("Max address space")]
    assert int(line.split()[3]) == 2 << 30


def test_modules_of_the_directory_where_the_server_began_are_not_taken(process, photo, tmp_path, monkeypatch):
    (tmp_path / "imaging").mkdir()
    (tmp_path / "imaging" / "__init__.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)

    assert process.make(photo).sha256 == _sha256(photo)


# -- the shelf ----------------------------------------------------------------------------------------------------


JPEG = b"\xff\xd8 picture \xff\xd9"


def test_what_was_made_is_kept_by_hash(tmp_path):
    shelf = Shelf(tmp_path / "previews", 1000)
    shelf.put(Made("ab" * 32, JPEG))

    assert shelf.get("ab" * 32) == JPEG
    assert shelf.get("cd" * 32) is None
    assert [path.name for path in (tmp_path / "previews").rglob("*.*")] == ["ab" * 31 + ".jpg"]


def test_a_preview_that_was_cut_off_is_made_again(tmp_path):
    shelf = Shelf(tmp_path, 1000)
    for torn in (b"", JPEG[:-2], bytes(len(JPEG))):
        shelf.put(Made("ab" * 32, torn))

        assert shelf.get("ab" * 32) is None


def test_the_least_recently_used_make_room(tmp_path):
    shelf = Shelf(tmp_path, 3 * len(JPEG))
    for number in range(5):
        shelf.put(Made(f"{number}" * 64, JPEG))
        os.utime(shelf._place(f"{number}" * 64), ns=(number, number))
    shelf.get("0" * 64)

    shelf.prune()

    assert [number for number in range(5) if shelf.get(f"{number}" * 64)] == [0, 3, 4]


def test_a_full_disk_costs_time_and_nothing_else(tmp_path, monkeypatch):
    shelf = Shelf(tmp_path, 1000)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    shelf.put(Made("ab" * 32, JPEG))

    assert shelf.get("ab" * 32) is None


# -- the queue ----------------------------------------------------------------------------------------------------


class Decoder:
    """Stands in for the process: says what it was asked, and waits until it may answer."""

    def __init__(self):
        self.asked = []
        self.may = True

    def make(self, path):
        self.asked.append(path.name)
        while not self.may:
            time.sleep(0.005)
        if "broken" in path.name:
            raise Unusable(f"{path.name} is broken", reason="unreadable")
        return Made(path.name * 2, JPEG)

    def kill(self):
        self.may = True

    def close(self):
        pass


@pytest.fixture
def decoder(monkeypatch):
    made = Decoder()
    monkeypatch.setattr("web.previews.PreviewProcess", lambda: made)
    return made


def _run(tmp_path, story, at_once=1):
    async def told():
        previews = Previews(Shelf(tmp_path / "shelf", 10_000), at_once)
        try:
            return await asyncio.wait_for(story(previews), 20)
        finally:
            await previews.close()

    with ThreadPoolExecutor(1) as thread:  # a browser for other tests may have a loop in this one
        return thread.submit(asyncio.run, told()).result()


def test_it_is_made_once_and_then_found(tmp_path, decoder):
    async def story(previews):
        both = await asyncio.gather(previews.of(tmp_path / "aa", "aaaa"), previews.of(tmp_path / "aa", "aaaa"))
        return [*both, await previews.of(tmp_path / "aa", "aaaa")]

    assert _run(tmp_path, story) == [JPEG] * 3
    assert decoder.asked == ["aa"]


def test_what_is_shown_now_comes_before_what_is_shown_some_time(tmp_path, decoder):
    decoder.may = False

    async def story(previews):
        for name in ("aa", "bb", "cc"):
            previews.ahead(tmp_path / name, name * 2)
        while not decoder.asked:
            await asyncio.sleep(0.005)
        waiting = asyncio.create_task(previews.of(tmp_path / "cc", "cccc"))
        await asyncio.sleep(0.05)
        decoder.may = True
        await waiting
        return decoder.asked[:2]

    assert _run(tmp_path, story) == ["aa", "cc"]
    assert SHOWN < AHEAD


def test_a_problem_is_told_to_who_asks_and_to_nobody_else(tmp_path, decoder):
    async def story(previews):
        previews.ahead(tmp_path / "broken", "bbbb")
        await asyncio.sleep(0.05)
        with pytest.raises(Unusable, match="is broken"):
            await previews.of(tmp_path / "broken", "bbbb")
        return await previews.of(tmp_path / "aa", "aaaa")

    assert _run(tmp_path, story) == JPEG


def test_closing_does_not_wait_for_a_decoder_that_hangs(tmp_path, decoder):
    decoder.may = False

    async def story(previews):
        previews.ahead(tmp_path / "aa", "aaaa")
        while not decoder.asked:
            await asyncio.sleep(0.005)

    _run(tmp_path, story)
