"""What may happen to a run: the rules of its decider."""

from datetime import UTC, datetime

import pytest

from commands.decider import Request
from commands.handle import handle
from commands.running.leases import begin, lock_of
from commands.runs import (
    RUNS,
    EndRun,
    NoteJump,
    PauseRun,
    ResumeRun,
    Run,
    StartRun,
    StopRun,
    run_of,
    run_subject,
)
from commands.stretches import STRETCHES, NoteStretch, Stretch
from configs.home import Home
from db.lock import held_while_alive
from ledger.entry import Entry
from ledger.errors import Busy, Conflict, CropledgerError, Damaged, Invalid, NotFound, Refused
from ledger.events.runs import (
    BatchBegun,
    BatchesMissed,
    BlockBegun,
    ClockJumped,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopRequested,
)
from ledger.log import Ledger

SUBJECT = "run/r1"
STARTED = RunStarted("now", "p", 1, "here")
PAUSED = RunPaused("asked", "lunch")
DAY = "schedule/p/2025-10-27"
AT = "2025-10-27T16:00:00.000000Z"


LOOK = BlockBegun(DAY, 7, 1, 6, 20, 0, 100, 1000)


def batch(number, plan=7):
    return BatchBegun(DAY, plan, 1, number, AT, 3, 0, 0.1)


def entry(event, version=1):
    return Entry(version, f"id{version}", SUBJECT, version, event, AT, AT, "runner:r1", "r1", None)


def after(*events):
    run = Run()
    for version, event in enumerate(events, 1):
        run = RUNS.evolve(run, entry(event, version))
    return run


def decided(command, *events):
    return list(RUNS.decide(command, after(*events)))


def test_a_name_is_used_for_one_run():
    assert decided(StartRun(SUBJECT, STARTED)) == [STARTED]
    assert decided(StartRun(SUBJECT, STARTED), STARTED) == []
    with pytest.raises(Conflict):
        decided(StartRun(SUBJECT, RunStarted("now", "q", 2, "there")), STARTED)


def test_a_run_is_paused_resumed_and_stopped_and_nothing_is_said_twice():
    assert decided(PauseRun(SUBJECT, PAUSED), STARTED) == [PAUSED]
    assert decided(PauseRun(SUBJECT, PAUSED), STARTED, PAUSED) == []
    assert decided(ResumeRun(SUBJECT, "back"), STARTED, PAUSED) == [RunResumed("back")]
    assert decided(ResumeRun(SUBJECT), STARTED) == []
    assert decided(StopRun(SUBJECT, "tired"), STARTED) == [RunStopRequested("tired")]
    assert decided(StopRun(SUBJECT), STARTED, RunStopRequested()) == []
    assert decided(PauseRun(SUBJECT, PAUSED), STARTED, PAUSED, RunResumed()) == [PAUSED]


@pytest.mark.parametrize(
    "command", [PauseRun(SUBJECT, PAUSED), ResumeRun(SUBJECT), StopRun(SUBJECT), NoteJump(SUBJECT, ClockJumped(9.0))]
)
def test_what_never_began_cannot_be_steered_and_what_is_over_neither(command):
    with pytest.raises(NotFound):
        decided(command)
    with pytest.raises(Refused, match="r1 is over: finished"):
        decided(command, STARTED, RunEnded("finished"))


def test_a_run_ends_once():
    assert decided(EndRun(SUBJECT, RunEnded("finished")), STARTED) == [RunEnded("finished")]
    assert decided(EndRun(SUBJECT, RunEnded("lost")), STARTED, RunEnded("finished")) == []
    with pytest.raises(NotFound):
        decided(EndRun(SUBJECT, RunEnded("finished")))


