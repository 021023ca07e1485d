"""Sittings as the pages record them: they begin with the first act, not with a look, and belong to one person."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from ledger.entry import Batch, Draft
from ledger.events.sittings import SittingStarted
from ledger.log import Ledger
from ledger.values import directory_subject, instant, sitting_subject
from tests.web.asking import begun


@pytest.fixture
def asker(made_server):
    return begun(made_server)


def log(server, kind=None):
    rows = [json.loads(line) for line in server.crop("log", "--json").splitlines()]
    return [row for row in rows if kind is None or row["type"].startswith(kind)]


def sat(server):
    return server.get("/tables/sittings?format=json").json()


def marked(asker, **more):
    [image] = asker.next(1)
    answer = asker.mark(asker.decision(image), **more)
    assert answer.json()["results"][0]["refused"] is None, answer.text


def test_looking_and_marking_nothing_is_no_sitting(asker):
    asker.next()
    asker.post("leave", ends=True)

    assert log(asker.server, "sitting.") == []
    assert sat(asker.server) == []


def test_a_sitting_begins_with_the_first_mark_at_the_moment_the_directory_was_opened(asker):
    looked = datetime.now(UTC)
    asker.post("open")
    time.sleep(0.2)
    marked(asker)
    marked(asker, id="batch-number-two")

    [started] = log(asker.server, "sitting.started")
    first = log(asker.server, "crop.recorded")[0]
    assert started["position"] < first["position"]
    began, decided = (datetime.fromisoformat(each["occurred_at"]) for each in (started, first))
    assert looked <= began <= decided - timedelta(seconds=0.2)
    assert started["data"]["decided"] == 0
    [row] = sat(asker.server)
    assert (row["who"], row["images"], row["ended"]) == ("ann", 2, "now")


def test_a_sitting_does_not_begin_longer_before_the_first_mark_than_a_pause_that_counts(made_server):
    config = made_server.home / "config.toml"
    config.write_text(config.read_text() + "\nidle_threshold_s = 0.5\n")
    asker = begun(made_server)
    time.sleep(0.6)  # longer than a pause
    at = datetime.now(UTC)
    marked(asker, at=at.timestamp() * 1000)

    [started] = log(made_server, "sitting.started")
    assert at - timedelta(seconds=0.51) <= datetime.fromisoformat(started["occurred_at"]) <= at


def test_marks_that_waited_for_the_server_are_in_the_sitting_that_they_begin(asker):
    ago = datetime.now(UTC) - timedelta(minutes=20)
    marked(asker, at=ago.timestamp() * 1000)

    [row] = sat(asker.server)
    assert row["images"] == 1


def test_another_sitting_begins_after_the_one_that_was_ended_elsewhere(asker):
    marked(asker)
    asker.server.crop("sitting", "end")
    marked(asker, id="batch-number-two")

    assert [row["type"] for row in log(asker.server, "sitting.")] == [
        "sitting.started", "sitting.ended", "sitting.started",
    ]  # fmt: skip
    assert [row["images"] for row in sat(asker.server)] == [1, 1]


def test_getting_up_ends_the_sitting_once(asker):
    marked(asker)
    asker.post("leave", ends=True)
    asker.post("leave", ends=True)

    [ended] = log(asker.server, "sitting.ended")
    assert not ended["data"]["interrupted"]


def test_a_sitting_of_yesterday_is_not_ended_today_by_who_only_looks(asker):
    place = str(asker.server.root / "photos")
    subject = directory_subject(place)
    yesterday = instant(datetime.now(UTC) - timedelta(days=1))
    with Ledger.open(asker.server.home / "ledger.db") as ledger:
        sitting = sitting_subject("operator:ann", subject)
        ledger.append(
            Batch.of(Draft(sitting, SittingStarted(place, subject, "p", 7, 0), "operator:ann", yesterday, "c"))
        )
    asker.post("open")
    asker.post("leave", ends=True)
    assert log(asker.server, "sitting.ended") == []

    marked(asker)
    [ended] = log(asker.server, "sitting.ended")
    assert ended["data"]["interrupted"]
    assert ended["data"]["ended_at"] == yesterday


def test_each_person_sits_for_themselves(asker):
    marked(asker)
    [image] = asker.next(1)
    told = asker.post("marks", id="batch-of-bob", at=0, decisions=[asker.decision(image)], operator="bob")
    assert told.status == 200

    assert sorted(row["who"] for row in sat(asker.server)) == ["ann", "bob"]
