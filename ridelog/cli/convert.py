"""`ridelog convert`: a log as a Parquet, CSV or Arrow file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    log: Annotated[str, typer.Argument(metavar="LOG", help="A log.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Target; its suffix (.parquet, .csv, .arrow) decides.")],
    mapping: Annotated[
        str | None, typer.Option("--map", metavar="MAPPING.toml", help="Meaning of columns in an unknown table.")
    ] = None,
    tz: Annotated[str, typer.Option(metavar="ZONE", help="Time zone of local stamps.")] = "",
) -> None:
    """Write a log in canonical channels and units; several devices in one file get a number each."""
    from ridelog.cli.choices import read_options
    from ridelog.converting import convert
    from ridelog.reading import read

    for target in convert(read(log, read_options(tz, "", mapping)), out):
        typer.echo(str(target))
