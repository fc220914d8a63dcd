"""`ridelog explain`: the documentation of a detector, what speaks for and against a cause, where a rule lives."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    what: Annotated[
        str, typer.Argument(metavar="CODE|CAUSE|RULE", help="Code or name of a detector, a cause id, or a rule id.")
    ],
) -> None:
    """Explain a detector, a cause or a rule of the field."""
    from ridelog.diagnosis.explaining import explain

    typer.echo(explain(what))
