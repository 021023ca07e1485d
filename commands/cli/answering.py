"""Questions in SQL: query, report, schema, publish."""

import typer


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
