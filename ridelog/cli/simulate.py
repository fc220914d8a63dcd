"""`ridelog simulate`: made-up rides with a known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="Scenario family, 'list', or 'fleet'.")],
    out: Annotated[Path | None, typer.Argument(metavar="OUT", help="Folder for the logs and their truth.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    suite: Annotated[str | None, typer.Option(help="Which logs there are, such as vesc+jk.")] = None,
    fleet: Annotated[int | None, typer.Option(metavar="N", help="Write N rides of a fleet.")] = None,
    vehicles: Annotated[int, typer.Option(help="Vehicles of the fleet.")] = 20,
) -> None:
    """Write a simulated ride in real formats, with its truth beside it."""
    from ridelog.errors import UsageError
    from ridelog.simulate import families

    if scenario == "list":
        for family in families():
            typer.echo(f"{family.name}: {family.description} [{family.cause}]")
        return
    if out is None:
        raise UsageError("no folder was given.", advice="Name one: ridelog simulate SCENARIO OUT.")
    from ridelog.simulate.command import run

    for path in run(scenario, out, seed, suite, fleet, vehicles):
        typer.echo(str(path))