def test_the_batches_of_a_stretch_are_begun_in_order_each_once():
    stretch = Stretch()
    for event in (LOOK, batch(1), batch(5), BatchesMissed(DAY, 7, 2, 4, 9, 0, "paused")):
        assert list(STRETCHES.decide(NoteStretch("stretch/r1/7/1", event), stretch)) == [event]
        stretch = STRETCHES.evolve(stretch, entry(event))
    for again in (1, 5):
        with pytest.raises(Conflict):
            list(STRETCHES.decide(NoteStretch("stretch/r1/7/1", batch(again)), stretch))
        with pytest.raises(Damaged):
            STRETCHES.evolve(stretch, entry(batch(again)))
    with pytest.raises(Damaged):
        STRETCHES.evolve(stretch, entry(STARTED))
    with pytest.raises(Invalid):
        STRETCHES.decide(StartRun(SUBJECT, STARTED), stretch).__next__()


@pytest.mark.parametrize(
    "events",
    [
        (PAUSED,),
        (STARTED, STARTED),
        (STARTED, PAUSED, PAUSED),
        (STARTED, RunResumed()),
        (STARTED, RunStopRequested(), RunStopRequested()),
        (STARTED, batch(2)),
        (STARTED, RunEnded("finished"), PAUSED),
        (STARTED, RunEnded("finished"), RunEnded("finished")),
    ],
)
def test_an_order_that_cannot_be_is_damage(events):
    with pytest.raises(Damaged):
        after(*events)


def test_other_commands_are_none_about_runs():
    class Other:
        subject = SUBJECT

    with pytest.raises(Invalid):
        decided(Other())


def test_the_name_of_a_run_stands_in_its_subject():
    assert run_of(run_subject("ab12")) == "ab12"


def test_a_command_that_follows_from_an_entry_names_it(tmp_path):
    now = datetime(2025, 10, 27, tzinfo=UTC)
    with Ledger.create(tmp_path / "ledger.db") as ledger:
        request = Request(StartRun(SUBJECT, STARTED), "runner:r1", "r1", causation="why")
        [told] = handle(request, ledger=ledger, now=now).entries
        assert ledger.read() == [told]
        assert told.causation == "why"
        with pytest.raises(CropledgerError):
            handle(Request(PauseRun("run/r2", PAUSED), "operator:ann", "c"), ledger=ledger, now=now)


def test_starters_look_and_begin_one_by_one(tmp_path, monkeypatch):
    """While one looks who else is at work, no other can begin: or both would find the project free."""
    home = Home(tmp_path)
    now = datetime(2025, 10, 27, tzinfo=UTC)
    with Ledger.create(home.ledger) as one, Ledger.open(home.ledger, lock_timeout_s=0.05) as other:
        handle(Request(StartRun("run/dead", STARTED), "runner:dead", "dead"), ledger=one, now=now)
        lock_of(home, "dead").touch()
        refused = []

        def meanwhile(_home, _run):
            monkeypatch.undo()
            with pytest.raises(Busy):
                begin("r2", STARTED, ledger=other, home=home, now=now)
            refused.append("r2")
            return False

        monkeypatch.setattr("commands.running.leases.lives", meanwhile)
        begin("r1", STARTED, ledger=one, home=home, now=now)
        assert refused == ["r2"]
        assert [entry.event for entry in one.history("run/dead")][1].reason == "lost"
        assert one.history("run/r2") == []


@pytest.mark.parametrize(("mine", "theirs", "free"), [(None, "p", False), ("p", None, False), ("p", "p", False),
                                                      (None, None, False), ("p", "q", True)])  # fmt: skip
def test_a_run_on_all_projects_is_alone_and_others_share_only_other_projects(tmp_path, mine, theirs, free):
    home = Home(tmp_path)
    now = datetime(2025, 10, 27, tzinfo=UTC)
    with Ledger.create(home.ledger) as ledger, held_while_alive(lock_of(home, "r1")):
        begin("r1", RunStarted("now", theirs, 1, "here"), ledger=ledger, home=home, now=now)
        start = RunStarted("now", mine, 2, "here")
        if free:
            begin("r2", start, ledger=ledger, home=home, now=now)
            assert len(ledger.history("run/r2")) == 1
        else:
            with pytest.raises(Refused, match="Run r1 is at work"):
                begin("r2", start, ledger=ledger, home=home, now=now)
