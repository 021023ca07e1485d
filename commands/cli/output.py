"""What people and programs read: lines, tables, JSON, and a progress bar on a terminal."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def say(line: str = "") -> None:
    """One line for the person, on standard output."""
    typer.echo(line)


def warn(line: str) -> None:
    """One line for the person, on standard error."""
    typer.echo(line, err=True)


def emit(value: object) -> None:
    """One JSON value on a line of its own, for programs; attrs values become objects."""
    import msgspec

    typer.echo(msgspec.json.encode(value, enc_hook=str).decode())


def fields(value: object) -> dict[str, object]:
    """The fields of an attrs value, for JSON with more beside them."""
    import attrs

    return attrs.asdict(value)  # type: ignore[arg-type]  # only attrs values come here


def table(headers: Sequence[str], rows: Sequence[Sequence[object]], style: str = "simple") -> str:
    """Rows as text; `style` is one of tabulate's."""
    from tabulate import tabulate

    return tabulate(rows, headers=headers, tablefmt=style, disable_numparse=[], missingval="")


def wrapped_table(headers: Sequence[str], rows: Sequence[Sequence[object]], widths: Sequence[int | None]) -> str:
    """Rows as text; on a terminal, columns with a width wrap: `widths` are their shares of the room that is left."""
    from tabulate import tabulate

    if not sys.stdout.isatty():
        return table(headers, rows)
    import shutil

    fixed = (max((len(str(row[at])) for row in rows), default=0) for at, width in enumerate(widths) if width is None)
    room = max(shutil.get_terminal_size().columns - sum(fixed) - 2 * len(widths), 60)
    whole = sum(filter(None, widths))
    limits = [None if width is None else max(room * width // whole, 15) for width in widths]
    return tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True, maxcolwidths=limits)


def shown(path: str | Path) -> str:
    """A path as short as it can be from here."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def on_a_line(name: str) -> str:
    r"""A file's name as it can stand on one line: what would break the line is spelt out, such as `new\nline.png`."""
    return "".join(each if each >= " " and each != "\x7f" else repr(each)[1:-1] for each in name)


_PROBLEMS = {
    "name": "its name is no text (not UTF-8)",
    "link": "it is a link: scan the directory that it leads to",
    "unreadable": "it is damaged, breaks off, or is no image",
    "unsupported": "it is of a kind that cannot be cropped",
    "animated": "it holds more than one image",
    "too_large": "it has too many pixels",
    "permission": "it may not be read",
}


def problem_with(name: str, problem: str | None) -> str:
    """A line about an image that cannot be cropped as it is."""
    return f"  {on_a_line(name)} cannot be cropped as it is: {_PROBLEMS.get(problem or '', problem)}"


def from_here(line: str) -> str:
    """A line with the paths in it as short as they can be from here."""
    return line.replace(f"{Path.cwd()}/", "")


def plural(count: int, thing: str) -> str:
    """`1 crop`, `2 crops`, `1,000 crops`."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def size(count: float) -> str:
    """A number of bytes as people say it."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


class Bar:
    """How far something is: a bar with count, pace and ETA on a terminal, nothing anywhere else."""

    def advance(self, count: int) -> None:
        """So many more are done."""

    def reach(self, done: int, total: int) -> None:
        """So many are done, of so many."""

    def turn_to(self, what: str) -> None:
        """From now on something else is counted."""


class _TerminalBar(Bar):
    def __init__(self, drawn: "Progress", task: "TaskID") -> None:
        self._drawn, self._task = drawn, task

    def advance(self, count: int) -> None:
        self._drawn.update(self._task, advance=count)

    def reach(self, done: int, total: int) -> None:
        self._drawn.update(self._task, completed=done, total=total)

    def turn_to(self, what: str) -> None:
        self._drawn.update(self._task, description=what)


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Bar]:
    """A bar while the block runs; it leaves nothing behind."""
    if not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("ETA"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        yield _TerminalBar(drawn, drawn.add_task(what, total=total))
