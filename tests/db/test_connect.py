"""How the live files are opened."""

import apsw
import pytest

from db.connect import open_live, open_reader


@pytest.fixture(params=[lambda path: open_live(path, synchronous="FULL"), open_reader], ids=["live", "reader"])
def connection(request, tmp_path):
    path = tmp_path / "some.db"
    with open_live(path, synchronous="FULL") as made:
        made.execute("CREATE TABLE marks (subject TEXT)")
    opened = request.param(path)
    yield opened
    opened.close()


def test_a_plan_depends_on_the_statement_alone_and_not_on_what_is_bound_to_it(connection):
    assert connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, -1) == 1


def test_functions_in_a_foreign_schema_are_not_trusted(connection):
    assert connection.pragma("trusted_schema") == 0
