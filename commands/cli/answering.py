"""Questions in SQL: query, report, schema, publish."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.cli.desk import at_desk
from commands.cli.options import JsonFlag
from commands.cli.output import emit, plural, progress, say, shown, table, warn
from commands.desk import Desk
from ledger.errors import Invalid

if TYPE_CHECKING:
    from projections.asking import Answer


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    MARKDOWN = "markdown"


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    for command in (query, report, schema, publish):
        app.command()(command)


def query(
    context: typer.Context,
    sql: Annotated[str | None, typer.Argument(help="One SELECT; crop schema shows what there is.")] = None,
    report_name: Annotated[
        str | None, typer.Option("--report", help="A shipped report; crop report lists them.")
    ] = None,
    parameters: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="name=value, for :name in the SQL.")
    ] = None,
    style: Annotated[Format, typer.Option("--format", help="How to print the answer.")] = Format.TABLE,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many rows; else the setting.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Ask in SQL; reading only.

    Tables and views are those of crop schema; the events are ledger.events. local_time(t), work_day(t) and
    work_hour(t) turn an instant into the setting timezone.

    \b
    Examples:
      crop query "select directory, executed, failed from progress order by failed desc" --format markdown
      crop query "select type, count(*) from ledger.events group by 1"
      crop query --report throughput_per_day -p since=2025-10-01
    """
    from projections.reports import report as shipped

    given = _parameters(parameters or [])
    with at_desk(context) as desk:
        if report_name is not None:
            chosen = shipped(report_name.replace("-", "_"))
            sql, given = chosen.sql, {**{k: _value(v) for k, v in chosen.parameters.items()}, **given}
        answer = _asked(desk, sql, given, limit)
        _print(answer, Format.JSON if as_json else style)


def _asked(desk: Desk, sql: str | None, parameters: "dict[str, str | int | float]", limit: int | None) -> "Answer":
    from ledger.errors import Invalid
    from projections.asking import ask

    if sql is None:
        raise Invalid("Ask something.", mend='Like: crop query "select * from queue", or crop query --report failures')
    _ = desk.projections  # caught up
    return ask(
        desk.home.projections,
        desk.home.ledger,
        sql,
        parameters,
        zone=desk.settings.zone,
        time_limit_s=desk.settings.query_time_limit_s,
        row_limit=limit or desk.settings.query_row_limit,
    )


def _parameters(pairs: list[str]) -> "dict[str, str | int | float]":
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise Invalid(f"A parameter is name=value, not {pair!r}.")
        found[name] = _value(value)
    return found


def _value(text: str) -> str | int | float:
    """A number where it is written as one: SQLite does not compare '20' with 20."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _print(answer: "Answer", style: Format) -> None:
    if style is Format.CSV:
        _print_csv(answer)
    elif style is Format.JSONL:
        for row in answer.rows:
            emit(dict(zip(answer.columns, row, strict=True)))
    elif style is Format.JSON:
        emit([dict(zip(answer.columns, row, strict=True)) for row in answer.rows])
    else:
        say(table(answer.columns, answer.rows, "github" if style is Format.MARKDOWN else "simple"))
    if answer.more:
        warn(f"Only the first {plural(len(answer.rows), 'row')}; for more: --limit")


def _print_csv(answer: "Answer") -> None:
    import csv
    import sys

    writer = csv.writer(sys.stdout)
    writer.writerow(answer.columns)
    writer.writerows(answer.rows)


def report(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Run this one; without a name, list them all.")] = None,
    parameters: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="name=value, for the report's parameters.")
    ] = None,
    style: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
    html: Annotated[
        Path | None, typer.Option(help="Write the overview, with its charts and tables, as one page into this file.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="With --html: the first day; else today.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="With --html: the last day; else the first.")] = None,
    project: Annotated[str | None, typer.Option(help="With --html: only this project.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List the shipped reports, run one, or write the overview as a page.

    \b
    Examples:
      crop report
      crop report failures --format markdown
      crop report --html week.html --from 2025-10-20 --to 2025-10-26
    """
    from projections.reports import reports

    if html is not None:
        _page(context, html, name, first, last, project, as_json=as_json)
    elif first or last or project:
        raise Invalid("--from, --to and --project belong to --html.", mend="For a report: -p name=value")
    elif name is not None:
        query(context, None, name, parameters, style, None, as_json)
    elif as_json:
        for each in reports():
            emit(each)
    else:
        rows = [
            (each.name, each.description, ", ".join(f"{k}={v}" for k, v in each.parameters.items()))
            for each in reports()
        ]
        say(table(("report", "what it tells", "parameters"), rows))


def _page(
    context: typer.Context,
    html: Path,
    name: str | None,
    first: str | None,
    last: str | None,
    project: str | None,
    *,
    as_json: bool,
) -> None:
    from commands.cli.serving import write_html

    if name is not None:
        raise Invalid("--html is the overview; a report by name is printed.", mend="Like: crop report NAME")
    with at_desk(context) as desk:
        _ = desk.projections  # caught up
        write_html(desk, html, first=first, last=last, project=project, as_json=as_json)


def schema(
    name: Annotated[str | None, typer.Argument(help="One table, view or projection; all, if none is named.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Print tables and views, with a sentence per column.

    \b
    Example:
      crop schema queue
    """
    from commands.schema import described
    from ledger.errors import NotFound

    parts = described(name)
    if not parts:
        raise NotFound(f"No table, view or projection is called {name!r}.", mend="All of them: crop schema")
    for part in parts:
        if as_json:
            emit(part)
            continue
        say(f"{part.name}  ({part.kind}, {part.projection}): {part.sentence}")
        width = max(map(len, part.columns))
        for column, sentence in part.columns.items():
            say(f"  {column:<{width}}  {sentence}")
        say()


def publish(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Where to; else reports/cropledger-report.db below home.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a standalone report database.

    All tables and views as tables, with keys, indexes, full-text search and a sentence per column, for Datasette,
    sqlite-utils or any SQLite program. An earlier one is replaced, whole.

    \b
    Example:
      crop publish report.db
    """
    from commands.exporting.publishing import publish as write

    with at_desk(context) as desk, progress("Publishing"):
        _ = desk.projections  # caught up
        target = file or desk.home.reports / "cropledger-report.db"
        published = write(target, desk.home.projections, desk.home.ledger)
        if as_json:
            emit(published)
        else:
            say(
                f"Wrote {plural(published.rows, 'row')} in {plural(published.tables, 'table')} to "
                f"{shown(published.path)}. Look at it: datasette {shown(published.path)} -m {shown(published.metadata)}"
            )
