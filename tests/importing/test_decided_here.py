"""Marks that are imported, and what operators decided here: who decides here goes first."""

import pytest

from commands.crops import SkipImage, WithdrawCrop
from commands.decider import Request
from commands.finding import subject_for
from commands.handle import handle
from commands.recording.marks import Mark
from commands.recording.recording import Asked, Recorder
from imaging.zones import Zones
from ledger.values import Box, image_subject
from tests.importing.conftest import NOW
from tests.importing.queued import BOX, batch, line, lines, marked, owed


def test_a_newer_mark_on_an_image_that_was_skipped_here_is_told_and_no_fact(desk, images):
    images("q.png")
    path = str(desk.folder / "q.png")
    skip = SkipImage(image_subject("p", path), "p", path)
    earlier = Request(skip, "operator:ann", "c", at="2025-11-01T10:00:00.000000Z")
    handle(earlier, ledger=desk.ledger, now=NOW)
    report = desk.bring(lines(line(desk)), "pending.jsonl", queue=True)
    assert (report.quarantined, report.owed, len(desk.entries())) == ({"refused": 1}, 0, 1)


def test_an_older_mark_on_an_image_that_was_decided_here_is_noted_and_not_owed(desk, images):
    images("q.png")
    path = str(desk.folder / "q.png")
    handle(Request(SkipImage(image_subject("p", path), "p", path), "operator:ann", "c"), ledger=desk.ledger, now=NOW)
    report = desk.bring(lines(line(desk)), "pending.jsonl", queue=True)
    assert (report.accepted, report.owed, owed(desk)) == (1, 0, [])


def test_a_mark_recorded_here_that_comes_back_from_an_export_is_no_fact(desk, images):
    images("q.png")
    recorder = Recorder(desk.ledger, desk.projections(), Zones.of(desk.folder))
    marked = Mark("p", str(desk.folder / "q.png"), BOX, at="2025-11-02T10:00:00.000000Z")
    recorder.record([marked], Asked("operator:ann", "c", NOW))
    report = desk.bring(lines(line(desk)), "pending.jsonl", queue=True)
    assert (report.known, len(desk.entries())) == (1, 1)


@pytest.mark.parametrize("order", [1, -1])
def test_a_mark_by_an_operator_and_evidence_at_its_place_stay_one_image(desk, images, order):
    """What is known of the image from a queue must not lead the next mark to another subject."""
    images("a.png")
    place = desk.folder / "a.png"

    def mark() -> None:
        recorder = Recorder(desk.ledger, desk.projections(), Zones.of(desk.folder))
        recorder.record([Mark("p", str(place), BOX)], Asked("operator:ann", "c", NOW))

    def bring() -> None:
        desk.bring(lines(batch(desk, "a.png", status="completed")), "crop_queue.jsonl", queue=True)

    for step in [mark, bring][::order]:
        step()
    [(subject,)] = desk.rows("SELECT subject FROM queue")
    assert subject_for(place, "p", desk.projections()) == subject


def test_a_mark_that_was_withdrawn_here_does_not_come_back(desk, images):
    images("q.png")
    desk.bring(lines(line(desk)), "pending.jsonl", queue=True)
    *_, entry = desk.entries()
    handle(Request(WithdrawCrop(entry.subject), "operator:ann", "c"), ledger=desk.ledger, now=NOW)
    assert desk.bring(lines(line(desk)), "pending.jsonl", queue=True).known == 1
    assert owed(desk) == []


def test_what_an_operator_marked_since_is_not_taken_back_by_an_import(desk, images):
    images("a.png")
    desk.bring(lines(batch(desk, "a.png")), "crop_queue.jsonl", queue=True)
    marked(desk, "a.png", Box(0, 0, 0.25, 0.25))
    desk.bring(lines(batch(desk, "a.png", status="completed")), "crop_queue.jsonl", queue=True)
    assert [row[3] for row in owed(desk)] == ["operator:ann"]


def test_an_old_export_of_a_mark_that_was_replaced_here_says_nothing_new(desk, images):
    images("q.png")
    marked(desk, "q.png", BOX)
    [(at,)] = desk.rows("SELECT marked_at FROM queue")
    marked(desk, "q.png", Box(0, 0, 0.5, 0.5))
    head = desk.ledger.head()
    report = desk.bring(lines(line(desk, created_at=at)), "pending.jsonl", queue=True)
    assert (report.known, report.owed, desk.ledger.head()) == (1, 0, head)
