"""The page's own modules, under Node's test runner: pure JavaScript needs no browser."""

import os
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def test_the_page_s_modules_do_what_their_tests_say(tmp_path):
    node = shutil.which("node")
    if node is None and not os.environ.get("CI"):
        pytest.skip("there is no node here: it runs the tests of the page's JavaScript")
    assert node, "no node: the tests of the page's JavaScript did not run"
    # As one folder of modules: what the browser is told by a header, Node is told by package.json.
    (tmp_path / "package.json").write_text('{"type": "module"}')
    for source in (*Path(str(files("web") / "static")).glob("*.js"), *(HERE / "modules").iterdir()):
        shutil.copy(source, tmp_path)
    shutil.copy(HERE / "geometry_cases.json", tmp_path)

    found = subprocess.run([node, "--test"], cwd=tmp_path, capture_output=True, text=True)

    assert found.returncode == 0, found.stdout[-8000:] + found.stderr[-2000:]
    assert " fail 0\n" in found.stdout
