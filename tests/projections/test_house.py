"""Rules of the room: every column has its sentence, every event type its fold, every fold is pure."""

import ast
import importlib
import inspect
from pathlib import Path

import attrs
import pytest

import projections
from ledger.events import catalogue as events
from projections.catalogue import ALL, AUDIT_ONLY
from projections.store import CHECKPOINT, PARTS, Store

PARTS_OF_ALL = [(each.name, part) for each in ALL for part in (*each.tables, *each.views)]


def test_names_are_unique():
    for names in ([each.name for each in ALL], [part.name for _, part in PARTS_OF_ALL]):
        assert len(names) == len(set(names))


def test_a_projection_comes_after_those_it_reads():
    before = set()
    for each in ALL:
        assert set(each.reads) <= before
        before.add(each.name)


def test_every_event_type_is_folded_somewhere_or_is_audit_only():
    folded = {event for each in ALL for event in each.folds}
    assert folded | set(AUDIT_ONLY) == set(events.ALL)
    assert not folded & set(AUDIT_ONLY)


def test_every_column_of_every_table_and_view_has_its_sentence_and_no_other_has(stage):
    stage.catch_up()
    with Store.open(stage.path) as store:
        for part in [part for _, part in PARTS_OF_ALL] + [CHECKPOINT, PARTS]:
            real = [row[1] for row in store.connection.execute(f"SELECT * FROM pragma_table_xinfo('{part.name}')")]
            assert list(part.columns) == real, part.name
            assert part.sentence.strip().endswith("."), part.name
            assert all(sentence.strip() for sentence in part.columns.values()), part.name


def test_every_table_and_view_in_the_file_belongs_to_a_projection(stage):
    stage.catch_up()
    with Store.open(stage.path) as store:
        sql = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
        real = {name for (name,) in store.connection.execute(sql)}
    assert real == {part.name for _, part in PARTS_OF_ALL} | {"projection_checkpoint", "projection_parts"}


def test_every_table_is_strict_and_its_key_is_what_sqlite_says(stage):
    stage.catch_up()
    with Store.open(stage.path) as store:
        for each in ALL:
            for table in each.tables:
                info = store.connection.execute(
                    f"SELECT name FROM pragma_table_info('{table.name}') WHERE pk ORDER BY pk"
                )
                assert table.key == tuple(name for (name,) in info), table.name
                assert table.key == tuple(table.columns)[: len(table.key)], table.name
                strict = store.connection.execute("SELECT strict FROM pragma_table_list WHERE name = ?", (table.name,))
                assert strict.get == 1, table.name


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_every_projection_needs_those_it_says_it_reads_and_no_other(stage, each):
    from projections.catch_up import catch_up

    with Store.open(stage.path) as store:
        catch_up(stage.ledger, store, [other for other in ALL if other is each or other.name in each.reads])
        for view in each.views:
            store.connection.execute(f"SELECT * FROM {view.name}").fetchall()


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_the_values_of_a_projection_ask_for_columns_that_are_there(each):
    module = importlib.import_module(f"projections.{each.name}")
    classes = [
        value for value in vars(module).values()
        if inspect.isclass(value) and value.__module__ == module.__name__ and attrs.has(value)
    ]  # fmt: skip
    known = [set(part.columns) for part in (*each.tables, *each.views)]
    for value in classes:
        fields = {field.name for field in attrs.fields(value)}
        if (value.__doc__ or "").startswith("A row of"):  # the others are sums of a question's own
            assert any(fields <= columns for columns in known), value.__name__


def test_folds_are_pure_they_see_no_clock_no_disk_and_no_database():
    forbidden = {"db", "apsw", "os", "pathlib", "time", "random", "projections.store", "projections.catch_up"}
    for each in ALL:
        module = importlib.import_module(f"projections.{each.name}")
        tree = ast.parse(inspect.getsource(module))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
        assert not {name for name in imported if name in forbidden or str(name).split(".")[0] in {"db", "apsw"}}


def test_the_reports_travel_with_the_package():
    assert list((Path(projections.__file__).parent / "reports").glob("*.sql"))
