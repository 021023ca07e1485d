"""The reports that come with the program: one SQL file each, beginning with its description.

    -- What it tells, in one line.
    -- :name default       (a line per parameter, if it has any)

Reports ask as everyone asks (`projections.asking`): reading only, with the work zone's functions.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from attrs import frozen

from ledger.errors import NotFound

_PARAMETER = re.compile(r"-- :(\w+) ?(.*)")


@frozen
class Report:
    """A question that was thought of in advance."""

    name: str
    description: str
    parameters: Mapping[str, str]
    """Each parameter's name and default."""
    sql: str


@cache
def reports() -> tuple[Report, ...]:
    """All reports, by name."""
    found = (files("projections") / "reports").iterdir()
    return tuple(
        _parsed(file.name.removesuffix(".sql"), file.read_text("utf-8"))
        for file in sorted(found, key=lambda file: file.name)
        if file.name.endswith(".sql")
    )


def report(name: str) -> Report:
    """The report of this name; raises `NotFound` and lists those there are."""
    for each in reports():
        if each.name == name:
            return each
    raise NotFound(f"There is no report called {name!r}.", mend=f"There are: {', '.join(r.name for r in reports())}")


def _parsed(name: str, text: str) -> Report:
    first, _, rest = text.partition("\n")
    lines = (_PARAMETER.match(line) for line in rest.splitlines())
    return Report(name, first.removeprefix("-- "), {line[1]: line[2] for line in lines if line}, text)
