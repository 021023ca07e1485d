"""The rules of the house that no linter knows."""

import ast
import re

import pytest

FORBIDDEN_NAMES = re.compile(r"(^|_)(util|utils|helper|helpers|common|script|scripts|manager|misc)(_|$)")

MAY_CATCH_EVERYTHING = {
    "commands/cli/app.py": "the last catch: a bug becomes a traceback in the log and exit 70",
}


def test_nothing_is_called_utils(tracked):
    parts = {part.partition(".")[0].lower() for name in tracked for part in name.split("/")}

    assert {part for part in parts if FORBIDDEN_NAMES.search(part)} == set()


def test_every_module_says_what_it_is(product):
    silent = {module.path for module in product if not ast.get_docstring(module.tree) and module.tree.body}

    assert silent == set()


def test_packages_hold_no_logic(product):
    assert {module.path for module in product if module.path.endswith("/__init__.py") and module.tree.body} == set()


def test_each_room_can_be_seen_whole(product):
    assert {module.path: module.lines for module in product if module.lines > 400} == {}


def test_nothing_prints_but_the_command_line(product):
    printing = {
        module.path
        for module in product
        for node in module.nodes(ast.Call)
        if isinstance(node.func, ast.Name) and node.func.id == "print"
    }

    assert printing == set()


def test_no_exception_is_swallowed(product):
    swallowing = {
        f"{module.path}:{handler.lineno}"
        for module in product
        if module.path not in MAY_CATCH_EVERYTHING
        for handler in module.nodes(ast.ExceptHandler)
        if _catches_everything(handler) and not _raises(handler)
    }

    assert swallowing == set()


def _catches_everything(handler):
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(each, ast.Name) and each.id in {"Exception", "BaseException"} for each in caught)


def _raises(handler):
    return any(isinstance(statement, ast.Raise) for statement in handler.body)


def test_no_cursor_outlives_its_statement(product):
    """Named, returned or in a comprehension it would live on in the traceback of an error.

    Then the collector may end it in another thread, and SQLite does not look who comes (see `db.connect`).
    """
    kept = {f"{module.path}:{line}" for module in product for line in _kept_cursors(module.tree)}

    assert kept == set()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("rows = connection.execute(sql).fetchall()", False),
        ("rows = list(self._connection.execute(sql))", False),
        ("for row in connection.execute(sql): pass", False),
        ("[row for row in connection.execute(sql).fetchall()]", False),
        ("connection.executemany(sql, rows)", False),
        ("found = connection.execute(sql)", True),
        ("found: object = self._connection.execute(sql)", True),
        ("if found := connection.execute(sql): pass", True),
        ("[row for row in connection.execute(sql)]", True),
        ("sum(row for row in self.store.connection.execute(sql))", True),
        ("def rows(): return connection.execute(sql)", True),
        ("def rows(): yield connection.execute(sql)", True),
    ],
)
def test_a_cursor_that_is_kept_is_seen(text, kept):
    assert bool(_kept_cursors(ast.parse(text))) == kept


def _kept_cursors(tree):
    keeping = (ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.Return, ast.Yield)
    held = [node.value for node in ast.walk(tree) if isinstance(node, keeping)]
    held += [node.iter for node in ast.walk(tree) if isinstance(node, ast.comprehension)]
    return [each.lineno for each in held if isinstance(each, ast.Call) and _is_a_statement(each.func)]


def _is_a_statement(called):
    names = {"execute", "executemany"}
    return isinstance(called, ast.Attribute) and called.attr in names and "connection" in ast.unparse(called.value)


def test_every_time_has_its_zone(product):
    naive = {f"{module.path}:{call.lineno}" for module in product for call in module.nodes(ast.Call) if _naive(call)}

    assert naive == set()


@pytest.mark.parametrize(
    ("text", "naive"),
    [
        ("datetime.now()", True),
        ("datetime.datetime.now()", True),
        ("datetime.now(UTC)", False),
        ("datetime.now(tz=zone)", False),
        ("datetime.utcnow()", True),
        ("datetime.fromtimestamp(seconds)", True),
        ("datetime.fromtimestamp(seconds, UTC)", False),
        ("datetime.utcfromtimestamp(seconds)", True),
        ("datetime.today()", True),
        ("date.today()", True),
        ("date.fromtimestamp(seconds)", True),
    ],
)
def test_a_naive_time_is_recognised(text, naive):
    [call] = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]

    assert _naive(call) is naive


def _naive(call):
    if not isinstance(call.func, ast.Attribute):
        return False
    owner = ast.unparse(call.func.value).rpartition(".")[2]
    if owner not in {"datetime", "date"}:
        return False
    zoned = any(keyword.arg in {"tz", "tzinfo"} for keyword in call.keywords)
    match call.func.attr:
        case "utcnow" | "utcfromtimestamp" | "today":
            return True
        case "now":
            return not (call.args or zoned)
        case "fromtimestamp":
            return owner == "date" or not (len(call.args) > 1 or zoned)
    return False
