"""`ridelog simulate`: made-up rides with a known truth."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path


def options(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("scenario", metavar="SCENARIO", help="scenario family, or 'list'; not needed with --fleet")
    parser.add_argument("out", metavar="OUT", nargs="?", type=Path, help="folder for the logs and their truth")
    parser.add_argument("--seed", metavar="N", type=int, default=1, help="the same seed gives the same bytes")
    parser.add_argument("--suite", metavar="NAME", help="which logs there are, such as vesc+jk")
    parser.add_argument("--fleet", metavar="N", type=int, help="write N rides of a fleet")
    parser.add_argument("--vehicles", metavar="N", type=int, default=20, help="vehicles of the fleet")


def command(given: Namespace) -> int:
    """Write a simulated ride in real formats, with its truth beside it."""
    from ridelog.errors import UsageError
    from ridelog.simulate import families

    if given.scenario == "list":
        for family in families():
            sys.stdout.write(f"{family.name}: {family.description} [{family.cause}]\n")
        return 0
    scenario, out = given.scenario, given.out
    if out is None and given.fleet is not None:
        # A fleet draws its own scenarios: what is named is the folder.
        scenario, out = "fleet", Path(scenario)
    if out is None:
        raise UsageError("no folder was given.", advice="Name one: ridelog simulate SCENARIO OUT.")
    from ridelog.simulate.command import run

    for path in run(scenario, out, given.seed, given.suite, given.fleet, given.vehicles):
        sys.stdout.write(f"{path}\n")
    return 0
