"""Human crops, batches and sittings: who counts, and that the views and the pass over the rows agree."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.cli.app import run
from commands.planning.cadence import batches, sittings
from ledger.entry import Batch, Draft
from ledger.events.history import HistoryImported
from ledger.values import image_subject, instant
from projections.cadence import CADENCE, human_crops, tool_starts
from projections.catch_up import catch_up
from projections.history import HISTORY
from projections.reader import Projections
from projections.store import Store

NOON = datetime(2025, 10, 8, 16, tzinfo=UTC)


def bring(stage, rows, actor="import:crop_log"):
    """Evidence of crops: (seconds after noon, directory) each."""
    drafts = []
    for number, (seconds, directory) in enumerate(rows):
        event = HistoryImported("P", f"{directory}/{number}.png", "crop_log_v1", "s", session="2025-10-08 11:59:00")
        moment = instant(NOON + timedelta(seconds=seconds))
        drafts.append(Draft(image_subject("P", f"{directory}/{number}.png"), event, actor, moment, "log"))
    stage.ledger.append(Batch(tuple(drafts)))


def seen(stage):
    with stage.projections() as projections:
        return human_crops(projections)


def test_marks_by_people_and_imported_crops_count_at_the_time_they_were_made(stage):
    stage.tell("ann records a/1.png 0.1,0.1,0.9,0.9")
    bring(stage, [(0.0, "old")])

    assert [(crop.who, crop.at_s) for crop in seen(stage)] == [
        ("import:crop_log", NOON.timestamp()),
        ("operator:ann", datetime.fromisoformat(stage.at(1)).timestamp()),
    ]


def test_what_a_runner_does_is_no_human_work(stage):
    stage.tell("ann records a/1.png 0.1,0.1,0.9,0.9\nann records a/2.png 0.1,0.1,0.9,0.9")
    before = seen(stage)

    stage.tell("""
        r1 starts a/1.png
        r1 executes a/1.png
        r1 starts a/2.png
        r1 fails a/2.png missing
        ann undoes a/1.png
        runner:r2 records a/3.png 0.1,0.1,0.9,0.9
        suggester:m records a/4.png 0.1,0.1,0.9,0.9
    """)
    bring(stage, [(0.0, "ran")], actor="runner:r3")

    assert seen(stage) == before


def test_a_withdrawn_mark_was_work_all_the_same(stage):
    stage.tell("ann records a/1.png 0.1,0.1,0.9,0.9\nann withdraws a/1.png")

    assert len(seen(stage)) == 1


def test_a_span_and_a_project_narrow_what_is_read(stage):
    bring(stage, [(0, "a"), (100, "a"), (200, "a")])
    noon = NOON.timestamp()
    with stage.projections() as projections:
        assert len(human_crops(projections, since_s=noon + 100)) == 2
        assert len(human_crops(projections, until_s=noon + 100)) == 1
        assert len(human_crops(projections, project="P")) == 3
        assert human_crops(projections, project="Q") == []


def test_a_tool_s_start_is_kept_with_its_first_crop(stage):
    bring(stage, [(60, "a"), (90, "a")])
    with stage.projections() as projections:
        [start] = tool_starts(projections)

    assert (start.session, start.first_s) == ("2025-10-08 11:59:00", NOON.timestamp() + 60)


ROWS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.2, 0.9, 1.0, 1.1, 20.0, 299.0, 301.0, 599.0, 601.0, 5000.0]), st.sampled_from("ab")
    ),
    min_size=1,
    max_size=40,
)


@given(ROWS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_views_and_the_pass_over_the_rows_agree(tmp_path_factory, rows):
    from tests.projections.conftest import Stage

    stage = Stage(tmp_path_factory.mktemp("agree"))
    moment, spaced = 0.0, []
    for gap, directory in rows:
        moment = round(moment + gap, 1)
        spaced.append((moment, directory))
    bring(stage, spaced)
    with Store.open(stage.path) as store:
        catch_up(stage.ledger, store, (HISTORY, CADENCE))
        in_sql = store.connection.execute(
            "SELECT started_s, ended_s, crops FROM human_batches ORDER BY 1, directory"
        ).fetchall()
        sat = store.connection.execute(
            "SELECT batches, crops, active_s FROM human_sittings ORDER BY started_at"
        ).fetchall()
    with Projections.open(stage.path) as projections:
        own = [batch for person in batches(human_crops(projections)) for batch in person]
    stage.ledger.close()

    assert [(batch.start_s, batch.end_s, batch.crops) for batch in own] == in_sql
    found = sittings(own)
    assert [(len(each), sum(batch.crops for batch in each)) for each in found] == [(b, c) for b, c, _ in sat]


def test_the_command_prints_the_rhythm_and_writes_it(tmp_path, capsys):
    log = tmp_path / "log.csv"
    lines = ["timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height"]
    for number in range(300):
        moment = NOON + timedelta(seconds=20 * (number // 3) + 0.05 * (number % 3))
        lines.append(f"{moment.isoformat().replace('+00:00', 'Z')},p,{number}.png,0.1,0.1,0.9,0.9,100,100")
    log.write_text("\r\n".join(lines) + "\r\n")
    home = ["--home", str(tmp_path / "home")]
    assert run([*home, "init", "--root", str(tmp_path)]) == 0
    assert run([*home, "import", str(log)]) == 0
    capsys.readouterr()

    assert run([*home, "cadence", "--tz", "America/New_York"]) == 0
    said = capsys.readouterr().out
    assert "300 crops on 1 working day (America/New_York)." in said
    assert "Between batches: median 19.9 s" in said
    assert "What this history does not say" in said
    written = (tmp_path / "home" / "data" / "dashboard_cache" / "pattern_analysis.json").read_text()
    assert run([*home, "cadence", "--tz", "America/New_York", "--json"]) == 0
    import json

    assert json.loads(capsys.readouterr().out) == json.loads(written)
    assert run([*home, "cadence", "--tz", "Nowhere/Land"]) == 2
    assert run([*home, "cadence", "--since", "2025-10-08T00:00:00"]) == 2
    assert run([*home, "cadence", "--since", "2026-01-01T00:00:00Z"]) == 0
    assert "There is no history" in capsys.readouterr().out


@pytest.mark.parametrize("count", [4, 9, 10])
def test_more_than_nine_at_once_were_read_from_a_file(stage, count):
    bring(stage, [(0.0, "a")] * count)

    found = [batch.crops for person in batches(seen(stage)) for batch in person]
    assert sum(found) == (count if count <= 9 else 0)
    with Store.open(stage.path) as store:
        assert found == [crops for (crops,) in store.connection.execute("SELECT crops FROM human_batches")]
