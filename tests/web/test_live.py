"""The live stream: what happened comes once, in order, whoever wrote it and however often a page comes back."""

import http.client
import json

import pytest
from PIL import Image


class Stream:
    """One listening page."""

    def __init__(self, server, after=None, last_seen=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        headers = {} if last_seen is None else {"Last-Event-ID": str(last_seen)}
        self.connection.request("GET", "/live" if after is None else f"/live?after={after}", headers=headers)
        self.answer = self.connection.getresponse()

    def entries(self, count):
        """The next so many entries, and the id of the message that brought the last of them."""
        found, last = [], None
        while len(found) < count:
            line = self.answer.readline().decode()
            if line.startswith("id: "):
                last = int(line[4:])
            if line.startswith("data: "):
                found += json.loads(line[6:])
        return found, last

    def close(self):
        self.answer.close()
        self.connection.close()


@pytest.fixture
def busy(server, tmp_path):
    """A server, and what records so many crops beside it."""
    photos = tmp_path / "photos"
    photos.mkdir()
    made = iter(range(10_000))

    def mark(count):
        lines = []
        for number in (next(made) for _ in range(count)):
            Image.new("L", (9, 9), number % 256).save(photos / f"{number}.png")
            lines.append(
                {"created_at": "2026-01-05T12:00:00+00:00", "project_id": "p", "group_id": "g", "width": 9, "height": 9,
                 "filename": f"{number}.png", "dir": str(photos), "crop_norm": [0.1, 0.1, 0.9, 0.9]}
            )  # fmt: skip
        marks = tmp_path / "marks.jsonl"
        marks.write_text("".join(json.dumps(line) + "\n" for line in lines))
        server.crop("record", "--from", marks)

    return server, mark


def test_a_page_is_told_what_came_after_the_position_it_shows(busy):
    server, mark = busy
    mark(3)
    stream = Stream(server, after=1)

    found, last = stream.entries(2)

    assert [entry["position"] for entry in found] == [2, 3]
    assert last == 3
    assert (found[0]["type"], found[0]["actor"]) == ("crop.recorded", "operator:ann")
    stream.close()


def test_without_a_position_it_is_told_what_comes_from_now_on(busy):
    server, mark = busy
    mark(2)
    stream = Stream(server)

    mark(1)

    assert [entry["position"] for entry in stream.entries(1)[0]] == [3]
    stream.close()


def test_coming_back_again_and_again_it_misses_nothing_and_hears_nothing_twice(busy):
    server, mark = busy
    heard, last = [], 0
    for count in (1, 5, 250, 2):
        mark(count)
        stream = Stream(server, after=0, last_seen=last)
        found, last = stream.entries(count)
        heard += [entry["position"] for entry in found]
        stream.close()

    assert heard == list(range(1, 259))


def test_all_pages_hear_the_same(busy):
    server, mark = busy
    streams = [Stream(server, after=0) for _ in range(5)]

    mark(4)

    assert len({tuple(entry["position"] for entry in stream.entries(4)[0]) for stream in streams}) == 1
    for stream in streams:
        stream.close()


def test_pages_beyond_the_limit_are_told_to_wait_and_places_become_free(server):
    from web.live import STREAMS

    streams = [Stream(server) for _ in range(STREAMS)]
    assert {stream.answer.status for stream in streams} == {200}

    late = Stream(server)
    assert late.answer.status == 503
    late.close()
    for stream in streams:
        stream.close()


def test_a_position_ahead_of_the_ledger_waits_for_it(busy):
    server, mark = busy
    stream = Stream(server, after=2)

    mark(3)

    assert [entry["position"] for entry in stream.entries(1)[0]] == [3]
    stream.close()
