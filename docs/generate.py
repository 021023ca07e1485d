"""Writes the pages of docs/ that say what the code says: events, errors, commands, settings, schema.

./run python docs/generate.py            writes them
./run python docs/generate.py --check    names those that are out of date, and exits 1
"""

import ast
import importlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

HERE = Path(__file__).resolve().parent
NOTICE = "<!-- Written by docs/generate.py from {source}: change that, then run `just docs`. -->\n"


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` name those that differ."""
    stale = [name for name, text in pages() if not _same(HERE / name, text, write="--check" not in arguments)]
    for name in stale if "--check" in arguments else ():
        sys.stderr.write(f"docs/{name} is out of date: ./run python docs/generate.py\n")
    return 1 if stale and "--check" in arguments else 0


def pages() -> Iterator[tuple[str, str]]:
    """Every generated page: its name and its text."""
    sources: tuple[tuple[str, str, Callable[[], Iterator[str]]], ...] = (
        ("events.md", "ledger/events/", events),
        ("errors.md", "ledger/errors.py", errors),
        ("commands.md", "commands/cli/", commands),
        ("settings.md", "configs/default.toml", settings),
        ("schema.md", "projections/ and ledger/schema.py", schema),
    )
    for name, source, lines in sources:
        yield name, NOTICE.format(source=source) + "\n" + "\n".join(lines()).rstrip() + "\n"


def _same(file: Path, text: str, *, write: bool) -> bool:
    same = file.is_file() and file.read_text("utf-8") == text
    if write and not same:
        file.write_text(text, encoding="utf-8")
    return same


# -- events -------------------------------------------------------------------------------------------------------


def events() -> Iterator[str]:
    """A section per event type, then the values that their fields are made of."""
    from ledger.events.catalogue import ALL
    from projections.catalogue import ALL as PROJECTIONS

    yield from (
        "# Events",
        "",
        "Every fact the ledger can hold. An entry is one of these together with its position, its subject, when it",
        "happened, when it was appended, who did it and the request that began it (see [schema.md](schema.md), the",
        "table `ledger.events`). Types are never renamed and entries never rewritten: a new layout of a payload gets",
        "the next schema number, and old entries are read as if they had been written today.",
    )
    for event in ALL:
        yield from ("", f"## {event.TYPE}", "", _sentences(event), "")
        yield f"Class `{event.__name__}` in `{_file_of(event)}`, schema {event.SCHEMA}."
        yield from ("", *_table(("field", "type", "unless given", "means"), _fields(event)), "")
        folded = [(each.name, each.folds[event]) for each in PROJECTIONS if event in each.folds]
        if folded:
            yield from ("What it changes:", "")
            # A fold that another function makes has no sentence of its own.
            yield from (f"- {name}: {_sentences(fold)}".rstrip(": ") for name, fold in folded)
        else:
            yield "No projection folds it: it is read in the ledger and nowhere else."
    yield from ("", "## What fields are made of")
    for value in _values_within(ALL):
        yield from ("", f"### {value.__name__}", "", _sentences(value), "")
        yield from _table(("field", "type", "unless given", "means"), _fields(value))


def _fields(owner: type) -> Iterator[tuple[str, str, str, str]]:
    """Name, type, default and sentence (the text that stands below a field) of an attrs class, from its source."""
    body = next(
        node.body
        for node in ast.parse(inspect.getsource(sys.modules[owner.__module__])).body
        if isinstance(node, ast.ClassDef) and node.name == owner.__name__
    )
    for number, node in enumerate(body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            type_ = ast.unparse(node.annotation)
            if type_.startswith("ClassVar"):
                continue
            below = body[number + 1] if number + 1 < len(body) else None
            default = f"`{ast.unparse(node.value)}`" if node.value else ""
            yield f"`{node.target.id}`", f"`{type_}`", default, _text_of(below)


def _text_of(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return " ".join(node.value.value.split())
    return ""


def _values_within(events: Iterable[type]) -> list[type]:
    """The attrs classes that fields of these are made of, each once, in the order in which they are met."""
    found: dict[type, None] = {}
    waiting = list(events)
    while waiting:
        owner = waiting.pop(0)
        module = sys.modules[owner.__module__]
        for _, annotation, _, _ in _fields(owner):
            for node in ast.walk(ast.parse(annotation.strip("`"))):
                value = getattr(module, node.id, None) if isinstance(node, ast.Name) else None
                if inspect.isclass(value) and hasattr(value, "__attrs_attrs__") and value not in found:
                    found[value] = None
                    waiting.append(value)
    return list(found)


# -- errors -------------------------------------------------------------------------------------------------------


