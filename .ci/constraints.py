"""Writes constraints.txt from a fresh environment, or checks that it is complete and agrees with pyproject.toml.

    ./run python .ci/constraints.py --check     in an environment made by ./run ready dev
    ./run python .ci/constraints.py --write     takes the newest versions that pyproject.toml allows

It holds names and versions only: no addresses, so that everybody installs from wherever they usually do.
"""

import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HOUSE = Path(__file__).resolve().parent.parent
CONSTRAINTS = HOUSE / "constraints.txt"
HEADER = """\
# The version of everything Cropledger runs with and is tested with. Written by: just constraints
"""
NOT_PINNED = {"cropledger", "pip", "setuptools", "wheel"}


def wanted() -> list[Requirement]:
    """What pyproject.toml asks for: to run, to develop, to build."""
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))
    texts = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]
    return [Requirement(text) for text in texts]


def pinned() -> dict[str, str]:
    """Name -> version, as constraints.txt has them; stops at a line that is anything else."""
    pins = {}
    for line in CONSTRAINTS.read_text("utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if not text:
            continue
        name, equal, version = text.partition("==")
        if not equal or not version or any(sign in text for sign in ":/@;, "):
            sys.exit(f"constraints.txt: not a plain pin: {line!r}")
        pins[canonicalize_name(name)] = version
    return pins


def problems() -> Iterator[str]:
    """What is wrong with constraints.txt, seen from the environment that runs this."""
    pins = pinned()
    installed = {canonicalize_name(found.name): found.version for found in distributions()}
    for each in NOT_PINNED:
        installed.pop(each, None)
    for requirement in wanted():
        version = pins.get(canonicalize_name(requirement.name))
        if version is None:
            yield f"{requirement.name} is in pyproject.toml and not pinned"
        elif not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement.name}=={version} is not what pyproject.toml asks for: {requirement.specifier}"
    for name, version in sorted(installed.items()):
        if name not in pins:
            yield f"{name} {version} is installed and not pinned"
        elif pins[name] != version:
            yield f"{name} {version} is installed, and {pins[name]} is pinned"
    for name in sorted(pins.keys() - installed.keys()):
        yield f"{name} is pinned and nothing needs it"


def write() -> None:
    """Install everything into a fresh environment and note the versions."""
    with tempfile.TemporaryDirectory() as place:
        venv.create(place, with_pip=True)
        pip = [f"{place}/bin/python", "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", *map(str, wanted())], check=True)
        frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    pins = sorted(frozen.splitlines(), key=str.lower)
    CONSTRAINTS.write_text(HEADER + "\n".join(pins) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    elif sys.argv[1:] == ["--check"]:
        found = list(problems())
        for problem in found:
            print(f"constraints.txt: {problem}")
        sys.exit(1 if found else 0)
    else:
        sys.exit(__doc__)
