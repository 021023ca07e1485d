"""The ledger backwards: page by page, nothing missed and nothing twice."""

from datetime import UTC, datetime, timedelta

import pytest

from commands import browsing
from commands.browsing import Wanted, latest
from ledger.entry import Batch, Draft
from ledger.errors import Invalid
from ledger.events.crops import CropRetried, CropWithdrawn
from ledger.log import Ledger
from ledger.values import instant

MORNING = datetime(2025, 10, 27, 9, 0, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path):
    """25 entries; every fifth is a retry."""
    with Ledger.create(tmp_path / "ledger.db") as opened:
        drafts = [
            Draft(
                f"image/{number % 3}", CropRetried() if number % 5 == 0 else CropWithdrawn(), "operator:ann",
                instant(MORNING + timedelta(minutes=number)), f"request-{number // 10}",
            )
            for number in range(1, 26)
        ]  # fmt: skip
        opened.append(Batch(tuple(drafts)))
        yield opened


def pages(ledger, wanted, limit):
    before, found = None, []
    while True:
        page = latest(ledger, wanted, before=before, limit=limit)
        found.append([entry.position for entry in page.entries])
        before = page.before
        if before is None:
            return found


def together(found):
    return [position for page in found for position in page]


def test_page_by_page_everything_comes_once_the_newest_first(ledger):
    found = pages(ledger, Wanted(), 10)

    assert [len(page) for page in found] == [10, 10, 5]
    assert together(found) == list(range(25, 0, -1))


@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_also_of_what_is_rare(ledger, limit):
    found = pages(ledger, Wanted(type="crop.retried"), limit)

    assert together(found) == [25, 20, 15, 10, 5]
    assert max(map(len, found)) <= limit


def test_one_subject_and_one_request_have_their_pages_too(ledger):
    assert together(pages(ledger, Wanted(subject="image/0"), 3)) == [24, 21, 18, 15, 12, 9, 6, 3]
    assert together(pages(ledger, Wanted(correlation="request-0"), 4)) == list(range(9, 0, -1))


def test_where_little_fits_the_rest_is_for_who_asks_on(ledger, monkeypatch):
    monkeypatch.setattr(browsing, "LOOKED_AT_MOST", 4)

    found = pages(ledger, Wanted(type="crop.retried"), 10)

    assert together(found) == [25, 20, 15, 10, 5]
    assert len(found) > 5


def test_time_begins_with_since_and_ends_before_until(ledger):
    wanted = Wanted(since=instant(MORNING + timedelta(minutes=3)), until=instant(MORNING + timedelta(minutes=5)))

    assert pages(ledger, wanted, 10) == [[4, 3]]


def test_a_type_there_is_not_is_invalid(ledger):
    with pytest.raises(Invalid):
        latest(ledger, Wanted(type="no.such"))