def errors() -> Iterator[str]:
    """The classes with their codes, and the reasons a crop can fail for."""
    from typing import get_args

    from imaging.problems import Reason, Unusable
    from ledger.errors import ALL, CropledgerError, Refused

    yield from (
        "# Errors and exit codes",
        "",
        "An error is raised where it is found and becomes an exit code in one place. With `--json` it is printed on",
        "standard error as one JSON object with `error`, `message`, `mend` and `exit`.",
        "",
    )
    kinds = [kind for each in ALL for kind in ((each, Unusable) if each is Refused else (each,))]
    rows = [(f"`{each.__name__}`", each.exit_code, each.http_status, _sentences(each)) for each in kinds]
    rows.append(("any other", CropledgerError.exit_code, CropledgerError.http_status, _sentences(CropledgerError)))
    yield from _table(("error", "exit", "HTTP", "means"), rows)
    yield from (
        "",
        "Without an error: 0 done; 1 it ran, and some items failed or differ; 130 interrupted, after finishing the",
        "item in hand.",
        "",
        "## Reasons of a failed crop",
        "",
        "A crop that cannot be executed is recorded as `crop.failed` with one of these codes and a sentence that names",
        "the file; [the runbook](runbook.md) says what to do about each. A runner adds `interrupted` (it was killed),",
        "and `unsafe` for an image or a destination outside the allowed places.",
        "",
        ", ".join(f"`{reason}`" for reason in get_args(Reason)),
    )


# -- commands -----------------------------------------------------------------------------------------------------


def commands() -> Iterator[str]:
    """Every command's help, room by room."""
    from commands.cli.app import app

    top: Any = get_command(app)
    yield from ("# Commands", "", "Exit codes are in [errors.md](errors.md). All of this is also in `crop --help` and")
    yield from ("`crop COMMAND --help`.", "", *_help(top, "crop"))
    room = None
    for name, command in _leaves(top, "crop"):
        module = importlib.import_module(command.callback.__module__)
        if module is not room:
            room = module
            yield from ("", f"## {_sentences(module).rstrip('.')}")
        yield from ("", f"### {name}", "", *_help(command, name))


def _leaves(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _leaves(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _help(command: Any, name: str) -> list[str]:
    context = command.context_class(command, info_name=name, terminal_width=100, max_content_width=100)
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    return ["```text", text.strip(), "```"]


# -- settings -----------------------------------------------------------------------------------------------------


def settings() -> Iterator[str]:
    """Each key with the comment above it and its default."""
    from configs import settings as room

    lines = (Path(inspect.getfile(room)).parent / "default.toml").read_text("utf-8").splitlines()
    yield from (
        "# Settings",
        "",
        "`config.toml` in home, one `key = value` per line. What is not there has its default; an unknown key is",
        "refused by name.",
        "",
    )
    yield from _table(("setting", "default", "means"), _settings(lines))


def _settings(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    comment: list[str] = []
    for line in lines:
        if line.startswith("#"):
            comment.append(line.lstrip("# ").strip())
        elif "=" in line:
            key, _, default = line.partition(" = ")
            yield f"`{key}`", f"`{default}`", " ".join(comment)
        else:
            comment = []


# -- schema -------------------------------------------------------------------------------------------------------


def schema() -> Iterator[str]:
    """Tables and views with a sentence per column."""
    from ledger.schema import COLUMNS
    from projections.catalogue import ALL

    yield from (
        "# What can be asked in SQL",
        "",
        "`crop query` sees all of these; the ledger's own entries are the table `ledger.events`. Tables hold one row",
        "per thing, views count and sum. The tables of a projection are made anew whenever its version rises.",
    )
    for each in ALL:
        yield from ("", f"## {each.name}", "", f"{each.sentence} (version {each.version})")
        for kind, parts in (("table", each.tables), ("view", each.views)):
            for part in parts:
                yield from ("", f"### {kind} {part.name}", "", part.sentence, "")
                yield from _table(("column", "means"), ((f"`{name}`", text) for name, text in part.columns.items()))
    yield from ("", "## ledger.events", "", "The ledger itself, one row per entry.", "")
    yield from _table(("column", "means"), ((f"`{name}`", text) for name, text in COLUMNS.items()))


# -- words --------------------------------------------------------------------------------------------------------


def _sentences(thing: object) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join(textwrap.dedent(inspect.getdoc(thing) or "").split("\n\n")[0].split())


def _file_of(owner: type) -> str:
    return owner.__module__.replace(".", "/") + ".py"


def _table(headers: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    headers = tuple(headers)
    yield "| " + " | ".join(headers) + " |"
    yield "|" + "---|" * len(headers)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
