"""Who may import what, and who may touch pixels and live files."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

from projections import catalogue


def test_imports_point_down_and_the_contracts_are_kept(house):
    lint = Path(sys.executable).with_name("lint-imports")

    found = subprocess.run([lint, "--no-cache"], cwd=house, capture_output=True, text=True)

    assert found.returncode == 0, found.stdout + found.stderr
    assert " 0 broken" in found.stdout


def test_every_floor_is_under_contract(house):
    project = tomllib.loads((house / "pyproject.toml").read_text("utf-8"))
    floors = {path.parent.name for path in house.glob("*/__init__.py")} - {"tests", "docs", "benchmarks"}

    assert floors == set(project["tool"]["importlinter"]["root_packages"])
    assert floors == set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert floors == set(project["tool"]["mypy"]["packages"])


def test_every_projection_with_folds_is_listed_as_pure(house):
    contracts = tomllib.loads((house / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    [pure] = [each["source_modules"] for each in contracts if each["name"] == "Folds are pure"]

    rooms = {fold.__module__ for projection in catalogue.ALL for fold in projection.folds.values()}

    assert rooms <= set(pure)


def test_the_standard_library_s_sqlite_is_imported_nowhere(product):
    # It and apsw on one file in one process drop each other's locks; sqlite-utils brings it, on published copies only.
    assert {module.path for module in product if "sqlite3" in _imported(module)} == set()


def test_pixels_are_encoded_in_one_place(product):
    # formats/ holds the encoders, which only imaging.write may call (floors); samples makes the demo's pictures;
    # preview encodes copies to look at, in memory.
    may = ("imaging/formats/", "imaging/write.py", "imaging/samples.py", "imaging/preview.py")

    saves = {
        module.path
        for module in product
        for node in module.nodes(ast.Call)
        if isinstance(node.func, ast.Attribute) and node.func.attr in {"save", "tofile", "imwrite", "imsave"}
    }

    assert saves, "nothing saves at all: this test looks for the wrong thing"
    assert {path for path in saves if not path.startswith(may)} == set()


def test_only_the_pixel_writer_calls_the_encoders(product):
    callers = {
        module.path
        for module in product
        if any(name.startswith("imaging.formats") for name in _imported(module))
        and not module.path.startswith("imaging/")
    }

    assert callers == set()


def _imported(module):
    names = set()
    for node in module.nodes(ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names
