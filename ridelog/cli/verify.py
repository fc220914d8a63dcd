"""`ridelog verify`: does a report belong to these logs?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    report: Annotated[Path, typer.Argument(metavar="REPORT.html", help="A report of ridelog.")],
    logs: Annotated[list[str], typer.Argument(metavar="LOG...", help="The logs it was made from.")],
) -> None:
    """Check that a report was made from these logs, byte for byte."""
    from ridelog.verifying import verify

    problems = verify(report, logs)
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{report}: made from these {len(logs)} files, unchanged.")
