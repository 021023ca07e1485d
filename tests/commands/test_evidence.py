"""What other tools left behind: the same again is nothing new, and nothing else may stand among it."""

import pytest

from commands.evidence import EVIDENCE, ImportEvidence
from ledger.entry import Entry
from ledger.errors import Damaged, Invalid
from ledger.events.images import ImageSkipped
from ledger.events.imports import SittingImported
from ledger.values import Instant

AT = Instant("2025-11-02T10:00:00.000000Z")
SITTING = SittingImported("timer_session", AT)


def entry(event) -> Entry:
    return Entry(7, "id", "evidence/x", 1, event, AT, AT, "import:x", "c", None)


def test_evidence_is_noted_once():
    command = ImportEvidence("evidence/x", SITTING)
    assert list(EVIDENCE.decide(command, EVIDENCE.initial)) == [SITTING]
    assert list(EVIDENCE.decide(command, EVIDENCE.evolve(EVIDENCE.initial, entry(SITTING)))) == []


def test_other_evidence_on_the_same_subject_is_noted_too():
    known = EVIDENCE.evolve(EVIDENCE.initial, entry(SittingImported("timer_session", AT, session="s")))
    assert list(EVIDENCE.decide(ImportEvidence("evidence/x", SITTING), known)) == [SITTING]


def test_what_is_no_evidence_is_refused_and_damages_a_history():
    with pytest.raises(Invalid):
        list(EVIDENCE.decide(ImportEvidence("evidence/x", ImageSkipped("p", "/a.png")), EVIDENCE.initial))
    with pytest.raises(Damaged) as found:
        EVIDENCE.evolve(EVIDENCE.initial, entry(ImageSkipped("p", "/a.png")))
    assert found.value.position == 7
