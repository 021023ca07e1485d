"""Options that several commands share, so that they read the same everywhere."""

from typing import Annotated

import typer

ProjectOption = Annotated[
    str | None,
    typer.Option(envvar="CROP_PROJECT", help="The project; else the open project manifest above the image."),
]
ActorOption = Annotated[
    str | None, typer.Option(help="Who does it: NAME or operator:NAME; else CROP_OPERATOR, else the login name.")
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; change nothing.")]
ReasonOption = Annotated[str | None, typer.Option(help="Why, in your words.")]
AtOption = Annotated[str | None, typer.Option("--at", help="When it happened, with its zone; else now.")]
