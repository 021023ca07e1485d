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
