"""A ledger in a temporary place, and short words for filling it."""

from datetime import UTC, datetime, timedelta

import pytest

from ledger.entry import Batch, Draft
from ledger.events.crops import CropWithdrawn
from ledger.log import Ledger
from ledger.values import instant

START = datetime(2025, 10, 27, 16, tzinfo=UTC)


@pytest.fixture
def clock():
    """A clock that moves a second at every look."""
    moments = (START + timedelta(seconds=tick) for tick in range(10**9))
    return lambda: next(moments)


@pytest.fixture
def ledger(tmp_path, clock):
    with Ledger.create(tmp_path / "ledger.db", clock=clock) as opened:
        yield opened


def a_draft(subject="image/a", reason="why", **others):
    """A draft of a short event; `reason` makes payloads differ."""
    given = {"actor": "operator:anna", "occurred_at": instant(START), "correlation": "request-1", **others}
    return Draft(subject, CropWithdrawn(reason), **given)


@pytest.fixture
def draft():
    return a_draft


@pytest.fixture
def filled(ledger):
    """A ledger with twelve entries about three subjects."""
    for number in range(12):
        ledger.append(
            Batch.of(a_draft(f"image/{'abc'[number % 3]}", f"number {number}", causation="x" if number else None))
        )
    return ledger
