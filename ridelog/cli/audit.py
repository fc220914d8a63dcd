"""`ridelog audit`: many logs, one table and one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Folders or logs.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the tables and the page.")],
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 is one for each core.")] = 0,
) -> None:
    """Analyze every log of a fleet; one bad file never stops it."""
    from ridelog.fleet.runner import audit

    summary = audit(paths, out, jobs=jobs)
    typer.echo(f"{summary.rows} logs, {summary.errors} could not be read. Page: {out / 'index.html'}")
