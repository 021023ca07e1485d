"""Charts as SVG, drawn from values. Pure: the pages and `crop report --html` show the same ones.

Nothing is told by colour alone: lanes and lines have names, every mark has a title, and each chart stands with a table
of what it shows. Colours are classes (`web/static/charts.css`), so that light and dark are the stylesheet's business.
"""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Self

from attrs import frozen

FULL, HALF, NARROW = 1150, 560, 340
"""Units across: the whole page, half of it, and a phone held upright. Drawn for each, the text keeps its size."""

Cell = str | int | float | None


@frozen
class Column:
    """A column of a table: its name for programs, and for people."""

    name: str
    words: str
    number: bool = False


@frozen
class Table:
    """What a chart shows, or a list is, in rows."""

    name: str
    """In the address: `/tables/NAME`."""
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@frozen
class Chart:
    """A drawing at two widths, with what it says in words and its table."""

    name: str
    title: str
    says: str
    """What can be seen in it, in a sentence or two."""
    wide: str
    narrow: str
    table: Table
    full: bool
    """Whether it takes the page's whole width."""

    @classmethod
    def drawn(
        cls, name: str, title: str, says: str, high: float, parts: Callable[[int], Iterable[str]], table: Table,
        width: int = HALF,
    ) -> Self:  # fmt: skip
        """From what draws the parts at a given width."""
        wide, narrow = (drawing(name, title, says, each, high, parts(each)) for each in (width, NARROW))
        return cls(name, title, says, wide, narrow, table, full=width == FULL)


def tag(name: str, *children: str, **attributes: object) -> str:
    """An element; `_` in attributes' names stands for `-`, what is None is left out, and every value is escaped."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{given}>{''.join(children)}</{name}>" if children else f"<{name}{given}/>"


def words(text: str, x: float, y: float, *, anchor: str | None = None, class_: str | None = None) -> str:
    """A line of text in a drawing."""
    return tag("text", escape(text), x=x, y=y, text_anchor=anchor, class_=class_)


def titled(text: str) -> str:
    """What a mark says when it is pointed at."""
    return tag("title", escape(text))


def drawing(name: str, title: str, says: str, width: int, height: float, parts: Iterable[str]) -> str:
    """A whole SVG that a screen reader presents as one picture, by its title and what it says."""
    ids = f"{name}-{width}-title", f"{name}-{width}-says"
    return tag(
        "svg", tag("title", escape(title), id=ids[0]), tag("desc", escape(says), id=ids[1]), *parts,
        xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width} {_text(height)}", role="img",
        aria_labelledby=" ".join(ids), class_="chart",
    )  # fmt: skip


def legend(entries: Sequence[tuple[str, str]], y: float, x: float = 0) -> str:
    """Names of the colours: `(class, words)`, in a line."""
    parts = []
    for class_, text in entries:
        parts.append(tag("rect", x=x, y=y - 9, width=12, height=10, rx=2, class_=class_))
        parts.append(words(text, x + 17, y))
        x += 34 + 6.3 * len(text)
    return tag("g", *parts, class_="legend")


def ticks(largest: float, most: int = 4) -> list[int]:
    """Round numbers from 0 up to at least `largest`, at most so many steps; always whole."""
    step = 1
    while largest / step > most:
        step = next(each for factor in (10**power for power in range(12)) for each in _steps(factor) if each > step)
    return list(range(0, max(step, int(-(-largest // step) * step)) + 1, step))


def _steps(factor: int) -> tuple[int, ...]:
    return factor, 2 * factor, 5 * factor


def _text(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
