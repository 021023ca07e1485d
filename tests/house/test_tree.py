"""What must not be in the tree: addresses of package indexes, and paths of somebody's machine."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# Neither the patterns nor the samples below may be what they look for: this file is in the tree, too.
INDEX = re.compile(r"pypi\.org|pythonhosted\.org|/[s]imple/|--(extra-)?[i]ndex-url|[d]evpi|[a]rtifactory|[n]exus/")
MACHINE = re.compile(r"(?<![\w.~-])/(work|root|opt|home/(?!you\b|ann\b|operator\b|originals\b)\w+|Users/\w+)/")
SAMPLES = [
    (INDEX, "https://{}.org/project/attrs", "pypi"),
    (INDEX, "https://mirror.example.org/{}/attrs", "simple"),
    (INDEX, "pip install --{}-url https://example.org", "index"),
    (MACHINE, "see /{}/main/run", "work"),
    (MACHINE, '"/{}/.cache"', "root"),
    (MACHINE, "in /{}/someone/photos", "home"),
]


def _hits(house, tracked, pattern):
    for name in tracked:
        try:
            text = (house / name).read_text("utf-8")
        except UnicodeDecodeError:
            continue
        yield from (f"{name}:{number}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line))


def test_no_file_names_the_host_of_a_package_index(house, tracked):
    assert list(_hits(house, tracked, INDEX)) == []


def test_no_file_names_a_place_on_somebody_s_machine(house, tracked):
    assert list(_hits(house, tracked, MACHINE)) == []


@pytest.mark.parametrize(("pattern", "line", "word"), SAMPLES)
def test_a_leak_is_recognised(pattern, line, word):
    assert pattern.search(line.format(word))


def test_the_pins_are_plain_and_fit_what_is_asked_for(house):
    project = tomllib.loads((house / "pyproject.toml").read_text("utf-8"))
    lines = [line for line in (house / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    pins = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}

    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line)] == []
    for text in (*project["project"]["dependencies"], *project["dependency-groups"]["dev"]):
        wanted = Requirement(text)
        assert wanted.specifier.contains(pins[canonicalize_name(wanted.name)]), text
