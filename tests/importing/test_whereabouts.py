"""Where the images of waiting crops are by now: where they were, elsewhere below the roots, or nowhere."""

import pytest

from tests.importing.queued import line, lines, owed


def test_an_image_that_was_moved_is_found_by_its_name_and_size(desk, images):
    images("elsewhere/q.png")
    images("other/q.png", size=(80, 40))
    report = desk.bring(lines(line(desk)), "pending.jsonl", queue=True)
    assert (report.accepted, report.owed) == (1, 1)
    [(_, _, _, _, warnings)] = owed(desk)
    assert "found_elsewhere" in warnings
    assert desk.rows("SELECT directory FROM queue") == [(str(desk.folder / "elsewhere"),)]
    assert desk.bring(lines(line(desk)), "pending.jsonl", queue=True).known == 1


@pytest.mark.parametrize(
    ("others", "change", "reason"),
    [
        ([], {}, "missing"),
        (["x/r.png"], {}, "missing"),
        (["x/q.png", "y/q.png"], {}, "ambiguous"),
        (["x/q.png"], {"width": None, "height": None}, "missing"),
        (["x/q.png"], {"width": 801}, "missing"),
    ],
)
def test_an_image_that_is_gone_is_set_aside_and_never_guessed(desk, images, others, change, reason):
    images(*others)
    report = desk.bring(lines(line(desk, **change)), "pending.jsonl", queue=True)
    assert (report.quarantined, report.owed) == ({reason: 1}, 0)
    assert owed(desk) == []


def test_an_image_in_the_archive_of_home_is_no_find(desk, images):
    images("home/originals/q.png")
    assert desk.bring(lines(line(desk)), "pending.jsonl", queue=True).quarantined == {"missing": 1}


def test_an_image_of_another_size_is_set_aside(desk, images):
    images("q.png", size=(400, 200))
    assert desk.bring(lines(line(desk)), "pending.jsonl", queue=True).quarantined == {"refused": 1}
