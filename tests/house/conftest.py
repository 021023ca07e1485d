"""The house as its own tests see it: its files, parsed once."""

import ast
import subprocess
from pathlib import Path

import pytest
from attrs import frozen

HOUSE = Path(__file__).resolve().parents[2]
FLOORS = ("db", "ledger", "projections", "imaging", "configs", "commands", "web")


@frozen
class Module:
    """One of the product's Python files."""

    path: str
    tree: ast.Module
    lines: int

    def nodes(self, *kinds):
        return [node for node in ast.walk(self.tree) if isinstance(node, kinds)]


@pytest.fixture(scope="session")
def house():
    """The checkout. The tests of the house look at sources, so they are skipped where there is no checkout."""
    if not (HOUSE / "constraints.txt").is_file():
        pytest.skip("not in a checkout")
    return HOUSE


@pytest.fixture(scope="session")
def product(house):
    """Every module of the product, parsed."""
    files = sorted(file for floor in FLOORS for file in (house / floor).rglob("*.py"))
    assert len(files) > 50, "the floors have moved: FLOORS is out of date"
    return [_parsed(file, house) for file in files]


@pytest.fixture(scope="session")
def tracked(house):
    """The path of every file in git's index, below the checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=house, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a clone")
    return [name for name in listed.stdout.split("\0") if name and (house / name).is_file()]


def _parsed(file, house):
    text = file.read_text("utf-8")
    return Module(file.relative_to(house).as_posix(), ast.parse(text), text.count("\n"))
