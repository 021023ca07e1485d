"""Questions in SQL: everything can be read, and nothing else can be done."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from ledger.errors import Invalid, NotFound, Refused
from projections.asking import ask
from projections.reports import report, reports

BOX = "0.1,0.2,0.8,0.9"


@pytest.fixture
def asked(stage):
    stage.tell(f"ann records a/1.png {BOX}\n ann skips a/2.png")
    stage.catch_up()

    def put(sql, parameters=None, **limits):
        return ask(stage.path, stage.ledger.path, sql, parameters, **limits)

    return put


def test_views_are_readable_and_columns_have_names(asked):
    answer = asked("select filename, status from queue")
    assert answer.columns == ("filename", "status")
    assert answer.rows == (("1.png", "pending"),)
    assert answer.more is False


def test_the_events_are_readable_as_ledger_events(asked):
    answer = asked("select type, data->>'$.project' from ledger.events order by position")
    assert answer.rows == (("crop.recorded", "P"), ("image.skipped", "P"))


def test_projections_and_events_can_be_joined(asked):
    sql = "select e.actor from queue q join ledger.events e on e.position = q.position"
    assert asked(sql).rows == (("operator:ann",),)


def test_an_empty_answer_still_has_columns(asked):
    assert asked("select path from queue where false").columns == ("path",)


def test_common_table_expressions_windows_and_recursion_are_reading(asked):
    sql = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5) select sum(i) over () from n"
    assert asked(sql).rows == ((15,),) * 5


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("delete from queue_crops", "DELETE on queue_crops"),
        ("update queue_crops set status = 'executed'", "UPDATE on queue_crops"),
        ("insert into queue_crops default values", "INSERT on queue_crops"),
        ("delete from ledger.events", "DELETE on events"),
        ("update ledger.events set data = '{}'", "UPDATE on events"),
        ("with gone as (select 1) delete from queue_crops", "DELETE on queue_crops"),
        ("with gone as (select 1) insert into decided_images select 1,2,3,4,5,6", "INSERT on decided_images"),
        ("replace into queue_crops(subject) values ('x')", "INSERT on queue_crops"),
        ("delete from queue_crops returning *", "DELETE on queue_crops"),
        ("attach 'other.db' as other", "ATTACH other.db"),
        ("attach ':memory:' as other", "ATTACH :memory:"),
        ("detach ledger", "DETACH ledger"),
        ("pragma writable_schema = 1", "PRAGMA writable_schema"),
        ("pragma table_info(queue_crops)", "PRAGMA table_info"),
        ("select * from pragma_table_list", "PRAGMA table_list"),
        ("pragma query_only = 0", "PRAGMA query_only"),
        ("create table x (y)", "changing the schema"),
        ("create temp table x (y)", "changing the schema"),
        ("create temp view x as select 1", "changing the schema"),
        ("drop table queue_crops", "changing the schema"),
        ("drop view queue", "changing the schema"),
        ("alter table queue_crops add column x", "ALTER TABLE"),
        ("begin", "TRANSACTION BEGIN"),
        ("savepoint x", "SAVEPOINT BEGIN"),
        ("vacuum into 'copy.db'", "ATTACH copy.db"),
        ("analyze", "changing the schema"),
        ("reindex", "REINDEX"),
        ("select load_extension('evil')", "load_extension()"),
        ("select LOAD_EXTENSION('evil')", "load_extension()"),
        ("select fts3_tokenizer('x')", "fts3_tokenizer()"),
        ("explain delete from queue_crops", "DELETE on queue_crops"),
        ("create virtual table x using fts5(y)", "changing the schema"),
    ],
)
def test_anything_but_reading_is_refused_by_name(asked, stage, sql, named):
    before = [entry.id for entry in stage.ledger.read()]
    with pytest.raises(Refused, match="crop query only reads") as refused:
        asked(sql)
    assert named in refused.value.message
    assert [entry.id for entry in stage.ledger.read()] == before
    assert asked("select count(*) from queue").rows == ((1,),)
    assert not (stage.home / "copy.db").exists()


def test_without_the_authoriser_the_files_are_still_opened_for_reading_only(stage):
    import apsw

    from db.reading import open_joined

    stage.tell(f"ann records a/1.png {BOX}")
    stage.catch_up()
    connection = open_joined(stage.path, {"ledger": stage.ledger.path})
    connection.pragma("query_only", 0)
    for sql in ("DELETE FROM queue_crops", "INSERT INTO ledger.ledger VALUES ('x', 1, 'y')"):
        with pytest.raises(apsw.ReadOnlyError):
            connection.execute(sql)
    connection.close()


def test_a_second_statement_is_not_reached(asked):
    with pytest.raises(Invalid, match="one question at a time"):
        asked("select 1; select 2")
    assert asked(";; select 1; ; -- no more").rows == ((1,),)
    with pytest.raises(Refused, match="DELETE"):
        asked("select 1; delete from queue_crops")


@pytest.mark.parametrize("sql", ["", "  ", "-- nothing", ";", "; ; -- nothing"])
def test_no_question_is_said_to_be_none(asked, sql):
    with pytest.raises(Invalid, match="no question"):
        asked(sql)


def test_a_mistake_in_the_sql_is_told_in_sqlites_words(asked):
    with pytest.raises(Invalid, match="no such column: nmae"):
        asked("select nmae from queue")
    with pytest.raises(Invalid, match="syntax error"):
        asked("selekt 1")


def test_parameters_go_by_name_and_must_fit(asked):
    assert asked("select :a || :b", {"a": "x", "b": "y"}).rows == (("xy",),)
    with pytest.raises(Invalid, match="the parameter :b has no value"):
        asked("select :a || :b", {"a": "x"})
    with pytest.raises(Invalid, match="it has no parameter :c"):
        asked("select :a", {"a": "x", "c": "z"})
    assert asked("select filename from queue limit :n", {"n": "1"}).rows == (("1.png",),)


def test_a_question_that_takes_too_long_is_stopped(asked):
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    with pytest.raises(Refused, match=r"longer than 0\.2 s"):
        asked(endless, time_limit_s=0.2)


def test_a_question_that_yields_rows_slowly_is_stopped_too(asked):
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n where i % 1000000 = 0"
    with pytest.raises(Refused, match=r"longer than 0\.2 s"):
        asked(endless, time_limit_s=0.2)


def test_a_value_too_long_for_any_report_is_refused(asked):
    with pytest.raises(Invalid, match="too big"):
        asked("select length(zeroblob(1000000000))")


def test_rows_beyond_the_limit_are_left_out_and_it_is_said(asked):
    numbers = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 10) select i from n"
    for limit, count, more in ((3, 3, True), (9, 9, True), (10, 10, False), (11, 10, False)):
        answer = asked(numbers, row_limit=limit)
        assert (len(answer.rows), answer.more) == (count, more)


def test_days_and_hours_are_those_of_the_work_zone(asked):
    sql = "select local_time(:t), work_day(:t), work_hour(:t)"
    late = {"t": "2025-10-28T03:30:00.000000Z"}
    assert asked(sql, late, zone=ZoneInfo("America/New_York")).rows == (("2025-10-27 23:30:00", "2025-10-27", 23),)
    assert asked(sql, late, zone=UTC).rows == (("2025-10-28 03:30:00", "2025-10-28", 3),)
    assert asked(sql, {"t": None}).rows == ((None, None, None),)


def test_where_there_is_nothing_to_ask_it_says_how_to_begin(stage):
    with pytest.raises(NotFound, match="crop rebuild --all"):
        ask(stage.path, stage.ledger.path, "select 1")
    with pytest.raises(NotFound, match="crop init"):
        ask(stage.path, stage.home / "no.db", "select 1")


# -- reports --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("each", reports(), ids=lambda each: each.name)
def test_every_report_answers_on_an_empty_ledger_and_on_a_full_one(stage, each):
    stage.catch_up()
    empty = ask(stage.path, stage.ledger.path, each.sql, each.parameters)
    stage.tell(f"""
        ann records a/1.png {BOX} suggested {BOX} warning unknown_group
        ann records a/2.png {BOX} project Q
        r1 starts a/1.png warning dimension_drift
        r1 executes a/1.png
        ann records b/3.png {BOX} group g
        r1 starts b/3.png
        r1 fails b/3.png missing finally
        log imports c/4.png box {BOX} size 8x8
        ann records b/5.png {BOX}
        r1 starts b/5.png
    """)
    stage.catch_up()
    full = ask(stage.path, stage.ledger.path, each.sql, each.parameters)
    assert empty.columns == full.columns
    without = {"duplicates", "planned_and_actual"}  # nothing is there twice in this story, and nothing was planned
    assert len(full.rows) >= (0 if each.name in without else 1)
    assert each.description.endswith(".")
    assert "--" not in each.description


def test_reports_say_what_happened(stage):
    stage.tell(f"""
        ann records a/1.png {BOX}
        ann records a/2.png {BOX}
        r1 starts a/1.png
        r1 fails a/1.png missing finally
        r1 starts a/2.png warning dimension_drift
        r1 executes a/2.png
    """)
    stage.catch_up()

    def rows(name, **parameters):
        chosen = report(name)
        return ask(stage.path, stage.ledger.path, chosen.sql, {**chosen.parameters, **parameters}).rows

    assert rows("failures") == (("missing", 1, 1, 1, stage.at(4), "/photos/a/1.png: missing"),)
    assert rows("throughput_per_day") == (("2025-10-27", 2, 0, 1, 1),)
    assert rows("throughput_per_day", since="2025-10-28") == ()
    assert ("started", "dimension_drift", 1, stage.at(5)) in rows("warnings")
    assert [row[:3] for row in rows("who")] == [
        ("operator:ann", "crop.recorded", 2), ("runner:r1", "crop.executed", 1),
        ("runner:r1", "crop.failed", 1), ("runner:r1", "crop.started", 2),
    ]  # fmt: skip
    assert rows("unknown_groups")[0][:3] == ("P", "/photos/a", 2)


def test_the_same_file_under_two_names_is_a_duplicate(stage):
    stage.tell(f"ann records a/1.png {BOX} project P\n ann records a/1.png {BOX} project Q")
    stage.catch_up()
    [row] = ask(stage.path, stage.ledger.path, report("duplicates").sql).rows
    assert row[1:] == (2, "P: /photos/a/1.png | Q: /photos/a/1.png")


def test_an_unknown_report_is_not_found_and_the_known_are_named():
    with pytest.raises(NotFound, match=r"thruput.*throughput_per_day"):
        report("thruput")


def test_there_are_a_dozen_reports():
    assert len(reports()) >= 12
