"""What a command may not load before it is asked to do something: its cold start is felt."""

import subprocess
import sys

import pytest

HEAVY = {
    "sqlite_utils",
    "hypothesis",
    "rich",
    "PIL",
    "apsw",
    "cattrs",
    "msgspec",
    "tabulate",
    "numpy",
    "uuid_utils",
    "starlette",
    "uvicorn",
    "jinja2",
}

LOADED = """
import sys
from commands.cli.app import run
code = run({arguments!r})
print(code, *sorted({{name.partition(".")[0] for name in sys.modules}}), file=sys.stderr)
"""


def _loaded(*arguments):
    program = LOADED.format(arguments=list(arguments))
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    code, *modules = found.stderr.split()
    assert code == "0", found.stderr
    return set(modules)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["record", "--help"]], ids=" ".join)
def test_help_loads_nothing_heavy(arguments):
    modules = _loaded(*arguments)

    assert "typer" in modules
    assert modules & HEAVY == set()


def test_a_question_to_the_ledger_loads_neither_pictures_nor_reports(tmp_path):
    home = ["--home", str(tmp_path)]
    _loaded(*home, "init")

    assert _loaded(*home, "log") & {"PIL", "sqlite_utils", "sqlite3", "rich", "tabulate"} == set()
